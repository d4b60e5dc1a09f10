"""How a config entry reaches its devices: by the type in its data, a hub that makes sources of its subentries.

A further way in is one file here, beside its room in the library and its forms in `flow/`.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import probatio
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant

from ..aioacrel.points import Model
from ..aioacrel.source import Source
from ..checked import WRONG, Fault, faults
from ..const import (
    CONF_CODE,
    CONF_METER,
    CONF_SERIAL,
    CONF_UNIT_ID,
    TYPE_CLOUD,
    TYPE_GATEWAY,
    TYPE_PUSH,
    TYPE_UPLINK,
    TYPE_XML,
)
from . import cloud_data, cloud_push_data, gateway_data, modbus_data, uplink_data, xml_data
from .cloud import CloudEntryHub
from .cloud import shown_as as cloud_shown_as
from .cloud_history import history_store
from .cloud_identity import identity_store
from .cloud_log import log_store
from .cloud_push import PushEntryHub, push_store
from .cloud_push import shown_as as push_shown_as
from .cloud_trouble import known_store
from .device_data import missing_ratios
from .facts import Facts
from .gateway import GatewayEntryHub, shown_as
from .gateway_broker import async_forget_gateway
from .history_kept import store_of
from .learnt import LearntMemory
from .modbus import ModbusEntryHub
from .uplink import UplinkEntryHub
from .uplink_memory import UplinkMemory
from .uplink_strangers import StrangerCards
from .xml import XmlEntryHub
from .xml import shown_as as xml_shown_as


class EntryHub(Protocol):
    """All ways of one config entry: a link, a listener, a broker, an account."""

    kind: str
    """What the hub is called as a device model."""

    def source(self, subentry: ConfigSubentry, model: Model) -> Source:
        """Return the way to a device.

        Raises MissingTableError where there is none yet, ConfigEntryNotReady when the entry cannot be used now.
        """

    def remove(self, source: Source) -> None:
        """Leave a device alone."""

    async def async_start(self) -> None:
        """Look at all devices once, but do not hold up the start for those that are slow. Raises AcrelError."""

    async def async_stop(self) -> None:
        """End."""

    def figures(self) -> Mapping[str, float | None]:
        """Return how well the way as a whole does."""

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what helps to find a fault of one device, and to replay it; nothing secret."""

    def facts(self, source: Source) -> Facts | None:
        """Return what a device says of itself beside its values; None where it is asked, and does not call."""

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell that any of that changed; returns what ends that."""

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell from where somebody called in the name of a device that is there; returns what ends that."""


def _as_it_is(_: Source, model: Model) -> Model:
    return model


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One kind of entry: its hub, and what has to be stored of the entry and of a device on it."""

    hub: Callable[[HomeAssistant, ConfigEntry], EntryHub]
    link: probatio.Schema
    device: probatio.Schema
    seat: Callable[[Mapping[str, Any]], Hashable]
    """What only one device of an entry can have."""
    seat_field: str
    seat_shown: Callable[[Hashable], str] = str
    """How that may be shown."""
    missing: Callable[[Model, Mapping[str, Any]], list[str]]
    """Which of the things that a model leaves to the user are not stored of a device."""
    shown_as: Callable[[Source, Model], Model] = _as_it_is
    """The model with what is known of one device."""


WAYS: dict[str, Way] = {
    **{
        kind: Way(
            hub=ModbusEntryHub,
            link=link,
            device=modbus_data.UNITS[kind],
            seat=modbus_data.seat,
            seat_field=CONF_UNIT_ID,
            missing=missing_ratios,
        )
        for kind, link in modbus_data.LINKS.items()
    },
    TYPE_UPLINK: Way(
        hub=UplinkEntryHub,
        link=uplink_data.UPLINK,
        device=uplink_data.CALLER,
        seat=uplink_data.seat,
        seat_field=CONF_SERIAL,
        seat_shown=uplink_data.seat_shown,
        missing=missing_ratios,
    ),
    TYPE_XML: Way(
        hub=XmlEntryHub,
        link=xml_data.GATEWAY,
        device=xml_data.METER,
        seat=xml_data.seat,
        seat_field=CONF_METER,
        missing=missing_ratios,
        shown_as=xml_shown_as,
    ),
    TYPE_CLOUD: Way(
        hub=CloudEntryHub,
        link=cloud_data.ACCOUNT,
        device=cloud_data.METER,
        seat=cloud_data.seat,
        seat_field=CONF_CODE,
        seat_shown=cloud_data.seat_shown,
        missing=lambda _, __: [],
        shown_as=cloud_shown_as,
    ),
    TYPE_GATEWAY: Way(
        hub=GatewayEntryHub,
        link=gateway_data.GATEWAY,
        device=gateway_data.METER,
        seat=uplink_data.seat,
        seat_field=CONF_SERIAL,
        seat_shown=uplink_data.seat_shown,
        missing=lambda _, __: [],
        shown_as=shown_as,
    ),
    TYPE_PUSH: Way(
        hub=PushEntryHub,
        link=cloud_push_data.PUSH,
        device=cloud_push_data.PUSHED,
        seat=uplink_data.seat,
        seat_field=CONF_SERIAL,
        seat_shown=uplink_data.seat_shown,
        missing=lambda _, __: [],
        shown_as=push_shown_as,
    ),
}


def way_of(link: Mapping[str, Any]) -> Way | None:
    """Return the way in an entry's data, None if it names none that is known."""
    kind = link.get(CONF_TYPE)
    return WAYS.get(kind) if isinstance(kind, str) else None


def link_faults(link: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with an entry's data."""
    if (way := way_of(link)) is None:
        return [Fault(at=CONF_TYPE, key=WRONG, found=str(link.get(CONF_TYPE, "")), allowed=", ".join(WAYS))]
    return faults(way.link, link)


async def async_forget(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget what was kept of the devices of an entry that is gone."""
    await LearntMemory(hass, entry).async_forget()
    if entry.data.get(CONF_TYPE) == TYPE_GATEWAY:
        await async_forget_gateway(hass, str(entry.data.get(CONF_SERIAL)))
    if entry.data.get(CONF_TYPE) in (TYPE_GATEWAY, TYPE_XML):
        await store_of(hass, entry).async_remove()
    if entry.data.get(CONF_TYPE) == TYPE_PUSH:
        await push_store(hass, entry).async_remove()
        await store_of(hass, entry).async_remove()
    await history_store(hass, entry).async_remove()
    await known_store(hass, entry).async_remove()
    await log_store(hass, entry).async_remove()
    await identity_store(hass, entry).async_remove()
    await UplinkMemory(hass, entry).async_forget()
    StrangerCards(hass, entry).take_away_all()


def hub_of(hass: HomeAssistant, entry: ConfigEntry) -> EntryHub:
    """Return the hub of a config entry, whose data are sound."""
    return WAYS[entry.data[CONF_TYPE]].hub(hass, entry)
