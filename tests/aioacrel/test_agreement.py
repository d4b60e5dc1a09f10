"""The simulator and the library read the same manuals without knowing of each other: here they check each other.

Values go straight from the simulated registers through the model files; no socket is needed for that.
"""

from collections.abc import Iterator, Mapping
from math import prod

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model, Point
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.registers import (
    LineCost,
    Place,
    ProbeCheck,
    Ratio,
    Read,
    RegisterMap,
    plan_reads,
)
from custom_components.acrel_safety.aioacrel.registers.blocks import spans_of
from custom_components.acrel_safety.aioacrel.registers.decode import decoded
from simulator import Cabinet, Unit
from simulator.devices import MODELS
from simulator.registers import RefusedError
from simulator.scenarios import Option
from tests.aioacrel.rigs import rounding

LIBRARY = ModelLibrary()
STANDARD = {unit_id: unit.model for unit_id, unit in Cabinet.standard(frozen=True).units.items()}
SCENARIOS = ("normal", "leak", "overheat", "overload", "undervoltage", "trip", "sensor_break")
# Where a meter without live block keeps its current ratio is not known: two sources name two registers.
UNSURE = {PointKey("1", "CT")}
ASKED_RATIOS = {"adl3000": {"pt": 10, "ct": 20}, "dtsd1352": {"pt": 1, "ct": 60}, "adl400": {"pt": 2, "ct": 20}}


def reads_of(registers: RegisterMap) -> list[Read]:
    spans = spans_of(registers.places.values())
    return plan_reads(spans, LineCost(), max_registers=registers.max_registers, ranges=registers.ranges)


def words_of(unit: Unit, registers: RegisterMap) -> dict[tuple[int, int], int]:
    """Read the unit as the plan says; a register that does not exist would be refused."""
    words: dict[tuple[int, int], int] = {}
    for read in reads_of(registers):
        answer = unit.read(read.function, read.address, read.count)
        words |= {(read.function, read.address + offset): word for offset, word in enumerate(answer)}
    return words


def value_of(point: Point, place: Place, words: Mapping[tuple[int, int], int], factor: float = 1) -> Value | None:
    return decoded(point, place, [words[place.function, address] for address in place.addresses], factor)


def all_decoded(unit: Unit, ratios: Mapping[str, float]) -> dict[PointKey, Value | None]:
    """Decode all a model can read; `ratios` is what the user would have answered."""
    points, registers = LIBRARY.get(unit.answering.model).points, map_of(unit)
    words = words_of(unit, registers)
    read_ratios = {
        ratio: value_of(points[key], registers.places[key], words) for ratio, key in registers.read_ratios.items()
    }

    def factor(ratio: Ratio) -> float:
        value = ratios[ratio] if ratio in registers.asks_ratios else read_ratios[ratio]
        assert isinstance(value, int | float)
        return value

    return {
        key: value_of(points[key], place, words, prod(factor(ratio) for ratio in place.ratios))
        for key, place in registers.places.items()
    }


def expected(unit: Unit) -> dict[PointKey, Value]:
    """Return what the simulator says, enumerations as the words the model gives them."""
    points = LIBRARY.get(unit.answering.model).points
    truth: dict[PointKey, Value] = {}
    for circuit, values in unit.truth().items():
        for code, value in values.items():
            key = PointKey(circuit, code)
            words = points[key].words if key in points else None
            truth[key] = words[int(value)] if words is not None else value
    return truth


def assert_agreement(unit: Unit, ratios: Mapping[str, float] | None = None) -> None:
    truth, values = expected(unit), all_decoded(unit, ratios or {"pt": 1, "ct": 1})
    assert set(values) == set(truth) - (UNSURE if is_old(unit) else set())
    model = LIBRARY.get(unit.answering.model)
    wrong = {
        key: (value, truth[key]) for key, value in values.items() if not same(value, truth[key], rounding(model, key))
    }
    assert wrong == {}


def is_old(unit: Unit) -> bool:
    """Whether it is a prepaid meter without the live block."""
    return unit.answering.options.get("live_block") is False


def same(value: Value | None, truth: Value, rounded: float) -> bool:
    """Whether two values are one: exactly; a 32-bit float as near as it is shown and holds a decimal number."""
    if isinstance(truth, bool) or isinstance(value, str):
        return type(value) is type(truth) and value == truth
    return value == pytest.approx(truth, rel=1e-7, abs=rounded)


def unit_of(model_id: str, **settings: int) -> Unit:
    return Cabinet.of({1: model_id}, frozen=True, options={1: settings}).units[1]


@pytest.fixture(scope="module", params=SCENARIOS)
def cabinet(request: pytest.FixtureRequest) -> Cabinet:
    """Return a cabinet in which something has been wrong for ten minutes: long enough for every alarm."""
    standard = Cabinet.standard(frozen=True)
    standard.advance(10)
    standard.set_scenario(request.param)
    standard.advance(600)
    return standard


