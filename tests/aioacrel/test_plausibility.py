"""Rules of physics find what a wrongly typed table does, and leave a healthy device alone."""

from collections.abc import Mapping
from fractions import Fraction
from inspect import cleandoc

import pytest

from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.plausibility import RULES, odd_between, odd_values
from custom_components.acrel_safety.aioacrel.plausibility.energy import counters_run_forwards
from custom_components.acrel_safety.aioacrel.points import Model
from simulator import Cabinet
from tests.aioacrel.plausibility_rigs import (
    CAUGHT,
    LIBRARY,
    Slip,
    dump_of,
    oddities,
    share_caught,
    simulated_dumps,
)

DUMPS = simulated_dumps()
METER = """\
[model]
id = "meter"
name = "Meter"
title = { en = "Meter" }
evidence = "manual"
source = "test"

[[circuits]]
numbers = "1"

[circuits.points]
"""


def meter(*lines: str) -> Model:
    """Return a model of some points; each lies in the registers from its own number on."""
    return read_model(METER + "\n".join(lines) + "\n", file="meter.toml")


def odd(values: Mapping[str, float]) -> set[tuple[str, str]]:
    """Return what is odd in a device that shows these values."""
    lines: list[str] = []
    registers: dict[int, int] = {}
    for number, (code, value) in enumerate(values.items()):
        raw = int(Fraction(str(value)) * 1000)
        lines.append(f'"{code}" = {{ at = {2 * number}, type = "s32", scale = 0.001 }}')
        registers |= {2 * number: raw >> 16 & 0xFFFF, 2 * number + 1: raw & 0xFFFF}
    return oddities(meter(*lines), dump_of(registers, "meter"))


# -- simulated devices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model_id", DUMPS)
def test_nothing_is_odd_in_a_healthy_device(model_id: str) -> None:
    found = odd_values(LIBRARY.get(model_id), DUMPS[model_id])
    assert [str(oddity) for oddity in found] == []


@pytest.mark.parametrize("model_id", DUMPS)
def test_the_share_of_slips_that_is_caught(model_id: str) -> None:
    caught, total = share_caught(LIBRARY.get(model_id), DUMPS[model_id])
    assert caught / total >= CAUGHT[model_id]


def test_a_word_order_is_nearly_always_caught_where_it_matters() -> None:
    for model_id in ("adl400", "adl3000", "dtsd1352"):
        caught, total = share_caught(LIBRARY.get(model_id), DUMPS[model_id], [Slip.ORDER])
        assert caught == total


def test_counters_of_a_device_that_goes_on_run_forwards_and_those_of_another_may_not() -> None:
    cabinet = Cabinet.of({1: "adw300"})
    earlier = dump_of(cabinet.units[1].registers, "adw300")
    cabinet.advance(600)
    later = dump_of(cabinet.units[1].registers, "adw300")
    model = LIBRARY.get("adw300")
    assert odd_between(model, earlier, later) == []
    backwards = odd_between(model, later, earlier)
    assert {oddity.rule for oddity in backwards} == {"counters_run_forwards"}
    assert "EP@1" in {str(oddity.key) for oddity in backwards}


# -- each rule -------------------------------------------------------------------------------------------------------

BALANCED = {"Ua": 230, "Ub": 230, "Uc": 230, "Ia": 10, "Ib": 10, "Ic": 10}
SINGLE = {"U": 230, "I": 10, "P": 2.07, "Q": 1.003, "S": 2.3, "PF": 0.9, "Fr": 50}


