"""What cannot be seen: a device that says nothing, and single inputs that cannot be read while the rest can."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

from ..device import Device
from ..readings import DEVICE_CIRCUIT, PointKey, Quality
from ..texts import phrase
from .levels import Level
from .rules import Band, Readings
from .verdict import AlarmKey, Cause, Verdict

UNSEEN = "unseen"
LASTING_SECONDS = 30.0
"""So long something may be missing before it is an alarm: by then it was tried again. It counts as unknown at once."""
WHOLE_DEVICE = AlarmKey(DEVICE_CIRCUIT, "", UNSEEN)


class UnseenDeviceRule:
    """Nothing is heard of a device, or what is heard is not of the device it is taken for."""

    inputs: AbstractSet[PointKey] = frozenset()
    figures: AbstractSet[PointKey] = frozenset()

    def __init__(self, device: Device) -> None:
        """Take the device."""
        self.cause = Cause(key=WHOLE_DEVICE, level=Level.NOT_SEEN, name=phrase("alarm_device_unseen"))
        self._device = device
        self._since: float | None = None
        self._is_on = False

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Look whether anything holds that was read of it."""
        device = self._device
        if device.is_seen or not device.is_wanted:
            # Of what nobody wants to read nothing is missed.
            self._since, self._is_on = None, False
            return Verdict(is_on=False)
        if self._since is None:
            self._since = now
        detail = "" if device.trouble is None else device.trouble.key
        self._is_on = now - self._since >= LASTING_SECONDS
        return Verdict(self._is_on, detail=detail)

    def next_time(self) -> float | None:
        """Return when it has to be looked at again, also if nothing is heard until then."""
        return None if self._since is None or self._is_on else self._since + LASTING_SECONDS

    def calm(self, key: PointKey) -> Band | None:
        """Look at all that is read."""

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Nothing is kept: what is not heard now is not heard."""

    def memory(self) -> Mapping[str, object]:
        """Return nothing."""
        return {}


class UnseenInputsRule:
    """Some inputs of a circuit's alarms cannot be read, though the device is heard."""

    figures: AbstractSet[PointKey] = frozenset()

    def __init__(self, device: Device, circuit: str, inputs: AbstractSet[PointKey]) -> None:
        """Take what the alarms of the circuit go by."""
        self.cause = Cause(
            key=AlarmKey(circuit, "", "unseen_inputs"),
            level=Level.NOT_SEEN,
            name=phrase("alarm_inputs_unseen"),
            graver=WHOLE_DEVICE,
        )
        self.inputs = inputs
        self._device = device
        self._unread: set[PointKey] = set(inputs)
        self._since: float | None = None
        self._is_on = False

    @property
    def unread(self) -> Collection[PointKey]:
        """The inputs that have no value now."""
        return self._unread

    def take(self, touched: AbstractSet[PointKey], readings: Readings) -> bool:
        """Take new readings; return whether the set of what cannot be read changed."""
        is_changed = False
        for key in touched:
            reading = readings.get(key)
            is_unread = (reading is None or reading.value is None) and not self._is_said(key, readings)
            if is_unread is not (key in self._unread):
                is_changed = True
                (self._unread.add if is_unread else self._unread.discard)(key)
        return is_changed

    def _is_said(self, key: PointKey, readings: Readings) -> bool:
        """Whether the device says itself that this does not hold: its broken sensor is an alarm of its own.

        So it is too for what this device does not have, though others of its model do.
        """
        reading = readings.get(key)
        return reading is not None and (
            reading.quality is Quality.INVALID or (reading.quality is Quality.REFUSED and self._device.lacks(key))
        )

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Say whether something is missing for so long that it is no matter of a moment."""
        if not self._unread or not self._device.is_seen:
            # Where nothing is heard at all the device itself is the alarm.
            self._since, self._is_on = None, False
            return Verdict(is_on=False)
        if self._since is None:
            self._since = now
        codes = ", ".join(sorted(key.code for key in self._unread)[:5])
        self._is_on = now - self._since >= LASTING_SECONDS
        return Verdict(self._is_on, detail=codes)

    def next_time(self) -> float | None:
        """Return when it has to be looked at again, also if nothing is heard until then."""
        return None if self._since is None or self._is_on else self._since + LASTING_SECONDS

    def calm(self, key: PointKey) -> Band | None:
        """Look at all that is read."""

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Nothing is kept: what cannot be read now cannot be read."""

    def memory(self) -> Mapping[str, object]:
        """Return nothing."""
        return {}
