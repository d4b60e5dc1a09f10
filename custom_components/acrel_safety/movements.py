"""Whether a breaker moved by a command from here, or otherwise: by hand, by itself, by another master."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from homeassistant.core import CALLBACK_TYPE, callback

from .aioacrel.control.control import Act, Control
from .aioacrel.control.outcome import Result
from .aioacrel.points import Effect
from .handles import circuit_moved_to

if TYPE_CHECKING:
    from .aioacrel.control.policy import Policy
    from .operating import Operator

_TARGETS = {Effect.OPEN: False, Effect.CLOSE: True}


class Movements:
    """Follows the circuits of one device."""

    def __init__(
        self,
        control: Control,
        policy: Callable[[], Policy],
        steady: Callable[[], float],
        tell: Callable[[str, bool], None],
    ) -> None:
        """Take the control of the device, and who is told of each circuit that moved without a command."""
        self._control, self._policy, self._steady, self._tell = control, policy, steady, tell
        self._stood: dict[str, bool] = {}
        self._expected: dict[str, tuple[Act, float]] = {}
        """By circuit the command that explains a movement, and until when."""
        self.look()
        self.end = control.listen(self._take)

    def _take(self, act: Act) -> None:
        circuit = act.key.circuit
        if act.outcome is None:
            self._expected[circuit] = (act, self._steady() + act.expected)
        elif act.outcome.result is Result.REFUSED:
            former = self._expected.get(circuit)
            if former is not None and former[0].time == act.time:
                # It was begun, and nothing was sent.
                del self._expected[circuit]

    def look(self) -> None:
        """Compare with where they stood when it was last known."""
        policy = self._policy()
        for circuit in self._circuits():
            position = circuit_moved_to(self._control, policy, circuit)
            if position is None:
                continue
            former = self._stood.get(circuit)
            self._stood[circuit] = position
            if former is not None and former is not position and not self._explains(circuit, is_closed=position):
                self._tell(circuit, position)

    def _explains(self, circuit: str, *, is_closed: bool) -> bool:
        if (expected := self._expected.get(circuit)) is None or self._steady() >= expected[1]:
            return False
        if (target := _TARGETS.get(expected[0].effect)) is not None:
            if target is not is_closed:
                return False
            # It got there: what happens next is another thing.
            del self._expected[circuit]
        return True

    def _circuits(self) -> Iterable[str]:
        return dict.fromkeys(key.circuit for key in self._control.operations)


@callback
def follow_movements(operator: Operator, steady: Callable[[], float]) -> CALLBACK_TYPE:
    """Tell the operator of a device of each circuit that moved without a command; returns what ends that."""
    movements = Movements(operator.control, lambda: operator.policy, steady, operator.note_moved)
    unlisten = operator.coordinator.async_add_listener(movements.look)

    @callback
    def end() -> None:
        unlisten()
        movements.end()

    return end