@pytest.mark.parametrize(
    ("values", "rule", "point"),
    [
        ({"Temp": 250}, "has_a_meaning", "Temp@1"),
        ({"I": 2147483.647}, "has_a_meaning", "I@1"),
        ({"U": 510}, "voltage_is_that_of_a_mains", "U@1"),
        ({"Uab": 900}, "voltage_is_that_of_a_mains", "Uab@1"),
        ({"U": 23, "Fr": 50}, "frequency_has_a_voltage", "U@1"),
        ({"Fr": 44.9}, "frequency_is_that_of_a_mains", "Fr@1"),
        ({"Fr": 65.1}, "frequency_is_that_of_a_mains", "Fr@1"),
        ({"EP": -1}, "energy_is_not_negative", "EP@1"),
        ({"UaTHD": 35}, "voltage_distortion_is_small", "UaTHD@1"),
        ({"CT": 0}, "ratio_is_one_or_more", "CT@1"),
        ({"Ua": 230, "Ub": 230, "Uab": 230}, "line_voltage_fits_phases", "Uab@1"),
        ({"Ua": 230, "Ub": 0, "Uab": 398}, "line_voltage_fits_phases", "Uab@1"),
        (SINGLE | {"P": 2.5}, "power_needs_voltage_and_current", "P@1"),
        (BALANCED | {"Q": -8}, "power_needs_voltage_and_current", "Q@1"),
        (SINGLE | {"S": 2.0}, "apparent_power_is_voltage_times_current", "S@1"),
        (BALANCED | {"S": 7.8}, "apparent_power_is_voltage_times_current", "S@1"),
        (SINGLE | {"PF": 0.5}, "power_is_apparent_times_factor", "P@1"),
        ({"Ua": 230, "Ia": 10, "Pa": 2.07, "PFa": 0.5}, "power_is_apparent_times_factor", "Pa@1"),
        ({"P": 3, "Q": 4, "S": 4.5}, "powers_make_a_triangle", "S@1"),
        ({"P": 3, "Q": 4, "S": 6.5}, "powers_make_a_triangle", "S@1"),
        ({"P": 5, "Pa": 1, "Pb": 1, "Pc": 2}, "phases_make_the_total", "P@1"),
        ({"DOC_Secondary I": 1, "CT": 20, "I": 10}, "secondary_fits_primary", "DOC_Secondary I@1"),
        ({"EP": 100, "EPJ": 10, "EPF": 20, "EPP": 30, "EPG": 50}, "tariffs_make_the_total", "EP@1"),
        ({"EP": 100, "EPJ": 10, "EPF": 20, "EPP": 30, "EPG": 30}, "tariffs_make_the_total", "EP@1"),
        ({"EP": 100, "EPF": 120}, "tariffs_make_the_total", "EP@1"),
        ({"EP": 100, "EPI": 50, "EPE": 10}, "import_and_export_make_the_total", "EP@1"),
        ({"EP": 100, "EPA": 10, "EPB": 10, "EPC": 10}, "phase_energies_make_the_total", "EP@1"),
        ({"UaTHD": 10, "UaHr03": 3, "UaHr05": 4}, "distortion_is_made_of_harmonics", "UaTHD@1"),
        (BALANCED | {"UaAng": 0, "UbAng": 12, "UcAng": 240}, "phases_are_a_third_of_a_turn_apart", "UbAng@1"),
    ],
)
def test_what_cannot_be_is_named(values: Mapping[str, float], rule: str, point: str) -> None:
    assert (rule, point) in odd(values)


@pytest.mark.parametrize(
    "values",
    [
        SINGLE,
        SINGLE | {"P": -2.07},
        SINGLE | {"I": 0, "P": 0, "Q": 0, "S": 0, "PF": 1},
        {"U": 0, "I": 0, "P": 0, "Fr": 0},
        BALANCED | {"Uab": 398, "Ubc": 400, "Uca": 396, "Fr": 60},
        {"Ua": 230, "Ub": 0, "Uc": 231, "Uab": 230, "Ubc": 231, "Uca": 399},
        {"Ua": 0, "Ub": 0, "Uc": 0, "Uab": 400, "Ubc": 401, "Uca": 399, "P": 5, "Fr": 50},
        {"Ua": 5800, "PT": 100},
        {"EP": 100, "EPI": 90, "EPE": 10},
        {"EP": 80, "EPI": 90, "EPE": 10},
        {"EP": 90, "EPI": 90, "EPE": 10},
        {"EP": 100, "EPJ": 10, "EPF": 20, "EPP": 30, "EPG": 30, "DOC_Deep valley energy": 10},
        {"EP": 100, "EPF": 20, "EPG": 50},
        {"EP": 60, "EPE": 20, "EPA": 60, "EPB": 60, "EPC": 60},
        {"UaTHD": 5.1, "UaHr03": 3, "UaHr05": 4},
        {"P": 3, "Q": 4, "S": 6},
        BALANCED | {"UaAng": 0, "UbAng": 240, "UcAng": 120},
    ],
)
def test_what_can_be_is_left_alone(values: Mapping[str, float]) -> None:
    """Export, standby, an absent phase, a mains without neutral, medium voltage, either sign of combined energy."""
    assert odd(values) == set()


