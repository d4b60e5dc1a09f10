"""A device on its link, polled by hand: the only place of the command line that knows polling groups."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from ..errors import DeadMeterError, LinkError, LinkUnreachableError
from ..modbus.poll import PollReport
from ..modbus.unit import PolledUnit
from ..points import Model
from ..readings import PointKey
from ..vocabulary import Pace
from .options import Options
from .ratios import Given
from .selecting import on_line_of
from .session import open_unit

_RATIOS_FIRST = (Pace.SLOW, Pace.NORMAL, Pace.FAST)
"""Transformer ratios are slow quantities, and what is multiplied with them is not."""


@asynccontextmanager
async def open_device(
    options: Options, model: Model, keys: Collection[PointKey], given: Given
) -> AsyncIterator[PolledUnit]:
    """Hold the device a command was told, which is to read some points."""
    async with open_unit(options, on_line_of(options.link, model)) as unit:
        device = PolledUnit(unit, model, ratios=given)
        device.want(keys)
        yield device


async def poll_groups(device: PolledUnit) -> AsyncIterator[PollReport]:
    """Poll all that is wanted, ratios first; after a group without an answer only if the unit answers at all.

    Raises the LinkError of a unit that does not, and DeadMeterError if what answers is no meter: then nothing has a
    value.
    """
    error: LinkError | None = None
    is_mute = True
    for group in _RATIOS_FIRST:
        if not device.blocks(group):
            continue
        if isinstance(error, LinkUnreachableError):
            raise error
        if error is not None:
            # Some units are silent on registers they do not have, instead of refusing them.
            await device.knock()
        report = await device.poll(group)
        error = report.error
        is_mute = is_mute and device.vital.is_mute
        yield report
    vital = device.vital
    if vital.is_dead or is_mute or not vital.has_lived:
        if await device.is_blank():
            device.lose_all()
            raise DeadMeterError(unit=device.unit_id)
        vital.vouch()
