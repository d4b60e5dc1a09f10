"""Residual-current instruments: ASJ10L relay (manual V1.9) and AIM-R100 monitor of 12 loops."""

from collections.abc import Iterable
from typing import ClassVar

from simulator.devices.base import READ_HOLDING, READ_INPUT, WRITE_MULTIPLE, Device
from simulator.physics import FeederSetup
from simulator.points import Bits, Match, Point, item, number
from simulator.registers import Access, between, halves

RW = Access.READ_WRITE

_RATED = 0x0008
_PRE_WARNING = 0x0009
_NON_DRIVING = 0x0010
_CT_ALARM = 0x001A
_ALARM_WORD = 0x001B


class Asj10l(Device):
    """ASJ10L-LD1A / -LD1C.

    Filled in where the manual pages are silent: the pre-warning value is taken in mA like its
    neighbours (no unit is printed) and warns at once, because the non-driving time is printed for
    the limit only; a broken transformer reads 0 mA; the three status codes exclude each other, as
    printed. Held alarms are not documented: see `latched`.
    """

    model: ClassVar[str] = "asj10l"
    functions: ClassVar[frozenset[int]] = frozenset({READ_HOLDING, READ_INPUT, WRITE_MULTIPLE})
    setup: ClassVar[FeederSetup] = FeederSetup(leakage_ma=(87.0,))

    def prepare(self) -> None:
        """Wire input 1 to the breaker's auxiliary contact."""
        self.inputs = [True, False]
        self.measured = [0.0]

    def arm(self) -> None:
        """Make a timer for each level."""
        self._alarm = self.timer()
        self._warning = self.timer()

    def layout(self) -> None:
        """Printed registers; after 0025 the table ends."""
        define = self.registers.define
        define(0x0000)
        define(_RATED, 1, RW, value=300, check=between(10, 30000))
        define(_PRE_WARNING, 1, RW, value=150)
        define(_NON_DRIVING, 1, RW, value=500, check=between(0, 10000))
        define(0x0018, 1, RW, value=1, check=between(1, 247))
        define(0x0019, 1, RW, value=2, check=between(0, 5))
        define(_CT_ALARM, 1, RW, value=1)
        define(_ALARM_WORD)
        define(0x001C, 1, RW)
        define(0x001D, 1, RW, value=1)
        define(0x001E)
        define(0x001F, 1, RW, value=1)
        define(0x0024, 2, RW)

    def catalogue(self) -> Iterable[Point]:
        """Residual current, settings, status bits, inputs."""
        yield number("Lg", 0x0000, source=item(self.measured, 0))
        yield number("DOC_Rated residual current", _RATED)
        yield number("DOC_Pre-warning value", _PRE_WARNING)
        yield number("DOC_Non-driving time", _NON_DRIVING)
        yield Bits(code="Lg1HIGH1", address=_ALARM_WORD, shift=0)
        yield Bits(code="Lg1HIGH2", address=_ALARM_WORD, shift=1)
        yield Bits(code="LgFauSta", address=_ALARM_WORD, shift=2)
        yield number("DOC_Mode", 0x001C)
        for index in range(2):
            yield Bits(code=f"DI{index + 1}", address=0x001E, shift=index, source=item(self.inputs, index))

    def leak_ma(self, loop: int) -> float:
        """Twice the rated residual current."""
        del loop
        return 2.0 * self.registers[_RATED]

    def watch(self, seconds: float) -> None:
        """Warn at the pre-warning value; alarm at the rated current after the non-driving time."""
        broken = self.scenario.name == "sensor_break"
        self.inputs[0] = self.feeder.closed
        self.measured[0] = 0.0 if broken else self.feeder.leakage[0]
        value = round(self.measured[0])
        delay_s = self.registers[_NON_DRIVING] / 1000
        alarm = self._alarm.step(exceeded=value >= self.registers[_RATED], delay_s=delay_s, seconds=seconds)
        warning = self._warning.step(exceeded=value >= self.registers[_PRE_WARNING], delay_s=0.0, seconds=seconds)
        fault = broken and self.registers[_CT_ALARM] != 0
        status = 0b100 if fault else 0b010 if alarm else 0b001 if warning else 0
        self.registers.put_bits(_ALARM_WORD, 0, 3, status)

    def render(self) -> None:
        """Clock bytes year/month, day/hour."""
        now = self.environment.now
        self.put_clock(0x0024, [(now.year % 100, now.month), (now.day, now.hour)])


LOOPS = 12
_TRIP_TIME = 0x0008
_STATE_WORDS = (0x000B, 0x000C)
_LOOPS_IN_FIRST_WORD = 4
_EVENTS = 0x000D
_EVENT_WORDS = 6
_EVENT_COUNT = 10
_CURRENTS = 0x004A
_LIMITS = 0x0056

NORMAL, SHORT, BREAK, OVER = range(4)
_SHORT_VALUE = 0xE5E5
_BREAK_VALUE = 0xFAFA
_MAX_MA = 5000.0


