"""What an account tells of one device, as readings: nothing that is too old, or of later than now, and no quiet unread.

- A value is of the time that the server states. Older than the profile's limit it is stale; of later than now a clock
  is wrong, and it is not believed; without a time nobody knows of when it is, and it is stale, too.
- The server's list says whether a device is in alarm, but not since when it knows: that counts for as long as anything
  else shows that the server hears the device.
- A single alarm is off where the whole device is in none, or where the details were read while it was in one.
- Position and timer come in one part of the list that has a time of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..points import Circuit, Effect, Evidence, Model, Operation, Point
from ..readings import DEVICE_CIRCUIT, PointKey, Quality, Reading, Value
from ..vocabulary import EXTRA_PREFIX, Kind, Quantity, extra_quantity, vocabulary
from .fed import Fed
from .profile import Profile
from .records import Connection, Details, Meter, Values

ORIGIN = "cloud"
OWN_TIMER = PointKey(DEVICE_CIRCUIT, f"{EXTRA_PREFIX}CloudTimer")
"""That the server's list shows a timer which the device keeps itself, whoever set it; not when, and not for what."""
GENERAL_ALARM = PointKey(DEVICE_CIRCUIT, f"{EXTRA_PREFIX}CloudAlarm")
"""That the server's list shows the device in alarm, whatever of it can be told apart."""
_SAID = (Quality.GOOD, Quality.IMPLAUSIBLE)
"""What was said of a point, be it something that cannot be; all others are that nothing was, or of another time."""
LATER = timedelta(minutes=5)
"""So much later than now a time may be: clocks differ a little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that was told of one device last; None is what was not told."""

    meter: Meter | None = None
    values: Values | None = None
    connection: Connection | None = None
    details: Details | None = None

    @property
    def heard(self) -> datetime | None:
        """When the server heard the device last, by the newest time that it states."""
        times = (
            None if self.meter is None else self.meter.received,
            None if self.values is None else self.values.measured,
            None if self.connection is None else self.connection.heard,
            None if self.details is None else self.details.updated,
        )
        return max((time for time in times if time is not None), default=None)

    @property
    def is_away(self) -> bool:
        """Whether the server says that it does not hear the device."""
        return self.connection is not None and self.connection.is_online is False

    def is_heard(self, now: datetime, stale_after: timedelta) -> bool:
        """Whether the server hears the device, and what it says of it holds."""
        return self.meter is not None and not self.is_away and lost(self.heard, now, stale_after) is None


def lost(time: datetime | None, now: datetime, stale_after: timedelta) -> Quality | None:
    """Return why what is of a time does not hold; None if it does."""
    if time is None or now - time > stale_after:
        return Quality.STALE
    return Quality.INVALID if time - now > LATER else None


