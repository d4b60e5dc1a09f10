"""`acrel read`: every wanted quantity of one device, once."""

import asyncio
from collections.abc import Sequence

from ..errors import AcrelError, LinkError
from ..modbus.device import AcrelDevice
from ..models import Model
from ..readings import PointKey, Reading
from ..vocabulary import PollGroup
from . import selecting, values
from .arguments import Options
from .output import Console
from .session import open_unit

RATIOS_FIRST = (PollGroup.SLOW, PollGroup.NORMAL, PollGroup.FAST)
"""Transformer ratios are slow quantities, and what is multiplied with them is not."""


class NothingReadError(AcrelError):
    """The unit answers, but not one of the wanted quantities has a value."""

    key = "nothing_read"
    text = "Unit {unit} gave none of the {count} values: {why}"


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
        device = AcrelDevice(unit, model, ratios=selecting.ratios(options, model), guard_totals=False)
        device.want(keys)
        if options.probe and (doubt := await device.probe(doubts_allowed=True)):
            console.note(selecting.doubt_text(device, doubt))
        troubles: list[LinkError] = []
        for group in RATIOS_FIRST:
            report = await device.poll(group)
            if report.error is not None:
                troubles.append(report.error)
                if not device.readings:
                    raise report.error
        return device.readings, troubles
