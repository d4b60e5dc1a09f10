"""What is stored of a device, whichever way it is reached; each way adds what tells its devices apart."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.const import CONF_MODEL

from ..aioacrel.points import Model
from ..aioacrel.registers import Ratio
from ..checked import WRONG, flag, number, text
from ..const import (
    CONF_ALLOW_AUTOMATIONS,
    CONF_ALLOW_CHANGES,
    CONF_CIRCUIT_NAMES,
    CONF_CONTROL,
    CONF_CT,
    CONF_LIMITS,
    CONF_PT,
    CONF_RATINGS,
    CONF_SAME_AS,
    CONF_SAME_AS_PLACE,
)
from ..controlsettings import sound_control
from ..ownersettings import sound_limits, sound_names, sound_ratings

RATIO_FIELDS = {Ratio.PT: CONF_PT, Ratio.CT: CONF_CT}
DEVICE: Mapping[probatio.Marker, object] = {
    probatio.Required(CONF_MODEL): text("model_needed"),
    probatio.Optional(CONF_ALLOW_CHANGES): flag,
    **{probatio.Optional(field): number("bad_ratio", 0.001, 10_000) for field in RATIO_FIELDS.values()},
    probatio.Optional(CONF_LIMITS): sound_limits,
    probatio.Optional(CONF_RATINGS): sound_ratings,
    probatio.Optional(CONF_CIRCUIT_NAMES): sound_names,
    probatio.Optional(CONF_ALLOW_AUTOMATIONS): flag,
    probatio.Optional(CONF_CONTROL): sound_control,
    probatio.Optional(CONF_SAME_AS): text(WRONG),
    probatio.Optional(CONF_SAME_AS_PLACE): text(WRONG),
}


def missing_ratios(model: Model, data: Mapping[str, Any]) -> list[str]:
    """Return the transformer ratios that the user has to give for a model and did not."""
    return [
        field for ratio, field in RATIO_FIELDS.items() if ratio in model.registers.asks_ratios and field not in data
    ]
