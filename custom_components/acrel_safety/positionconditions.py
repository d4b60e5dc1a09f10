"""What automations ask of devices that can be operated: whether a tag hangs, whether a position is known."""

from collections.abc import Callable, Iterator
from typing import ClassVar, Unpack, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType

from .cutting import operators
from .deeds import deeds_of
from .handles import circuit_position
from .operating import Operator
from .reach import Reach, schema_of

_SCHEMA = schema_of({})


class _OperatedCondition(Condition):
    """Asked anew at each check."""

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the target."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Take what was checked."""
        super().__init__(hass, config)
        self.reach = Reach(hass, config.target, config.options or {})
        self._hass = hass

    @override
    async def _async_track_changes(self, action: Callable[[], None]) -> CALLBACK_TYPE:
        return deeds_of(self._hass).listen(lambda _: action())

    def operated(self) -> Iterator[tuple[Operator, str | None]]:
        """Yield each device that is meant, with the circuit if one of its circuits is."""
        found = [*operators(self._hass)]
        spots = self.reach.spots()
        if spots is None:
            yield from ((operator, None) for operator in found)
            return
        for spot in spots:
            for operator in found:
                if spot.identity in (operator.board.identity, operator.board.link):
                    yield operator, spot.circuit


class TaggedCondition(_OperatedCondition):
    """Whether a lock-out tag hangs on any of some places."""

    @property
    @override
    def needs_polling(self) -> bool:
        """Return that it never changes unsaid."""
        return False

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        return any(
            operator.control.tags.all if circuit is None else operator.control.tags.on(circuit)
            for operator, circuit in self.operated()
        )


class _PositionCondition(_OperatedCondition):
    """Whether all of some places are known to stand so: what is not known, or not there, does not."""

    is_closed: ClassVar[bool]

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        positions = [
            circuit_position(operator.control, operator.policy, at)
            for operator, circuit in self.operated()
            for at in dict.fromkeys(key.circuit for key in operator.control.operations)
            if circuit in (None, at)
        ]
        return bool(positions) and all(position is self.is_closed for position in positions)


class ClosedCondition(_PositionCondition):
    """Known to be closed."""

    is_closed = True


class OpenCondition(_PositionCondition):
    """Known to be open."""

    is_closed = False
