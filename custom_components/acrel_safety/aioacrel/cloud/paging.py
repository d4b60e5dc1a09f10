"""The pages of a list, one after the other, until the list is whole or so long that nobody reads on.

A server may give fewer rows a page than it is asked for. Then its first page looks like the last one, unless it tells
how many rows there are. So what may be such a page is followed by a question for the next one, in pages as long as the
server's, and what came of that is remembered for the call: a list that is shorter than one that was whole is whole.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from .fields import Json, at, number, rows
from .profile import Call
from .spelling import respelled

MOST_PAGES = 50
"""Of one list: a server that always has another page is not listened to for ever."""
MOST_EVENTS = 5000
LEAST_ROWS = 10
"""No server gives fewer rows a page than that."""
_STEP = 5
_NAMES: Mapping[str, Sequence[str]] = {
    "sites": ("fSubid",),
    "meters": ("meterCode",),
    "alarms": ("fAlarmeventlogid", "fAlarmtime"),
}
"""By call: what tells its rows apart."""

type Ask = Callable[[Mapping[str, str]], Awaitable[object]]
"""Asks for one page, and returns the data of the answer."""


class PageSize:
    """What is known of the pages that one call of a server gives."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._whole = LEAST_ROWS - 1
        """So many rows, fewer than were asked for, were all there are."""
        self._page: int | None = None
        """So many rows, fewer than were asked for, were one page of several."""
        self._tells_total = True

    def is_whole(self, count: int, total: int | None) -> bool:
        """Whether so many rows on a first page, fewer than were asked for, are all; `total` is what the server says."""
        if total is not None and total >= count and self._tells_total:
            return total == count
        if count == self._page:
            return False
        # What is as long as the longest that was whole may be a page now, where it looks like one.
        return count < self._whole or (count == self._whole and not _is_round(count)) or count < LEAST_ROWS

    def note(self, count: int, total: int | None, *, has_more: bool) -> None:
        """Take what came of the question for a second page after a first one of so many rows."""
        if has_more:
            self._page, self._whole = count, min(self._whole, count)
            return
        self._whole = max(self._whole, count)
        if self._page is not None and self._page < count:
            self._page = None
        if total is not None and total > count:
            # It counts something else.
            self._tells_total = False


async def all_pages(ask: Ask, call: Call | None, known: PageSize) -> tuple[list[Json], bool] | None:
    """Return the rows of all pages, and whether there are no more; None for an answer of another shape.

    The last page is shorter than the others; one that has nothing new is the last, too. Raises what `ask` raises.
    """
    places = () if call is None else call.lists
    if call is None or not (call.page_size > 0 and "page" in call.params):
        there = rows(await ask({}), places)
        return None if there is None else ([row if call is None else _spelled(row, call) for row in there], True)
    found: list[Json] = []
    seen: set[str] = set()
    size, first, total = call.page_size, 0, None
    is_question = False
    for page in range(1, MOST_PAGES + 1):
        answered = await ask({"page": str(page), "size": str(size)})
        there = rows(answered, places)
        if there is None and not (answered is None and found):
            return None
        spelled = [_spelled(row, call) for row in there or ()]
        told = {_identity(row, call) for row in spelled}
        is_news = not told <= seen
        if is_question:
            known.note(first, total, has_more=is_news)
            is_question = False
        if there is None or not is_news:
            return found, True
        seen |= told
        found += spelled
        if page == 1 and len(there) < size:
            first, total = len(there), _total(answered, call)
            if known.is_whole(first, total):
                return found, True
            size, is_question = first, True
        elif len(there) < size:
            return found, True
        if len(found) >= MOST_EVENTS:
            break
    return found, False


def _is_round(count: int) -> bool:
    """Whether that is how long somebody makes a page."""
    return count % _STEP == 0 or count & (count - 1) == 0


def _identity(row: Json, call: Call) -> str:
    """Return what tells a row from others, also where the same one is told again with other values."""
    names = _NAMES.get(call.name, ())
    known = [row.get(name) for name in names]
    return json.dumps(known if names and None not in known else row, sort_keys=True)


def _total(answered: object, call: Call) -> int | None:
    """Return how many rows a server says there are, where it stands beside the list."""
    for place in call.lists:
        above, _, name = place.rpartition(".")
        holder = at(answered, above)
        if isinstance(holder, dict) and name in holder:
            total = number(holder.get("total"))
            return None if total is None or total < 0 or not total.is_integer() else int(total)
    return None


def _spelled(row: Json, call: Call) -> Json:
    found = respelled(row, call.fields)
    return found if isinstance(found, dict) else {}
