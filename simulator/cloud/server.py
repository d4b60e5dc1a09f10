"""A server of the `SubstationWEBV2` family on loopback: who is let in, which call it is, what becomes of the answer."""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self, Unpack

from aiohttp import web

from simulator.cloud import alarming, control, history, login, reading, timers
from simulator.cloud.accounts import Account, claims_of
from simulator.cloud.behaviour import Behaviour
from simulator.cloud.calls import MUST_LOG_IN, OK, UNAUTHORIZED, Call, Handler, RefusedError, envelope
from simulator.cloud.clock import CHINA, Clock, utcnow
from simulator.cloud.events import Event, EventLog
from simulator.cloud.faults import PAGE, TRACE, Fault, Faults, spoilt
from simulator.cloud.hosting import Host, Options
from simulator.cloud.instruments import Standing
from simulator.cloud.limits import Limit
from simulator.cloud.meters import Meter, Site
from simulator.cloud.requests import Heard
from simulator.unit import Unit

CALLS: dict[str, tuple[str, Handler]] = {
    **login.CALLS,
    **reading.CALLS,
    **alarming.CALLS,
    **control.CALLS,
    **history.CALLS,
}
LICENCE = 600
_ERROR, _SERVICE = 5000, 500
_TICK_S = 1.0
_MOST_HEARD = 50_000
"""A demo runs for days: the older half goes then."""


