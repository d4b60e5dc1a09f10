"""`acrel uplink`: takes the calls of 4G devices; those that were named are decoded, strangers are listed.

Serial numbers are shown whole, since devices are named by them; numbers of SIM cards never.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from ...errors import AcrelError
from ...points import Model
from ...readings import PointKey, Reading
from ...source import Update
from ...texts import Phrase, phrase
from ...uplink.events import Event, EventKind
from ...uplink.hub import Polling, UplinkHub
from ...uplink.limits import Limits
from ...uplink.moment import WeekdayRule
from ...uplink.relay import Relay
from ...uplink.server import Clock, UplinkServer
from ...uplink.source import UplinkSource
from ...uplink.uploads import UNVERIFIED
from .. import selecting
from ..exits import Exit
from ..options import Options
from ..output import Console, Json
from ..ranks import everyday
from ..rows import as_document, rows_of, table_of


def command(options: Options, console: Console) -> int:
    """Listen until Ctrl-C, or until `--count` lines were told."""
    models = {serial: selecting.find_model(options, model) for serial, model in options.devices or ()}
    return asyncio.run(_Listening(options, console).run(models))


def said_of(event: Event) -> Phrase:
    """Return what a device did."""
    serial, address = event.serial, event.address
    match event.kind:
        case EventKind.LOGIN:
            return phrase("uplink_login", serial=serial, address=address)
        case EventKind.LOST:
            return phrase("uplink_lost", serial=serial)
        case EventKind.SECOND_LOGIN:
            return phrase("uplink_second_login", serial=serial, address=address)
        case _:
            return phrase("uplink_stranger", serial=serial, address=address)


class _Listening:
    """What one command hears, and tells."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._left = options.count
        self._is_over = asyncio.Event()
        self._models: dict[str, Model] = {}

    async def run(self, models: dict[str, Model]) -> Exit:
        options = self._options
        self._models = models
        server = UplinkServer(
            limits=Limits(networks=tuple(options.networks or ())),
            clock=Clock(zone=options.utc_offset, weekday=WeekdayRule(options.weekday)),
            on_event=self._event,
            relay=None if options.relay is None else Relay(*options.relay),
        )
        self._server = server
        hub = UplinkHub(server)
        for serial, model in models.items():
            self._read(hub.source(serial, model, polling=Polling(is_on=options.polls)), model)
        host, port = options.listen
        port = await server.start(host, port)
        try:
            self._tell(
                {"event": "listening", "host": host, "port": port},
                phrase("uplink_listening", host=host, port=port).text(options.language),
                counts=False,
            )
            hub.start()
            await self._is_over.wait()
        finally:
            with suppress(AcrelError):
                await hub.stop()
            await server.stop()
        return Exit.DONE

    def _read(self, source: UplinkSource, model: Model) -> None:
        """Have all of a device read, and told as it comes."""
        source.join(lambda update: self._readings(source, model, update))
        source.want(model.readable.keys())

    def _readings(self, source: UplinkSource, model: Model, update: Update) -> None:
        serial = source.station.serial
        if update.trouble is not None and not update.readings:
            said = phrase("told_with_value", cause=serial, value=update.trouble).text(self._options.language)
            self._tell({"event": "trouble", "serial": serial, "text": str(update.trouble)}, said)
        if not self._is_over.is_set() and any(one.value is not None for one in update.readings.values()):
            self._values(serial, model, update.readings)

    def _values(self, serial: str, model: Model, readings: Mapping[PointKey, Reading]) -> None:
        keys = [key for key in model.readable if key in readings]
        document: dict[str, Json] = {"event": "readings", "serial": serial, **as_document(model, keys, readings)}
        document["unverified"] = any(reading.origin == UNVERIFIED for reading in readings.values())
        if self._console.as_json:
            self._tell(document, "")
            return
        language = self._options.language
        self._console.lines([f"{serial} ({model.name})"])
        rows = rows_of(model, everyday(model, keys), readings, language)
        self._console.show(table_of(rows, language=language, groups_quiet=True))
        self._count()

    def _event(self, event: Event) -> None:
        document: dict[str, Json] = {"event": event.kind.value, "serial": event.serial, "address": event.address}
        if event.kind in (EventKind.LOGIN, EventKind.STRANGER):
            document |= self._described(event.serial)
        self._tell(document, said_of(event).text(self._options.language))

    def _described(self, serial: str) -> dict[str, Json]:
        """Return what a device says of itself, without the number of its card."""
        station, stranger = self._server.stations.get(serial), self._server.strangers.get(serial)
        login = station.login if station is not None else stranger.login if stranger is not None else None
        if login is None:
            return {}
        described: dict[str, Json] = {
            "rssi": login.rssi,
            "firmware": list(login.firmware),
            "upload_minutes": login.upload_minutes,
        }
        if serial in self._models:
            described["model"] = self._models[serial].id
        return described

    def _tell(self, document: dict[str, Json], said: str, *, counts: bool = True) -> None:
        if self._is_over.is_set():
            return
        if self._console.as_json:
            self._console.json(document)
        else:
            self._console.lines([said])
        if counts:
            self._count()

    def _count(self) -> None:
        if self._left is not None:
            self._left -= 1
        if self._left == 0 or not self._console.has_reader:
            self._is_over.set()
