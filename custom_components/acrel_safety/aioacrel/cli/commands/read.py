"""`acrel read`: one device, once; alarms and safety first."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...errors import AcrelError, LinkError
from ...points import Model
from ...readings import PointKey, Reading
from ...texts import phrase
from .. import ratios, selecting
from ..alarmlist import AlarmList
from ..exits import Exit
from ..language import Listed
from ..options import Options
from ..output import Console
from ..polling import open_device, poll_groups
from ..ranks import everyday
from ..rows import WHY_NOT, as_document, exit_of, rows_of, summary_of, table_of, why_unread


class NothingReadError(AcrelError):
    """The unit answers, but not one of the wanted quantities has a value."""

    key = "nothing_read"


@dataclass(slots=True)
class _Taken:
    """What was read and what was said on the way."""

    readings: dict[PointKey, Reading] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, readings: Mapping[PointKey, Reading]) -> None:
        """Take readings over; nothing takes a value away that was read in the same run."""
        for key, reading in readings.items():
            former = self.readings.get(key)
            if reading.value is not None or former is None or former.value is None:
                self.readings[key] = reading


def command(options: Options, console: Console) -> int:
    """Read once and print; a quantity that could not be had is null (and said why in the table)."""
    model = selecting.find_model(options, options.model or "")
    keys = selecting.find_keys(model, options.codes, name=options.model)
    given = ratios.given(options, model)
    taken = asyncio.run(_read(options, model, keys, given))
    readings = taken.readings
    for note in dict.fromkeys([*taken.notes, ratios.missing(options, model)]):
        if note:
            console.note(note)
    if all(reading.value is None for reading in readings.values()):
        reasons = sorted((WHY_NOT[quality] for quality in {one.quality for one in readings.values()}), key=str)
        raise NothingReadError(unit=options.unit, count=len(keys), why=Listed(tuple(reasons)))
    alarms = AlarmList(model, keys, options.language)
    alarms.take(readings, None)
    if console.as_json:
        console.json({**as_document(model, keys, readings), "alarms": alarms.document()})
    else:
        _show(options, console, model, keys, readings)
        console.lines(alarms.derived())
    return Exit.ALARM if alarms.is_on else exit_of(rows_of(model, keys, readings, options.language))


def _show(
    options: Options, console: Console, model: Model, keys: Sequence[PointKey], readings: Mapping[PointKey, Reading]
) -> None:
    """Print what matters every day, unless more was asked for; what has no value is always named."""
    is_short = not (options.everything or options.codes)
    shown, language = everyday(model, keys) if is_short else keys, options.language
    rest = set(keys) - set(shown)
    console.show(table_of(rows_of(model, shown, readings, language), language=language, groups_quiet=is_short))
    console.lines(ratios.sources(options, model, keys, readings))
    if rest:
        hidden = rows_of(model, rest, readings, language)
        more = phrase("more_with_all", count=len(hidden))
        if unread := sum(row.is_unread for row in hidden):
            more = phrase("more_without_value", count=len(hidden), unread=unread)
        console.lines([more.text(language), *why_unread(hidden, language)])
    if summary := summary_of(rows_of(model, keys, readings, language), language):
        console.show(*summary)


async def _read(options: Options, model: Model, keys: Sequence[PointKey], given: ratios.Given) -> _Taken:
    """Return what was read and what went wrong on the way.

    Raises WrongDeviceError, or a LinkError when the unit cannot be asked.
    """
    async with open_device(options, model, keys, given) as device:
        taken = _Taken()
        if options.probe and (doubt := await device.probe(doubts_allowed=True)):
            taken.notes.append(selecting.doubt_text(device, doubt, options.language))
        taken.note(device.readings)
        troubles: list[LinkError] = []
        try:
            async for report in poll_groups(device):
                troubles += [report.error] if report.error is not None else []
                # What was answered a moment ago stays, should the unit fall silent now.
                taken.note({key: device.readings[key] for key in report.keys if key in device.readings})
        except LinkError as error:
            troubles.append(error)
        if troubles and not taken.readings:
            raise troubles[0]
        taken.notes += [trouble.text(options.language) for trouble in troubles]
        return taken