@pytest.mark.parametrize("unit_id", STANDARD, ids=STANDARD.get)
def test_both_agree_on_every_documented_point(cabinet: Cabinet, unit_id: int) -> None:
    assert_agreement(cabinet.units[unit_id])


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(
    ("model_id", "options"),
    [
        ("ddsy1352", {"live_block": False}),
        ("dtsy1352", {"live_block": False}),
        ("ddsy1352", {"credit": 0.0}),
        ("dtsy1352", {"credit": 5.0}),
        ("adf300", {}),
        ("adf400l", {}),
    ],
)
def test_both_agree_on_every_prepaid_meter_old_and_new(
    model_id: str, options: dict[str, Option], scenario: str
) -> None:
    cabinet = Cabinet.of({1: model_id}, frozen=True, options={1: options})
    cabinet.set_scenario(scenario)
    cabinet.advance(600)
    assert_agreement(cabinet.units[1])


@pytest.mark.parametrize("model_id", ASKED_RATIOS)
def test_both_agree_behind_transformers(model_id: str) -> None:
    ratios = ASKED_RATIOS[model_id]
    assert_agreement(unit_of(model_id, **ratios), ratios)


def test_both_agree_on_every_state_of_a_loop() -> None:
    cabinet = Cabinet.of({1: "aim-r100"}, frozen=True)
    for circuit in range(1, 13):
        for options in ({"circuit": circuit}, {"circuit": circuit, "short": True}):
            cabinet.set_scenario("sensor_break", **options)
            assert_agreement(cabinet.units[1])
            state = all_decoded(cabinet.units[1], {})[PointKey(str(circuit), "DOC_Loop state")]
            assert state == ("short" if "short" in options else "break")


def test_negative_power_and_temperature_are_read_with_their_sign() -> None:
    unit = unit_of("adw300")
    for code, value in (("Pc", -5.25), ("P", -0.001), ("TempA", -12.5), ("TempN", -40.0)):
        unit.hold(code, value)
        assert all_decoded(unit, {})[PointKey("1", code)] == value
    assert_agreement(unit)


@pytest.mark.parametrize("unit_id", STANDARD, ids=STANDARD.get)
def test_what_is_written_as_the_model_says_changes_the_setting_in_the_simulator(unit_id: int) -> None:
    unit = Cabinet.standard(frozen=True).units[unit_id]
    model = LIBRARY.get(unit.model)
    for key in model.settable:
        limits, place = model.points[key].limits, model.registers.places[key]
        assert limits is not None
        for target in (limits.low, limits.high):
            raw = target / float(place.scale)
            current = unit.read(3, place.address, 1) if place.layout.type.is_bit_field else []
            unit.write(0x10, place.address, place.layout.encode(raw, current))
            assert unit.truth()[key.circuit][key.code] == target
            assert_agreement(unit)


# -- probes --------------------------------------------------------------------------------------------------------


def passes(unit: Unit, check: ProbeCheck) -> bool:
    try:
        words = unit.read(check.function, check.address, check.count)
    except RefusedError:
        return check.refused
    if check.refused or (check.is_unit_id and words[0] & check.mask != unit.unit_id & check.mask):
        return False
    return not check.allowed or any(low <= words[0] & check.mask <= high for low, high in check.allowed)


def maps_of(unit: Unit, model: Model) -> list[RegisterMap]:
    """Return the register maps of a model whose every probe the unit passes."""
    return [registers for registers in model.maps if all(passes(unit, check) for check in registers.probes)]


def map_of(unit: Unit) -> RegisterMap:
    """Return the only register map of its own model that a unit answers by."""
    [registers] = maps_of(unit, LIBRARY.get(unit.answering.model))
    return registers


def fitting(unit: Unit) -> set[str]:
    """Return the built-in models one of whose register maps the unit answers by."""
    return {model.id for model in probed() if maps_of(unit, model)}


def probed() -> Iterator[Model]:
    return (model for model in LIBRARY.usable() if not model.needs_table)


@pytest.mark.parametrize("unit_id", STANDARD, ids=STANDARD.get)
def test_a_unit_is_known_as_its_own_model_and_no_other(cabinet: Cabinet, unit_id: int) -> None:
    # A DTSD1352 is an ADL3000-E with an event record; nothing printed tells that an ADL3000-E has none.
    own = {"dtsd1352", "adl3000"} if STANDARD[unit_id] == "dtsd1352" else {STANDARD[unit_id]}
    assert fitting(cabinet.units[unit_id]) == own


def test_every_readable_model_is_simulated_and_has_probes() -> None:
    assert {model.id for model in probed()} == set(MODELS)
    assert all(registers.probes for model in probed() for registers in model.maps)


@pytest.mark.parametrize("unit_id", STANDARD, ids=STANDARD.get)
def test_probes_only_touch_registers_that_are_documented_for_their_own_model(unit_id: int) -> None:
    unit = Cabinet.standard(frozen=True).units[unit_id]
    for check in LIBRARY.get(unit.model).registers.probes:
        unit.read(check.function, check.address, check.count)
