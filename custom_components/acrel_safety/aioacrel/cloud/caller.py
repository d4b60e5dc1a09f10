"""Calls a server as an account: logs in where that is needed, takes over renewed tokens, and asks once more at most."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext

from ..texts import Phrase, phrase
from .codes import error_of
from .envelope import Envelope, NoEnvelopeError, envelope_of, token
from .errors import (
    AccountError,
    CloudBusyError,
    CloudError,
    CommandDeclinedError,
    CommandNotSentError,
    ForeignCloudError,
    ServerSaysError,
    UnfitAnswerError,
)
from .exchange import Answer
from .fields import at, yes_or_no
from .loginanswer import login_of
from .profile import Call, Form, Meaning, Profile, Title
from .records import Login
from .spelling import respelled
from .turn import BrokenOffError, Turns, Urgency
from .wire import CONTROL_TIMEOUT, READ_TIMEOUT, Wire

_LOGINS, _WITHIN = 6, 360.0
"""So many logins in so many seconds: two programs that throw each other out may not make a storm of it."""
_REFUSED, _FORBIDDEN, _ABSENT = 401, 403, 404
_VAGUE = (phrase("seems_page"), phrase("seems_unknown"))
_NO_ADVICE = (410, 411)
"""Of the question before the login: the server has no settings for the name it was called by."""


_LARGE = 1 << 18
"""Bytes of an answer that are not read in the event loop: a megabyte keeps all others waiting for long."""
_STEPS = frozenset({"asked", "prove", "send_sms", "check_sms"})
"""Calls of the second step before a command: of any other, a number about it says nothing of a proof."""
_OF_PROOF: Mapping[Meaning, Phrase] = {
    Meaning.PROOF_MISSING: phrase("command_proof_missing"),
    Meaning.PROOF_WRONG: phrase("command_proof_wrong"),
    Meaning.PROOF_NONE: phrase("command_proof_none"),
}
"""Numbers about the second step, and what they say where they answer the command itself."""
PATIENT = frozenset({"leakage_of_day", "electric_of_day", "energy"})
"""Calls about what was: whoever asks what is goes first."""
type _LastWord = Callable[[], None]


class Caller:
    """One account at one server: one request at a time, and one login among them."""

    def __init__(
        self,
        wire: Wire,
        profile: Profile,
        *,
        user: str,
        password: str,
    ) -> None:
        """Take who asks; nothing is sent yet."""
        self._wire = wire
        self._profile = profile
        self.user = user
        self._password = password
        self._turns = Turns()
        self._holder: asyncio.Task[object] | None = None
        """Whoever has the account to itself for more than one request."""
        self._persons: set[asyncio.Task[object] | None] = set()
        """Tasks somebody waits for."""
        self._logged_in: deque[float] = deque(maxlen=_LOGINS)
        self._quiet_until = 0.0
        """By the loop's clock: until then the server wants to be left alone."""
        self._token = ""
        self._refused: AccountError | None = None
        self.login_known: Login | None = None
        self.renewals = 0
        self.logins = 0
        self.last_code: int | None = None

    @property
    def host(self) -> str:
        """What errors call the server."""
        return self._wire.host

    @property
    def is_logged_in(self) -> bool:
        """Whether there is a token that was not refused."""
        return bool(self._token)

    async def login(self) -> Login:
        """Log in now, also where that was refused before. Raises CloudError."""
        async with self._turns.turn():
            self._refused = None
            return await self._login()

    async def logout(self) -> None:
        """Tell the server that nobody asks any more; whatever comes of it, the token is forgotten."""
        async with self._turns.turn():
            try:
                if self._token:
                    # Also of an account that was taken down: it is the last that is said.
                    with self._wire.parting():
                        await self._once(self._profile.calls["logout"], {}, CONTROL_TIMEOUT)
            finally:
                self._token = ""

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Have the account to oneself, before all others, for all requests of one order: nobody comes between them."""
        async with self._turns.turn(Urgency.ORDER):
            self._holder = asyncio.current_task()
            try:
                yield
            finally:
                self._holder = None

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Take it that somebody waits for what is asked in the block: also while the server wants to be left alone."""
        task = asyncio.current_task()
        if task in self._persons:
            yield
            return
        self._persons.add(task)
        try:
            yield
        finally:
            self._persons.discard(task)

    async def ask(self, name: str, values: Mapping[str, str], *, urgent: bool = False) -> object:
        """Return the data of an answer; a token that is not taken any more is replaced, and the call made once more.

        With `urgent` it has an effect, and somebody waits for it. Raises CloudError, ProofError.
        """
        call = self._call(name)
        if urgent:
            async with self._turn(Urgency.PERSON):
                return await self._asked(call, values, None)
        if asyncio.current_task() in self._persons:
            urgency = Urgency.PERSON
        else:
            urgency = Urgency.PATIENT if name in PATIENT else Urgency.USUAL
        while True:
            async with self._turn(urgency):
                if urgency is not Urgency.PERSON:
                    self._leave_alone()
                try:
                    return await self._asked(call, values, urgency)
                except BrokenOffError:
                    continue

    def _turn(self, urgency: Urgency) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._holder is asyncio.current_task() else self._turns.turn(urgency)

    async def _asked(self, call: Call, values: Mapping[str, str], reads: Urgency | None) -> object:
        """Return the data of an answer; a read of some urgency can be broken off. Raises CloudError, BrokenOffError."""

        async def once() -> Envelope:
            if reads is None or self._holder is asyncio.current_task():
                return await self._once(call, values, CONTROL_TIMEOUT if reads is None else READ_TIMEOUT)
            return await self._turns.read(reads, lambda: self._once(call, values, READ_TIMEOUT))

        await self._log_in_first()
        envelope = await once()
        meaning = self._meaning(envelope)
        if meaning is Meaning.RENEWED:
            envelope = await once()
            meaning = self._meaning(envelope)
        if meaning in (Meaning.TOKEN, Meaning.LOGIN):
            await self._login()
            envelope = await once()
        return self._data(call, envelope, is_proved=call.name in _STEPS)

    async def command(self, name: str, values: Mapping[str, str], last_word: _LastWord) -> object:
        """Return the data of an answer to a command, which goes out once at most, whatever comes back.

        `last_word` is asked directly before it leaves, and what it raises keeps it from that. Raises
        CommandNotSentError where nothing left; after any other CloudError it may have been carried out, also where
        the answer is that the server wants a proof first: that is its word, and no proof.
        """
        call = self._call(name)
        async with self._turn(Urgency.ORDER):
            try:
                await self._log_in_first()
            except CloudError as error:
                raise CommandNotSentError(host=self.host, reason=error) from error
            last_word()
            try:
                envelope = await self._once(call, values, CONTROL_TIMEOUT)
            except CloudError as error:
                if not self._wire.has_left:
                    raise CommandNotSentError(host=self.host, reason=error) from error
                raise
            meaning = self._meaning(envelope)
            if meaning in (Meaning.RENEWED, Meaning.TOKEN, Meaning.LOGIN):
                self._token = self._token if meaning is Meaning.RENEWED else ""
                raise ServerSaysError(host=self.host, code=envelope.code, detail=phrase("cloud_command_unsure"))
            if (said := _OF_PROOF.get(meaning)) is not None:
                raise CommandDeclinedError(host=self.host, code=envelope.code, detail=said)
            return self._data(call, envelope)

    def _leave_alone(self) -> None:
        """Ask nothing while the server wants to be left alone; what a person does is tried all the same."""
        left = self._quiet_until - _now()
        if left > 0:
            raise self._busy(phrase("cloud_quiet"), left)

    def _busy(self, detail: Phrase, seconds: float) -> CloudBusyError:
        busy = CloudBusyError(host=self.host, detail=detail)
        busy.retry_after = seconds
        return busy

    # -- the login ----------------------------------------------------------------------------------------------------

    async def _log_in_first(self) -> None:
        if self._refused is not None:
            # Asked again and again, a server locks the account: somebody has to log in.
            raise type(self._refused)(**self._refused.values)
        if not self._token or self.login_known is None:
            await self._login()

    async def _login(self) -> Login:
        if len(self._logged_in) == _LOGINS and (left := self._logged_in[0] + _WITHIN - _now()) > 0:
            raise self._busy(phrase("cloud_thrown_out"), left)
        self._token = ""
        form = await self._form()
        call = self._profile.calls["login"]
        values = {"user": self.user, "password": formed(self._password, form), "host": self._wire.address.place}
        envelope = await self._once(call, values, READ_TIMEOUT)
        self.logins += 1
        meaning = Meaning.TOKEN if envelope.is_unauthorised else self._meaning(envelope)
        if meaning in (Meaning.TOKEN, Meaning.LOGIN, Meaning.DISABLED):
            error = error_of(
                envelope.code, meaning if meaning is Meaning.DISABLED else Meaning.LOGIN, host=self.host, call=call.path
            )
            if isinstance(error, AccountError):
                self._refused = error
            raise error
        data = self._data(call, envelope)
        found = token(at(data, "authorization"))
        login = login_of(data, self._profile.version)
        if not found or login is None:
            raise UnfitAnswerError(
                host=self.host, detail=phrase("cloud_no_token") if not found else phrase("cloud_no_version")
            )
        self._token, self.login_known = found, login
        self._logged_in.append(_now())
        return login

    async def _form(self) -> Form:
        """Ask what the server wants to know of logins, before any secret leaves; return the form of the password."""
        call = self._profile.calls.get("index")
        encrypts: bool | None = False
        if call is not None:
            answer = await self._send(call, {"host": self._wire.address.place}, READ_TIMEOUT)
            try:
                envelope = envelope_of(answer.body, self._profile.frame)
            except NoEnvelopeError:
                raise await self._stranger(answer) from None
            if envelope.code not in _NO_ADVICE:
                said = at(self._data(call, envelope), "indexencryptAll")
                encrypts = False if said in (None, "") else yes_or_no(said)
        form = self._profile.encrypted_form if encrypts is not False else self._profile.login_form
        if form is Form.UNKNOWN:
            raise ForeignCloudError(
                host=self.host, profile=Title(self._profile), detail=phrase("cloud_login_encrypted")
            )
        return form

    async def _stranger(self, answer: Answer) -> CloudError:
        """Return what is to be said of a host that answers something else; its first page may tell what it is."""
        error = self._wire.foreign(answer)
        if error.values["detail"] not in _VAGUE:
            return error
        try:
            page = self._wire.foreign(await self._wire.ask("", "GET", f"{self._wire.address.origin}/"))
        except CloudError:
            return error
        return error if page.values["detail"] in _VAGUE else page

    # -- one request --------------------------------------------------------------------------------------------------

    def _call(self, name: str) -> Call:
        call = self._profile.calls.get(name)
        if call is None:
            raise UnfitAnswerError(host=self.host, detail=phrase("cloud_no_call", name=name))
        return call

    async def _once(self, call: Call, values: Mapping[str, str], seconds: float) -> Envelope:
        answer = await self._send(call, values, seconds)
        try:
            if len(answer.body) > _LARGE:
                envelope = await asyncio.to_thread(envelope_of, answer.body, self._profile.frame)
            else:
                envelope = envelope_of(answer.body, self._profile.frame)
        except NoEnvelopeError as error:
            if answer.status == _REFUSED:
                return Envelope(_REFUSED, is_unauthorised=True, data=None, token="")
            if error.is_page or answer.status in (_FORBIDDEN, _ABSENT):
                raise self._wire.foreign(answer) from None
            raise UnfitAnswerError(host=self.host, detail=error.reason) from None
        self.last_code = envelope.code
        return envelope

    async def _send(self, call: Call, values: Mapping[str, str], seconds: float) -> Answer:
        sent = {**call.fixed, **{call.params[name]: value for name, value in values.items() if name in call.params}}
        is_login = call.name in ("index", "login")
        # With the profile a version always came: where there is none, nothing but the login is asked for.
        version = f"{self.login_known.version}/" if call.versioned and self.login_known is not None else ""
        try:
            return await self._wire.ask(
                call.name,
                call.method,
                self._wire.address.base(self._profile.prefix) + version + call.path,
                query=sent if call.method == "GET" else None,
                form=sent if call.method == "POST" and call.body == "form" else None,
                document=[sent] if call.method == "POST" and call.body == "json" else None,
                authorization="" if is_login else self._token,
                seconds=seconds,
            )
        except CloudBusyError as busy:
            self._quiet_until = max(self._quiet_until, _now() + (busy.retry_after or 0.0))
            raise

    def _meaning(self, envelope: Envelope) -> Meaning:
        """Return what an answer means, and take over what it says of the token."""
        known = self._profile.codes.get(envelope.code, Meaning.OTHER)
        meaning = Meaning.TOKEN if envelope.is_unauthorised else known
        if meaning is Meaning.RENEWED and envelope.token:
            self._token = envelope.token
            self.renewals += 1
        elif meaning in (Meaning.RENEWED, Meaning.TOKEN):
            # Renewed, but no token that can be: as good as none.
            self._token = ""
            meaning = Meaning.TOKEN
        return meaning

    def _data(self, call: Call, envelope: Envelope, *, is_proved: bool = False) -> object:
        meaning = self._meaning(envelope)
        if meaning is Meaning.OK:
            # Of a list each row is spelled anew, once it is known which.
            return envelope.data if call.lists else respelled(envelope.data, call.fields)
        if meaning in (Meaning.TOKEN, Meaning.RENEWED):
            raise ServerSaysError(host=self.host, code=envelope.code, detail=phrase("cloud_token_again"))
        if meaning is Meaning.LOGIN or (meaning in _OF_PROOF and not is_proved):
            raise ServerSaysError(host=self.host, code=envelope.code, detail=phrase("cloud_code_unknown"))
        raise error_of(envelope.code, meaning, host=self.host, call=call.path)


def _now() -> float:
    return asyncio.get_running_loop().time()


def formed(password: str, form: Form) -> str:
    """Return a password in the form in which a server takes it: its choice, not ours."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest() if form is Form.MD5 else password
