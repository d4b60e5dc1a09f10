"""Names and numbers used all over the integration."""

import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "acrel_safety"
LOGGER = logging.getLogger(__package__)
PLATFORMS: Final = (
    *(Platform.BINARY_SENSOR, Platform.BUTTON, Platform.EVENT, Platform.NUMBER, Platform.SELECT, Platform.SENSOR),
    *(Platform.SWITCH, Platform.TODO),
)

MANUFACTURER: Final = "Acrel"
MODEL_FOLDER: Final = f"{DOMAIN}/models"
PROFILE_FOLDER: Final = f"{DOMAIN}/clouds"
"""Below the configuration folder: the user's own model files."""

RECORD_FILE: Final = "record.db"
"""The record of what happened, below the configuration folder in a folder named after the integration."""

SUBENTRY_DEVICE: Final = "device"

# Entry data: the link. Host and port, or device, are keyed by Home Assistant's own constants.
TYPE_TCP: Final = "tcp"
TYPE_RTU_TCP: Final = "rtu_tcp"
TYPE_SERIAL: Final = "serial"
TYPE_UPLINK: Final = "uplink"
TYPE_XML: Final = "xml_gateway"
TYPE_GATEWAY: Final = "mqtt_gateway"
TYPE_PUSH: Final = "push"
TYPE_CLOUD: Final = "cloud"
CONF_PROFILE: Final = "profile"
"""Which generation of clouds a server is of."""
CONF_ALLOW_HTTP: Final = "allow_http"
"""Whether a server may be asked without encryption: its owner confirmed that for this host."""
CONF_USER_ID: Final = "user_id"
CONF_SECOND_PASSWORD: Final = "second_password"  # noqa: S105 - the name of a field
"""What a server wants before a command; stored only where its owner asked for that."""
CONF_POLL_EVERY: Final = "poll_every"
CONF_CODE: Final = "meter_code"
CONF_SITE_ZONES: Final = "site_zones"
"""What a server knows a device by."""
CONF_SITE: Final = "site"
CONF_KIND: Final = "meter_type"
"""The server's number of a device's type."""
CONF_PROVED: Final = "proved"
"""Operations whose meaning differs between servers, and that their owner saw to work on site."""
CONF_HISTORY_MONTHS: Final = "history_months"
CONF_HISTORY_ELECTRIC: Final = "history_electric"
"""How many months of a cloud's past are fetched (0: none), and whether voltages, currents and powers are, too."""
CONF_FEED: Final = "feed"
CONF_FEED_USER: Final = "feed_user"
CONF_FEED_PASSWORD: Final = "feed_password"  # noqa: S105 - the name of a field
"""Where the broker of a cloud's feed is, and who asks it; left out where there is none."""
CONF_FEED_PLAIN: Final = "feed_plain"
"""Whether it may be reached without encryption: its owner confirmed that for this broker."""
CONF_LOCAL_ONLY: Final = "local_only"
"""Whether only this network may send to the address that a platform sends to."""
CONF_BAUDRATE: Final = "baudrate"
CONF_BYTESIZE: Final = "bytesize"
CONF_PARITY: Final = "parity"
CONF_STOPBITS: Final = "stopbits"
CONF_TURNAROUND_MS: Final = "turnaround_ms"
CONF_DUTY_TARGET: Final = "duty_target"
CONF_LISTEN: Final = "listen"
"""The address of this machine that devices call."""
CONF_BUILDING: Final = "building_id"
CONF_GATEWAY: Final = "gateway_id"
CONF_XML_SECRET: Final = "secret"  # noqa: S105 - the name of a field
"""What an XML gateway names itself by, and by what it proves it."""
CONF_NETWORKS: Final = "networks"
"""From where they may call; left out where from everywhere."""
CONF_RELAY_HOST: Final = "relay_host"
CONF_RELAY_PORT: Final = "relay_port"
"""Another server that gets what devices send as well; left out where none does."""
CONF_CLOCK: Final = "clock"
CONF_WEEKDAY: Final = "weekday"
"""What time devices are told, and which number a weekday has."""

CONF_SECRET: Final = "product_secret"  # noqa: S105 - no secret
"""What a gateway encrypts with; left out where it does not."""
CONF_REPORTS_EVERY: Final = "reports_every"
"""Seconds between two reports of a gateway; left out where it says them itself."""
CONF_BY_ANALOGY: Final = "by_analogy"
"""Whether operations may be sent that no document shows on this way; left out where they may not."""

# Subentry data: one device on the link. CONF_MODEL is Home Assistant's own.
CONF_UNIT_ID: Final = "unit_id"
CONF_SERIAL: Final = "serial_number"
CONF_SAME_AS: Final = "same_as"
"""The device that a further way leads to, by the id of its subentry."""
CONF_SAME_AS_PLACE: Final = "same_as_place"
"""Serial number or unit id of that device when the owner said so."""
"""Of a device that calls in: what it names itself by."""
CONF_METER: Final = "meter_id"
"""Of a device behind an XML gateway: its serial port and Modbus address, in five digits."""
CONF_POLLING: Final = "polling"
"""Whether a device is asked for values between its own reports."""
CONF_SCALING: Final = "scaling"
"""How the values of a meter of the overseas dialect become what it measures; left out where they are as usual."""
CONF_FOUND: Final = "found"
"""What a gateway reports of a meter beside what its model has; nobody enters it."""
CONF_PUT_ASIDE: Final = "not_reported"
"""What alarms go by and a gateway never reports, and what its owner does not wait for: asked in a repair."""
CONF_ALLOW_CHANGES: Final = "allow_changes"
CONF_PT: Final = "pt"
CONF_CT: Final = "ct"
CONF_INTERVALS: Final = "intervals"
CONF_LIMITS: Final = "limits"
"""The owner's limits, by a name that stays."""
CONF_RATINGS: Final = "ratings"
"""The rated currents of circuits, in A."""
CONF_CIRCUIT_NAMES: Final = "circuit_names"
"""What the owner calls the circuits."""
CONF_ALLOW_AUTOMATIONS: Final = "allow_automations"
"""Whether automations may acknowledge, silence, reset and set aside alarms; left out where they may not."""
CONF_CONTROL: Final = "control"
"""What the owner says of operating a device; left out where nothing may be operated."""
CONF_DETAIL: Final = "detail"
"""How much of what is read is told; left out where it is the usual."""

FIGURES_SECONDS: Final = 30.0
"""How often the figures of hubs and devices are looked at."""
REMEMBER_SECONDS: Final = 900.0
"""How often the last values of counters are written down; also at every unload and shutdown."""
