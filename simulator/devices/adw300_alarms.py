"""Alarm words of the ADW300, 01EB, 0268, 0269, with masks, limits and delays (manual V1.3)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from simulator.alarms import AlarmTimer
from simulator.devices.base import Device
from simulator.points import Bits, item
from simulator.registers import Kind

_DEMAND_WORD = 0x0269
# Status word -> enable mask.
_ENABLE = {0x01EB: 0x01D0, 0x0268: 0x0216, 0x0269: 0x0217}

_ENABLE_CODES = (
    "UHighSw",
    "ULowSw",
    "IHighSw",
    "DOC_Under-current enable",
    "PHighSw",
    "DOC_Under-power enable",
)
_WORD_CODES = {
    0x01EB: (
        *(
            "UHigh",
            "ULow",
            "IHigh",
            "DOC_Under-current",
            "PHigh",
            "PLow",
            "DOC_DO1 alarm",
            "DOC_DO2 alarm",
        ),
        *(f"DOC_Current loss {phase}" for phase in "ABC"),
        *(f"DOC_Voltage loss {phase}" for phase in "ABC"),
        *("DOC_Phase sequence", "DOC_Power-on report"),
    ),
    0x0268: (
        *(f"DOC_Power factor {phase} low" for phase in "ABC"),
        *("PFLow", "T1High", "T2High", "T3High", "T4High"),
        *(f"{quantity}{phase}THDHigh" for quantity in "UI" for phase in "abc"),
        *("UubHigh", "IubHigh"),
    ),
    0x0269: ("MEPIMDHigh", "MEPEMDHigh", "MEQCMDHigh", "MEQLMDHigh", "DOC_Apparent demand high"),
}

type Measure = Callable[[], float]


@dataclass(slots=True, kw_only=True)
class _Alarm:
    """One bit and where its limit and delay are kept; `places` is the resolution compared with."""

    word: int
    bit: int
    measure: Measure
    limit: int
    kind: Kind = Kind.U16
    scale: float
    places: int
    above: bool
    timer: AlarmTimer = field(default_factory=AlarmTimer)

    @property
    def delay(self) -> int:
        """Address of the delay, behind the limit."""
        return self.limit + self.kind.words


class AlarmWords:
    """Live alarm bits of one unit."""

    def __init__(self, device: Device) -> None:
        """Bind the alarms to the feeder."""
        self._device = device
        self._alarms = list(self._build())
        for alarm in self._alarms:
            alarm.timer = device.timer()

    @staticmethod
    def points() -> Iterable[Bits]:
        """Name every bit that has a printed meaning."""
        for bit, code in enumerate(_ENABLE_CODES):
            yield Bits(code=code, address=0x01D0, shift=bit)
        for address, codes in _WORD_CODES.items():
            for bit, code in enumerate(codes):
                yield Bits(code=code, address=address, shift=bit)

    @property
    def any(self) -> bool:
        """Whether any alarm is active."""
        return any(alarm.timer.active for alarm in self._alarms)

    def step(self, seconds: float) -> None:
        """Compare, let delays run, set the bits."""
        registers = self._device.registers
        for alarm in self._alarms:
            limit = round(registers.number(alarm.kind, alarm.limit) * alarm.scale, alarm.places)
            value = round(alarm.measure(), alarm.places)
            enabled = bool(registers.get_bits(_ENABLE[alarm.word], alarm.bit, 1))
            exceeded = enabled and (value > limit if alarm.above else value < limit)
            delay_s = registers[alarm.delay] * 0.01
            active = alarm.timer.step(exceeded=exceeded, delay_s=delay_s, seconds=seconds)
            registers.put_bits(alarm.word, alarm.bit, 1, active)

    def _build(self) -> Iterable[_Alarm]:
        feeder = self._device.feeder

        def alarm(word: int, bit: int, measure: Measure, limit: int, places: int, *, above: bool = True) -> _Alarm:
            kind = Kind.U32 if word == _DEMAND_WORD else Kind.U16
            return _Alarm(
                word=word,
                bit=bit,
                measure=measure,
                limit=limit,
                kind=kind,
                scale=10.0**-places,
                places=places,
                above=above,
            )

        yield alarm(0x01EB, 0, lambda: max(feeder.voltage), 0x01D1, 1)
        yield alarm(0x01EB, 1, lambda: min(feeder.voltage), 0x01D3, 1, above=False)
        yield alarm(0x01EB, 2, lambda: max(feeder.current), 0x01D5, 2)
        yield alarm(0x01EB, 3, lambda: min(feeder.current), 0x01D7, 2, above=False)
        yield alarm(0x01EB, 4, lambda: sum(feeder.power), 0x01D9, 3)
        yield alarm(0x01EB, 5, lambda: sum(feeder.power), 0x01DB, 3, above=False)
        for index in range(3):
            yield alarm(
                0x0268,
                index,
                partial(feeder.power_factor, index),
                0x0218 + 2 * index,
                3,
                above=False,
            )
            yield alarm(0x0268, 8 + index, partial(feeder.voltage_thd, index), 0x0228 + 2 * index, 2)
            yield alarm(0x0268, 11 + index, partial(feeder.current_thd, index), 0x022E + 2 * index, 2)
        yield alarm(0x0268, 3, feeder.power_factor, 0x021E, 3, above=False)
        for index in range(4):
            yield alarm(0x0268, 4 + index, item(feeder.temperature, index), 0x0220 + 2 * index, 1)
        yield alarm(0x0268, 14, feeder.voltage_unbalance, 0x0234, 2)
        yield alarm(0x0268, 15, feeder.current_unbalance, 0x0236, 2)
        # 0244 is the residual-current limit, which has no alarm bit.
        for bit, limit in enumerate((0x0238, 0x023B, 0x023E, 0x0241, 0x0247)):
            yield alarm(0x0269, bit, item(feeder.demand, bit), limit, 3)
