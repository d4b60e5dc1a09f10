"""`acrel watch`: a device's values poll after poll, with how well the link does."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import AcrelError, LinkError, NoAnswerError, WrongDeviceError
from ..modbus.figures import UnitFigures
from ..modbus.guard import GuardedUnit
from ..modbus.unit import PolledUnit
from ..points import Model
from ..readings import PointKey, Reading
from . import selecting, values
from .arguments import Options
from .output import Console, Json, cut, number_of
from .reading import poll_groups
from .session import open_unit

_CLEAR = "\x1b[2J"
_HOME = "\x1b[H"
_CLEAR_LINE = "\x1b[K"
_CLEAR_BELOW = "\x1b[J"
_ALL_BUT_TABLE = 5
"""Lines of a live screen that are not the table's rows."""


def watch(options: Options, console: Console) -> int:
    """Poll until Ctrl-C or for `--count` polls, whatever happens on the link."""
    model = selecting.find_model(options, options.model or "")
    keys = selecting.find_keys(model, options.codes)
    try:
        asyncio.run(_Watch(options, console, model, keys).run())
    finally:
        if console.is_live and not console.as_json:
            console.lines([""])  # whatever is printed next stands below the table
    return 0


@dataclass(slots=True)
class _Schedule:
    """When the polls are due: every `interval` seconds from the first one on, without drift."""

    interval: float
    started: float
    done: int = 0
    overruns: int = 0
    """Polls left out because the one before took too long."""
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        self._due = self.started

    def next(self, now: float) -> float:
        """Count a poll that ended now; return the seconds to the next one."""
        self.done += 1
        self._due += self.interval
        if self.interval and now > self._due:
            missed = int((now - self._due) // self.interval)
            self.overruns += missed
            self._due += missed * self.interval
        return max(0.0, self._due - now)

    def duty(self, statistics: UnitFigures, now: float) -> float:
        """Return the part of the time the line was in use, 0 to 1; a begun period counts in full."""
        elapsed = max(now - self.started, (self.done + 1) * self.interval)
        return min(1.0, statistics.line_seconds / elapsed) if elapsed > 0 else 0.0


class _Watch:
    """One run of the command."""

    def __init__(self, options: Options, console: Console, model: Model, keys: Sequence[PointKey]) -> None:
        self._options = options
        self._console = console
        self._model = model
        self._keys = keys
        self._address = selecting.on_line_of(options.link, model)
        self._is_probed = not options.probe
        self._trouble: AcrelError | None = None
        self._has_hinted = False

    async def run(self) -> None:
        """Poll on schedule; what cannot be had is missing in that poll."""
        self._now = asyncio.get_running_loop().time
        self._schedule = _Schedule(self._options.interval, self._now())
        async with open_unit(self._options, self._address) as unit:
            await self._poll_on(unit)

    @property
    def _is_over(self) -> bool:
        return self._options.count is not None and self._schedule.done >= self._options.count

    async def _wait(self) -> None:
        """Wait for the next poll, if there is one."""
        pause = self._schedule.next(self._now())
        if not self._is_over:
            await asyncio.sleep(pause)

    async def _poll_on(self, unit: GuardedUnit) -> None:
        device = PolledUnit(unit, self._model, ratios=selecting.ratios(self._options, self._model))
        device.want(self._keys)
        while not self._is_over:
            updated: set[PointKey] = set()
            trouble: AcrelError | None = None
            try:
                await self._poll(device, updated)
            except (LinkError, WrongDeviceError) as error:
                trouble = error
            fresh = {key: device.readings[key] for key in updated if key in device.readings}
            self._show(fresh, trouble, unit.figures)
            await self._wait()

    async def _poll(self, device: PolledUnit, updated: set[PointKey]) -> None:
        """Read all wanted groups once; whatever was read before an error is in `updated`.

        Raises LinkError or WrongDeviceError.
        """
        if device.is_silent or isinstance(self._trouble, NoAnswerError):
            # One short question instead of the time-outs of a whole poll.
            await device.knock()
        if not self._is_probed:
            if doubt := await device.probe(doubts_allowed=True):
                self._console.note(selecting.doubt_text(device, doubt))
            self._is_probed = True
        trouble: LinkError | None = None
        async for report in poll_groups(device):
            updated |= report.keys
            trouble = trouble or report.error
        if trouble is not None:
            raise trouble

    # -- showing ------------------------------------------------------------------------------

    def _show(
        self,
        readings: Mapping[PointKey, Reading],
        trouble: AcrelError | None,
        statistics: UnitFigures,
    ) -> None:
        if self._console.as_json:
            self._console.json(self._document(readings, statistics))
        elif self._console.is_live:
            self._redraw(readings, trouble, statistics)
            return
        else:
            self._console.lines(self._lines(readings, trouble, statistics))
        self._tell(readings, trouble)

    def _document(self, readings: Mapping[PointKey, Reading], statistics: UnitFigures) -> dict[str, Json]:
        document = values.as_document(self._model, self._keys, readings)
        if self._options.statistics:
            document["time"] = _time().isoformat(timespec="milliseconds")
            document["link"] = {
                "answer_time_ms": _milliseconds(statistics.answer_time),
                "slow_answer_time_ms": _milliseconds(statistics.slow_answer_time),
                "requests": statistics.requests,
                "timeouts": statistics.timeouts,
                "discarded": statistics.discarded,
                "refusals": statistics.refusals,
                "overruns": self._schedule.overruns,
                "duty_percent": round(100 * self._schedule.duty(statistics, self._now()), 1),
            }
        return document

    def _tell(self, readings: Mapping[PointKey, Reading], trouble: AcrelError | None) -> None:
        """Say on stderr what is wrong: once when it begins, once when it is over."""
        if trouble is not None and (self._trouble is None or trouble.key != self._trouble.key):
            self._console.note(str(trouble))
        elif trouble is None and self._trouble is not None:
            self._console.note(f"Unit {self._options.unit} answers again")
        self._trouble = trouble
        if not self._has_hinted and (hint := selecting.ratio_hint(self._options, self._model)):
            self._has_hinted = True
            self._console.note(hint)

    def _lines(
        self,
        readings: Mapping[PointKey, Reading],
        trouble: AcrelError | None,
        statistics: UnitFigures,
    ) -> list[str]:
        head = f"{self._model.name}, unit {self._options.unit}, {self._address}, {_time():%H:%M:%S}"
        table = values.as_table(self._model, self._keys, readings, self._options.language)
        return [head, *table, *self._link_lines(statistics), str(trouble or ""), ""]

    def _link_lines(self, statistics: UnitFigures) -> list[str]:
        answer, slow = statistics.answer_time, statistics.slow_answer_time
        times = (
            f"answer time {1000 * answer:.0f} ms (slow ones {1000 * slow:.0f} ms)"
            if answer is not None and slow is not None
            else "no answer yet"
        )
        counted = (
            number_of(statistics.timeouts, "timeout"),
            number_of(statistics.discarded, "discarded frame"),
            number_of(self._schedule.overruns, "overrun"),
            f"duty {100 * self._schedule.duty(statistics, self._now()):.0f} %",
        )
        return [f"poll {self._schedule.done + 1}: {times}", ", ".join(counted)]

    def _redraw(
        self,
        readings: Mapping[PointKey, Reading],
        trouble: AcrelError | None,
        statistics: UnitFigures,
    ) -> None:
        """Draw over the last screen; what does not fit is left out and counted."""
        size = shutil.get_terminal_size()
        head, heading, *rows, times, counted, state, _ = self._lines(readings, trouble, statistics)
        state = state or selecting.ratio_hint(self._options, self._model)
        space = max(1, size.lines - _ALL_BUT_TABLE)
        if len(rows) > space:
            rows[space - 1 :] = [f"… {len(rows) - space + 1} more: name fewer with --codes"]
        screen = (head, heading, *rows, times, counted, state)
        lines = [cut(line, size.columns) + _CLEAR_LINE for line in screen]
        start = _HOME if self._schedule.done else _CLEAR + _HOME
        self._console.out.write(start + "\n".join(lines) + _CLEAR_BELOW)
        self._console.out.flush()


def _milliseconds(seconds: float | None) -> float | None:
    return round(1000 * seconds, 1) if seconds is not None else None


def _time() -> datetime:
    return datetime.now().astimezone()