class AimR100(Device):
    """AIM-R100: circuits "1".."12" are the loops, circuit "0" is the device.

    Loop 1 sits in the top two bits of its byte and loop 5 in the top two bits of its word: the
    document marks the first as a guess and says nothing of the second. A loop with a broken or
    shorted transformer reads 0 mA. The newest event is kept first. FC 04 is not shown for this
    model.
    """

    model: ClassVar[str] = "aim-r100"
    setup: ClassVar[FeederSetup] = FeederSetup(
        leakage_ma=(64.0, 31.0, 18.0, 95.0, 42.0, 12.0, 77.0, 53.0, 8.0, 110.0, 27.0, 36.0)
    )

    def prepare(self) -> None:
        """Start with all loops normal."""
        self.measured = [0.0] * LOOPS
        self.states = [NORMAL] * LOOPS

    def arm(self) -> None:
        """Make a timer for each loop."""
        self._alarms = [self.timer() for _ in range(LOOPS)]

    def layout(self) -> None:
        """Printed registers."""
        define = self.registers.define
        define(0x0000, 1, RW, value=1)
        define(0x0001, 1, RW, value=0x0102, check=halves((1, 16), (1, 3)))
        define(0x0004, 4, RW)
        define(_TRIP_TIME, 1, RW, value=6, check=between(0, 60))
        define(0x000B, 1, value=0x1000)
        define(0x000C)
        define(_EVENTS, _EVENT_COUNT * _EVENT_WORDS)
        define(_CURRENTS, LOOPS)
        define(_LIMITS, LOOPS, RW, value=300, check=between(6, 1000))

    def catalogue(self) -> Iterable[Point]:
        """Device-wide points, then each loop."""
        yield Bits(code="DOC_Meter type", address=0x000B, shift=12, width=4, circuit="0")
        yield number("DOC_Trip time", _TRIP_TIME, circuit="0")
        for loop in range(LOOPS):
            circuit = str(loop + 1)
            word, shift = _state_place(loop)
            state = Bits(
                code="DOC_Loop state",
                address=word,
                shift=shift,
                width=2,
                source=item(self.states, loop),
                circuit=circuit,
            )
            yield state
            yield Match(code="LgHigh", field=state, equals=OVER)
            yield Match(code="DOC_Loop short", field=state, equals=SHORT)
            yield Match(code="LgFauSta", field=state, equals=BREAK)
            yield number("Lg", _CURRENTS + loop, source=item(self.measured, loop), circuit=circuit)
            yield number("LgHighVal02", _LIMITS + loop, circuit=circuit)

    def leak_ma(self, loop: int) -> float:
        """Twice the alarm value of the loop."""
        return min(2.0 * self.registers[_LIMITS + loop], _MAX_MA)

    def watch(self, seconds: float) -> None:
        """Over limit after the trip time; a broken or shorted transformer at once."""
        broken = self._broken_loop()
        for loop in range(LOOPS):
            fault = NORMAL
            if loop == broken:
                fault = SHORT if self.scenario.flag("short") else BREAK
            value = 0.0 if fault else min(self.feeder.leakage[loop], _MAX_MA)
            self.measured[loop] = value
            exceeded = round(value) > self.registers[_LIMITS + loop]
            delay_s = float(self.registers[_TRIP_TIME])
            over = self._alarms[loop].step(exceeded=exceeded, delay_s=delay_s, seconds=seconds)
            state = fault or (OVER if over else NORMAL)
            if state not in {NORMAL, self.states[loop]}:
                self._record(loop, state)
            self.states[loop] = state

    def _broken_loop(self) -> int | None:
        if self.scenario.name != "sensor_break":
            return None
        return self.scenario.whole("circuit", 1, 1, LOOPS) - 1

    def _record(self, loop: int, state: int) -> None:
        """Put the newest event first: loop, value, threshold, y/mo, d/h, min/s."""
        last = _EVENTS + _EVENT_WORDS * _EVENT_COUNT - 1
        for address in range(last, _EVENTS + _EVENT_WORDS - 1, -1):
            self.registers.put_bits(address, 0, 16, self.registers[address - _EVENT_WORDS])
        value = {SHORT: _SHORT_VALUE, BREAK: _BREAK_VALUE}.get(state, round(self.measured[loop]))
        now = self.environment.now
        for offset, word in enumerate((loop + 1, value, self.registers[_LIMITS + loop])):
            self.registers.put_bits(_EVENTS + offset, 0, 16, word)
        self.put_clock(
            _EVENTS + 3,
            [(now.year % 100, now.month), (now.day, now.hour), (now.minute, now.second)],
        )

    def render(self) -> None:
        """Clock: YY,MM / DD,- / hh,mm / ss,-."""
        now = self.environment.now
        self.put_clock(
            0x0004,
            [(now.year % 100, now.month), (now.day, 0), (now.hour, now.minute), (now.second, 0)],
        )


def _state_place(loop: int) -> tuple[int, int]:
    """Word and shift of a loop's two bits, loop counted from 0."""
    return (
        (_STATE_WORDS[0], 6 - 2 * loop)
        if loop < _LOOPS_IN_FIRST_WORD
        else (_STATE_WORDS[1], 14 - 2 * (loop - _LOOPS_IN_FIRST_WORD))
    )
