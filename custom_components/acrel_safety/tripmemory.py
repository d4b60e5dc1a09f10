"""What tripped each circuit, in a file: as long as a sensor of that is broken, nobody closes it from here."""

from collections.abc import Mapping, Sequence

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER
from .keptfile import NOT_KEPT, KeptFile

_MEMORY: HassKey[TripMemory] = HassKey(f"{DOMAIN}.trips")
_UNREADABLE: object = "?"
"""Is restored as: anything that is measured may have tripped it."""


class TripMemory(KeptFile):
    """The quantities that tripped the circuits of all devices."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is read yet."""
        warning = "What tripped the circuits cannot be read: with any broken sensor nothing is closed from here now"
        super().__init__(hass, "trips.json", unreadable=_UNREADABLE, warning=warning)
        self._hass = hass

    @callback
    def keep_soon(self, identity: str, tripped_by: Mapping[str, Sequence[str]]) -> None:
        """Have it written now; that nobody waits for."""
        self._hass.async_create_task(self._async_try(identity, tripped_by), f"{DOMAIN} trips")

    async def _async_try(self, identity: str, tripped_by: Mapping[str, Sequence[str]]) -> None:
        try:
            await self.async_keep(identity, tripped_by)
        except NOT_KEPT as error:
            LOGGER.error("What tripped a circuit could not be written, and is forgotten at a restart: %s", error)


def trip_memory(hass: HomeAssistant) -> TripMemory:
    """Return it; made for who asks first."""
    if (memory := hass.data.get(_MEMORY)) is None:
        memory = hass.data[_MEMORY] = TripMemory(hass)
    return memory
