"""The one word for a circuit, or for a whole device, of all that is watched there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .levels import Safety, safety_of, worst
from .unseen import WHOLE_DEVICE
from .verdict import AlarmKey

if TYPE_CHECKING:
    from .watch import Watch


class SafetyWords:
    """Says it, and remembers it until anything changed.

    It is never "safe" while an input is unknown, an alarm stands, or one is out of service.
    """

    def __init__(self, watch: Watch) -> None:
        """Take what is watched."""
        self._watch = watch
        self._known: dict[str | None, Safety] = {}

    def forget(self) -> None:
        """Take it that something changed."""
        self._known.clear()

    def of(self, circuit: str | None) -> Safety:
        """Return the word for a circuit; None is the whole device."""
        if circuit not in self._known:
            self._known[circuit] = worst(self._all(circuit))
        return self._known[circuit]

    def _all(self, circuit: str | None) -> Iterator[Safety]:
        watch = self._watch
        if watch.is_blind or not watch.is_device_seen:
            yield Safety.NOT_SEEN
        if all(watch.device.lacks(point) for point in watch.inputs if circuit in (None, point.circuit)):
            # It has nothing that any of its alarms goes by.
            yield Safety.NOT_SEEN
        for key, alarm in watch.alarms.items():
            if circuit is not None and key.circuit != circuit and key is not WHOLE_DEVICE:
                continue
            if alarm.stands:
                yield safety_of(alarm.cause.level)
            if alarm.facts.is_out_of_service or not (alarm.facts.is_seen or self._is_lacked(key)):
                yield Safety.NOT_SEEN

    def _is_lacked(self, key: AlarmKey) -> bool:
        """Whether the device has not what an alarm goes by, and that is as documented."""
        return any(self._watch.device.lacks(point) for point in self._watch.inputs_of(key))
