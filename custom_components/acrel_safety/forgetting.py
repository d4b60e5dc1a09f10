"""What goes with a link that was removed."""

from homeassistant.core import HomeAssistant

from .coordinator import AcrelConfigEntry
from .desk import desk_of
from .hazards import Hazards
from .hubs import async_forget
from .issues import forget_former_issues
from .joining import joined_of
from .memory import TotalsMemory


async def async_forget_link(hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
    """Withdraw its issues and alarms; forget its counters, hazards and what its devices taught; the record stays."""
    forget_former_issues(hass, entry, ())
    desk = desk_of(hass)
    await desk.async_enter()
    desk.forget_removed()
    await desk.async_leave()
    joined_of(hass).look()
    await TotalsMemory(hass, entry).async_forget()
    await Hazards(hass, entry.entry_id).async_forget()
    await async_forget(hass, entry)
