"""`acrel read`: every wanted quantity of one device, once."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from ..errors import AcrelError, LinkError, LinkUnreachableError
from ..modbus.poll import PollReport
from ..modbus.unit import PolledUnit
from ..points import Model
from ..readings import PointKey, Reading
from ..vocabulary import Pace
from . import selecting, values
from .arguments import Options
from .output import Console
from .session import open_unit

RATIOS_FIRST = (Pace.SLOW, Pace.NORMAL, Pace.FAST)
"""Transformer ratios are slow quantities, and what is multiplied with them is not."""


class NothingReadError(AcrelError):
    """The unit answers, but not one of the wanted quantities has a value."""

    key = "nothing_read"


def read(options: Options, console: Console) -> int:
    """Read once and print; a quantity that could not be had is null (and said why in the table)."""
    model = selecting.find_model(options, options.model or "")
    keys = selecting.find_keys(model, options.codes)
    readings, troubles = asyncio.run(_read(options, model, keys, console))
    for trouble in dict.fromkeys(map(str, troubles)):
        console.note(trouble)
    if hint := selecting.ratio_hint(options, model):
        console.note(hint)
    if all(reading.value is None for reading in readings.values()):
        reasons = {values.WHY_NOT[reading.quality] for reading in readings.values()}
        raise NothingReadError(unit=options.unit, count=len(keys), why=", ".join(sorted(reasons)))
    if console.as_json:
        console.json(values.as_document(model, keys, readings))
    else:
        console.lines(values.as_table(model, keys, readings, options.language))
    return 0


async def _read(
    options: Options, model: Model, keys: Sequence[PointKey], console: Console
) -> tuple[dict[PointKey, Reading], list[LinkError]]:
    """Return what was read and what went wrong on the way.

    Raises WrongDeviceError, or a LinkError when the unit cannot be asked.
    """
    address = selecting.on_line_of(options.link, model)
    async with open_unit(options, address) as unit:
        # A counter is read once here, so there is nothing to hold a reading against.
        device = PolledUnit(unit, model, ratios=selecting.ratios(options, model))
        device.want(keys)
        if options.probe and (doubt := await device.probe(doubts_allowed=True)):
            console.note(selecting.doubt_text(device, doubt))
        troubles: list[LinkError] = []
        try:
            async for report in poll_groups(device):
                troubles += [report.error] if report.error is not None else []
        except LinkError as error:
            troubles.append(error)
        if troubles and not device.readings:
            raise troubles[0]
        return device.readings, troubles


async def poll_groups(device: PolledUnit) -> AsyncIterator[PollReport]:
    """Poll all that is wanted, ratios first; after a group without an answer only if the unit answers at all.

    Raises the LinkError of a unit that does not.
    """
    error: LinkError | None = None
    for group in RATIOS_FIRST:
        if not device.blocks(group):
            continue
        if isinstance(error, LinkUnreachableError):
            raise error
        if error is not None:
            # Some units are silent on registers they do not have, instead of refusing them.
            await device.knock()
        report = await device.poll(group)
        error = report.error
        yield report
