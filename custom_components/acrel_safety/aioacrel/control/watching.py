"""What becomes of an order: it is sent once, and then the position is read until it tells, or its time is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ..errors import AcrelError, CommandRefusedError, LinkError, NotSentError, RefusedError
from ..source import Command, Logged, Source
from ..texts import Said, phrase
from .evidence import Proof, Readings, Shown
from .outcome import Outcome, Reason, Result, refused
from .tempo import Tempo

SETTLE_SECONDS = 0.1
"""So long the wanted position has to stay, before it is believed: contacts bounce, and pulses fall back."""
PAUSES = (0.0, 0.05, 0.1, 0.2)
"""Seconds before the first reads, then the last of them before each."""
LONGEST_PAUSE = 0.25
"""Seconds between two looks at what has to stay where it is."""
LATE_TIMES = 5.0
"""Times as long as an operation should take, it is watched: then what has not moved is stuck."""
OVERTAKE_SECONDS = 30.0
"""So long at least what was sent by a slow way is looked for before an opening that waits."""
LONGEST_GAP = 0.6
"""Seconds between two reads, in which nothing can have moved there and back unseen: the shortest pulses take 1 s."""


async def _never() -> None:
    await asyncio.get_running_loop().create_future()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What is watched, and for how long."""

    proof: Proof
    within: float
    settle_seconds: float = SETTLE_SECONDS
    is_pulse: bool = False
    """Whether it ends by itself: then it has to be seen once, and need not stay."""
    starts_there: bool = False
    """Whether the position was the wanted one before: then that it is proves no movement."""
    moves: bool = True
    """Whether it opens or closes anything: then nothing but a position confirms it."""
    tempo: Tempo = field(default_factory=Tempo)
    """How long answers take over the way it goes."""
    is_left: Callable[[], bool] = lambda: False
    """Whether the way was taken down: nothing is read by it any more."""
    overtaken: Callable[[], Awaitable[None]] = _never
    """Returns when an opening waits that could be sent now."""


async def send_once(sending: Awaitable[None]) -> Outcome | AcrelError | None:
    """Send something; return the refusal if nothing left, or the error after which it may have left all the same."""
    try:
        await sending
    except CommandRefusedError as error:
        return refused(Reason.UNPROVED if error.is_unproved else Reason.WITHDRAWN, error)
    except NotSentError as error:
        return refused(Reason.NOT_SENT, error.reason)
    except LinkError as error:
        # Whatever it says: only the position tells, and a refusal may be an old one.
        return error
    except AcrelError as error:  # another device answers, or none: it was asked before anything was sent
        return refused(Reason.NOT_SENT, error)
    return None


