"""Line time of an RS-485 bus, and the queue of what can do only one thing at a time.

Formula for N registers (MODBUS over Serial Line, Specification and Implementation Guide V1.02, for
the silent times): T(N) = 8c + t35 + D + (5 + 2N)c + t35, with c = bits per character / baud, t35 =
3.5c up to 19200 baud and 1.75 ms above, D = turnaround of the device.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_FIXED_T35_ABOVE_BAUD = 19200
_FIXED_T35_S = 0.00175

READ_REQUEST_CHARS = 8
WRITE_ANSWER_CHARS = 8
EXCEPTION_CHARS = 5


def read_answer_chars(count: int) -> int:
    """Characters of an RTU answer with `count` registers."""
    return 5 + 2 * count


def write_request_chars(count: int) -> int:
    """Characters of an RTU write request (FC 10) with `count` registers."""
    return 9 + 2 * count


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Serial line behind the simulated gateway.

    `bits_per_char` is 10 for 8N1 and 11 for 8E1 or 8N2. `gateway_timeout_ms` is how long the
    gateway keeps the line for a unit that does not answer; the default 0 charges only the request.
    """

    baudrate: int = 9600
    bits_per_char: int = 10
    turnaround_ms: float = 0.0
    gateway_timeout_ms: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that no line has."""
        if self.baudrate <= 0 or self.bits_per_char <= 0 or self.turnaround_ms < 0 or self.gateway_timeout_ms < 0:
            raise ValueError(f"not a serial line: {self}")

    @property
    def char_s(self) -> float:
        """Seconds of one character."""
        return self.bits_per_char / self.baudrate

    @property
    def silence_s(self) -> float:
        """Seconds of the silent interval t35 between frames."""
        return _FIXED_T35_S if self.baudrate > _FIXED_T35_ABOVE_BAUD else 3.5 * self.char_s

    def exchange_s(self, request_chars: int, answer_chars: int) -> float:
        """Seconds of a request with its answer."""
        chars = request_chars + answer_chars
        return chars * self.char_s + 2 * self.silence_s + self.turnaround_ms / 1000

    def unanswered_s(self, request_chars: int) -> float:
        """Seconds of a request that nobody answers."""
        return request_chars * self.char_s + self.silence_s + self.gateway_timeout_ms / 1000

    def read_s(self, count: int) -> float:
        """Seconds of a read of `count` registers: T(N)."""
        return self.exchange_s(READ_REQUEST_CHARS, read_answer_chars(count))


type Deliver = Callable[[], None]
type Job = Callable[[], tuple[float, Deliver]]


class Lane:
    """First come, first served, one at a time.

    A job is asked, when its turn comes, how many seconds it takes and what to do at the end of
    them. Without seconds it ends at once, inside `submit`. `spent` sums the computed (not the
    measured) seconds.
    """

    def __init__(self) -> None:
        """Start idle."""
        self._waiting: deque[Job] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._ends = 0.0
        self._working = False
        self.spent = 0.0
        self.jobs = 0

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._timer is None and not self._waiting

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._waiting.append(job)
        if self._timer is None and not self._working:
            self._ends = asyncio.get_running_loop().time()
            self._run()

    def close(self) -> None:
        """Drop what runs and what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()

    def _run(self) -> None:
        self._working = True
        try:
            while self._waiting:
                seconds, deliver = self._waiting.popleft()()
                self.spent += seconds
                self.jobs += 1
                if seconds > 0:
                    # From the computed end of the job before, so that late timers do not add up.
                    self._ends += seconds
                    self._timer = asyncio.get_running_loop().call_at(self._ends, self._done, deliver)
                    return
                deliver()
        finally:
            self._working = False

    def _done(self, deliver: Deliver) -> None:
        self._timer = None
        deliver()
        if self._timer is None:
            self._run()
