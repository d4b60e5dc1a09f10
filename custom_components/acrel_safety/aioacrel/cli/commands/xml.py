"""`acrel xml`: takes the calls of XML gateways; those that were named are let in, others are listed."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from ...errors import AcrelError
from ...points import Model
from ...readings import PointKey, Reading
from ...source import Update
from ...texts import phrase
from ...uplink.events import Event, EventKind
from ...xmlgateway.history import Record
from ...xmlgateway.hub import Polling, XmlHub
from ...xmlgateway.limits import DEFAULT_LIMITS
from ...xmlgateway.names import GatewayName, MeterId
from ...xmlgateway.server import XmlServer
from ...xmlgateway.source import MeterSource
from .. import selecting
from ..exits import Exit
from ..options import Options
from ..output import Console, Json
from ..ranks import everyday
from ..rows import as_document, rows_of, table_of
from ..secretfile import secret_in

_SAID = {
    EventKind.LOGIN: "uplink_login",
    EventKind.LOST: "uplink_lost",
    EventKind.SECOND_LOGIN: "xml_second_login",
    EventKind.REFUSED: "xml_refused",
    EventKind.STRANGER: "xml_stranger",
}


class UnnamedGatewayError(AcrelError):
    """A device behind a gateway that was not named."""

    key = "unnamed_gateway"


def command(options: Options, console: Console) -> int:
    """Listen until Ctrl-C, or until `--count` lines were told."""
    secrets = {name: secret_in(file) for name, file in options.xml_gateways or ()}
    meters = [(name, meter, selecting.find_model(options, model)) for name, meter, model in options.xml_meters or ()]
    for name, _, _ in meters:
        if name not in secrets:
            raise UnnamedGatewayError(gateway=name.serial)
    return asyncio.run(_Listening(options, console).run(secrets, meters))


class _Listening:
    """What one command hears, and tells."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._left = options.count
        self._is_over = asyncio.Event()

    async def run(
        self, secrets: Mapping[GatewayName, str], meters: Sequence[tuple[GatewayName, MeterId, Model]]
    ) -> Exit:
        options = self._options
        server = XmlServer(
            zone=options.utc_offset,
            limits=replace(DEFAULT_LIMITS, networks=tuple(options.networks or ())),
            on_event=self._event,
        )
        hub = XmlHub(server, polling=Polling(is_on=options.polls), on_past=self._past)
        gateways = {name: server.expect(name, secret) for name, secret in secrets.items()}
        for name, meter, model in meters:
            self._read(hub.source(gateways[name], meter, model))
        host, port = options.listen
        port = await server.start(host, port)
        try:
            said = phrase("xml_listening", host=host, port=port).text(options.language)
            self._tell({"event": "listening", "host": host, "port": port}, said, counts=False)
            hub.start()
            await self._is_over.wait()
        finally:
            with suppress(AcrelError):
                await hub.stop()
            await server.stop()
        return Exit.DONE

    def _read(self, source: MeterSource) -> None:
        """Have all of a device read, and told as it comes; what its model does not have, too."""
        source.join(lambda update: self._readings(source, update))
        source.line.gateway.join(lambda report: source.want(source.points.keys()), lambda: None)
        source.want(source.points.keys())

    def _readings(self, source: MeterSource, update: Update) -> None:
        place = f"{source.line.gateway.name.serial}:{source.line.meter}"
        if update.trouble is not None and not update.readings:
            document = {**_placed("trouble", source), "text": str(update.trouble)}
            said = phrase("told_with_value", cause=place, value=update.trouble)
            self._tell(document, said.text(self._options.language))
        if not self._is_over.is_set() and any(one.value is not None for one in update.readings.values()):
            self._values(source, place, update.readings)

    def _values(self, source: MeterSource, place: str, readings: Mapping[PointKey, Reading]) -> None:
        model = replace(source.model, points=source.points)
        keys = [key for key in model.points if key in readings]
        document = {**_placed("readings", source), **as_document(model, keys, readings)}
        if self._console.as_json:
            self._tell(document, "")
            return
        language = self._options.language
        rows = rows_of(model, everyday(model, keys), readings, language)
        self._console.lines([f"{place} ({model.name})"])
        self._console.show(table_of(rows, language=language, groups_quiet=True))
        self._count()

    def _past(self, source: MeterSource, records: Sequence[Record]) -> None:
        times: dict[str, Json] = {}
        for record in records:
            at = times.setdefault(record.time.isoformat(), {})
            if isinstance(at, dict):
                at[str(record.key)] = record.value
        place = f"{source.line.gateway.name.serial}:{source.line.meter}"
        said = phrase("xml_past", meter=place, count=len(records)).text(self._options.language)
        self._tell({**_placed("past", source), "records": times}, said)

    def _event(self, event: Event) -> None:
        said = phrase(_SAID[event.kind], serial=event.serial, address=event.address)
        document: dict[str, Json] = {"event": event.kind.value, "gateway": event.serial, "address": event.address}
        self._tell(document, said.text(self._options.language))

    def _tell(self, document: Mapping[str, Json], said: str, *, counts: bool = True) -> None:
        if self._is_over.is_set():
            return
        if self._console.as_json:
            self._console.json(dict(document))
        else:
            self._console.lines([said])
        if counts:
            self._count()

    def _count(self) -> None:
        if self._left is not None:
            self._left -= 1
        if self._left == 0 or not self._console.has_reader:
            self._is_over.set()


def _placed(event: str, source: MeterSource) -> dict[str, Json]:
    return {"event": event, "gateway": source.line.gateway.name.serial, "meter": str(source.line.meter)}