class Sending:
    """One order on its way, and what is seen of it."""

    def __init__(self, source: Source, command: Command, watching: Watching) -> None:
        """Take the way, what is sent, and how it shows."""
        self._source = source
        self._command = command
        self._watching = watching
        self._proof = watching.proof
        self._failure: AcrelError | None = None
        self._position: bool | None = None
        self._last: Readings | None = None
        """The latest answer that tells; None if none did since it was sent."""
        self._there_since: float | None = None
        self._was_there = False
        self._seen_at = self._sent_at = 0.0
        self._longest_gap = 0.0

    async def run(self, sent: Callable[[], None]) -> Outcome:
        """Send, watch, and return what became of it; `sent` is called when something may have left."""
        self._seen_at = _now()
        failure = await send_once(self._source.send(self._command))
        if isinstance(failure, Outcome):
            return failure
        self._failure = failure
        self._sent_at = _now()
        sent()
        if not self._proof.is_there or self._proof.is_disputed:
            return await self._by_word(self._outcome(*self._without_proof()))
        return await self._watch(_now() + self._watching.within + self._watching.tempo.seeing)

    async def _by_word(self, outcome: Outcome) -> Outcome:
        """Return what became of it where only what was written down tells.

        That is no proof of where contacts are; nor of this order, for another session of the same login may have
        written it. So it is told, and confirms nothing.
        """
        word = await self._source.word() if isinstance(self._source, Logged) else None
        if word is None:
            return outcome
        if self._failure is not None:
            # Nothing tells whose entry it is: it takes nothing back of what went wrong with this one.
            return replace(outcome, detail=phrase("answer_and_log", answer=self._failure, log=word.text))
        reason = outcome.reason
        if word.is_done is not None and not self._watching.moves:
            reason = Reason.LOGGED if word.is_done else Reason.LOGGED_NOT
        return replace(outcome, reason=reason, detail=word.text)

    def _without_proof(self) -> tuple[Result, Reason]:
        if self._failure is None:
            return Result.UNVERIFIED, Reason.EVIDENCE_DOUBTED if self._proof.is_disputed else Reason.NO_EVIDENCE
        if self._watching.is_left():
            return Result.UNKNOWN, Reason.TAKEN_DOWN
        return Result.UNKNOWN, self._declined if self._is_refused else Reason.NO_ANSWER

    # -- what is seen -------------------------------------------------------------------------------------------------

    async def _watch(self, deadline: float) -> Outcome:
        end = deadline + (LATE_TIMES - 1) * self._watching.within
        pauses = iter(PAUSES)
        pause = PAUSES[0]
        while True:
            pause = next(pauses, pause)
            if self._last is not None:
                pause = max(pause, self._watching.tempo.pause)
            is_overtaken = await self._rest(self._settling if self._there_since is not None else pause)
            await self._look(deadline)
            now = _now()
            if self._is_settled(now):
                is_late = now > deadline + self._watching.settle_seconds
                return self._outcome(Result.CONFIRMED, Reason.MOVED_LATE if is_late else None)
            if is_overtaken and self._last is not None and self._there_since is None:
                return self._outcome(Result.UNKNOWN, Reason.OVERTAKEN)
            if self._last is None and self._watching.is_left():
                return self._outcome(Result.UNKNOWN, Reason.TAKEN_DOWN)
            if now >= deadline and self._there_since is None and (over := self._over(now, end)) is not None:
                return self._outcome(*over)

    async def _rest(self, seconds: float) -> bool:
        """Wait so long before the next look; return at once, and whether, an opening waits that could go now.

        Of what was not heard since it was sent the next one could learn no more: it waits for the same.
        """
        if self._last is None or not self._watching.tempo.report:
            await asyncio.sleep(seconds)
            return False
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(max(0.0, self._sent_at + OVERTAKE_SECONDS - _now()))
                await self._watching.overtaken()
        except TimeoutError:
            return False
        return True

    async def _look(self, deadline: float) -> None:
        """Read once, and note what it tells."""
        asked = _now()
        try:
            async with asyncio.timeout(max(deadline - asked, 0.0) + self._watching.tempo.read):
                readings = await self._source.read(self._proof.keys)
        except AcrelError, TimeoutError:
            self._lose_sight()
            return
        shown = self._proof.shown(readings)
        if shown is Shown.UNKNOWN:
            self._lose_sight()
            return
        now = _now()
        # The answer is of some moment between asking and hearing: the longer of both is what was not seen.
        self._longest_gap, self._seen_at = max(self._longest_gap, now - self._seen_at), asked
        self._last, self._position = readings, self._proof.position(readings)
        if shown is Shown.THERE:
            self._was_there = True
            self._there_since = self._there_since if self._there_since is not None else now
        else:
            self._there_since = None
            # Of a device that also shows what was commanded, the position alone may have been there for a moment; one
            # that was there before, and is there no more, did not stick: it was moved.
            moved = Shown.NOT_THERE if self._watching.starts_there else Shown.THERE
            self._was_there |= self._proof.moved(readings) is moved

    @property
    def _settling(self) -> float:
        """Seconds to the next look at what is there and has to stay."""
        return min(self._watching.settle_seconds, LONGEST_PAUSE)

    def _lose_sight(self) -> None:
        self._position, self._last, self._there_since = None, None, None

    def _is_settled(self, now: float) -> bool:
        if self._there_since is None:
            return False
        return self._watching.is_pulse or now - self._there_since >= self._watching.settle_seconds

    # -- when its time is over ----------------------------------------------------------------------------------------

    def _over(self, now: float, end: float) -> tuple[Result, Reason] | None:
        """Return what to say now that it should be there and is not; None to go on watching."""
        last = self._last
        if last is None:
            # One read in vain says little; a device that is silent is not waited for.
            is_silent = now - self._seen_at > self._watching.tempo.lost or now >= end
            return (Result.UNKNOWN, Reason.NO_ANSWER) if is_silent else None
        if self._was_there or self._watching.is_pulse:
            return Result.UNVERIFIED, Reason.FELL_BACK if self._was_there else Reason.PULSE_NOT_SEEN
        if self._failure is not None and not self._is_refused:
            # Without an answer it may lie in a gateway still, and be carried out when nobody looks any more.
            return Result.UNKNOWN, Reason.ANSWER_UNSURE if self._failure.is_of_server else Reason.NO_ANSWER
        is_taken = self._proof.taken(last) is not Shown.NOT_THERE
        if is_taken and now < end:
            return None
        why = self._why(is_taken=is_taken)
        # A server's word, and what the device told since: neither alone would do.
        if self._longest_gap > LONGEST_GAP and why is not Reason.SERVER_DECLINED:
            return Result.UNKNOWN, Reason.NOT_WATCHED
        return Result.FAILED, why

    def _why(self, *, is_taken: bool) -> Reason:
        if self._is_refused:
            return self._declined
        return Reason.STUCK if is_taken else Reason.NOT_TAKEN

    @property
    def _declined(self) -> Reason:
        """Who declined it, where somebody did."""
        is_server = self._failure is not None and self._failure.is_of_server
        return Reason.SERVER_DECLINED if is_server else Reason.DEVICE_REFUSED

    @property
    def _is_refused(self) -> bool:
        """Whether the device itself, and not a gateway for it, declined; or a server that was to pass it on."""
        error = self._failure
        if error is not None and error.is_declined:
            return True
        return isinstance(error, RefusedError) and not (error.is_gateway or error.is_busy)

    def _outcome(self, result: Result, reason: Reason | None) -> Outcome:
        detail: Said = ""
        if self._failure is not None and result is not Result.CONFIRMED:
            detail = self._failure
            if reason is Reason.SERVER_DECLINED and self._last is not None:
                detail = phrase("declined_unmoved", answer=self._failure)
        elif self._failure is not None and self._is_refused:
            detail = phrase("declined_moved", answer=self._failure)
        return Outcome(result=result, reason=reason, detail=detail, writes=1, position=self._position)


def _now() -> float:
    return asyncio.get_running_loop().time()
