"""What a server calls things, in the words of the generation that this library reads: a profile says which is which.

A place is dotted (`meterInfo.meterCode`), goes into JSON that comes as a text, and `.` is the whole of it. Parts of
each object of a list follow `[]`: `meterUseInfos[].fMetername`.
"""

import re
from collections.abc import Mapping

from .fields import Json, at, inner

PLACE = re.compile(r"[A-Za-z0-9_]{1,64}(\[\])?(\.[A-Za-z0-9_]{1,64}(\[\])?){0,7}")
WHOLE = "."
_EACH = "[]."


def respelled(found: object, places: Mapping[str, str]) -> object:
    """Return an object with what stands at the server's places (values) at those that are read (keys).

    What is nowhere stays unknown: nothing else is taken for it, whatever stands at its place.
    """
    if not places:
        return found
    if WHOLE in places:
        return _at(found, places[WHOLE])
    if not isinstance(found, dict):
        return found
    spelled: Json = dict(found)
    parts: dict[str, dict[str, str]] = {}
    for ours, theirs in places.items():
        if _EACH in ours:
            above, _, rest = ours.partition(_EACH)
            parts.setdefault(above, {})[rest] = theirs
        else:
            _put(spelled, ours.split("."), _at(found, theirs))
    for above, inside in parts.items():
        items = at(spelled, above)
        if isinstance(items, list):
            _put(spelled, above.split("."), [respelled(item, inside) for item in items])
    return spelled


def _at(tree: object, place: str) -> object:
    for name in place.split("."):
        within = inner(tree)
        if within is None:
            return None
        tree = within.get(name)
    return tree


def _put(tree: Json, names: list[str], value: object) -> None:
    """Put a value at a place, in copies of what holds it."""
    for name in names[:-1]:
        below = dict(inner(tree.get(name)) or {})
        tree[name] = below
        tree = below
    tree[names[-1]] = value
