"""Which bits of which models are told without a value or without a limit, and why: all others have both."""

from collections.abc import Mapping

import pytest

from custom_components.acrel_safety.aioacrel.alarms.bits import BitRule, bit_rules
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from tests.aioacrel.alarm_rigs import Plant
from tests.aioacrel.rigs import model

STATE = "a state: there is no quantity of it"
UNSAID = "its model does not say which value it is about"
NOT_MEASURED = "its model does not show the value"
NO_LIMIT = "its model shows no limit"
OTHER_UNIT = "its model shows the limit in another unit than the value"

WITHOUT_VALUE: Mapping[str, Mapping[str, str]] = {
    "aafd": {"ArcSta": STATE},
    "adf300": {"DOC_Over limit": UNSAID},
    "adf400l": {"DOC_Over limit": UNSAID},
    "adw300": {"DOC_Phase sequence": STATE},
    "aim-m10": {"DOC_FE/KE wire break": STATE, "DOC_Temperature sensor break": STATE},
    "aim-r100": {"DOC_Loop short": STATE, "LgFauSta": STATE},
    "aisd": {"DOC_Internal over-temperature": UNSAID},
    "ascb1": {
        "RlyFauSta": STATE,
        "LgFauSta": STATE,
        "ASSC": UNSAID,
        **{f"T{probe}FauSta": STATE for probe in range(1, 5)},
    },
    "ascp200": {
        "DOC_Internal over-temperature": UNSAID,
        "DOC_Overload": NOT_MEASURED,
        "IHigh": NOT_MEASURED,
        "UHigh": NOT_MEASURED,
        "ULow": NOT_MEASURED,
        "ASSC": NOT_MEASURED,
    },
    "asj10l": {"LgFauSta": STATE},
    "ddsy1352": {"DOC_Over limit": UNSAID},
    "dtsy1352": {"DOC_Over limit": UNSAID},
}
WITHOUT_LIMIT: Mapping[str, Mapping[str, str]] = {
    "adw300": {f"DOC_Voltage loss {phase}": NO_LIMIT for phase in "ABC"},
    "aim-m10": dict.fromkeys(("DOC_Insulation fault", "DOC_Overload", "THigh"), NO_LIMIT),
    "aisd": dict.fromkeys(("DOC_Overload", "UHigh", "ULow"), OTHER_UNIT),
    "arcm310": dict.fromkeys(("IHighV", "UHighV", "ULowV", *(f"T{probe}High" for probe in range(1, 5))), NO_LIMIT),
    "ascb1": dict.fromkeys(("IHigh", "UHigh", "ULow", "PHigh", "THigh", "LgHigh"), NO_LIMIT),
    "ascp200": dict.fromkeys(("THigh", "LgHigh"), NO_LIMIT),
    "asj10l": {"Lg1HIGH1": OTHER_UNIT},
}
MODELS = [known.id for known in ModelLibrary().usable()]


def _has_value(rule: BitRule) -> bool:
    return rule.watched is not None and bool(rule.watched.values)


@pytest.mark.parametrize("model_id", MODELS)
def test_each_bit_has_value_and_limit_but_those_for_which_it_is_said_why_not(model_id: str) -> None:
    rules = list(bit_rules(model(model_id)))
    without_value = {rule.key.code for rule in rules if not _has_value(rule)}
    assert without_value == set(WITHOUT_VALUE.get(model_id, ()))
    without_limit = {
        rule.key.code for rule in rules if _has_value(rule) and (rule.watched is None or rule.watched.limit is None)
    }
    assert without_limit == set(WITHOUT_LIMIT.get(model_id, ()))


@pytest.mark.parametrize(
    ("model_id", "said", "value", "limit", "unit"),
    [
        ("adw300", {"TempB": 76.0, "T2High": True}, 76.0, 80.0, "°C"),
        ("aim-m10", {"IsnRShow": 20.0, "DOC_Insulation fault": True}, 20.0, None, "kΩ"),
        ("asj10l", {"Lg": 600.0, "Lg1HIGH2": True}, 600.0, 300.0, "mA"),
    ],
)
def test_how_bad_it_is_is_told_with_what_is_wrong(
    model_id: str, said: dict[str, float | bool], value: float, limit: float | None, unit: str
) -> None:
    plant = Plant()
    board = plant.add(model_id=model_id)
    board.quiet()
    (circuit,) = {key.circuit for key in board.model.points if key.code in said}
    board.say(circuit, **said)
    (alarm,) = (one for one in plant.alarms.standing() if one.code in said)
    assert (alarm.value, alarm.limit, alarm.unit) == (value, limit, unit)
