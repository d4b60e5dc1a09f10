"""`acrel watch`: a device's values poll after poll, with how well the link does."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from ...errors import AcrelError, LinkError, NoAnswerError, WrongDeviceError
from ...modbus.figures import UnitFigures
from ...modbus.trying import try_out
from ...modbus.unit import PolledUnit
from ...points import Model
from ...readings import PointKey, Reading
from ...texts import Phrase, phrase
from .. import advice, ratios, selecting
from ..alarmlist import AlarmList, alarm_inputs
from ..exits import Exit
from ..linkstate import LinkState
from ..options import Options
from ..output import Console, Json
from ..pollclock import PollClock
from ..polling import open_device, poll_groups
from ..ranks import everyday
from ..rows import as_document, exit_of, rows_of
from ..screen import Frame, Screen


def command(options: Options, console: Console) -> int:
    """Poll until Ctrl-C or for `--count` polls, whatever happens on the link."""
    model = selecting.find_model(options, options.model or "")
    keys = selecting.find_keys(model, options.codes, name=options.model)
    watching = _Watch(options, console, model, keys)
    return asyncio.run(watching.run(ratios.given(options, model)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    """What one poll brought."""

    readings: Mapping[PointKey, Reading]
    trouble: AcrelError | None
    statistics: UnitFigures


class _Watch:
    """One run of the command."""

    def __init__(self, options: Options, console: Console, model: Model, keys: Sequence[PointKey]) -> None:
        self._options = options
        self._console = console
        self._model = model
        self._is_short = not (options.everything or options.codes or console.as_json)
        self._keys = everyday(model, keys) if self._is_short else keys
        self._left_out = len(keys) - len(self._keys)
        self._polled = list(dict.fromkeys([*self._keys, *alarm_inputs(model)])) if self._is_short else self._keys
        """What is shown, and what alarms go by."""
        self._alarms = AlarmList(model, self._polled, options.language)
        self._is_probed = not options.probe
        self._trouble: AcrelError | None = None
        self._doubts: list[str] = []
        self._to_tell = [hint] if (hint := ratios.missing(options, model)) else []
        self._screen: Screen | None = None
        self._was_answered = False
        self._exit = Exit.DONE

    async def run(self, given: ratios.Given) -> Exit:
        """Poll on schedule; what cannot be had is missing in that poll. Return what the last poll came to."""
        self._now = asyncio.get_running_loop().time
        self._clock = PollClock(self._options.interval, self._now())
        with ExitStack() as self._at_end:
            async with open_device(self._options, self._model, self._polled, given) as device:
                while not self._is_over:
                    poll = await self._poll(device)
                    self._show(poll)
                    await self._wait()
        return self._exit if self._was_answered else Exit.FAILED

    @property
    def _is_over(self) -> bool:
        is_done = self._options.count is not None and self._clock.done >= self._options.count
        return is_done or not self._console.has_reader

    async def _wait(self) -> None:
        """Wait for the next poll, if there is one."""
        pause = self._clock.next(self._now())
        if not self._is_over:
            await asyncio.sleep(pause)

    async def _poll(self, device: PolledUnit) -> _Poll:
        updated: set[PointKey] = set()
        trouble: AcrelError | None = None
        try:
            await self._ask(device, updated)
        except (LinkError, WrongDeviceError) as error:
            trouble = error
        readings = {key: device.readings[key] for key in updated if key in device.readings}
        self._was_answered = self._was_answered or any(reading.value is not None for reading in readings.values())
        return _Poll(readings=readings, trouble=trouble, statistics=device.unit.figures)

    async def _ask(self, device: PolledUnit, updated: set[PointKey]) -> None:
        """Read all wanted groups once; whatever was read before an error is in `updated`.

        Raises LinkError or WrongDeviceError.
        """
        if device.is_silent or isinstance(self._trouble, NoAnswerError):
            # One short question instead of the time-outs of a whole poll.
            await device.knock()
        if not self._is_probed:
            if doubt := await device.probe(doubts_allowed=True):
                self._doubts.append(selecting.doubt_text(device, doubt, self._options.language))
                self._to_tell += self._doubts
            self._is_probed = True
        trouble: LinkError | None = None
        async for report in poll_groups(device):
            updated |= report.keys
            trouble = trouble or report.error
        if trouble is not None:
            raise trouble
        if device.learnt.declined:
            # What was refused once need not be refused for ever.
            await try_out(device)

    # -- showing ------------------------------------------------------------------------------

    def _show(self, poll: _Poll) -> None:
        rows = rows_of(self._model, self._keys, poll.readings, self._options.language)
        self._alarms.take(poll.readings, poll.trouble)
        self._exit = Exit.ALARM if self._alarms.is_on else exit_of(rows)
        if self._console.as_json:
            self._console.json(self._document(poll))
            self._tell(poll)
            return
        language = self._options.language
        frame = Frame(
            language=language,
            title=self._title().text(language),
            rows=rows,
            groups_quiet=self._is_short,
            left_out=self._left_out,
            link=self._link(poll.statistics),
            ratios=ratios.sources(self._options, self._model, self._keys, poll.readings),
            trouble=poll.trouble.text(language) if poll.trouble is not None else "",
            notes=self._doubts,
            alarms=self._alarms.derived(),
        )
        if (screen := self._screen_for(frame)) is not None:
            screen.draw(frame)
            self._trouble = poll.trouble
            return
        self._console.show(*frame.whole(), "")
        self._tell(poll)

    def _title(self) -> Phrase:
        options = self._options
        time = f"{_time():%H:%M:%S}"
        return phrase("watch_title", model=self._model.name, unit=options.unit, link=options.link, time=time)

    def _screen_for(self, frame: Frame) -> Screen | None:
        """Return the live screen; None without a terminal, and where all is asked for and the window is too low."""
        if self._screen is None and self._console.is_live and self._clock.done == 0:
            screen = Screen(self._console)
            if not self._options.everything or screen.holds(frame):
                self._screen = self._at_end.enter_context(screen)
        return self._screen

    def _document(self, poll: _Poll) -> dict[str, Json]:
        document = as_document(self._model, self._keys, poll.readings)
        document["alarms"] = self._alarms.document()
        if self._options.statistics:
            document["time"] = _time().isoformat(timespec="milliseconds")
            document["link"] = self._link(poll.statistics).as_json()
        return document

    def _link(self, statistics: UnitFigures) -> LinkState:
        return LinkState.of(statistics, self._clock, self._now())

    def _tell(self, poll: _Poll) -> None:
        """Say on stderr what is wrong: once when it begins, once when it is over."""
        trouble, language = poll.trouble, self._options.language
        if trouble is not None and (self._trouble is None or trouble.key != self._trouble.key):
            self._console.note(trouble.text(language))
            if isinstance(trouble, NoAnswerError) and self._options.timeout is None:
                self._console.note(advice.WHAT_IS_SLOW.text(language))
        elif trouble is None and self._trouble is not None:
            self._console.note(phrase("answers_again", unit=self._options.unit).text(language))
        self._trouble = trouble
        while self._to_tell:
            self._console.note(self._to_tell.pop(0))


def _time() -> datetime:
    return datetime.now().astimezone()
