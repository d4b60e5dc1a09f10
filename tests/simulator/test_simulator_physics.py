"""The cabinet behaves: energy integrates power, an open breaker carries nothing, heat follows I²."""

import pytest

from simulator import Cabinet


def value(cabinet: Cabinet, unit: int, code: str, circuit: str = "1") -> float:
    return float(cabinet.units[unit].truth()[circuit][code])


def test_energy_is_the_integral_of_power() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    before = value(cabinet, 1, "EPI")
    integral = 0.0
    for _ in range(60):
        cabinet.advance(60)
        integral += value(cabinet, 1, "P") / 60
    assert value(cabinet, 1, "EPI") - before == pytest.approx(integral, rel=0.01)


def test_solar_power_is_negative_and_counts_as_export() -> None:
    cabinet = Cabinet.of({3: "adl3000"}, frozen=True)
    assert value(cabinet, 3, "Pc") < 0
    before = {code: value(cabinet, 3, code) for code in ("EPI", "EPE", "EP")}
    cabinet.advance(1800)
    gained = {code: value(cabinet, 3, code) - old for code, old in before.items()}
    assert gained["EPE"] > 0.5
    assert gained["EP"] == pytest.approx(gained["EPI"] + gained["EPE"], abs=0.03)


def test_the_tariffs_add_up_to_the_total() -> None:
    cabinet = Cabinet.of({3: "adl3000"}, frozen=True)
    cabinet.advance(7200)
    parts = sum(value(cabinet, 3, f"EPI{letter}") for letter in "JFPG")
    assert value(cabinet, 3, "EPI") == pytest.approx(parts, abs=0.03)


def test_power_voltage_and_current_fit_together(cabinet: Cabinet) -> None:
    truth = cabinet.units[1].truth()["1"]
    for phase in "abc":
        apparent = truth[f"U{phase}"] * truth[f"I{phase}"] / 1000
        assert truth[f"S{phase}"] == pytest.approx(apparent, rel=0.002)
        power, reactive = truth[f"P{phase}"], truth[f"Q{phase}"]
        assert truth[f"S{phase}"] == pytest.approx((power**2 + reactive**2) ** 0.5, rel=0.002)
    assert truth["P"] == pytest.approx(truth["Pa"] + truth["Pb"] + truth["Pc"], abs=0.002)


def test_temperature_follows_the_square_of_current_with_inertia() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    start = value(cabinet, 1, "TempA")
    cabinet.set_scenario("overload", factor=1.5)
    assert value(cabinet, 1, "TempA") == start
    cabinet.advance(60)
    early = value(cabinet, 1, "TempA")
    cabinet.advance(1740)
    late = value(cabinet, 1, "TempA")
    assert start < early < late
    ambient = cabinet.environment.ambient
    assert (late - ambient) / (start - ambient) == pytest.approx(1.5**2, rel=0.2)


def test_leakage_grows_with_humidity() -> None:
    cabinet = Cabinet.of({7: "asj10l"}, frozen=True)
    seen: dict[float, float] = {}
    for _ in range(24):
        cabinet.advance(3610)  # more than an hour at once goes in coarse steps
        seen[cabinet.environment.humidity] = value(cabinet, 7, "Lg")
    assert seen[max(seen)] > seen[min(seen)] * 1.2


def test_an_open_breaker_carries_nothing(cabinet: Cabinet) -> None:
    cabinet.set_scenario("trip")
    truth = cabinet.units[1].truth()["1"]
    for code in ("Ia", "Ib", "Ic", "P", "Q", "S", "Lg"):
        assert truth[code] == 0, code
    assert truth["Ua"] > 200
    assert truth["DI1"] is False
    assert value(cabinet, 5, "I") == value(cabinet, 8, "Lg", "7") == value(cabinet, 10, "Lg") == 0
    energies = {unit: value(cabinet, unit, "EP") for unit in (1, 2, 3, 4, 5, 6)}
    cabinet.advance(600)
    assert {unit: value(cabinet, unit, "EP") for unit in energies} == energies
    cabinet.set_scenario("normal")
    assert value(cabinet, 1, "Ia") > 1


def test_a_lost_phase_current_is_an_event_of_the_dtsd1352() -> None:
    cabinet = Cabinet.of({12: "dtsd1352"}, frozen=True)
    cabinet.set_scenario("trip")
    unit = cabinet.units[12]
    assert unit.truth()["1"]["DOC_Low current B"] is True
    # y/mo, d/h, min/s of the moment, an unknown type, detail bits 13 and 14.
    assert [unit.registers[address] for address in range(0x3001, 0x3007)] == [
        *(0x1A03, 0x020A, 0x0000, 0, 0b110_0000_0000_0000, 0)
    ]


def test_a_frozen_cabinet_says_the_same_for_ever(cabinet: Cabinet) -> None:
    assert cabinet.truth() == cabinet.truth()


def test_the_seed_decides_everything() -> None:
    def day(seed: int) -> object:
        cabinet = Cabinet.standard(frozen=True, seed=seed)
        cabinet.advance(120)
        return cabinet.truth()

    assert day(3) == day(3)
    assert day(3) != day(4)


def test_time_does_not_run_backwards(cabinet: Cabinet) -> None:
    with pytest.raises(ValueError, match="backwards"):
        cabinet.advance(-1)


def test_a_day_shows_the_load_curve() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    by_hour: dict[int, float] = {}
    for _ in range(24):
        cabinet.advance(3610)  # more than an hour at once goes in coarse steps
        by_hour[cabinet.environment.now.hour] = value(cabinet, 1, "P")
    assert by_hour[19] > 2 * by_hour[3]


def test_readings_flicker_only_where_that_is_asked_for() -> None:
    currents: dict[float, list[float]] = {}
    for flicker in (0.0, 0.003):
        cabinet = Cabinet.of({1: "adw300"}, frozen=True)
        cabinet.environment.flicker = flicker
        currents[flicker] = []
        for _ in range(20):
            cabinet.advance(0.1)
            currents[flicker].append(value(cabinet, 1, "Ia"))
    assert len(set(currents[0.0])) <= 3
    assert len(set(currents[0.003])) > 5
    assert currents[0.003] == pytest.approx(currents[0.0], rel=0.02)