class Judge:
    """Makes readings of what is known of devices of one model and type."""

    def __init__(
        self, profile: Profile, model: Model, kind: str, stale_after: float, *, has_feed: bool = False
    ) -> None:
        """Take what the server's fields are, the model, the server's number of its type, and how long a value holds.

        With a feed it has what only that tells as well, as far as the model has it.
        """
        self._profile = profile
        self._stale_after = timedelta(seconds=stale_after)
        known = model.points
        measured = {*profile.leakage.values(), *profile.temperatures.values()}
        self._values = [key for key in known if key in measured]
        meter_type = profile.meter_types.get(kind)
        position = None if meter_type is None else meter_type.position
        self._position = position if position in known else None
        self._alarms: Mapping[PointKey, frozenset[str]] = {
            key: frozenset(name for name, found in profile.alarms.items() if found == key)
            for key in dict.fromkeys(profile.alarms.values())
        }
        listed = {*self._values, *self._alarms, *(() if self._position is None else (self._position,))}
        self._fed = [key for key in profile.fed if key in known] if has_feed else []
        self.fed_only = frozenset(self._fed) - listed
        """What no list tells."""
        keys = listed | self.fed_only
        self.points: Mapping[PointKey, Point] = {
            **{key: known[key] for key in known if key in keys},
            # A model knows the alarms that it has registers for; the server tells others, too.
            **{key: _alarm_of_vocabulary(key) for key in self._alarms if key not in known},
            GENERAL_ALARM: general_alarm(),
            **({OWN_TIMER: own_timer()} if kind in profile.timers else {}),
        }
        self.position = self._position
        """The point that shows the position of the switch, where the server tells one of this type."""

    def shown(self, model: Model, offered: Mapping[PointKey, float]) -> Model:
        """Return the model as it is reached: what the server tells and takes; `offered` are lock-outs by operation.

        Where the server tells a position, that is what shows an opening or closing.
        """
        operations = {key: self._as_shown(one, offered[key]) for key, one in model.operations.items() if key in offered}
        circuits = {number: model.circuits[number] for number in model.circuits}
        circuits.setdefault(DEVICE_CIRCUIT, Circuit(number=DEVICE_CIRCUIT))
        return replace(
            model, points=dict(self.points), operations=operations, circuits=circuits, is_spoken=True, fallbacks=()
        )

    def _as_shown(self, operation: Operation, lockout: float) -> Operation:
        shows: dict[PointKey, Value] = {key: value for key, value in operation.shows.items() if key in self.points}
        position = self._position
        if position is not None and position.circuit == operation.key.circuit and not shows:
            is_closed = {Effect.OPEN: False, Effect.CLOSE: True}.get(operation.effect)
            shows = {} if is_closed is None else {position: is_closed}
        return replace(
            operation,
            shows=shows,
            only_when={key: value for key, value in operation.only_when.items() if key in self.points},
            falls_back_when={key: value for key, value in operation.falls_back_when.items() if key in self.points},
            lockout=max(lockout, operation.lockout),
        )

    def readings(self, known: Known, now: datetime, fed: Fed, *, is_proof: bool = False) -> dict[PointKey, Reading]:
        """Return what holds now of a device, of its lists and of its feed what is newer.

        For a proof of what became of an order the feed's position has to be the device's own word.
        """
        if known.is_away or fed.says_lost(known.heard):
            return dict.fromkeys(self.points, Reading(None, Quality.NO_ANSWER, now, ORIGIN))
        told = {**self._measured(known.values, now), **self._stated(known, now)}
        for key in self._fed:
            if (one := fed.get(key)) is None:
                told.setdefault(key, Reading(None, Quality.NO_ANSWER, now, ORIGIN))
            else:
                gone = self._fed_holds(one.time, known, now)
                newer = Reading(None, gone, now, ORIGIN) if gone else self._reading(key, one.value, one.time)
                told[key] = _newer(told.get(key), newer, one.since)
        if self._position is not None and (fed.is_own_word or not is_proof):
            told[self._position] = self._fed_position(fed, told[self._position], known, now)
        return told

    def _fed_position(self, fed: Fed, listed: Reading, known: Known, now: datetime) -> Reading:
        """Return the position, of the list or of the feed, whichever is newer."""
        if (told := fed.position) is None:
            return listed
        received = None if known.meter is None else known.meter.received
        is_older = received is not None and self._holds(received, now) is None and told.since <= received
        if is_older or self._fed_holds(told.time, known, now) is not None:
            return listed
        quality = Quality.INVALID if told.value is None else Quality.GOOD
        return Reading(told.value, quality, min(told.time, now), ORIGIN)

    def _fed_holds(self, time: datetime, known: Known, now: datetime) -> Quality | None:
        """Return why what a feed told does not hold; None if it does.

        A feed may repeat for ever what a device said that is gone: the lists have to know it, and may not have heard it
        too long ago.
        """
        if known.meter is None:
            return Quality.NO_ANSWER
        heard = known.heard
        return Quality.STALE if heard is not None and now - heard > self._stale_after else self._holds(time, now)

    def is_heard(self, known: Known, now: datetime) -> bool:
        """Whether the server hears the device, and what it says of it holds."""
        return known.is_heard(now, self._stale_after)

    def is_of_later(self, known: Known, now: datetime) -> bool:
        """Whether the newest time that the server states is of later than now: a clock or a zone is wrong."""
        return known.heard is not None and known.heard - now > LATER

    def _measured(self, values: Values | None, now: datetime) -> dict[PointKey, Reading]:
        if values is None:
            return dict.fromkeys(self._values, Reading(None, Quality.NO_ANSWER, now, ORIGIN))
        holds = self._holds(values.measured, now)
        told: dict[PointKey, Reading] = {}
        for key in self._values:
            if holds is not None:
                told[key] = Reading(None, holds, now, ORIGIN)
            elif key not in values.values:
                told[key] = Reading(None, Quality.REFUSED, now, ORIGIN)
            else:
                told[key] = self._reading(key, values.values[key], values.measured or now)
        return told

    def _reading(self, key: PointKey, value: Value | None, time: datetime) -> Reading:
        known = self.points[key].value_of(value) if isinstance(value, int | float) else None
        return Reading(known, Quality.IMPLAUSIBLE if known is None else Quality.GOOD, time, ORIGIN)

    def _holds(self, time: datetime | None, now: datetime) -> Quality | None:
        return lost(time, now, self._stale_after)

    def _stated(self, known: Known, now: datetime) -> dict[PointKey, Reading]:
        """Return alarms and position."""
        told: dict[PointKey, Reading] = {}
        meter, holds = known.meter, self._holds(known.heard, now)
        if meter is None:
            holds = Quality.NO_ANSWER
        time = min(known.heard or now, now)
        for key in (*self._alarms, GENERAL_ALARM):
            told[key] = Reading(None, holds, now, ORIGIN) if holds else self._alarm(key, known, time)
        received = None if meter is None else meter.received
        untold = holds or self._holds(received, now)
        current: dict[PointKey, bool | None] = {}
        if self._position is not None:
            current[self._position] = None if meter is None else meter.is_closed
        if OWN_TIMER in self.points:
            current[OWN_TIMER] = None if meter is None else meter.has_timer
        for key, value in current.items():
            unsaid = Reading(None, Quality.INVALID, received or now, ORIGIN)
            good = unsaid if value is None else Reading(value, Quality.GOOD, min(received or now, now), ORIGIN)
            told[key] = Reading(None, untold, now, ORIGIN) if untold else good
        return told

    def _alarm(self, key: PointKey, known: Known, time: datetime) -> Reading:
        is_alarmed = None if known.meter is None else known.meter.is_alarmed
        if is_alarmed is None:
            return Reading(None, Quality.INVALID, time, ORIGIN)
        if key == GENERAL_ALARM or not is_alarmed:
            return Reading(is_alarmed, Quality.GOOD, time, ORIGIN)
        details = known.details
        if details is None or details.active is None or details.is_alarmed is False:
            return Reading(None, Quality.INCOMPLETE, time, ORIGIN)
        return Reading(not self._alarms[key].isdisjoint(details.active), Quality.GOOD, time, ORIGIN)


