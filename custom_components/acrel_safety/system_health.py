"""What the system information page says about all links together."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .aioacrel import __version__
from .const import DOMAIN
from .coordinator import AcrelConfigEntry
from .hubs.cloud import reach_of


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is asked for the page."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return links, devices, and how busy the lines are."""
    entries: list[AcrelConfigEntry] = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    loaded = [entry for entry in entries if entry.state is ConfigEntryState.LOADED]
    coordinators = [
        coordinator
        for entry in loaded
        for coordinator in entry.runtime_data.coordinators.values()
        if coordinator.device.is_wanted
    ]
    figures = [entry.runtime_data.hub.figures() for entry in loaded]
    return {
        "library_version": __version__,
        "links": f"{len(loaded)}/{len(entries)}",
        "devices_answering": (
            f"{sum(coordinator.device.is_heard for coordinator in coordinators)}/{len(coordinators)}"
        ),
        "busiest_line": f"{max((figure.get('line_duty') or 0 for figure in figures), default=0):.0f}%",
        "polls_left_out": sum(int(figure.get("overruns") or 0) for figure in figures),
        **reach_of(hass, loaded),
    }
