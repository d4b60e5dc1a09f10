"""What a trigger or condition is about: some levels, and some places (without any: everywhere)."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, override

import probatio
from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import Trigger, TriggerConfig
from homeassistant.helpers.typing import ConfigType

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.levels import Level
from .aioacrel.alarms.standing import Standing
from .aioacrel.readings import DEVICE_CIRCUIT
from .targets import Spot, spots_of

CONF_LEVEL: Final = "level"
LEVELS = probatio.All(cv.ensure_list, probatio.Length(min=1), [probatio.In([str(level) for level in Level])])


def schema_of(options: Mapping[str | probatio.Marker, object]) -> Callable[[Any], Any]:
    """Return what checks a trigger or condition with these options and a target that may be left out."""
    return probatio.Schema(
        {
            # Checked before it comes here, by the version at hand: the newer one knows more.
            probatio.Optional(CONF_TARGET): dict,
            probatio.Optional(CONF_OPTIONS, default={}): {**options},
        }
    )


class ReachTrigger(Trigger):
    """A trigger for some levels and places, whose options `schema` checks."""

    schema: ClassVar[Callable[[Any], Any]] = schema_of({})

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check target and options."""
        checked: ConfigType = cls.schema(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take what was checked."""
        super().__init__(hass, config)
        self.hass = hass
        self.options: Mapping[str, Any] = config.options or {}
        self.reach = Reach(hass, config.target, self.options)


class Reach:
    """Tells which alarms are meant, by what the registries say at that moment."""

    def __init__(self, hass: HomeAssistant, target: Mapping[str, Any] | None, options: Mapping[str, Any]) -> None:
        """Take what was checked before."""
        self._hass = hass
        self._target = {**(target or {})}
        self._levels = frozenset(options.get(CONF_LEVEL, [str(level) for level in Level]))

    @callback
    def has(self, standing: Standing) -> bool:
        """Whether an alarm is meant."""
        if standing.level not in self._levels:
            return False
        spots = self.spots()
        return spots is None or any(spot.has(standing) for spot in spots)

    @callback
    def is_at(self, board: Board, circuit: str) -> bool:
        """Whether a place is meant; what is done to a device as a whole is done to each of its circuits."""
        spots = self.spots()
        return spots is None or any(
            spot.identity in (board.identity, board.link)
            and (spot.circuit in (None, circuit) or circuit == DEVICE_CIRCUIT)
            for spot in spots
        )

    @callback
    def spots(self) -> list[Spot] | None:
        """Return the places, None for all there are; where none is named that is there, none."""
        try:
            spots = spots_of(self._hass, self._target)
        except ServiceValidationError:
            return []
        return None if spots is None else [*spots]