def _newer(listed: Reading | None, fed: Reading, since: datetime) -> Reading:
    """Return the newer of what a list says and a feed, that since then; what does not hold is never the newer one."""
    if listed is None or listed.quality not in _SAID:
        return fed if fed.quality in _SAID or listed is None else listed
    return fed if fed.quality in _SAID and since > listed.time else listed


def general_alarm() -> Point:
    """Return the point that shows whether the server's list has a device in alarm."""
    quantity = extra_quantity(
        GENERAL_ALARM.code, kind=Kind.ALARM, names={"en": "Alarm shown by the cloud", "zh": "云平台显示报警"}
    )
    return _is_so(GENERAL_ALARM, quantity)


def own_timer() -> Point:
    """Return the point that shows whether the server's list has a timer of the device's own."""
    names = {"en": "Own timer shown by the cloud", "zh": "云平台显示设备自带定时器"}
    quantity = replace(extra_quantity(OWN_TIMER.code, kind=Kind.STATE, names=names), family="clock", binary=True)
    return _is_so(OWN_TIMER, quantity)


def _alarm_of_vocabulary(key: PointKey) -> Point:
    known = vocabulary().match(key.code)
    return _is_so(key, known or extra_quantity(key.code, kind=Kind.ALARM))


def _is_so(key: PointKey, quantity: Quantity) -> Point:
    return Point(key=key, quantity=quantity, pace=quantity.pace, is_binary=True, step=1.0, evidence=Evidence.CODE)
