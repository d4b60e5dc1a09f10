"""Between the bus and the entities of one device: what was read, and whether it can be believed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .aioacrel.errors import AcrelError, LinkError, WrongDeviceError
from .aioacrel.modbus import AcrelDevice, Bus, PollReport, RegisterDump
from .aioacrel.modbus.bus import DEFAULT_INTERVALS
from .aioacrel.readings import PointKey, Reading, Value
from .aioacrel.vocabulary import PollGroup
from .const import CONF_ALLOW_CHANGES, CONF_INTERVALS, LOGGER
from .issues import forget_issues, raise_issue

ALL_GROUPS = frozenset(PollGroup)

type AcrelConfigEntry = ConfigEntry[AcrelRuntimeData]


class AcrelCoordinator(DataUpdateCoordinator[frozenset[PollGroup]]):
    """Takes the bus's reports on one device; its data are the groups the latest one touched.

    The bus sets the pace, so there is no update interval. Nothing is published before the device
    was found to be what it is taken for.
    """

    config_entry: AcrelConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AcrelConfigEntry,
        subentry: ConfigSubentry,
        device: AcrelDevice,
        bus: Bus,
    ) -> None:
        """Take a device that is not on the bus yet."""
        super().__init__(hass, LOGGER, config_entry=entry, name=subentry.title)
        self.subentry = subentry
        self.device = device
        self.device_id = ""
        """Of the device registry, set when the device is registered."""
        self.is_wrong = False
        """Whether another kind of device answers: it is not polled."""
        self._bus = bus
        self._is_identified = False
        self._is_identifying = False
        self._believed: set[PollGroup] = set()
        self._leave_bus: Callable[[], None] | None = None

    @property
    def allow_changes(self) -> bool:
        """Whether the user allowed the settings of this device to be changed."""
        return bool(self.subentry.data.get(CONF_ALLOW_CHANGES, False))

    @property
    def is_answering(self) -> bool:
        """Whether anything that was read of the device can be believed now."""
        return bool(self._believed)

    def believes(self, group: PollGroup) -> bool:
        """Whether the values of a group can be believed."""
        return group in self._believed

    def reading(self, key: PointKey) -> Reading | None:
        """Return what was read of a point last."""
        return self.device.readings.get(key)

    async def async_change(self, key: PointKey, value: Value) -> None:
        """Change a setting, verified by read-back; before any further poll. Raises AcrelError."""
        await self._bus.command(lambda: self.device.change(key, value))
        self._publish(frozenset({self.device.model.points[key].poll}))

    async def async_dump(self) -> RegisterDump:
        """Read all registers of the model, before any further poll. Raises AcrelError."""
        return await self._bus.command(self.device.dump)

    async def async_identify(self) -> AcrelError | None:
        """Look whether the device is what it is taken for; return why that cannot be said."""
        self._is_identifying = True
        try:
            await self._bus.command(self.device.probe)
        except WrongDeviceError as error:
            self._take_for_wrong(error)
            return error
        except LinkError as error:
            return error
        finally:
            self._is_identifying = False
        self._is_identified = True
        self.is_wrong = False
        forget_issues(self.hass, self.config_entry, self.subentry)
        self.async_join_bus()
        return None

    @callback
    def async_join_bus(self) -> None:
        """Have the device polled, if it is not already."""
        if self._leave_bus is None:
            given = self.subentry.data.get(CONF_INTERVALS, {})
            intervals = {**DEFAULT_INTERVALS, **{PollGroup(name): seconds for name, seconds in given.items()}}
            self._leave_bus = self._bus.add(self.device, self.async_take, intervals)

    @callback
    def async_take(self, report: PollReport) -> None:
        """Take the report of one poll."""
        if report.error is not None:
            if not self.device.is_available(report.group):
                self._lose(report.error)
        elif self._is_identified:
            self._believed.add(report.group)
            self._publish(frozenset({report.group}))
        elif not self._is_identifying:
            self._is_identifying = True
            self.config_entry.async_create_background_task(
                self.hass, self._async_identify_returned(), f"identify {self.name}"
            )

    async def _async_identify_returned(self) -> None:
        """A device that was silent at the start answers: show its values if it is the right one."""
        if await self.async_identify() is None:
            self._believed = {group for group in PollGroup if self.device.is_available(group)}
            self._publish(ALL_GROUPS)

    @callback
    def _take_for_wrong(self, error: WrongDeviceError) -> None:
        if self._leave_bus is not None:
            self._leave_bus()
            self._leave_bus = None
        if not self.is_wrong:
            self.is_wrong = True
            LOGGER.warning("%s is not read: %s", self.name, error)
        raise_issue(self.hass, self.config_entry, self.subentry, error)
        self._lose(error)

    @callback
    def _lose(self, error: AcrelError) -> None:
        """Make all values unavailable; that it happened is logged where it was found."""
        self.last_exception = error
        if self._believed:
            self._believed.clear()
            self._publish(ALL_GROUPS)

    @callback
    def _publish(self, groups: frozenset[PollGroup]) -> None:
        self.data = groups
        self.last_update_success = self.is_answering
        self.async_update_listeners()


@dataclass(kw_only=True)
class AcrelRuntimeData:
    """What a loaded link holds."""

    bus: Bus
    coordinators: dict[str, AcrelCoordinator] = field(default_factory=dict)
    """By subentry; a device whose model cannot be used has none."""
