"""The pages of a list, one after the other, until the list is whole or so long that nobody reads on."""

from collections.abc import Awaitable, Callable, Mapping

from .fields import Json, rows
from .profile import Call
from .spelling import respelled

MOST_PAGES = 50
"""Of one list: a server that always has another page is not listened to for ever."""
MOST_EVENTS = 5000

type Ask = Callable[[Mapping[str, str]], Awaitable[object]]
"""Asks for one page, and returns the data of the answer."""


async def all_pages(ask: Ask, call: Call | None) -> tuple[list[Json], bool] | None:
    """Return the rows of all pages, and whether there are no more; None for an answer of another shape.

    The last page is shorter than the others; one that comes again is the last, too. Raises what `ask` raises.
    """
    places = () if call is None else call.lists
    is_paged = call is not None and call.page_size > 0 and "page" in call.params
    found: list[Json] = []
    before: list[Json] | None = None
    for page in range(1, MOST_PAGES + 1):
        paging = {"page": str(page), "size": str(call.page_size)} if is_paged and call is not None else {}
        answered = await ask(paging)
        rows_here = rows(answered, places)
        if rows_here is None:
            return (found, True) if answered is None and found else None
        if rows_here == before:
            return found, True
        found += rows_here if call is None else [_spelled(row, call) for row in rows_here]
        before = rows_here
        if call is None or not is_paged or len(rows_here) < call.page_size:
            return found, True
        if len(found) >= MOST_EVENTS:
            break
    return found, False


def _spelled(row: Json, call: Call) -> Json:
    found = respelled(row, call.fields)
    return found if isinstance(found, dict) else {}
