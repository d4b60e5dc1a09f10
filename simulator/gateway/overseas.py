"""A gateway in dialect B: `/gw/acrelHW/…`, local time as text, secondary values beside the ratio.

`hstdata` is known by name only: here it looks like `data`.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from simulator.gateway.meters import Meter, Told
from simulator.gateway.quirks import Quirks
from simulator.gateway.station import Measured, Received, Record, Station
from simulator.physics import Feeder
from simulator.unit import Unit

_KIND = "acrelHW"

type Message = dict[str, object]


class Overseas(Station):
    """One gateway with three-phase meters behind it."""

    def __init__(
        self,
        serial: str,
        meters: Sequence[Meter],
        *,
        product: str = "null",
        quirks: Quirks | None = None,
        seconds: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the name of its product, which stands in its topics; the rest as `Station` does."""
        super().__init__(serial, meters, quirks=quirks, seconds=seconds, clock=clock)
        self.product = product
        self.asked = {"login": 0, "time": 0}
        self._expected = ""
        self._answered = asyncio.Event()

    @property
    def topics(self) -> Sequence[str]:
        """What a server says to it."""
        return [f"/server/{_KIND}/{self.product}/+/{self.serial}"]

    async def shake_hands(self) -> None:
        """Repeat login, then time, until each is answered."""
        await self._ask("login", {"ver": "1000", "ccid": "89860000000000000000"})
        await asyncio.sleep(self.quirks.time_s)
        await self._ask("time", {"country": "DE", "utc": f"{self.quirks.zone_h:g}"})

    async def _ask(self, command: str, more: Message) -> None:
        self._expected = command
        self._answered.clear()
        while not self._answered.is_set():
            self.asked[command] += 1
            await self._tell(command, {"type": command, "gwSN": self.serial, "time": self._local(self.moment), **more})
            with suppress(TimeoutError):
                async with asyncio.timeout(self.quirks.retry_s):
                    await self._answered.wait()
        self._expected = ""

    async def attend(self) -> None:
        """Send heartbeats."""
        while True:
            await asyncio.sleep(self.quirks.beats_s)
            await self._tell("heart", {"type": "heart", "gwSN": self.serial, "time": self._local(self.moment)})

    async def take(self, topic: str, payload: bytes) -> None:
        """Take an answer, or the wish for data now."""
        command = topic.split("/")[-2]
        with suppress(ValueError):
            message = json.loads(payload)
            if not isinstance(message, dict):
                return
            if command == self._expected and message.get("type") == command and message.get("res") == 1:
                if command == "time" and not self.quirks.keeps_clock:
                    self._set_clock(str(message.get("time")))
                self._answered.set()
            elif command not in ("login", "time"):
                known = int(command == "data")
                self.received.append(
                    Received(method=command, address=topic, payload=message, msgid=None, at=self.moment, res=known)
                )
                if known:
                    await self.report()

    def measured(self) -> Measured:
        """Return the data of all meters, by serial number and channel."""
        found: Measured = {}
        for meter in self.meters:
            for channel, unit, _ in meter.circuits():
                head: dict[str, Told] = {"meterSN": meter.serial, "meterName": meter.model}
                status: dict[str, Told] = {"meterStatus": "missing" if unit.silent else "normal", "ch": channel}
                found[f"{channel}_{meter.serial}"] = head | status | ({} if unit.silent else _secondary(unit))
        return found

    async def publish(self, record: Record, *, is_late: bool) -> None:
        """Send one message for each meter."""
        command = "hstdata" if is_late else "data"
        for values in record.values.values():
            head: Message = {"type": command, "time": self._local(record.moment), "gwSN": self.serial}
            await self._tell(command, {**head, **values}, retain=self.quirks.retains)

    async def _tell(self, command: str, message: Message, *, retain: bool = False) -> None:
        topic = f"/gw/{_KIND}/{self.product}/{command}/{self.serial}"
        await self.say(topic, json.dumps(message), retain=retain)

    def _local(self, moment: float) -> str:
        return datetime.fromtimestamp(moment + 3600 * self.quirks.zone_h, UTC).strftime("%Y%m%d%H%M%S")

    def _set_clock(self, text: str) -> None:
        told = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
        self._wrong_s = told - 3600 * self.quirks.zone_h - self.clock()


def _secondary(unit: Unit) -> dict[str, Told]:
    """Return what a meter behind transformers says: what it sees itself, and the ratio."""
    device = unit.answering
    feeder: Feeder = device.feeder
    pt, ct = (int(device.options.get(name, 1)) for name in ("pt", "ct"))
    both = pt * ct
    return {
        **{f"u{phase}": round(feeder.voltage[index] / pt, 1) for index, phase in enumerate("abc")},
        **{f"i{phase}": round(feeder.current[index] / ct, 3) for index, phase in enumerate("abc")},
        **{f"p{phase}": round(feeder.power[index] / both, 3) for index, phase in enumerate("abc")},
        "p": round(sum(feeder.power) / both, 3),
        **{f"q{phase}": round(feeder.reactive[index] / both, 3) for index, phase in enumerate("abc")},
        "q": round(sum(feeder.reactive) / both, 3),
        "pf": round(feeder.power_factor(), 3),
        "pt": pt,
        "ct": ct,
        "wh": round(feeder.energy_sum("imported") / both, 2),
        "wl": round(feeder.energy_sum("exported") / both, 2),
        "varh": round(feeder.energy_sum("forward") / both, 2),
        "varl": round(feeder.energy_sum("reverse") / both, 2),
    }
