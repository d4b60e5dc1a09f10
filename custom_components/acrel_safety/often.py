"""How often one person may have something put down: the record is bounded, and new entries push old ones out."""

from collections import deque

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .rights import Actor

MOST_A_MINUTE = 30
"""Comments, dates, tests and shelvings of one person; more is no person but a program."""
_WINDOW = 60.0
MOST_CODES = 3
_CODES_WINDOW = 600.0
"""Codes that one server sends to a phone in these seconds because of us: each costs its owner something."""
_TIMES: HassKey[dict[tuple[str, str], deque[float]]] = HassKey(f"{DOMAIN}.often")
"""By person and sort, when something was put down last, by the steady clock."""


@callback
def check_not_too_often(hass: HomeAssistant, actor: Actor) -> None:
    """Count what somebody does. Raises ServiceValidationError if one person did too much within a minute.

    Not for what can be done only once to each alarm, such as acknowledging: however many there are, that is never
    refused. An automation acts by the owner's leave, and is not counted.
    """
    if actor.user is not None:
        check_person_not_too_often(hass, actor.user.id)


@callback
def check_person_not_too_often(hass: HomeAssistant, person: str, what: str = "") -> None:
    """Count what a person does of one sort. Raises ServiceValidationError if that was too much within a minute."""
    now = hass.loop.time()
    times = hass.data.setdefault(_TIMES, {}).setdefault((person, what), deque(maxlen=MOST_A_MINUTE))
    if len(times) == MOST_A_MINUTE and now - times[0] < _WINDOW:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="too_often",
            translation_placeholders={"most": f"{MOST_A_MINUTE}"},
        )
    times.append(now)


@callback
def check_seldom(hass: HomeAssistant, what: str) -> None:
    """Count what costs somebody something, whoever wants it. Raises ServiceValidationError if that was too often."""
    now = hass.loop.time()
    times = hass.data.setdefault(_TIMES, {}).setdefault(("", what), deque(maxlen=MOST_CODES))
    if len(times) == MOST_CODES and now - times[0] < _CODES_WINDOW:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="codes_too_often",
            translation_placeholders={"most": f"{MOST_CODES}", "minutes": f"{_CODES_WINDOW / 60:.0f}"},
        )
    times.append(now)
