"""Modbus links: from an entry's data to the library's hub, each subentry a unit on the line."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT, CONF_TYPE, __version__
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.hass_dict import HassKey
from modbus_connection import ModbusUnit

from ..aioacrel.addresses import without_password
from ..aioacrel.errors import AcrelError, MissingTableError
from ..aioacrel.modbus import GuardedUnit, LinkAddress, LinkPulse, ModbusHub, ModbusSource
from ..aioacrel.modbus.hub import CHECK_SECONDS, LOOK_AGAIN_SECONDS
from ..aioacrel.modbus.lent import LentLink
from ..aioacrel.modbus.link import Transport
from ..aioacrel.modbus.probe import Turn
from ..aioacrel.modbus.shared import SharedUnit
from ..aioacrel.plausibility import odd_values
from ..aioacrel.points import Model
from ..aioacrel.registers import LineSettings, Ratio
from ..aioacrel.source import Source
from ..aioacrel.vocabulary import Pace
from ..const import (
    CONF_BAUDRATE,
    CONF_BYTESIZE,
    CONF_DUTY_TARGET,
    CONF_INTERVALS,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TURNAROUND_MS,
    CONF_UNIT_ID,
    DOMAIN,
    TYPE_RTU_TCP,
    TYPE_SERIAL,
    TYPE_TCP,
)
from ..issues import tell_link_trouble
from .errors import LinkInUseError
from .learnt import LearntMemory
from .modbus_data import DEFAULT_DUTY_TARGET
from .modbus_lent import lend, lend_anew

FIRST_LOOK_SECONDS = 10.0
"""How long set-up waits for first values: a dead bus may not hold up Home Assistant's start."""
_KINDS = {
    TYPE_TCP: "Modbus TCP",
    TYPE_RTU_TCP: "Modbus RTU over TCP",
    TYPE_SERIAL: "Modbus RTU",
}
_TRANSPORTS = {
    TYPE_TCP: Transport.TCP,
    TYPE_RTU_TCP: Transport.RTU_OVER_TCP,
    TYPE_SERIAL: Transport.SERIAL,
}


type Pulses = WeakValueDictionary[tuple[str, ...] | tuple[str, str, int], LinkPulse]
_PULSES: HassKey[Pulses] = HassKey(f"{DOMAIN}.pulses")
"""What is known of each link in use, for the entry and for flows that look at the same line meanwhile."""


def link_address(data: Mapping[str, Any]) -> LinkAddress:
    """Return the address in an entry's data."""
    return LinkAddress(
        transport=_TRANSPORTS[data[CONF_TYPE]],
        host=data.get(CONF_HOST, ""),
        port=data.get(CONF_PORT, 0),
        device=data.get(CONF_DEVICE, ""),
        line=LineSettings(
            baudrate=data[CONF_BAUDRATE],
            bytesize=data[CONF_BYTESIZE],
            parity=data[CONF_PARITY],
            stopbits=data[CONF_STOPBITS],
        ),
        line_given=True,
    )


@asynccontextmanager
async def temporary_unit(
    hass: HomeAssistant, data: Mapping[str, Any], unit_id: int, *, seconds: float | None = None
) -> AsyncGenerator[GuardedUnit]:
    """Lend a unit on the link of some entry data, for a flow; if stated, it gets so many `seconds` for an answer.

    An open link is shared, one opened here is closed at the end. A unit that an entry reads is lent by that entry: two
    guards for one unit would each take the other's late answer for its own. Raises LinkInUseError.
    """
    address = link_address(data)
    hub = _hub_on(hass, address)
    if hub is not None and (own := hub.guarded_unit(unit_id)) is not None:
        yield own
        return
    async with AsyncExitStack() as stack:
        unit = await borrow(stack, hass, address, unit_id)
        pulse = pulse_on(hass, address)
        guarded = _guarded(unit, unit_id, address, data, pulse, seconds=seconds)
        # Not closed: the link keeps wishes per unit id, and an entry may be reading this very unit.
        stack.callback(guarded.detach)
        yield guarded


