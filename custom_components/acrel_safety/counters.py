"""Counters that moved as counters do not: their owner is asked what happened, once for all of a device."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.problems import flat
from .aioacrel.readings import DEVICE_CIRCUIT, PointKey
from .aioacrel.texts import library_language
from .aioacrel.totals import Answer, Held
from .const import DOMAIN, LOGGER
from .markdown import plain

if TYPE_CHECKING:
    from .coordinator import AcrelConfigEntry, AcrelCoordinator

COUNTERS_HELD = "counters_held"
"""Also the key of its text."""
_MOST = 10
"""Counters that are listed."""


def issue_id(entry: ConfigEntry, subentry: ConfigSubentry) -> str:
    """Return the id of the question about the counters of a device."""
    return f"{entry.entry_id}_{subentry.subentry_id}_{COUNTERS_HELD}"


class CounterQuestion:
    """Asks what happened to the counters of one device, as long as there is anything to ask."""

    def __init__(self, coordinator: AcrelCoordinator) -> None:
        """Take the device; nothing is asked yet."""
        self._coordinator = coordinator
        self._asked: frozenset[PointKey] = frozenset()

    @callback
    def look(self) -> None:
        """Ask, ask for more, or withdraw the question."""
        held = self._coordinator.device.held_counters()
        hass, entry, subentry = _owner(self._coordinator)
        issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id(entry, subentry))
        # One that was asked before a reload is there still, and the one that was answered is not, whatever it asked.
        is_asking = issue is not None and issue.active
        if held.keys() == self._asked and is_asking == bool(held):
            return
        self._asked = frozenset(held)
        if not held:
            ir.async_delete_issue(hass, DOMAIN, issue_id(entry, subentry))
            return
        LOGGER.warning("%s: %d counters are held until their owner says what happened", subentry.title, len(held))
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id(entry, subentry),
            data={"entry_id": entry.entry_id, "subentry_id": subentry.subentry_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=COUNTERS_HELD,
            translation_placeholders={**placeholders(self._coordinator, held)},
        )


def placeholders(coordinator: AcrelCoordinator, held: Mapping[PointKey, Held]) -> Mapping[str, str]:
    """Return what the texts of the question need."""
    language = library_language(coordinator.hass.config.language)
    points = coordinator.device.points
    lines = []
    for key, what in list(held.items())[:_MOST]:
        quantity = points[key].quantity
        circuit = "" if key.circuit == DEVICE_CIRCUIT else f" ({key.circuit})"
        values = f"{what.shown:.15g} → {what.said:.15g} {quantity.unit or ''}"
        lines.append(f"- {plain(quantity.name(language) + circuit)}: {values}")
    if len(held) > _MOST:
        lines.append(f"- … {len(held) - _MOST}")
    return {"device": flat(coordinator.subentry.title), "counters": "\n".join(lines)}


@callback
def settle(coordinator: AcrelCoordinator, held: Mapping[PointKey, Held], answer: Answer) -> None:
    """Do with the counters that were shown to the owner what the owner says."""
    for key, what in held.items():
        LOGGER.info("%s: %s, shown %s, meter %s: %s", coordinator.name, key, what.shown, what.said, answer)
    coordinator.device.settle_counters(held, answer)
    coordinator.questions.look()


def _owner(coordinator: AcrelCoordinator) -> tuple[HomeAssistant, AcrelConfigEntry, ConfigSubentry]:
    return coordinator.hass, coordinator.config_entry, coordinator.subentry
