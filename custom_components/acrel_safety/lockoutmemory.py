"""How long devices take no other command, as long as Home Assistant runs."""

import time

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .aioacrel.control.lockouts import Lockouts
from .aioacrel.device import Device
from .const import DOMAIN

_LOCKOUTS: HassKey[dict[str, Lockouts]] = HassKey(f"{DOMAIN}.lockouts")
"""By device: a link that is loaded anew shortens no lock-out."""
PROCESS_BEGAN = time.monotonic()
"""What the process before this one sent, it sent earlier."""


@callback
def lockouts_of(hass: HomeAssistant, device: Device) -> Lockouts:
    """Return what is known of the device's lock-out; after a start, what may be left of one from before."""
    known = hass.data.setdefault(_LOCKOUTS, {})
    if (lockouts := known.get(device.identity)) is None:
        lockouts = known[device.identity] = Lockouts(time.monotonic)
        longest = max(operation.lockout for operation in device.model.operations.values())
        lockouts.begin(longest - (time.monotonic() - PROCESS_BEGAN))
    return lockouts