@callback
def turn_on(hass: HomeAssistant, data: Mapping[str, Any]) -> Turn:
    """Return what takes a turn on the line of some entry data: an entry that reads there waits meanwhile.

    Otherwise its units would time out behind a unit that is silent, and the first of them would drop the connection.
    """
    hub = _hub_on(hass, link_address(data))
    return hub.turn if hub else nullcontext


async def borrow(stack: AsyncExitStack, hass: HomeAssistant, address: LinkAddress, unit_id: int) -> ModbusUnit:
    """Return a unit of Home Assistant's shared link, given back at the end of the stack. Raises LinkInUseError."""
    try:
        return await stack.enter_async_context(async_get_temporary_unit(hass, address.params, unit_id))
    except HomeAssistantError as error:
        # The only thing Home Assistant's shared link raises itself (homeassistant/components/modbus).
        raise LinkInUseError from error


@callback
def is_polled(hass: HomeAssistant, address: LinkAddress) -> bool:
    """Whether an entry reads any unit on a link."""
    hub = _hub_on(hass, address)
    return hub is not None and hub.has_units


@callback
def pulse_on(hass: HomeAssistant, address: LinkAddress) -> LinkPulse:
    """Return what is known of a link, the same for all who use it."""
    return _pulses(hass).setdefault(address.params.endpoint, LinkPulse())


@callback
def _hub_on(hass: HomeAssistant, address: LinkAddress) -> ModbusEntryHub | None:
    """Return the hub of a loaded entry that reads on a link."""
    hubs = (entry.runtime_data.hub for entry in hass.config_entries.async_loaded_entries(DOMAIN))
    return next((hub for hub in hubs if isinstance(hub, ModbusEntryHub) and hub.is_on(address)), None)


