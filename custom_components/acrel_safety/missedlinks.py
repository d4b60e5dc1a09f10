"""Links that could not be reached when they were set up: the alarms know of them while they are tried again."""

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from .aioacrel.alarms.board import Board
from .const import DOMAIN
from .desk import desk_of
from .issues import forget_former_issues

_MISSED: HassKey[dict[str, CALLBACK_TYPE]] = HassKey(f"{DOMAIN}.missed_links")


async def async_miss_link(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Have the alarms know that nothing of a link can be seen; the desk stays open for it."""
    missed, desk = hass.data.setdefault(_MISSED, {}), desk_of(hass)
    entry_id = entry.entry_id
    if entry_id not in missed:
        await desk.async_enter()

        @callback
        def look(change: ConfigEntryChange, changed: ConfigEntry) -> None:
            if changed.entry_id != entry_id:
                return
            is_over = change is ConfigEntryChange.REMOVED or changed.state is ConfigEntryState.NOT_LOADED
            if not is_over and changed.state is not ConfigEntryState.LOADED:
                return
            missed.pop(entry_id)()
            if is_over:
                # Nobody wants it to be read; one that is loaded is watched as any other.
                desk.alarms.forget_missed(entry_id)
                if changed.disabled_by is not None:
                    # One that is loaded withdraws them itself.
                    forget_former_issues(hass, changed, ())
            hass.async_create_task(desk.async_leave(), eager_start=True)

        missed[entry_id] = async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, look)
    desk.miss(Board(identity=entry_id, name=entry.title, site=hass.config.location_name))
