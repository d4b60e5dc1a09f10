"""What is stored of an address that a platform sends to, and of a device: one truth for forms, store and hub."""

import re
from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.const import CONF_TYPE, CONF_WEBHOOK_ID

from ..checked import UnfitError, flag, number, one_of
from ..const import CONF_CLOCK, CONF_LOCAL_ONLY, CONF_REPORTS_EVERY, DOMAIN, TYPE_PUSH
from .gateway_data import LONGEST_PERIOD, METER, SHORTEST_PERIOD
from .uplink_data import Time

PATH = f"/api/{DOMAIN}/push"
"""Before the secret part of an address."""
_SECRET = re.compile(r"[0-9a-f]{32,128}")


def _sound_secret(value: object) -> object:
    """Check the secret part of the address; what is wrong with it is said without it."""
    if not (isinstance(value, str) and _SECRET.fullmatch(value)):
        raise UnfitError("wrong", "", "")
    return value


# What a later version stores beside these does no harm here.
PUSH = probatio.Schema(
    {
        probatio.Required(CONF_TYPE): one_of(TYPE_PUSH),
        probatio.Required(CONF_WEBHOOK_ID): _sound_secret,
        probatio.Required(CONF_LOCAL_ONLY): flag,
        probatio.Required(CONF_CLOCK): one_of(*map(str, Time)),
        probatio.Optional(CONF_REPORTS_EVERY): number(
            "bad_reports_every", SHORTEST_PERIOD, LONGEST_PERIOD, is_whole=True
        ),
    },
    extra=probatio.ALLOW_EXTRA,
)
PUSHED = METER
"""What is stored of a device: as of a meter behind a gateway, its serial number is its seat."""


def secret_of(data: Mapping[str, Any]) -> str | None:
    """Return the secret part of the address in an entry's data, whatever else is wrong there; None without one."""
    found = data.get(CONF_WEBHOOK_ID)
    is_sound = data.get(CONF_TYPE) == TYPE_PUSH and isinstance(found, str) and _SECRET.fullmatch(found)
    return found if is_sound else None