class ModbusEntryHub:
    """One link; each subentry is a unit on it."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take a config entry whose data are a link."""
        self.kind = f"{_KINDS[entry.data[CONF_TYPE]]}, {_place(entry.data)}"
        self._hass = hass
        self._entry = entry
        self._address = link_address(entry.data)
        self._hub = ModbusHub(
            entry.title,
            duty_target=entry.data.get(CONF_DUTY_TARGET, DEFAULT_DUTY_TARGET) / 100,
            look_again_seconds=LOOK_AGAIN_SECONDS,
            check_seconds=CHECK_SECONDS,
        )
        self._lent = LentLink(str(self._address), self._hub.bus.pulse, partial(lend_anew, hass, entry, self._address))
        entry.async_on_unload(self._lent.end)
        self._sources: dict[str, ModbusSource] = {}
        """By subentry."""
        self._memory = LearntMemory(hass, entry)
        self._is_started = False
        _pulses(hass)[self._address.params.endpoint] = self._hub.bus.pulse

    def is_on(self, address: LinkAddress) -> bool:
        """Whether this hub reads on a link."""
        return self._address.params == address.params

    @property
    def has_units(self) -> bool:
        """Whether anything is read here."""
        return bool(self._sources)

    def guarded_unit(self, unit_id: int) -> GuardedUnit | None:
        """Return the unit of this id, if it is read here."""
        units = (source.unit.unit for source in self._sources.values())
        return next((unit for unit in units if unit.unit_id == unit_id), None)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Take a turn on the line."""
        return self._hub.bus.turn()

    def source(self, subentry: ConfigSubentry, model: Model) -> ModbusSource:
        """Return a unit; it is given back when the entry unloads."""
        if model.needs_table:
            raise MissingTableError(model=model.name, needs=len(model.waiting))
        unit_id = subentry.data[CONF_UNIT_ID]
        source = self._sources[subentry.subentry_id] = self._hub.source(
            self._unit(unit_id),
            model,
            name=f"{subentry.title} (unit {unit_id} on {self._entry.title})",
            ratios={ratio: subentry.data[ratio] for ratio in Ratio if ratio in subentry.data},
            intervals={Pace(name): seconds for name, seconds in subentry.data.get(CONF_INTERVALS, {}).items()},
        )
        return source

    def remove(self, source: Source) -> None:
        """Leave a unit alone."""
        if isinstance(source, ModbusSource):
            self._hub.remove(source)
            self._sources = {key: other for key, other in self._sources.items() if other is not source}

    async def async_start(self) -> None:
        """Look at all units, then poll them. Raises LinkUnreachableError."""
        if not self._is_started:
            # Else it is tried again.
            await self._memory.async_load()
            for subentry_id, source in self._sources.items():
                if (known := self._memory.of(subentry_id, source.unit.model.id)) is not None:
                    source.remember(*known)
            self._is_started = True
            self._entry.async_on_unload(self._hub.bus.pulse.on_trouble(self._tell_trouble))
        try:
            await self._hub.start(FIRST_LOOK_SECONDS)
        finally:
            # Of a former run it may still stand there.
            self._tell_trouble()

    @callback
    def _tell_trouble(self) -> None:
        tell_link_trouble(self._hass, self._entry, self._hub.bus.pulse.trouble)

    async def async_stop(self) -> None:
        """End after the request on the wire."""
        await self._hub.stop()
        if self._is_started:
            self._is_started = False
            kept = {
                subentry_id: (source.unit.model.id, lessons)
                for subentry_id, source in self._sources.items()
                if (lessons := source.kept()) is not None
            }
            await self._memory.async_write(kept)

    def figures(self) -> Mapping[str, float | None]:
        """Return how busy the line is."""
        return self._hub.figures()

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what is known of a unit, and its registers, read now; nothing that says where it is."""
        details = {**source.details(), "gateway": self._hub.bus.pulse.details(self._hass.loop.time())}
        if not isinstance(source, ModbusSource):
            return details
        try:
            if not source.is_answering and (error := await source.identify()) is not None:
                # What another device keeps in its registers may be secret: only this model's are known.
                return {**details, "dump": None, "error": error.key}
            dump = await source.dump()
        except AcrelError as error:
            # Its key alone: its text names the link.
            return {**details, "dump": None, "error": error.key}
        dump.home_assistant = __version__
        odd = [oddity.as_dict() for oddity in odd_values(source.unit.model, dump)]
        return {**details, "dump": dump.as_dict(), "odd": odd}

    def facts(self, source: Source) -> None:
        """Return nothing: a unit says nothing unasked."""

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell nothing."""
        return lambda: None

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell nothing."""
        return lambda: None

    def _unit(self, unit_id: int) -> GuardedUnit:
        unit = self._lent.unit(unit_id, lend(self._hass, self._entry, self._address, unit_id))
        guarded = _guarded(unit, unit_id, self._address, self._entry.data, self._hub.bus.pulse)
        # Another entry may keep the link: then what this unit asked of it has to be withdrawn.
        self._entry.async_on_unload(guarded.close)
        return guarded


def _pulses(hass: HomeAssistant) -> Pulses:
    return hass.data.setdefault(_PULSES, WeakValueDictionary())


def _place(data: Mapping[str, Any]) -> str:
    """Return where a link is; of whom the gateway is bought, nothing tells."""
    if CONF_DEVICE in data:
        return without_password(data[CONF_DEVICE])
    host = f"[{data[CONF_HOST]}]" if ":" in data[CONF_HOST] else data[CONF_HOST]
    return f"{host}:{data[CONF_PORT]}"


def _guarded(
    unit: SharedUnit,
    unit_id: int,
    address: LinkAddress,
    data: Mapping[str, Any],
    pulse: LinkPulse | None = None,
    *,
    seconds: float | None = None,
) -> GuardedUnit:
    turnaround = data[CONF_TURNAROUND_MS] / 1000
    return address.guarded(unit, unit_id, turnaround=turnaround, timeout=seconds, pulse=pulse)