class Cloud:
    """One server: what it knows, what it is like, what goes wrong, what it heard."""

    def __init__(self, *, zone: tzinfo = CHINA, now: Callable[[], datetime] = utcnow, **ways: Unpack[Options]) -> None:
        """Take the zone in which it writes times, a clock, and how it is hosted."""
        self.clock = Clock(zone, now)
        self.behaviour = Behaviour()
        self.accounts: dict[str, Account] = {}
        self.sites: dict[str, Site] = {}
        self.log = EventLog()
        self.commands = control.Commands(self)
        self.history = history.History()
        self.faults = Faults()
        self.organisation = "Demo Co"
        self.licensed = True
        """Whether the whole server is; else everything is answered by 600."""
        self.heard: list[Heard] = []
        """All requests, in their order; in a long run the latest."""
        self.counts: Counter[str] = Counter()
        """How often each call came in, by its name."""
        self.has_heard = asyncio.Event()
        self.secret = secrets.token_bytes(32)
        self.expired: set[str] = set()
        self.tokens = 0
        self._host = Host(self._serve, **ways)
        self._looked = self.clock.now()
        self._ticker: asyncio.Task[None] | None = None
        self._limit = Limit(lambda: self.behaviour, self.clock)
        self._turn = 0
        self._kept: dict[tuple[object, ...] | None, bytes] = {}

    # What tests and the demo set up.

    def account(self, user: str = "owner", password: str = "pass-Word-1", **more: Any) -> Account:  # noqa: ANN401, S107
        """Add an account."""
        self.accounts[user] = account = Account(user=user, password=password, **more)
        return account

    def user_id(self, account: Account) -> str:
        """Return what tells an account from the others of this server."""
        return str(1001 + list(self.accounts).index(account.user))

    def site(self, name: str = "Demo site", site_id: str = "", *, zone: tzinfo | None = None) -> Site:
        """Add a site; its times may be in a zone of its own."""
        site_id = site_id or str(10100001 + len(self.sites))
        self.sites[site_id] = site = Site(site_id, name, self.clock if zone is None else Clock(zone, self.clock.now))
        return site

    def fail(self, kind: str, at: str = "", **options: Any) -> Fault:  # noqa: ANN401
        """Switch a fault on: see `faults.KINDS` and `Fault`."""
        return self.faults.add(Fault(kind=kind, at=at, **options))

    def expire(self) -> None:
        """Let all tokens run out now."""
        self.expired |= {token for account in self.accounts.values() for token in account.tokens}

    def kick_out(self) -> None:
        """End all tokens, as a login from elsewhere does."""
        for account in self.accounts.values():
            account.tokens.clear()

    def tell(self, meter: Meter, **fields: Any) -> Event:  # noqa: ANN401
        """Put an event of a device into the log."""
        fields.setdefault("time", self.clock.now())
        fields.setdefault("id", "")
        return self.log.put(Event(site=meter.site, meter=meter.code, meter_name=meter.name, **fields))

    def forget(self) -> None:
        """Begin to count anew."""
        self.heard.clear()
        self.counts.clear()

    def count(self, name: str) -> int:
        """Return how often a call came in, by its name."""
        return self.counts[name]

    @property
    def effects(self) -> list[Heard]:
        """The requests that asked for a change."""
        return [heard for heard in self.heard if heard.has_effect]

    # How it runs.

    @property
    def url(self) -> str:
        """Where it is."""
        return self._host.url

    @property
    def certificate(self) -> str:
        """Its certificate as PEM, if it has one; nobody trusts it who was not told."""
        return self._host.certificate

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen. Raises OSError."""
        self.faults.begin()
        await self._host.start(host, port)
        self._looked = self.clock.now()
        self._ticker = asyncio.create_task(self._tick(), name="simulated cloud's clock")
        return self

    async def stop(self) -> None:
        """Close it; those who wait for an answer get none."""
        if self._ticker is not None:
            self._ticker.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        self.faults.end()
        await self.commands.stop()
        await self._host.stop()

    async def __aenter__(self) -> Self:
        """Start."""
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self.tick()

    def tick(self) -> None:
        """Look at what has happened since the last look: timers, alarms, who is lost. Done each second."""
        now = self.clock.now()
        for site in self.sites.values():
            for meter in site.meters.values():
                instrument = meter.instrument
                if meter.timer is not None:
                    timers.run(meter, self._looked, now, site.clock.zone, site.clock.read)
                if isinstance(instrument, Standing) or meter.told or meter.figures.active:
                    meter.look()
                    alarming.watch(self, meter)
        self._looked = now

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and look."""
        self.clock.move(seconds)
        self.tick()

    # How it answers.

    async def _serve(self, request: web.BaseRequest, path: str, *, secure: bool) -> web.StreamResponse:
        answer = await self._served(request, path, secure=secure)
        if not answer.prepared:
            answer.headers["Date"] = format_datetime(self.clock.now(), usegmt=True)
        return answer

    async def _served(self, request: web.BaseRequest, path: str, *, secure: bool) -> web.StreamResponse:
        heard = await self._note(request, path, secure=secure)
        if (refusal := self._limit.refusal()) is not None:
            return refusal
        found = self._find(path)
        fault = self.faults.take(heard.name)
        if fault is not None and not fault.keeps:
            return await self._fail(fault, request, heard)
        if found is None or found[0] != request.method:
            return web.Response(status=404 if found is None else 405, text=PAGE, content_type="text/html")
        right = await self._answer(Call(cloud=self, heard=heard), found[1])
        if fault is not None:
            return await self._fail(fault, request, heard, right)
        return web.Response(body=right, content_type="application/json", charset="utf-8")

    async def _note(self, request: web.BaseRequest, path: str, *, secure: bool) -> Heard:
        form: dict[str, str] = {}
        content = None
        if request.content_type == "application/json":
            with suppress(ValueError):
                content = json.loads(await request.read())
        elif request.can_read_body:
            form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        headers = {name.lower(): value for name, value in request.headers.items()}
        claims = claims_of(headers.get("authorization", ""), self.secret)
        heard = Heard(
            method=request.method,
            path=path,
            name=path.rpartition("/")[2],
            query=dict(request.query),
            form=form,
            json=content,
            headers=headers,
            user="" if claims is None else str(claims.get("username")),
            secure=secure,
            at=self.clock.now(),
        )
        if len(self.heard) >= _MOST_HEARD:
            del self.heard[: _MOST_HEARD // 2]
        self.heard.append(heard)
        self.counts[heard.name] += 1
        self.has_heard.set()
        return heard

    def _find(self, path: str) -> tuple[str, Handler] | None:
        """Return the call that a path is; None if there is none."""
        base, versioned = f"/{self.behaviour.prefix}/", f"/{self.behaviour.prefix}/{self.behaviour.version}/"
        if path.startswith(versioned):
            return CALLS.get("/" + path.removeprefix(versioned))
        name = path.removeprefix(base) if path.startswith(base) else ""
        return login.OPEN.get(name) or CALLS.get(name)

    def _let_in(self, call: Call, handler: Handler) -> None:
        if not self.licensed:
            raise RefusedError(LICENCE, "授权已过期")
        if any(handler is known for _, known in login.OPEN.values()):
            return
        call.account = login.let_in(self, call.heard.headers.get("authorization", ""))
        if call.heard.name in call.account.refused:
            raise RefusedError(call.account.refusal, "无权限")

    async def _answer(self, call: Call, handler: Handler) -> bytes:
        kept: tuple[object, ...] | None = None
        try:
            self._let_in(call, handler)
            kept = self._place(call.heard)
            if kept in self._kept:
                return self._kept[kept]
            code, msg, data, top = OK, "", await handler(call), {}
        except RefusedError as refused:
            code, msg, data, top = refused.code, refused.msg, refused.data, refused.top
        answer = envelope(code, msg, data, self.behaviour, self.counts.total(), **top)
        if kept is not None:
            self._kept[kept] = answer
        return answer

    def _place(self, heard: Heard) -> tuple[object, ...] | None:
        """Return where an answer is kept for a while; None where it is not."""
        period = self.behaviour.keeps_s
        if not period or heard.method != "GET" or heard.has_effect:
            return None
        turn = int(self.clock.now().timestamp() // period)
        if turn != self._turn:
            self._turn, self._kept = turn, {}
        return heard.path, heard.user, *sorted(heard.query.items())

    async def _fail(
        self, fault: Fault, request: web.BaseRequest, heard: Heard, right: bytes | None = None
    ) -> web.StreamResponse:
        count = self.counts.total()
        match fault.kind:
            case "code":
                wrong = envelope(0, fault.msg, fault.data, self.behaviour, count)
                content = {**json.loads(wrong), "code": fault.code or _SERVICE}
            case "unauthorised":
                content = {"code": fault.code or MUST_LOG_IN, "msg": UNAUTHORIZED, "data": None}
            case "trace":
                content = {"code": _ERROR, "msg": "error", "data": {"stackTrace": TRACE}}
            case "renew" if (account := self.accounts.get(heard.user)) is not None:
                refused = login.renewal(self, account, heard.headers.get("authorization", ""))
                content = {"code": "700", "msg": "", **refused.top, "data": {}}
            case _:
                return await spoilt(fault, self.faults, request, right or b"{}")
        if fault.seconds:
            await self.faults.wait(fault.seconds)
        return web.Response(text=json.dumps(content, ensure_ascii=False), content_type="application/json")

    def put_unit(self, site: Site, unit: Unit, name: str = "", **more: str) -> Meter:
        """Add a unit of the cabinet to a site. Raises ValueError."""
        return site.add(Standing(unit), name, **more)
