"""Every value of every simulated unit arrives in Home Assistant as it is."""

import pytest
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.aioacrel.totals import total
from simulator.cabinet import STANDARD_OPTIONS, STANDARD_UNITS
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, Framing, LinkRig, enable_all, truth_of


def differences(rig: LinkRig, unit_id: int) -> list[str]:
    """Return the enabled entities of a unit whose state is not what the simulator says."""
    truth = truth_of(rig.cabinet, unit_id)
    prefix = rig.subentry(unit_id).subentry_id
    found = []
    for entity in rig.entities(unit_id):
        state = rig.hass.states.get(entity.entity_id)
        if state is None:
            continue
        circuit, _, code = entity.unique_id.removeprefix(f"{prefix}_").partition("_")
        if circuit in ("statistics", "model", "alarms"):
            continue  # figures about the link, how sure the model is, what alarms say: no register holds that
        point, true = rig.point(unit_id, code, circuit), truth.get((circuit, code))
        if true is None:
            expected: object = "in the simulator"
        elif point.words is not None:
            expected = point.words[int(true)]
        elif point.is_binary:
            expected = "on" if true else "off"
        else:
            # A float is shown with one digit more than is worth showing.
            rounded = 0.5 * 10.0 ** -(point.precision + 1) if point.precision is not None else 1e-9
            expected = pytest.approx(float(true), rel=1e-6, abs=rounded)
        shown: object = state.state
        if isinstance(expected, type(pytest.approx(1.0))) and state.state not in ("unknown", "unavailable"):
            shown = float(state.state)
        if shown != expected:
            found.append(f"{entity.entity_id} ({circuit}, {code}): {shown} instead of {expected}")
    return found


@pytest.mark.parametrize("framing", ["tcp", "rtu_tcp"])
async def test_default_entities_have_their_values_right_after_set_up(
    cabinet_of: CabinetMaker, link_to: LinkMaker, framing: Framing
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100", 9: "aim-m10"})
    rig = await link_to(cabinet, framing=framing)
    for unit_id in cabinet.units:
        assert differences(rig, unit_id) == []
        assert rig.is_answering(unit_id)


@pytest.mark.parametrize(("unit_id", "model"), STANDARD_UNITS.items(), ids=STANDARD_UNITS.values())
async def test_every_entity_of_a_model_shows_the_true_value(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    monkeypatch: pytest.MonkeyPatch,
    unit_id: int,
    model: str,
) -> None:
    monkeypatch.setattr(total, "ZERO_SECONDS", 0.0)  # a counter's first zero is shown after a minute
    cabinet = await cabinet_of({unit_id: model}, options={unit_id: STANDARD_OPTIONS.get(unit_id, {})})
    # The simulated meters without a ratio register are connected directly.
    rig = await link_to(cabinet, pt=1.0, ct=1.0, intervals=QUICK)
    enable_all(rig)
    await rig.reload()
    await rig.polled(unit_id, times=4)
    await hass.async_block_till_done()
    assert all(entity.disabled_by is None for entity in rig.entities())
    assert differences(rig, unit_id) == []
