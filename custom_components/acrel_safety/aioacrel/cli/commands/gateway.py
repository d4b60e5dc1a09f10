"""`acrel gateway`: takes what gateways report to a broker; meters that were named are decoded, others are listed.

Serial numbers are shown whole, since devices are named by them; numbers of SIM cards never.
"""

import asyncio
import os
from collections.abc import Mapping

from ...gateway.events import Event, EventKind, HistoryValue
from ...gateway.hub import GatewayHub
from ...gateway.options import GatewayOptions
from ...gateway.source import GatewaySource
from ...points import Model
from ...readings import PointKey, Reading
from ...source import Update
from ...texts import Phrase, phrase
from .. import selecting
from ..exits import Exit
from ..options import Options
from ..output import Console, Json
from ..ranks import everyday
from ..rows import rows_of, table_of

_FOREVER = 10 * 365 * 86400.0


def command(options: Options, console: Console) -> int:
    """Listen until Ctrl-C, or until `--count` lines were told."""
    models = {serial: selecting.find_model(options, model) for serial, model in options.meters or ()}
    return asyncio.run(_Listening(options, console, models).run())


class _Listening:
    """What one command hears, and tells."""

    def __init__(self, options: Options, console: Console, models: Mapping[str, Model]) -> None:
        from ..broker import SECRET, Broker  # noqa: PLC0415 - no other command needs MQTT

        self._options = options
        self._console = console
        self._models = dict(models)
        self._left = options.count
        self._is_over = asyncio.Event()
        self._broker = Broker(options.broker, options.ca_file, options.language)
        self._settings = GatewayOptions(secret=os.environ.get(SECRET, ""), zone=options.utc_offset)
        self._hub = GatewayHub(self._broker.publish, on_event=self._event, on_history=self._history)
        self._sources: dict[str, GatewaySource] = {}

    async def run(self) -> Exit:
        hub, options = self._hub, self._options
        for serial in options.gateways or ():
            hub.expect(serial, self._settings)
        if options.pairs:
            hub.pair(_FOREVER)
        hub.start()
        listening = asyncio.create_task(
            self._broker.listen(hub.subscriptions(), self._take, self._connected, self._disconnected),
            name="acrel gateway",
        )
        over = asyncio.create_task(self._is_over.wait())
        try:
            await asyncio.wait({listening, over}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                await listening
        finally:
            over.cancel()
            listening.cancel()
            await asyncio.gather(listening, over, return_exceptions=True)
            await hub.stop()
        return Exit.DONE

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - as a broker says it
        self._hub.take(topic, payload, retained=retained)
        if self._adopts():
            # Now it is known whose it is.
            self._hub.take(topic, payload, retained=retained)

    def _adopts(self) -> bool:
        """Take the meters that were named for known as soon as a gateway reports them."""
        waiting = self._models.keys() - self._sources.keys()
        if not waiting:
            return False
        heard = [(one.serial, one.heard) for one in self._hub.gateways.values()]
        heard += [(one.serial, one.meters) for one in self._hub.strangers]
        found = [(gateway, serial) for gateway, meters in heard for serial in waiting if meters.get(serial) is not None]
        for gateway, serial in found:
            if serial not in self._sources:
                self._read(self._hub.source(gateway, serial, self._models[serial], options=self._settings))
        return bool(found)

    def _read(self, source: GatewaySource) -> None:
        self._sources[source.serial] = source
        source.join(lambda update: self._readings(source, update))
        source.want(frozenset(source.points))

    # -- what is told -------------------------------------------------------------------------------------------------

    def _connected(self) -> None:
        place = self._broker.place
        self._tell({"event": "connected", "broker": place}, phrase("gateway_connected", place=place), counts=False)

    def _disconnected(self) -> None:
        place = self._broker.place
        self._tell({"event": "disconnected", "broker": place}, phrase("gateway_disconnected", place=place))

    def _readings(self, source: GatewaySource, update: Update) -> None:
        if self._is_over.is_set() or not any(one.value is not None for one in update.readings.values()):
            return
        model, readings = source.model, update.readings
        if self._console.as_json:
            self._console.json(
                {
                    "event": "readings",
                    "gateway": source.gateway.serial,
                    "serial": source.serial,
                    "model": model.id,
                    "circuits": _by_circuit(readings),
                }
            )
        else:
            keys = everyday(model, [key for key in readings if key in model.points])
            self._console.lines([f"{source.serial} ({model.name})"])
            rows, language = rows_of(model, keys, readings, self._options.language), self._options.language
            self._console.show(table_of(rows, language=language, groups_quiet=True))
        self._count()

    def _history(self, value: HistoryValue) -> None:
        self._tell(
            {
                "event": "history",
                "gateway": value.gateway,
                "serial": value.serial,
                "circuit": value.key.circuit,
                "code": value.key.code,
                "time": value.time.isoformat(),
                "value": value.value,
            },
            phrase("gateway_history", serial=value.serial, key=value.key, value=value.value, time=value.time),
        )

    def _event(self, event: Event) -> None:
        document: dict[str, Json] = {"event": event.kind.value, "gateway": event.gateway}
        if event.serial:
            document["serial"] = event.serial
        match event.kind:
            case EventKind.POINTS:
                source = self._sources.get(event.serial)
                if source is not None:
                    source.want(frozenset(source.points))
                return
            case EventKind.METER if event.serial in self._models:
                return
            case EventKind.LOGIN | EventKind.STRANGER:
                document |= self._described(event.gateway)
            case EventKind.TROUBLE:
                document["text"] = str(event.trouble)
        self._tell(document, _said(event))

    def _described(self, serial: str) -> dict[str, Json]:
        """Return what a gateway says of itself, without the numbers of its card."""
        gateway, stranger = self._hub.gateways.get(serial), self._hub.strangers.get(serial)
        known = gateway or stranger
        if known is None:
            return {}
        document: dict[str, Json] = {"dialect": None if known.dialect is None else known.dialect.value}
        if known.login is not None:
            document |= {"name": known.login.name, "version": known.login.version, "period": known.login.period}
        return document

    def _tell(self, document: dict[str, Json], said: Phrase, *, counts: bool = True) -> None:
        if self._is_over.is_set():
            return
        if self._console.as_json:
            self._console.json(document)
        else:
            self._console.lines([said.text(self._options.language)])
        if counts:
            self._count()

    def _count(self) -> None:
        if self._left is not None:
            self._left -= 1
        if self._left == 0 or not self._console.has_reader:
            self._is_over.set()


def _by_circuit(readings: Mapping[PointKey, Reading]) -> dict[str, Json]:
    circuits: dict[str, dict[str, Json]] = {}
    for key, reading in readings.items():
        circuits.setdefault(key.circuit, {})[key.code] = reading.value
    return {**circuits}


def _said(event: Event) -> Phrase:
    gateway, serial = event.gateway, event.serial
    match event.kind:
        case EventKind.LOGIN:
            return phrase("gateway_login", serial=gateway)
        case EventKind.LOST:
            return phrase("gateway_lost", serial=gateway)
        case EventKind.METER:
            return phrase("gateway_meter", gateway=gateway, serial=serial)
        case EventKind.TROUBLE:
            return phrase("gateway_troubled", serial=gateway, detail=event.trouble or "")
        case _:
            return phrase("gateway_stranger", serial=gateway)