def test_settings_and_alarms_are_held_against_their_limits() -> None:
    model = meter(
        "Lg = { at = 0 }",
        "LgHigh = { at = 1 }",
        'DOC_Wire = { at = 2, words = { 0 = "sound", 1 = "broken" } }',
        "[circuits.settings]",
        'LgHighVal02 = { at = 3, limits = [30, 1000], source = "test" }',
        "UHighSet = { at = 4 }",
        "ULowSet = { at = 5 }",
    )

    def of(*words: int) -> set[tuple[str, str]]:
        return oddities(model, dump_of(dict(enumerate(words)), "meter"))

    assert of(20, 0, 0, 300, 253, 187) == set()
    assert of(320, 0, 0, 300, 253, 187) == set()  # within a tenth, and its delay
    assert of(400, 1, 0, 300, 253, 187) == set()
    assert of(20, 1, 0, 300, 253, 187) == set()  # held until it is reset
    assert of(400, 0, 0, 300, 253, 187) == {("alarm_follows_residual_current", "LgHigh@1")}
    assert of(20, 0, 7, 300, 253, 187) == {("has_a_meaning", "DOC_Wire@1")}
    assert of(5, 0, 0, 10, 253, 187) == {("setting_is_within_its_limits", "LgHighVal02@1")}
    assert of(20, 0, 0, 300, 187, 253) == {("upper_limit_is_above_lower", "UHighSet@1")}


def test_ranges_wider_than_physics_are_still_held_against_it() -> None:
    """A model file may widen what the vocabulary allows; then the rules are what is left."""
    model = meter(
        "PF = { at = 0, range = [0, 100] }",
        "Temp = { at = 1, range = [0, 900] }",
        "Lg = { at = 2, range = [0, 65535] }",
    )
    assert oddities(model, dump_of({0: 10, 1: 300, 2: 61000}, "meter")) == {
        ("power_factor_is_one", "PF@1"),
        ("temperature_is_that_of_a_conductor", "Temp@1"),
        ("residual_current_can_be_measured", "Lg@1"),
    }


def test_an_oddity_says_what_was_seen_and_what_was_expected() -> None:
    [oddity] = odd_values(meter("U = { at = 0 }"), dump_of({0: 510}, "meter"))
    assert str(oddity) == "U@1 is 510, expected 0 to 500 V (voltage_is_that_of_a_mains)"
    assert oddity.as_dict() == {
        "rule": "voltage_is_that_of_a_mains",
        "point": "U@1",
        "value": 510,
        "expected": "0 to 500 V",
    }


def test_units_are_heeded() -> None:
    """A table may give powers in watts."""
    model = meter("U = { at = 0 }", "I = { at = 1 }", 'P = { at = 2, unit = "W" }')
    assert oddities(model, dump_of({0: 230, 1: 10, 2: 2200}, "meter")) == set()
    assert oddities(model, dump_of({0: 230, 1: 10, 2: 2700}, "meter")) == {("power_needs_voltage_and_current", "P@1")}


@pytest.mark.parametrize("rule", [*RULES, counters_run_forwards], ids=lambda rule: rule.__name__)
def test_every_rule_names_its_source(rule: object) -> None:
    assert "\n\nSource: " in cleandoc(rule.__doc__ or "")
