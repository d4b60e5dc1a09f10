"""Whether who operates a breaker meant it: not by naming everything of a kind, nor by toggling what it belongs to."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from homeassistant.const import (
    ATTR_DOMAIN,
    ATTR_ENTITY_ID,
    ATTR_SERVICE,
    ATTR_SERVICE_DATA,
    ENTITY_MATCH_ALL,
    EVENT_CALL_SERVICE,
    SERVICE_TOGGLE,
)
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import entity_sources
from homeassistant.util.hass_dict import HassKey

from .aioacrel.control.outcome import Outcome, Reason, refused
from .const import DOMAIN

_CALLS: HassKey[OrderedDict[str, list[_Call]]] = HassKey(f"{DOMAIN}.calls")
"""By context the calls that may have meant something without naming it; the oldest contexts go first."""
_MOST, _MOST_OF_ONE = 1000, 100
_WRAPPER = "switch_as_x"
_TEMPLATE = "template"
_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Call:
    domain: str
    is_toggle: bool
    entity_ids: frozenset[str]
    """Empty where places were named, or labels."""
    followers: int = 0
    """Calls that came after it by the same context."""

    @property
    def is_all(self) -> bool:
        return ENTITY_MATCH_ALL in self.entity_ids


@callback
def note_calls(hass: HomeAssistant) -> None:
    """Note from now on what is toggled, and what is done to everything."""
    calls = hass.data[_CALLS] = OrderedDict[str, list[_Call]]()

    @callback
    def note(event: Event[dict[str, Any]]) -> None:
        data = event.data
        is_toggle = data.get(ATTR_SERVICE) == SERVICE_TOGGLE
        call = _Call(str(data.get(ATTR_DOMAIN)), is_toggle, _named(data.get(ATTR_SERVICE_DATA)))
        for former in calls.get(event.context.id, ()):
            former.followers += 1
        if not (is_toggle or call.is_all):
            return
        known = calls.setdefault(event.context.id, [])
        del known[:-_MOST_OF_ONE]
        known.append(call)
        calls.move_to_end(event.context.id)
        while len(calls) > _MOST:
            calls.popitem(last=False)

    hass.bus.async_listen(EVENT_CALL_SERVICE, note)


def _named(service_data: object) -> frozenset[str]:
    named = service_data.get(ATTR_ENTITY_ID) if isinstance(service_data, dict) else None
    if isinstance(named, str):
        return frozenset(one.strip() for one in named.split(","))
    return frozenset(map(str, named)) if isinstance(named, list | tuple) else _NOTHING


@callback
def objection(hass: HomeAssistant, context: Context, entity_id: str, *, closes: bool = True) -> Outcome | None:
    """Return why an entity that operates something was not meant by whoever acts; None if it was.

    What a template does when it is toggled nobody can see. By the same context a closing is not meant then, nor is an
    opening that follows at once; one that comes later may be another step of a script.
    """
    known = hass.data.get(_CALLS)
    calls = None if known is None else known.get(context.id)
    if not calls:
        return None
    held_by = {*_holders(hass, entity_id)}
    domains = {one.partition(".")[0] for one in (entity_id, *held_by)}
    if any(call.is_all and call.domain in domains for call in calls):
        return refused(Reason.NOT_NAMED)
    toggled = (call for call in calls if call.is_toggle)
    if any(not call.entity_ids or not call.entity_ids.isdisjoint(held_by) for call in toggled) and held_by:
        return refused(Reason.TURNED_ROUND)
    templates = (call for call in calls if call.is_toggle and _has_template(hass, call.entity_ids))
    if any(closes or call.followers <= 1 for call in templates):
        return refused(Reason.TURNED_ROUND)
    return None


def _has_template(hass: HomeAssistant, entity_ids: Iterable[str]) -> bool:
    sources = entity_sources(hass)
    return any(sources[one]["domain"] == _TEMPLATE for one in entity_ids if one in sources)


def _holders(hass: HomeAssistant, entity_id: str) -> Iterable[str]:
    """Return the groups and helpers that an entity is in, and what those are in."""
    found: set[str] = set()
    known = {entity_id}
    while known:
        known = {*_direct_holders(hass, known)} - found
        found |= known
    return found


def _direct_holders(hass: HomeAssistant, entity_ids: set[str]) -> Iterator[str]:
    for state in hass.states.async_all():
        members = state.attributes.get(ATTR_ENTITY_ID)
        if isinstance(members, list | tuple) and not entity_ids.isdisjoint(members):
            yield state.entity_id
    registry = er.async_get(hass)
    for entry in hass.config_entries.async_entries(_WRAPPER):
        wrapped = er.async_resolve_entity_id(registry, str(entry.options.get(ATTR_ENTITY_ID)))
        if wrapped in entity_ids:
            yield from (one.entity_id for one in er.async_entries_for_config_entry(registry, entry.entry_id))
