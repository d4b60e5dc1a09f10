"""Alarms that whoever reports a device never tells: its owner is told which, and may put them aside.

What is put aside is not waited for any more. The first word of it, and it counts as all others do.
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.problems import flat
from .aioacrel.readings import PointKey
from .aioacrel.source import Choosy
from .checked import UnfitError
from .const import CONF_PUT_ASIDE, DOMAIN
from .issues import Issue, issue_id

if TYPE_CHECKING:
    from .coordinator import AcrelCoordinator

_MOST_STORED = 2000


def sound_aside(value: object) -> object:
    """Check what is stored of points that were put aside: circuit and code of each."""
    if not (isinstance(value, list) and len(value) <= _MOST_STORED and all(map(_is_key, value))):
        raise UnfitError("wrong", value, "")
    return value


def _is_key(one: object) -> bool:
    match one:
        case [str(circuit), str(code)]:
            return bool(circuit and code)
    return False


def aside_in(data: Mapping[str, Any]) -> frozenset[PointKey]:
    """Return what the owner of a device put aside."""
    return frozenset(PointKey(circuit, code) for circuit, code in data.get(CONF_PUT_ASIDE, ()))


class UnreportedQuestion:
    """Tells which alarms of one device are not reported, as long as there are any."""

    def __init__(self, coordinator: AcrelCoordinator) -> None:
        """Take the device; nothing is told yet."""
        self._coordinator = coordinator
        self._told: AbstractSet[PointKey] | None = None

    @callback
    def look(self) -> None:
        """Tell, tell otherwise or withdraw it; take back what is reported after all."""
        source = self._coordinator.source
        if not isinstance(source, Choosy):
            return
        unreported = unreported_of(self._coordinator)
        if unreported != self._told:
            self._told = unreported
            self._tell(unreported)
        stored = aside_in(self._coordinator.subentry.data)
        if back := stored & source.points.keys() - source.aside:
            store(self._coordinator, stored - back)

    def _tell(self, keys: AbstractSet[PointKey]) -> None:
        coordinator = self._coordinator
        entry, subentry = coordinator.config_entry, coordinator.subentry
        identifier = issue_id(entry, subentry, Issue.UNREPORTED)
        if not keys:
            ir.async_delete_issue(coordinator.hass, DOMAIN, identifier)
            return
        ir.async_create_issue(
            coordinator.hass,
            DOMAIN,
            identifier,
            data={"entry_id": entry.entry_id, "subentry_id": subentry.subentry_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=Issue.UNREPORTED,
            translation_placeholders={"device": flat(subentry.title)},
        )


def unreported_of(coordinator: AcrelCoordinator) -> AbstractSet[PointKey]:
    """Return what alarms of a device go by and nobody reports."""
    source, watch = coordinator.source, coordinator.watch
    return source.unreported & watch.inputs if isinstance(source, Choosy) and watch is not None else frozenset()


def store(coordinator: AcrelCoordinator, keys: Collection[PointKey]) -> None:
    """Store what is put aside; the device is loaded anew with it."""
    entry, known = coordinator.config_entry, coordinator.subentry
    if (subentry := entry.subentries.get(known.subentry_id)) is None:
        return
    data = {name: value for name, value in subentry.data.items() if name != CONF_PUT_ASIDE}
    if keys:
        data[CONF_PUT_ASIDE] = [[key.circuit, key.code] for key in sorted(keys)]
    coordinator.hass.config_entries.async_update_subentry(entry, subentry, data=data)
