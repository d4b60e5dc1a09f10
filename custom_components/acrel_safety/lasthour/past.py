"""What the recorder has of a value."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isfinite
from typing import Final

from homeassistant.components.recorder import history
from homeassistant.core import HomeAssistant, State

HOUR: Final = timedelta(hours=1)
_MOST = 4000
"""States: more than a value read every second has in an hour. Of more the newest count."""

type Course = Sequence[tuple[datetime, float | None]]
"""Since when a value was what it was, None where it could not be read; the oldest first."""


def read_course(hass: HomeAssistant, latest: State, begin: datetime, end: datetime) -> Course:
    """Return the course of a value up to its latest state, which the recorder writes seconds later; blocks."""
    entity_id, since = latest.entity_id, latest.last_changed
    found = history.state_changes_during_period(
        hass, begin, end, entity_id, no_attributes=True, descending=True, limit=_MOST
    )
    former = [state for state in found.get(entity_id, ()) if state.last_changed < since]
    states = [*sorted(former, key=lambda state: state.last_changed), latest]
    return [(state.last_changed, number(state.state)) for state in states]


def number(state: str) -> float | None:
    """Return what a state says, None if that is no number."""
    try:
        value = float(state)
    except ValueError:
        return None
    return value if isfinite(value) else None
