"""Further ways at work: the source of one entry is a way to the device that another entry shows.

Whichever of both is loaded first, reloaded or removed: a way is taken to a device while that is there and is the same
one, and waits otherwise. What only the owner can mend becomes a repair; a device of its own it becomes by nobody else.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util.hass_dict import HassKey

from .aioacrel.device import Device
from .aioacrel.errors import AcrelError
from .aioacrel.source import Source
from .const import DOMAIN
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import desk_of
from .furtherways import Why, device_named, is_called, is_reported, named, ratios_from, why_not
from .issues import forget_issues, raise_issue, tell_way_refused
from .reports import follow_reports

if TYPE_CHECKING:
    from collections.abc import Iterator

_JOINED: HassKey[Joined] = HassKey(f"{DOMAIN}.joined")


class FurtherWay:
    """A way to a device that another subentry is."""

    def __init__(
        self, hass: HomeAssistant, entry: AcrelConfigEntry, subentry: ConfigSubentry, source: Source, ratios: object
    ) -> None:
        """Take the way, and the transformer ratios it reckons with: those of the device."""
        self.hass = hass
        self.config_entry = entry
        self.subentry = subentry
        self.source = source
        self.ratios = ratios
        self.why_not: Why | None = None
        self.place: dr.DeviceEntry | None = None
        """The device it belongs to, as far as that is registered."""
        self.coordinator: AcrelCoordinator | None = None
        """What shows the device, while it is taken."""
        self._leave: list[Callable[[], None]] = []
        self._listeners: list[Callable[[], None]] = []
        self._trouble: AcrelError | None = None
        self._heard: tuple[bool, bool] | None = None

    @property
    def device(self) -> Device | None:
        """The device, while the way is taken."""
        return None if self.coordinator is None else self.coordinator.device

    @property
    def is_heard(self) -> bool:
        """Whether the device is heard by this way."""
        return self.device is not None and self.device.hears(self.source)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told when this way or the device's own is lost or back; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def take(self, coordinator: AcrelCoordinator) -> None:
        """Be a way to a device from now on."""
        self.coordinator = coordinator
        device = coordinator.device
        self._leave = [device.listen(self._look), device.attach(self.source)]
        if coordinator.watch is not None:
            hub = self.config_entry.runtime_data.hub
            self._leave.append(hub.on_impostor(self.source, coordinator.watch.note_second_login))
            self._leave.append(follow_reports(self.hass, self.config_entry, self.source, coordinator))
        self._look(frozenset())

    @callback
    def leave(self) -> None:
        """Be none any more."""
        if self.coordinator is None:
            return
        for leave in self._leave:
            leave()
        self.coordinator, self._leave = None, []
        self._tell()

    @callback
    def _look(self, _: object) -> None:
        if (coordinator := self.coordinator) is None:
            return
        trouble = coordinator.device.trouble_of(self.source)
        if trouble is not self._trouble:
            self._trouble = trouble
            if trouble is None:
                forget_issues(self.hass, self.config_entry, self.subentry)
            else:
                raise_issue(self.hass, self.config_entry, self.subentry, trouble)
        heard = (self.is_heard, coordinator.device.hears(coordinator.source))
        if heard != self._heard:
            self._heard = heard
            self._tell()
            desk_of(self.hass).tell_changed()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()


class Joined:
    """All further ways of the entries that are loaded, and the devices they may lead to."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._devices: dict[str, AcrelCoordinator] = {}
        self._ways: dict[str, FurtherWay] = {}

    @callback
    def add(self, way: FurtherWay) -> Callable[[], None]:
        """Take a way, as soon as its device is there; returns what ends that."""
        subentry_id = way.subentry.subentry_id
        self._ways[subentry_id] = way
        way.place = self._registered(way)
        self._try(way)

        @callback
        def leave() -> None:
            del self._ways[subentry_id]
            way.leave()

        return leave

    @callback
    def welcome(self, coordinator: AcrelCoordinator) -> Callable[[], None]:
        """Take all ways to a device that is there from now on; returns what ends that."""
        subentry_id = coordinator.subentry.subentry_id
        self._devices[subentry_id] = coordinator
        for way in self._to(subentry_id):
            self._try(way)

        @callback
        def leave() -> None:
            del self._devices[subentry_id]
            for way in self._to(subentry_id):
                way.leave()
                self._try(way)

        return leave

    @callback
    def look(self) -> None:
        """Look at all ways anew: an entry was removed."""
        for way in list(self._ways.values()):
            self._try(way)

    @callback
    def taken(self, coordinator: AcrelCoordinator) -> list[FurtherWay]:
        """Return the further ways that a device has now."""
        return [way for way in self._ways.values() if way.coordinator is coordinator]

    def _to(self, subentry_id: str) -> Iterator[FurtherWay]:
        return iter([way for way in self._ways.values() if named(way.subentry) == subentry_id])

    def _try(self, way: FurtherWay) -> None:
        """Take a way if its device is there, and say what is in the way of it."""
        found = device_named(self._hass, named(way.subentry))
        way.why_not = why_not(self._hass, way.subentry)
        tell_way_refused(self._hass, way.config_entry, way.subentry, way.why_not, found[1].title if found else "")
        if found is None or way.why_not is not None:
            way.leave()
            return
        coordinator = self._devices.get(found[1].subentry_id)
        if coordinator is None or way.coordinator is coordinator:
            return
        way.leave()
        if ratios_from(found[1].data) != way.ratios or way.place is None:
            # It reckons with other ratios, or its entities stand alone: with the next set-up it is as it should be.
            self._hass.config_entries.async_schedule_reload(way.config_entry.entry_id)
        elif _has_other_alarms(self._hass, coordinator):
            # Somebody else can call in its name from now on, or keeps a log of it.
            self._hass.config_entries.async_schedule_reload(coordinator.config_entry.entry_id)
        else:
            way.take(coordinator)

    def _registered(self, way: FurtherWay) -> dr.DeviceEntry | None:
        if (found := device_named(self._hass, named(way.subentry))) is None:
            return None
        entry, device = found
        return dr.async_get(self._hass).async_get_device_by_identifier((DOMAIN, device.subentry_id), entry.entry_id)


@callback
def _has_other_alarms(hass: HomeAssistant, coordinator: AcrelCoordinator) -> bool:
    """Whether a device has alarms, by a further way, that it was not set up with."""
    subentry = coordinator.subentry
    return (not coordinator.calls and is_called(hass, subentry)) or (
        not coordinator.reported and is_reported(hass, subentry)
    )


@callback
def joined_of(hass: HomeAssistant) -> Joined:
    """Return all further ways; made for who asks first."""
    if (joined := hass.data.get(_JOINED)) is None:
        joined = hass.data[_JOINED] = Joined(hass)
    return joined
