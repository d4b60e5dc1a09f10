"""What a circuit's alarms and voltages say of its supply: whether the voltage tripped it, and whether that is over."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from math import isfinite

from ..alarms.alarm import Alarm
from ..alarms.bitlevels import level_of
from ..alarms.bits import RULE as BIT
from ..alarms.levels import Level
from ..alarms.limits import DERIVED, OWNER
from ..alarms.positions import DEAD, OPENED
from ..alarms.rules import present
from ..alarms.verdict import AlarmKey
from ..alarms.watch import Watch
from ..readings import DEVICE_CIRCUIT, PointKey, Reading, Value
from .evidence import value_of
from .policy import Reclosing

VOLTAGE = "voltage"
"""The family of the vocabulary."""
TRIPS = (OPENED, DEAD)
"""Rules that say that a circuit tripped, and not why."""
_VOLTAGES = ("U", "Ua", "Ub", "Uc")
_SAYING = (BIT, DERIVED, OWNER, OPENED)
"""Begin the names of rules that have to be readable, for nothing else to have been the cause."""
_OWN = (Level.ALARM, Level.FAULT)
_TRIPS_BY: Mapping[str, str] = {"UHIGH": "UHighRlyOff", "ULOW": "ULowRlyOff"}
"""What a device may say of whether such an alarm trips it, by what the code of the alarm begins with."""


class Supply:
    """The supply of one circuit of a watched device."""

    def __init__(self, watch: Watch, circuit: str) -> None:
        """Take the watch of the device."""
        self._watch = watch
        self._device = watch.device
        self._circuit = circuit
        readable = self._device.model.readable
        at = (present(self._device.model, one, _VOLTAGES) for one in (circuit, DEVICE_CIRCUIT))
        found = ([key for key in keys if key in readable] for keys in at)
        self.voltages: AbstractSet[PointKey] = frozenset(next(filter(None, found), ()))
        """What has to be read before anything is closed; without any nothing is."""
        settings = (PointKey(one, code) for one in (circuit, DEVICE_CIRCUIT) for code in _TRIPS_BY.values())
        self.settings: AbstractSet[PointKey] = frozenset(key for key in settings if key in readable)
        """What says whether the voltage trips it at all."""

    def alarms(self) -> Iterator[Alarm]:
        """Yield the alarms of the circuit, and of the device as a whole."""
        at = (self._circuit, DEVICE_CIRCUIT)
        return (alarm for key, alarm in self._watch.alarms.items() if key.circuit in at)

    def is_cause(self, alarm: Alarm) -> bool:
        """Whether the device itself says by it that the voltage is such that it trips."""
        key = alarm.cause.key
        if key.rule != BIT or alarm.cause.level is not Level.ALARM or not self._is_voltage(alarm):
            return False
        code = next((code for begin, code in _TRIPS_BY.items() if key.code.upper().startswith(begin)), "")
        setting = PointKey(key.circuit, code)
        return setting not in self.settings or value_of(self._device.readings, setting) is True

    def other(self, excused: AbstractSet[str]) -> str:
        """Return what else stands there, besides excused occurrences and what is about the voltage.

        What a person set aside or took out of service says that somebody is at work there, whether it stands or not.
        """
        return next((str(alarm.cause.key) for alarm in self.alarms() if self._is_other(alarm, excused)), "")

    def _is_other(self, alarm: Alarm, excused: AbstractSet[str]) -> bool:
        if alarm.facts.is_out_of_service or alarm.facts.is_shelved:
            return True
        if not alarm.stands or alarm.cause.level is Level.NOT_SEEN or self._is_voltage(alarm):
            return False
        return alarm.occurrence not in excused

    def unseen(self) -> str:
        """Return what cannot be read of what may have been the cause."""
        if not self._watch.is_device_seen:
            return self._device.identity
        unwatched = (str(key) for key in self._own_bits() if AlarmKey(*key, BIT) not in self._watch.alarms)
        unseen = (str(alarm.cause.key) for alarm in self.alarms() if self._is_unseen(alarm))
        return next(unwatched, "") or next(unseen, "")

    def _own_bits(self) -> Iterator[PointKey]:
        """Yield the alarms that the device has for the circuit, whether they can be read and are watched or not."""
        for key, point in self._device.model.points.items():
            if (
                key.circuit in (self._circuit, DEVICE_CIRCUIT)
                and level_of(point) in _OWN
                and not self._device.lacks(key)
            ):
                yield key

    def is_sound(self, within: Reclosing, readings: Mapping[PointKey, Reading] | None = None) -> bool:
        """Whether all voltages are read, good and within limits, and no alarm about them is on, or unseen."""
        known = self._device.readings if readings is None else readings
        return (
            bool(self.voltages)
            and all(_is_within(value_of(known, key), within) for key in self.voltages)
            and not any(
                alarm.facts.condition or not alarm.facts.is_seen
                for alarm in self.alarms()
                if self._is_voltage(alarm) and alarm.cause.key.rule.startswith(_SAYING) and not self._is_lacked(alarm)
            )
        )

    def _is_voltage(self, alarm: Alarm) -> bool:
        key = alarm.cause.key
        point = self._device.model.points.get(PointKey(key.circuit, key.code))
        return point is not None and point.quantity.family == VOLTAGE and key.rule not in TRIPS

    def _is_unseen(self, alarm: Alarm) -> bool:
        if alarm.cause.level is Level.NOT_SEEN:
            return bool(alarm.facts.condition)
        if not alarm.cause.key.rule.startswith(_SAYING) or alarm.facts.is_seen:
            return False
        return not self._is_lacked(alarm)

    def _is_lacked(self, alarm: Alarm) -> bool:
        """Whether the device is known not to have what an alarm goes by."""
        return any(self._device.lacks(key) for key in self._watch.rule(alarm.cause.key).inputs)


def _is_within(value: Value | None, within: Reclosing) -> bool:
    if isinstance(value, bool | str) or value is None:
        return False
    return isfinite(value) and within.low <= value <= within.high
