"""Which time devices are told, as an owner chose it."""

from datetime import UTC, tzinfo

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..aioacrel.uplink.server import CHINA
from .uplink_data import Time


def zone_of(hass: HomeAssistant, time: str) -> tzinfo:
    """Return the zone."""
    match Time(time):
        case Time.VENDOR:
            return CHINA
        case Time.LOCAL:
            return dt_util.get_time_zone(hass.config.time_zone) or UTC
        case _:
            return UTC
