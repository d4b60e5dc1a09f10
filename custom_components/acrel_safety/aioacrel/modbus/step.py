"""Is a unit in step: what of its earlier requests may still arrive, and what may be sent and believed by this?

After a time-out, a cancelled request, a lost connection or an answer that does not fit it is *out of step*: nothing is
sent to it for the quiet time, longer than its worst answer can still take, and it is taken up again with a short probe
whose value is thrown away. Knows times, lengths and numbers (`timing.py`, `sequence.py`, `habits.py`), sends nothing.
"""

import asyncio

from ..registers import LineCost, Read
from .figures import UnitFigures
from .framing import Framing
from .pulse import LinkPulse
from .sequence import Choice, LengthSequence
from .timing import Timing

type Registers = tuple[int, int]
"""First and last register."""


class Step:
    """Whether one unit is in step, and since how many requests it fails."""

    def __init__(
        self, framing: Framing, cost: LineCost, figures: UnitFigures, timing: Timing, pulse: LinkPulse
    ) -> None:
        """Begin in step: nothing was asked yet."""
        self.sequence = LengthSequence(cost)
        self.is_lost = False
        """Whether the unit is out of step."""
        self.failures = 0
        """Requests in a row that got no answer, or none that fits."""
        self._framing = framing
        self._figures = figures
        self._timing = timing
        self._habits = pulse.habits
        self._pulse = pulse
        self._quiet_until = 0.0

    @property
    def quiet_seconds(self) -> float:
        """How long nothing may be sent to the unit yet; 0 when it may be asked."""
        return max(0.0, self._quiet_until - _now()) if self.is_lost else 0.0

    @property
    def has_numbers(self) -> bool:
        """Whether the shared link looks at numbers, so that what comes for another request is not heard at all."""
        return self._framing is Framing.MBAP and self._pulse.way.plain is None

    @property
    def is_numbered(self) -> bool:
        """Whether answers carry the numbers of their requests, as this connection has shown."""
        return self.has_numbers and self._habits.echoes_numbers

    def choose(self, wanted: Read, within: Registers | None) -> Choice:
        """Return what to send for a wanted read, told from others by its length where no number does."""
        now = _now()
        if self.is_numbered and not self.sequence.is_wary(now):
            return Choice(wanted, 0.0)
        return self.sequence.choose(
            wanted, within, now, repeat_after=self._timing.repeat, late_after=self._timing.quiet
        )

    # -- what became of a request -----------------------------------------------------------------------------------

    def note_answered(self, read: Read) -> None:
        """A fitting answer came."""
        self._habits.note_answer(_now(), shows=self.sequence.is_own(read, _now()))
        self.sequence.note_answered(read, _now())
        self.failures = 0

    def note_written(self) -> None:
        """A write was answered: its echo proves nothing."""
        self._habits.note_answer(_now(), shows=False)
        self.failures = 0

    def note_refused(self, read: Read) -> None:
        """It was refused: should that be an old refusal, then the answer itself is still to come."""
        self._habits.note_answer(_now(), shows=False)
        self.sequence.note_answered(read, _now())
        self.failures = 0

    def note_unanswered(self, read: Read) -> None:
        """No answer came in time."""
        self._note_failure()
        if self.is_numbered:
            # Its number protects as long as the connection stands; then it counts as lost. Without a checksum the
            # probe is to take what may be left of it in the stream.
            self.sequence.note_answered(read, _now())
            self.lose(0.0)
        else:
            self.note_lost(read)

    def note_mismatch(self, read: Read) -> None:
        """Something came that does not fit: an answer to an earlier request, most likely."""
        self._figures.discarded += 1
        self._pulse.way.unasked.is_late = True
        if self.failures:
            self._timing.note_stale()
        self._note_failure()
        self.note_lost(read)

    def note_lost(self, read: Read) -> None:
        """The answer may still come."""
        self._habits.note_given_up()
        self.sequence.note_lost(read, _now())
        self.lose()

    def note_write_given_up(self) -> None:
        """Who waited for a write went away."""
        self._habits.note_given_up()
        self.lose()

    def note_connection_lost(self, link: str) -> None:
        """What was on its way when the connection went may be delivered by the next one."""
        now = _now()
        is_idle = self._habits.is_idle
        self._habits.note_lost(link, now)
        if not self._figures.requests:
            return
        self._figures.losses += 1
        if is_idle and not self.is_lost and (self._habits.is_curt(now) or not self.sequence.is_wary(now)):
            return
        self.sequence.note_connection_lost(now)
        self.lose()

    def note_dropped(self) -> None:
        """The connection was dropped by us, as it may be dead or have half an answer left in its buffer."""
        self._pulse.note_dropped(_now())
        self._figures.disconnects += 1
        self.sequence.note_connection_lost(_now())
        self._habits.note_dropped()

    @property
    def should_drop(self) -> bool:
        """Whether a new connection may help this unit."""
        return self.failures > 0 and self._pulse.should_drop(_now())

    def lose(self, quiet: float | None = None) -> None:
        """Leave the unit alone for the quiet time, or so many seconds."""
        self.is_lost = True
        self._quiet_until = max(self._quiet_until, _now() + (self._timing.quiet if quiet is None else quiet))

    def _note_failure(self) -> None:
        self.failures += 1
        self._pulse.note_vain()


def _now() -> float:
    return asyncio.get_running_loop().time()
