"""Orders that a server passes on: the second step first, one request at most, and quiet for as long as it takes.

A server asks for a second password, or for a code that it sends to the owner's phone. What was offered for an order is
good for that one order, as long as it may have to wait; a wrong one is never tried again by itself. None of it is kept.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..errors import CommandRefusedError
from ..readings import PointKey
from ..source import Command
from ..texts import phrase
from .commandlog import CommandLog
from .errors import CloudError, CommandNotSentError, ProofError, ProofNoneError, ProofWrongError
from .profile import CloudCommand
from .records import Asked, MeterKey, Proof

if TYPE_CHECKING:
    from .hub import CloudHub
    from .source import CloudSource

COMMAND_SECONDS = 10.0
"""An order may be on its way for so long."""
OFFER_SECONDS = 120.0
"""So long what a person gave for an order is good for it; it may have to wait for its turn, and for a fresh reading."""


class Asking(NamedTuple):
    """What a server is asked to pass on."""

    call: str
    type: str
    value: str
    lockout: float
    """Seconds for which the device is told nothing more."""
    opens: str = ""
    """Of a timer, when it opens; empty for never."""
    closes: str = ""


class Ordering:
    """What an account needs before it passes on an order, and what came of the last ones."""

    def __init__(self, hub: CloudHub) -> None:
        """Take the account."""
        self._hub = hub
        self._offers: dict[tuple[MeterKey, PointKey], tuple[str, float]] = {}
        """What persons gave, by device and operation, and until when it is good, by the steady clock."""
        self._message = ""
        self._asked: Proof | None = None
        """What the server wanted when it was asked last."""
        self._locked: dict[MeterKey, float] = {}
        """Until when, by the steady clock, no device of a code is told anything more."""
        self.stored_password: Callable[[], str | None] = lambda: None
        """Returns a second password that the owner had stored; None where nobody did."""
        self.is_stored_wrong = False
        """Whether the stored one was refused: it is not used again."""
        self._sending = asyncio.Lock()
        self.log = CommandLog(hub)

    async def asked(self) -> Asked:
        """Return what the server wants before an order. Raises CloudError."""
        asked = await self._hub.account.asked()
        self._asked = asked.proof
        return asked

    @property
    def wants_proof(self) -> bool:
        """Whether a person has to give something with an order, as far as that is known."""
        return self._asked is Proof.SMS or not self.stored_password()

    async def send_sms(self) -> None:
        """Have a code sent to the owner's phone. Raises CloudError."""
        self._message = await self._hub.account.send_sms()

    def offer(self, source: CloudSource, key: PointKey, text: str) -> None:
        """Take the second password, or the code from the phone, that a person gave for one order."""
        self._offers[source.key, key] = text, asyncio.get_running_loop().time() + self._good_for(source)

    def withdraw(self, source: CloudSource, key: PointKey) -> None:
        """Forget what was given for an order that came to nothing."""
        self._offers.pop((source.key, key), None)

    def _good_for(self, source: CloudSource) -> float:
        return OFFER_SECONDS + source.report_seconds

    def lockout(self, source: CloudSource) -> float:
        """Return for how many seconds a device is told nothing more."""
        return max(0.0, self._locked.get(source.key, 0.0) - asyncio.get_running_loop().time())

    async def send(self, source: CloudSource, command: CloudCommand, order: Command) -> None:
        """Have an order passed on, once at most. Raises as `Source.send` does."""
        asked = Asking(command.call, command.type, command.value, command.lockout)
        await self.pass_on(source, asked, order, self.taken(source, order.key), is_seen=source.is_seen(command))

    async def pass_on(
        self, source: CloudSource, asked: Asking, order: Command, offered: str | None, *, is_seen: bool = True
    ) -> None:
        """Have something passed on, once at most; `offered` is what a person gave for it. Raises as `Source.send`.

        Of what `is_seen` to work by the list of devices nothing is looked for in the log.
        """
        async with self._sending:
            self._check(source, order)
            if not is_seen:
                await self.log.note(source, asked.type)
            # From the proof to the request nobody else is asked for anything.
            async with self._hub.account.hold():
                try:
                    await self._prove(offered)
                except CommandNotSentError:
                    # Nobody looked at it: it is good for the next try of the same order.
                    if offered is not None:
                        self.offer(source, order.key, offered)
                    raise
                await self._request(source, asked, order)

    async def _request(self, source: CloudSource, asked: Asking, order: Command) -> None:
        """Make the one request, unless the last word, which is asked directly before it, keeps it back."""
        loop = asyncio.get_running_loop()
        goes = False

        def last_word() -> None:
            nonlocal goes
            self._check(source, order)
            goes = True
            self._locked[source.key] = loop.time() + asked.lockout + COMMAND_SECONDS
            source.ordered()

        try:
            await self._hub.account.command(
                source.code,
                source.site,
                asked.call,
                asked.type,
                asked.value,
                open_time=asked.opens,
                close_time=asked.closes,
                last_word=last_word,
            )
        except CommandNotSentError:
            if goes:
                del self._locked[source.key]
            raise
        except BaseException:
            # It may be on its way, whatever came back, or nobody waits for it any more.
            if goes:
                self._locked[source.key] = loop.time() + asked.lockout
            raise
        self._locked[source.key] = loop.time() + asked.lockout

    def _check(self, source: CloudSource, order: Command) -> None:
        if (left := self.lockout(source)) > 0:
            raise CommandRefusedError(name=order.key, detail=phrase("cloud_locked_out", seconds=f"{left:.0f}"))
        if (doubt := source.recognition.doubt) is not None:
            raise CommandRefusedError(name=order.key, detail=doubt)
        if source.known.meter is None:
            raise CommandRefusedError(name=order.key, detail=phrase("cloud_not_listed"))
        if (hindrance := order.hindrance()) is not None:
            raise CommandRefusedError(name=order.key, detail=hindrance)

    def taken(self, source: CloudSource, key: PointKey) -> str | None:
        """Take what was given for an order: it is good for no other one."""
        text, until = self._offers.pop((source.key, key), ("", 0.0))
        return text if text and asyncio.get_running_loop().time() <= until else None

    async def _prove(self, offered: str | None) -> None:
        """Pass the server's second step. Raises ProofError, CommandNotSentError: nothing was sent to the device."""
        try:
            asked = await self.asked()
        except CloudError as error:
            raise CommandNotSentError(host=self._hub.host, reason=error) from error
        try:
            await (self._prove_by_code(offered) if asked.proof is Proof.SMS else self._prove_by_password(offered))
        except CloudError as error:
            # Whether it was looked at is not known: it is not tried again by itself.
            raise ProofError(host=self._hub.host, detail=error) from error

    async def _prove_by_code(self, offered: str | None) -> None:
        if offered is None or not self._message:
            raise ProofNoneError(host=self._hub.host, detail=phrase("proof_sms_missing"))
        message, self._message = self._message, ""
        await self._hub.account.check_sms(offered, message)

    async def _prove_by_password(self, offered: str | None) -> None:
        password = offered or self.stored_password()
        if not password:
            raise ProofNoneError(host=self._hub.host, detail=phrase("proof_missing"))
        try:
            await self._hub.account.prove_by_password(password)
        except ProofWrongError:
            if not offered:
                self.stored_password, self.is_stored_wrong = (lambda: None), True
            raise
