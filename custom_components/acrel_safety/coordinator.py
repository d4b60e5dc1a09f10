"""Between the bus and the entities of one device: what was read, and whether it can be believed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .aioacrel.errors import AcrelError, LinkError, LinkUnreachableError, NoAnswerError, WrongDeviceError
from .aioacrel.modbus import AcrelDevice, Bus, PollReport, RegisterDump
from .aioacrel.modbus.bus import DEFAULT_INTERVALS
from .aioacrel.readings import PointKey, Reading, Value
from .aioacrel.vocabulary import PollGroup
from .const import CONF_ALLOW_CHANGES, CONF_INTERVALS, LOGGER
from .issues import forget_issues, raise_issue

if TYPE_CHECKING:
    from .memory import TotalsMemory

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
        self.places: Mapping[str, DeviceInfo | ChildDeviceInfo] = {}
        """Where entities belong, by circuit; set when the device is registered."""
        self.is_wrong = False
        """Whether another kind of device answers: it is not polled."""
        self._bus = bus
        self._is_right = False
        """Whether it answered as its model does, since the start and since it was silent last."""
        self._is_checking = False
        self._believed: set[PollGroup] = set()
        self._reported: set[PollGroup] = set()
        self._was_read = asyncio.Event()
        self._wishes: Counter[PointKey] = Counter()
        """What is to be read as long as the device is the right one."""
        self._door_bell = min(device.model.readable, key=self._polling_rank)
        """The one point that is read until then: what a wrong device has not is not asked of it."""
        self.device.want([self._door_bell])
        self._leave_bus: Callable[[], None] | None = None

    @property
    def allow_changes(self) -> bool:
        """Whether the user allowed the settings of this device to be changed."""
        return bool(self.subentry.data.get(CONF_ALLOW_CHANGES, False))

    @property
    def is_answering(self) -> bool:
        """Whether anything that was read of the device can be believed now."""
        return bool(self._believed)

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be read: of a disabled device nothing is."""
        return any(self._wishes.elements())

    def believes(self, group: PollGroup) -> bool:
        """Whether the values of a group can be believed."""
        return group in self._believed

    def reading(self, key: PointKey) -> Reading | None:
        """Return what was read of a point last."""
        return self.device.readings.get(key)

    @callback
    def want(self, keys: Iterable[PointKey]) -> None:
        """Have points read; as often as a point is wanted it has to be unwanted again."""
        keys = list(keys)
        self._wishes.update(keys)
        if self._is_right:
            self.device.want(keys)

    @callback
    def unwant(self, keys: Iterable[PointKey]) -> None:
        """Take back a wish."""
        keys = list(keys)
        self._wishes.subtract(keys)
        if self._is_right:
            self.device.unwant(keys)

    @callback
    def async_poll_soon(self) -> None:
        """Have all that is wanted polled without waiting for its time."""
        self._bus.wake(self.device)

    async def async_change(self, key: PointKey, value: Value) -> None:
        """Change a setting, verified by read-back; before any further poll. Raises AcrelError."""
        await self._bus.command(lambda: self.device.change(key, value))
        self._publish(frozenset({self.device.model.points[key].poll}))

    async def async_dump(self) -> RegisterDump:
        """Read all registers of the model, before any further poll. Raises AcrelError."""
        return await self._bus.command(self.device.dump)

    async def async_identify(self) -> AcrelError | None:
        """Look whether the device is what it is taken for; return why that cannot be said."""
        self._is_checking = True
        try:
            # Which model it is was found out before it was saved.
            await self._bus.command(lambda: self.device.probe(is_known=True))
        except WrongDeviceError as error:
            self._take_for_wrong(error)
            return error
        except LinkError as error:
            return error
        finally:
            self._is_checking = False
        self._take_for_right()
        return None

    @callback
    def async_join_bus(self, error: AcrelError | None = None) -> None:
        """Have the device polled, if it is not already; `error` is what came of asking it just now."""
        if self._leave_bus is None:
            given = self.subentry.data.get(CONF_INTERVALS, {})
            intervals = {**DEFAULT_INTERVALS, **{PollGroup(name): seconds for name, seconds in given.items()}}
            silence = error if isinstance(error, NoAnswerError | LinkUnreachableError) else None
            self._leave_bus = self._bus.add(self.device, self.async_take, intervals, silence=silence)

    async def async_was_read(self) -> None:
        """Return when every group was polled once, or one in vain; at once if nothing will be."""
        if self._is_right and self.device.groups():
            await self._was_read.wait()

    @callback
    def async_leave_bus(self) -> None:
        """Have the device polled no longer, if it was."""
        if self._leave_bus is not None:
            self._leave_bus()
            self._leave_bus = None

    @callback
    def async_take(self, report: PollReport) -> None:
        """Take the report of one poll."""
        self._reported.add(report.group)
        if report.error is not None or self._reported.issuperset(self.device.groups()):
            self._was_read.set()
        if report.error is not None:
            self.last_exception = report.error
            if self.device.is_silent:
                self._lose()
            elif report.group in self._believed and not self.device.is_available(report.group):
                self._believed.discard(report.group)
                self._publish(frozenset({report.group}))
        elif self._is_right:
            if report.group not in self._believed and not self._is_complete(report.group):
                # This poll began when only the door bell was to be read.
                self._bus.wake(self.device)
                return
            self._believed.add(report.group)
            self._publish(frozenset({report.group}))
        elif not self._is_checking:
            self._is_checking = True
            self.config_entry.async_create_background_task(self.hass, self.async_identify(), f"identify {self.name}")

    def _is_complete(self, group: PollGroup) -> bool:
        """Whether all that is to be read in a group was read."""
        return all(
            point.key in self.device.readings for block in self.device.blocks(group) for point, _ in block.points
        )

    @callback
    def _take_for_right(self) -> None:
        self.is_wrong = False
        forget_issues(self.hass, self.config_entry, self.subentry)
        if self._is_right:
            return
        self._is_right = True
        self.device.want(self._wishes.elements())
        self.device.unwant([self._door_bell])
        self.async_join_bus()
        self._bus.wake(self.device)

    @callback
    def _take_for_wrong(self, error: WrongDeviceError) -> None:
        self.async_leave_bus()
        if not self.is_wrong:
            self.is_wrong = True
            LOGGER.warning("%s is not read: %s", self.device.name, error)
        raise_issue(self.hass, self.config_entry, self.subentry, error)
        self.last_exception = error
        self._lose()

    @callback
    def _lose(self) -> None:
        """Make all values unavailable, until the device has answered and shown that it is the right one."""
        if self._is_right:
            self._is_right = False
            self.device.want([self._door_bell])
            self.device.unwant(self._wishes.elements())
        if self._believed:
            self._believed.clear()
            self._publish(ALL_GROUPS)

    @callback
    def _publish(self, groups: frozenset[PollGroup]) -> None:
        self.data = groups
        self.last_update_success = self.is_answering
        self.async_update_listeners()

    def _polling_rank(self, key: PointKey) -> int:
        return list(PollGroup).index(self.device.model.points[key].poll)


@dataclass(kw_only=True)
class AcrelRuntimeData:
    """What a loaded link holds."""

    bus: Bus
    memory: TotalsMemory
    coordinators: dict[str, AcrelCoordinator] = field(default_factory=dict)
    """By subentry; a device whose model cannot be used has none."""

    @callback
    def forget_removed(self, subentries: Container[str]) -> None:
        """Leave the devices alone whose subentry was removed while they were set up."""
        for subentry_id in [found for found in self.coordinators if found not in subentries]:
            self.coordinators.pop(subentry_id).async_leave_bus()
