"""Between a device of the library and its entities: hands on which values are new, and what is wrong."""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .aioacrel.alarms.watch import Watch
from .aioacrel.deadband import Deadband, Detail
from .aioacrel.device import Device
from .aioacrel.errors import AcrelError
from .aioacrel.points import Point
from .aioacrel.readings import PointKey, Reading
from .aioacrel.source import Source
from .aioacrel.texts import library_language
from .aioacrel.unread import AlarmWatch
from .const import CONF_DETAIL, LOGGER
from .counters import CounterQuestion
from .issues import forget_issues, raise_issue, tell_unread_alarms
from .unreported import UnreportedQuestion

if TYPE_CHECKING:
    from .hubs import EntryHub
    from .joining import FurtherWay
    from .memory import TotalsMemory
    from .operating import Operator

type AcrelConfigEntry = ConfigEntry[AcrelRuntimeData]


class AcrelCoordinator(DataUpdateCoordinator[AbstractSet[PointKey]]):
    """Its data are the points the latest report touched; the sources set the pace, so there is no update interval.

    An entity listens to its own point (the context), and is told what the deadband of the device lets through.
    """

    config_entry: AcrelConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: AcrelConfigEntry, subentry: ConfigSubentry, device: Device, source: Source
    ) -> None:
        """Take a device, and the way by which this entry reaches it."""
        super().__init__(hass, LOGGER, config_entry=entry, name=subentry.title)
        self.subentry = subentry
        self.device = device
        self.source = source
        self.places: Mapping[str, DeviceInfo | ChildDeviceInfo] = {}
        """Where entities belong, by circuit; set when the device is registered."""
        detail = subentry.data.get(CONF_DETAIL)
        self.deadband = Deadband(
            device.readings, lambda: device.points, Detail(detail) if detail in list(Detail) else Detail.NORMAL
        )
        self.watch: Watch | None = None
        """Its alarms; set when it is known where they are, and not while the device is disabled."""
        self.operator: Operator | None = None
        """What operates it, if anything can; whether anybody may is asked at each act."""
        self.calls = False
        """Whether it calls by any of its ways: then somebody else can call in its name."""
        self.reported = False
        """Whether somebody else keeps a log of its alarms that is read by any of its ways."""
        self.left_out: Sequence[Point] = ()
        """Alarms that a person disabled by their entities."""
        self._watchers: dict[PointKey, CALLBACK_TYPE] = {}
        self.questions = CounterQuestion(self)
        self.unreported = UnreportedQuestion(self)
        self._trouble: AcrelError | None = None
        self._is_first = True
        self._alarms = AlarmWatch(device)

    @callback
    def async_attach(self) -> CALLBACK_TYPE:
        """Have the device reached by this entry's way; returns what ends that."""
        unlisten = self.device.listen(self._take)
        detach = self.device.attach(self.source)

        @callback
        def leave() -> None:
            unlisten()
            detach()

        return leave

    def reading(self, key: PointKey) -> Reading | None:
        """Return the reading of a point that entities show, None before it was read for the first time."""
        return self.deadband.shown(key)

    @callback
    @override
    def async_add_listener(self, update_callback: CALLBACK_TYPE, context: Any = None) -> Callable[[], None]:
        """Have a point told to its entity; a listener that names none is told of every report."""
        if not isinstance(context, PointKey):
            return super().async_add_listener(update_callback, context)
        self._watchers[context] = update_callback

        @callback
        def leave() -> None:
            if self._watchers.get(context) == update_callback:
                del self._watchers[context]

        return leave

    @callback
    def _take(self, keys: AbstractSet[PointKey]) -> None:
        trouble = self.device.trouble_of(self.source)
        if self._is_first or trouble is not self._trouble:
            self._is_first, self._trouble = False, trouble
            if trouble is None:
                forget_issues(self.hass, self.config_entry, self.subentry)
            else:
                self.last_exception = trouble
                raise_issue(self.hass, self.config_entry, self.subentry, trouble)
        if (unread := self._alarms.look(keys)) is not None:
            names = self._alarms.names(unread, library_language(self.hass.config.language))
            tell_unread_alarms(self.hass, self.config_entry, self.subentry, names)
        self.questions.look()
        self.unreported.look()
        self.data = keys
        self.last_update_success = self.device.is_heard
        for key in self.deadband.sift(keys):
            self._tell(key)
        self.async_update_listeners()

    def _tell(self, key: PointKey) -> None:
        if (watcher := self._watchers.get(key)) is None:
            return
        try:
            watcher()
        except Exception:  # noqa: BLE001 - whatever one entity fails with is its own, and logged
            # It is taken for told: of all others it must not be so without being true.
            LOGGER.exception("%s of %s could not be shown", key, self.name)


@dataclass(kw_only=True)
class AcrelRuntimeData:
    """What a loaded entry holds."""

    hub: EntryHub
    memory: TotalsMemory
    coordinators: dict[str, AcrelCoordinator] = field(default_factory=dict)
    """By subentry; a device whose model cannot be used has none."""
    starting: asyncio.Task[None] | None = None
    """Tries to reach a link that could not be reached at its set-up."""
    ways: dict[str, FurtherWay] = field(default_factory=dict)
    """By subentry: further ways to devices that other subentries are."""
    leave: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What takes a device or way of the lists away."""

    @callback
    def forget_but(self, subentries: Container[str]) -> None:
        """Leave all devices alone whose subentry is not among these."""
        for subentry_id in [known for known in self.leave if known not in subentries]:
            self.coordinators.pop(subentry_id, None)
            self.ways.pop(subentry_id, None)
            self.leave.pop(subentry_id)()
