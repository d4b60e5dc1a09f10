"""What alarms are about, for users who read another language than Home Assistant is set to."""

from collections.abc import Iterator, Mapping

from homeassistant.core import HomeAssistant, callback

from ..aioacrel.texts import Sayable, library_language, phrase
from ..const import DOMAIN


@callback
def causes(hass: HomeAssistant, language: str) -> Mapping[str, str]:
    """Return by the cause that states have the same in a user's language; nothing where both are one language."""
    shown, wanted = library_language(hass.config.language), library_language(language)
    if shown == wanted:
        return {}
    return {name.text(shown): name.text(wanted) for name in _names(hass)}


def _names(hass: HomeAssistant) -> Iterator[Sayable]:
    yield phrase("alarm_link_unseen")
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for coordinator in entry.runtime_data.coordinators.values():
            if coordinator.watch is not None:
                for alarm in coordinator.watch.alarms.values():
                    yield alarm.cause.name
                    # By the device's own word, or somebody else's, where there is one.
                    yield alarm.name
