"""All devices there are, whichever ways they are reached: the same device is the same object, whoever asks."""

from collections.abc import Callable, Iterator

from .control.caller import Caller
from .device import Device
from .points import Model


class Plant:
    """The only root: of Home Assistant, and of whatever else shows devices."""

    def __init__(self) -> None:
        """Begin without any device."""
        self._devices: dict[str, Device] = {}
        self._users: dict[str, int] = {}

    def __iter__(self) -> Iterator[Device]:
        """Iterate over the devices."""
        return iter(self._devices.values())

    def device(
        self,
        identity: str,
        model: Model,
        *,
        may_change: Callable[[], bool] = lambda: False,
        may_set: Callable[[Caller | None], bool] = lambda _: True,
    ) -> tuple[Device, Callable[[], None]]:
        """Return the device of this identity, and what gives it back; without users it is forgotten.

        Who asks first says what model it is and whether, and by whom, it may be changed.
        """
        device = self._devices.setdefault(identity, Device(identity, model, may_change=may_change, may_set=may_set))
        self._users[identity] = self._users.get(identity, 0) + 1

        is_held = True

        def release() -> None:
            nonlocal is_held
            if not is_held:
                return
            is_held = False
            self._users[identity] -= 1
            if not self._users[identity]:
                del self._users[identity], self._devices[identity]

        return device, release
