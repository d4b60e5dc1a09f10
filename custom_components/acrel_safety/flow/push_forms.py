"""What the forms for an address that the IoT EMS platform sends to ask, and how it lies in stored data."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.const import CONF_NAME, CONF_TYPE, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.selector import BooleanSelector, TextSelector

from ..aioacrel.deadband import Detail
from ..checked import faults, sound_part
from ..const import (
    CONF_ALLOW_AUTOMATIONS,
    CONF_CLOCK,
    CONF_DETAIL,
    CONF_LOCAL_ONLY,
    CONF_REPORTS_EVERY,
    TYPE_PUSH,
)
from ..hubs.cloud_push_data import PATH, PUSH, PUSHED
from ..hubs.uplink_data import Time
from .device_forms import settings_said
from .explain import FormError
from .link_forms import FormData, as_whole, choice, number
from .selector_texts import FlowTexts

CONF_RENEW = "renew"
_PLAIN = "http://"


def push_schema(*, may_renew: bool) -> probatio.Schema:
    """Ask who may send, in which zone times are, and how often values come."""
    renew = {probatio.Required(CONF_RENEW, default=False): BooleanSelector()} if may_renew else {}
    return probatio.Schema(
        {
            probatio.Required(CONF_LOCAL_ONLY, default=True): BooleanSelector(),
            probatio.Required(CONF_CLOCK, default=Time.VENDOR.value): choice([*map(str, Time)], "clock"),
            probatio.Optional(CONF_REPORTS_EVERY): number("s"),
            **renew,
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def push_data(form: FormData, secret: str) -> FormData:
    """Return the entry data of a filled-in form. Raises FormError."""
    data = {
        CONF_TYPE: TYPE_PUSH,
        CONF_WEBHOOK_ID: secret,
        CONF_LOCAL_ONLY: form[CONF_LOCAL_ONLY],
        CONF_CLOCK: form[CONF_CLOCK],
    }
    if CONF_REPORTS_EVERY in form:
        data[CONF_REPORTS_EVERY] = as_whole(form[CONF_REPORTS_EVERY])
    for fault in faults(PUSH, data):
        raise FormError.of(fault, {})
    return data


def push_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data; of what is stored wrong it asks anew."""
    sound = sound_part(PUSH, data)
    return {key: sound[key] for key in (CONF_LOCAL_ONLY, CONF_CLOCK, CONF_REPORTS_EVERY) if key in sound}


def device_settings_schema() -> probatio.Schema:
    """Ask how much is told, and whether automations may act on alarms."""
    return probatio.Schema(
        {
            probatio.Required(CONF_DETAIL, default=Detail.NORMAL.value): choice(list(Detail), "detail"),
            probatio.Required(CONF_ALLOW_AUTOMATIONS, default=False): BooleanSelector(),
        }
    )


def device_settings_form(data: Mapping[str, Any]) -> FormData:
    """Return the settings form that would give this subentry data; of what is stored wrong it asks anew."""
    return settings_said(sound_part(PUSHED, data))


def address_of(hass: HomeAssistant, secret: str, texts: FlowTexts) -> tuple[str, str]:
    """Return the address that the platform has to be given, and what is to be said of it."""
    path = f"{PATH}/{secret}"
    try:
        address = f"{get_url(hass, allow_cloud=False, prefer_external=True)}{path}"
    except NoURLAvailableError:
        return path, texts("push_notes", "no_address")
    return address, texts("push_notes", "plain_http") if address.startswith(_PLAIN) else ""
