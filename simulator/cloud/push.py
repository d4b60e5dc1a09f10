"""The IoT EMS platform as it sends by itself: values and alarms, to whatever address it was told."""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import aiohttp

from simulator.cloud.clock import Clock
from simulator.cloud.history import History
from simulator.cloud.instruments import Figures, Instrument

GATEWAY = "23110000000009"
REALTIME, HISTORY = "REALTIME", "HISTORY"
ONLINE, OFFLINE = "ONLINE", "OFFLINE"
_TELLS = (
    *("Ua", "Ub", "Uc", "Uab", "Ubc", "Uca", "Ia", "Ib", "Ic", "P", "Pa", "Pb", "Pc", "Q", "S", "PF", "Fr"),
    *("TempA", "TempB", "TempC", "Lg", "EPI", "EPE", "EQL", "EQC", "PT", "CT"),
)
_TIMEOUT_S = 10.0
GARBAGE: Sequence[bytes] = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"<html></html>",
    b'[1, "two", null, [], {}]',
    b'[{"meterSn": {"a": 1}, "Ua": "12,5"}]',
    b'{"list": {"code": 1}}',
    b'[{"gatewaySn":"1","meterSn":"2","timestamp":1e400,"Ua":NaN}]',
    b"\xff\xfe\x00",
    b"[" * 50_000,
)
"""Bodies that mean nothing."""

type Record = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    seconds: float


@dataclass(slots=True)
class Platform:
    """Sends what its meters measure. Each method `push_…` returns the answer to its last request."""

    url: str
    clock: Clock = field(default_factory=Clock)
    gateway: str = GATEWAY
    as_text: bool = False
    """Whether numbers are text."""
    meters: dict[str, Instrument] = field(default_factory=dict)
    """By serial number."""
    history: History = field(default_factory=History)
    headers: Mapping[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    _alarms: int = 0
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Get ready to send."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        if self._session is not None:
            await self._session.close()

    def add(self, serial: str, instrument: Instrument | str = "2") -> Instrument:
        """Add a meter, or a made-up one of a type."""
        if isinstance(instrument, str):
            instrument = Figures(instrument, serial, lambda: self.clock.now().timestamp())
        self.meters[serial] = instrument
        return instrument

    def record(self, serial: str, *, at: datetime | None = None, source: str = REALTIME, **values: object) -> Record:
        """Return what is sent of a meter; `values` take the place of what it measures."""
        moment = at or self.clock.now()
        meter = self.meters[serial]
        known = meter.values() if at is None else self._before(serial, moment)
        measured = {code: known[code] for code in _TELLS if code in known} | values
        return {
            "gatewaySn": self.gateway,
            "meterSn": serial,
            "meterNo": "1",
            "createTime": self.clock.text(moment),
            "timestamp": int(moment.timestamp()),
            "source": source,
            "state": OFFLINE if meter.is_silent else ONLINE,
            **{code: str(value) if self.as_text else value for code, value in measured.items()},
        }

    def _before(self, serial: str, moment: datetime) -> Mapping[str, float]:
        past = self.history
        return {
            "Lg": past.leakage(serial, moment),
            "P": round(past.power(serial, moment), 3),
            "EPI": past.energy(serial, moment),
            **{f"Temp{name}": past.temperature(serial, name, moment) for name in "ABC"},
        }

    def alarm(self, serial: str, code: str = "PFLOW1", *, level: str = "1", number: str = "") -> Record:
        """Return an alarm; its number is new, unless one is given."""
        if not number:
            self._alarms += 1
            number = str(self._alarms)
        now = self.clock.now()
        return {
            "gatewaySn": self.gateway,
            "meterSn": serial,
            "projectCode": "1",
            "projectName": "Demo",
            "createTime": self.clock.text(now),
            "timestamp": int(now.timestamp()),
            "list": [
                {
                    "code": code,
                    "level": level,
                    "alarmNo": number,
                    "title": {"zh_CN": f"{code}报警", "en_US": f"{code} alarm"},
                    "message": {"zh_CN": f"{serial} {code}报警", "en_US": f"{code} alarm of {serial}"},
                }
            ],
        }

    async def send(self, content: object, *, to: str = "") -> Answer:
        """Send something as JSON, or bytes as they are. Raises aiohttp.ClientError, TimeoutError."""
        assert self._session is not None  # noqa: S101 - it sends while it is entered
        began = time.monotonic()
        body = {"data": content} if isinstance(content, bytes) else {"json": content}
        headers = {"Content-Type": "application/json", **self.headers}
        async with self._session.post(to or self.url, headers=headers, **body) as response:
            await response.read()
            answer = Answer(status=response.status, seconds=time.monotonic() - began)
        self.answers.append(answer)
        return answer

    async def push(self) -> Answer:
        """Send what all meters measure now."""
        return await self.send([self.record(serial) for serial in self.meters])

    def kept(self, serial: str, since: datetime, until: datetime, seconds: float = 900.0) -> list[Record]:
        """Return what a gateway kept of a time in which it reached nobody."""
        step, moments = timedelta(seconds=seconds), []
        while since < until:
            moments.append(since)
            since += step
        return [self.record(serial, at=moment, source=HISTORY) for moment in moments]

    async def push_twice(self, records: Iterable[Record]) -> Answer:
        """Send records, and the same again."""
        content = list(records)
        await self.send(content)
        return await self.send(content)

    async def push_out_of_order(self, records: Iterable[Record], seed: int = 1) -> Answer:
        """Send records one by one, in no order."""
        content = list(records)
        random.Random(seed).shuffle(content)
        answer = Answer(status=0, seconds=0.0)
        for record in content:
            answer = await self.send([record])
        return answer

    async def push_garbage(self) -> list[Answer]:
        """Send what means nothing."""
        return [await self.send(body) for body in GARBAGE]
