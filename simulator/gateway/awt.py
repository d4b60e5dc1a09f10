"""AWT100 in dialect A: says nothing of its meters until login, time and topology are each answered as it wants."""

import asyncio
import json
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress

from simulator.gateway.meters import Meter, Told
from simulator.gateway.quirks import Quirks
from simulator.gateway.station import Measured, Received, Record, Station
from simulator.unit import Unit

STEPS = ("login", "time", "topology")
REFRESH = "REFRESH"
_FIRST_MSGID = 567

type Message = dict[str, object]


class Awt(Station):
    """One gateway. `logins`, `times` and `topologies` stand in `asked`: how often it began each step."""

    def __init__(
        self,
        serial: str,
        meters: Sequence[Meter],
        *,
        product: str,
        quirks: Quirks | None = None,
        seconds: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the key of its product, which stands in its topics; the rest as `Station` does."""
        super().__init__(serial, meters, quirks=quirks, seconds=seconds, clock=clock)
        self.product = product
        self.asked = dict.fromkeys(STEPS, 0)
        self.refusals: list[object] = []
        """The error codes with which its login was refused."""
        self.last_msgid = _FIRST_MSGID
        self._step = ""
        self._asked: list[object] = []
        self._answered = asyncio.Event()
        self.has_command = asyncio.Event()
        """Set by each command that reached it, whether it looked at it already or not."""
        self._kept: list[Message] = []

    @property
    def topics(self) -> Sequence[str]:
        """What a server says to it, however it spells its own topics."""
        return [f"{kind}/server/{self.product}/{self.serial}" for kind in ("sys", "indicate")]

    def _topic(self, *first: str) -> str:
        parts = [part.capitalize() if self.quirks.capitals else part for part in first]
        return "/".join((*parts, self.product, self.serial))

    # The handshake.

    async def shake_hands(self) -> None:
        """Repeat each step until it is answered."""
        for step in STEPS:
            self._step, self._asked = step, []
            self._answered.clear()
            while not self._answered.is_set():
                self._asked.append(self._next())
                self.asked[step] += 1
                await self._tell(self._topic("sys", "dev"), step, self._asked[-1], self._about(step))
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.quirks.retry_s):
                        await self._answered.wait()
        self._step = ""

    def _about(self, step: str) -> Message:
        match step:
            case "login":
                return {"payload": self._login()}
            case "time":
                return {"devicesend": int(self.moment)}
            case _:
                return {}

    def _login(self) -> Message:
        return {
            "compress": "1" if self.quirks.compresses else "0",
            "compressAlgo": "ZLIB" if self.quirks.compresses else "LZO",
            "encrypt": "0",
            "upInterval": int(self.seconds),
            "devname": "awt100_4g",
            "softcode": "1001",
            "softversion": "1.00",
            "network": 0,
            "imei": "860000000000000",
            "ccid": "89860000000000000000",
            "mac": "00-00-5E-00-53-01",
            "description": "",
        }

    def _take_answer(self, answer: Message) -> None:
        """Take the answer to the step under way; the number has to come back as what it was sent as."""
        step, echo = self._step, answer.get("msgid")
        if not step or answer.get("method") != step:
            return
        if not any(type(echo) is type(msgid) and echo == msgid for msgid in self._asked):
            return
        if answer.get("sn") != self.serial or not _is_moment(answer.get("timestamp")):
            return
        if step == "time":
            if not all(_is_moment(answer.get(key)) for key in ("serverreceive", "serversend")):
                return
            if not self.quirks.keeps_clock:
                self._wrong_s = float(str(answer["serversend"])) - self.clock()
        elif answer.get("res") != 1:
            self.refusals.append(answer.get("errcode"))
            return
        self._answered.set()

    # Telemetry.

    async def publish(self, record: Record, *, is_late: bool) -> None:
        """Send an update."""
        await self._obey_kept()
        reported: Message = {**self._all_spelled(record.values), "rssi": 26}
        if is_late and self.quirks.marks_history:
            reported["source"] = "HISTORY"
        message = {
            "msgid": self._next(),
            "method": "update",
            "sn": self.serial,
            "timestamp": int(record.moment),
            "sendtime": int(self.moment),
            "version": 1,
            "reported": reported,
        }
        payload = json.dumps(message).encode()
        packed = zlib.compress(payload) if self.quirks.compresses else payload
        await self.say(self._topic("data", "up"), packed, retain=self.quirks.retains)

    def _all_spelled(self, values: Measured) -> Message:
        return {key: {code: self._spelled(value) for code, value in codes.items()} for key, codes in values.items()}

    def _spelled(self, value: Told) -> Told:
        if isinstance(value, str):
            return value
        plain = int(value) if isinstance(value, bool) else value
        if not self.quirks.values_as_text:
            return plain
        return f"{plain:.2f}" if isinstance(plain, float) else str(plain)

    # Commands.

    async def take(self, topic: str, payload: bytes) -> None:
        """Take what a server says; what is no message is ignored."""
        try:
            message = json.loads(payload)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if topic.startswith("sys/"):
            self._take_answer(message)
        elif message.get("method") == "operate":
            if self.quirks.sleeps:
                self._kept.append(message)
            else:
                await self._obey(message)
            self.has_command.set()

    async def _obey_kept(self) -> None:
        kept, self._kept = self._kept, []
        for message in kept:
            await self._obey(message)

    async def _obey(self, message: Message) -> None:
        """Answer that a command is taken over, then have it carried out: its outcome shows in a later update."""
        payload = message.get("payload")
        if not isinstance(payload, dict):
            return
        method, address = str(payload.get("method")), str(payload.get("addr"))
        unit = self._unit(address)
        is_refresh = method == REFRESH and (unit is not None or address == self.serial)
        known = is_refresh or (unit is not None and not unit.silent and unit.obey(method, payload))
        self.received.append(
            Received(
                method=method,
                address=address,
                payload=dict(payload),
                msgid=message.get("msgid"),
                at=self.moment,
                res=int(known),
            )
        )
        more: Message = {"reported": self._refreshed(address)} if is_refresh else {}
        answer = {"res": int(known), **more}
        await self._tell(self._topic("indicate", "dev"), "operate", _garbled(message.get("msgid")), answer)
        if is_refresh:
            await self.report()

    def _refreshed(self, address: str) -> Message:
        asked = {
            key: codes for key, codes in self.measured().items() if address in (self.serial, key, key.partition("_")[2])
        }
        return self._all_spelled(asked)

    def _unit(self, address: str) -> Unit | None:
        return next((unit for meter in self.meters if (unit := meter.unit_at(address)) is not None), None)

    # Messages.

    def _next(self) -> object:
        self.last_msgid += 1
        match self.quirks.msgid:
            case "zero":
                return 0
            case "text":
                return str(self.last_msgid)
            case _:
                return self.last_msgid

    async def _tell(self, topic: str, method: str, msgid: object, more: Message) -> None:
        message = {"msgid": msgid, "method": method, "sn": self.serial, "timestamp": int(self.moment), **more}
        await self.say(topic, json.dumps(message))


def _is_moment(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _garbled(msgid: object) -> object:
    """Return a number as firmware gives it back: of a text that is more than digits not much is left."""
    if not isinstance(msgid, str) or msgid.isdigit():
        return msgid
    return "".join(filter(str.isdigit, msgid))[:9]
