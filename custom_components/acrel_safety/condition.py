"""What automations ask: whether an alarm stands somewhere, and whether a place is anything but safe."""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Unpack, override

import probatio
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType

from .aioacrel.alarms.levels import Safety
from .coordinator import AcrelConfigEntry
from .desk import desk_of
from .positionconditions import ClosedCondition, OpenCondition, TaggedCondition
from .reach import CONF_LEVEL, LEVELS, Reach, schema_of
from .targets import Spot
from .whole import is_whole

CONF_UNACKNOWLEDGED: Final = "unacknowledged"
_STANDS = schema_of(
    {probatio.Optional(CONF_LEVEL): LEVELS, probatio.Optional(CONF_UNACKNOWLEDGED, default=False): cv.boolean}
)

_NOT_SAFE = schema_of({})


class _AlarmCondition(Condition):
    """Goes by the desk; looked at again whenever anything about any alarm changes."""

    schema: ClassVar[Callable[[Any], Any]]

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check levels and options."""
        checked: ConfigType = cls.schema(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Take what was checked."""
        super().__init__(hass, config)
        self.options = config.options or {}
        self.reach = Reach(hass, config.target, self.options)
        self.desk = desk_of(hass)
        self._entries = hass.config_entries

    @property
    @override
    def needs_polling(self) -> bool:
        """Return that it never changes unsaid."""
        return False

    @override
    async def _async_track_changes(self, action: Callable[[], None]) -> CALLBACK_TYPE:
        return self.desk.listen_to_changes(action)


class AlarmStandsCondition(_AlarmCondition):
    """Whether an alarm of some level stands; one that cannot be read any more stands on."""

    schema = _STANDS

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        only_unacknowledged = self.options.get(CONF_UNACKNOWLEDGED, False)
        return any(
            self.reach.has(standing)
            for standing in self.desk.alarms.standing()
            if standing.alarm.stands and not (only_unacknowledged and standing.alarm.facts.is_acknowledged)
        )


class NotSafeCondition(_AlarmCondition):
    """Whether any of some places is not safe; what is not watched, or not there, is not."""

    schema = _NOT_SAFE

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        spots = self.reach.spots()
        if spots is None:
            return self.desk.safety() is not Safety.SAFE
        words = {self._word(spot) for spot in spots}
        return words != {Safety.SAFE}

    def _word(self, spot: Spot) -> Safety:
        entry: AcrelConfigEntry | None = self._entries.async_get_entry(spot.identity)
        if entry is not None and (entry.state is not ConfigEntryState.LOADED or not is_whole(entry)):
            return Safety.NOT_SEEN
        return self.desk.alarms.word(spot.identity, spot.circuit)


async def async_get_conditions(_: HomeAssistant) -> dict[str, type[Condition]]:
    """Return them by name."""
    return {
        "alarm_stands": AlarmStandsCondition,
        "is_not_safe": NotSafeCondition,
        "is_tagged": TaggedCondition,
        "is_closed": ClosedCondition,
        "is_open": OpenCondition,
    }
