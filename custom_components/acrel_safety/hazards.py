"""The hazards of one link: what a person has to see to, until one said so.

Every alarm that is held opens one, a value that grows slowly, and a self-test or inspection that failed or is overdue.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.growing import GROWTH
from .aioacrel.alarms.happening import What
from .aioacrel.alarms.standing import Standing
from .aioacrel.texts import library_language, phrase
from .checkups import Checkup, Outstanding
from .const import DOMAIN, LOGGER
from .duedates import is_time
from .wording import place_of, sentence_of

_VERSION = 1
_SAVE_SECONDS = 1.0
_MOST_DONE = 200
_DONE_DAYS = 365
_CHECKUP = "test"
"""What the occurrence of a self-test or inspection begins with; no id of an alarm's does."""
LONGEST_TEXT = 4000
"""Characters of a comment."""


@dataclass(slots=True, kw_only=True)
class Hazard:
    """One occurrence of an alarm, or a test that is outstanding, as it stands in the list."""

    occurrence: str
    alarm_id: str
    """Empty for a test."""
    number: int
    summary: str
    """Place, cause and number: no two are called the same."""
    description: str
    """What persons write, below what was told."""
    told: str = ""
    """Value, limit and time; empty where a former version kept them with what persons wrote."""
    due: str | None = None
    """A day or a moment, as ISO 8601."""
    done: str | None = None
    """When it was acknowledged."""

    @property
    def due_at(self) -> date | datetime | None:
        """Return when it is due: a day, or a moment with its zone."""
        if self.due is None:
            return None
        return dt_util.parse_datetime(self.due) if "T" in self.due else dt_util.parse_date(self.due)

    @property
    def text(self) -> str:
        """Return what the list shows: what was told, and below what persons wrote."""
        return "\n".join(filter(None, (self.told, self.description)))

    def written_in(self, text: str) -> str:
        """Return what a person wrote in a text, who may have left what was told where it is, or not."""
        return text.removeprefix(self.told).strip()

    @property
    def is_done(self) -> bool:
        """Whether a person acknowledged it."""
        return self.done is not None

    @property
    def identity(self) -> str:
        """Return the device or link it is about."""
        about = self.checkup
        return self.alarm_id.partition("/")[0] if about is None else about[0]

    @property
    def checkup(self) -> tuple[str, Checkup] | None:
        """Return the device and kind of test it is about, None for an alarm."""
        begin, _, rest = self.occurrence.partition("/")
        identity, _, rest = rest.partition("/")
        kind = rest.partition("/")[0]
        return (identity, Checkup(kind)) if begin == _CHECKUP and kind in Checkup else None

    def overdue_at(self) -> datetime | None:
        """Return from when on it is overdue; a day is over at its end."""
        due = self.due_at
        if due is None or isinstance(due, datetime):
            return due
        return dt_util.start_of_local_day(due + timedelta(days=1))


class Hazards:
    """Keeps them in a file of their own."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Take the link; nothing is read yet."""
        self._hass = hass
        self._store = Store[dict[str, Any]](hass, _VERSION, f"{DOMAIN}.{entry_id}.hazards")
        self._by_occurrence: dict[str, Hazard] = {}
        self._number = 0

    async def async_load(self) -> None:
        """Read what was kept; what cannot be understood is left out."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - no alarm may depend on a file about hazards
            LOGGER.warning("The hazards that were kept cannot be read", exc_info=True)
            return
        kept = stored.get("hazards") if isinstance(stored, Mapping) else None
        for one in kept if isinstance(kept, list) else ():
            if (hazard := _sound(one)) is not None:
                self._by_occurrence[hazard.occurrence] = hazard
                self._number = max(self._number, hazard.number)
        if isinstance(stored, Mapping) and isinstance(stored.get("number"), int):
            self._number = max(self._number, stored["number"])

    def all(self) -> list[Hazard]:
        """Return them, those that are open first, the newest first."""
        return sorted(self._by_occurrence.values(), key=lambda one: (one.is_done, -one.number))

    def find(self, occurrence: str | None) -> Hazard | None:
        """Return one by its occurrence."""
        return self._by_occurrence.get(occurrence or "")

    def take(self, standing: Standing, what: What | None = None) -> bool:
        """Take how an alarm stands, after what happened to it; return whether that changed the list."""
        hazard = self._by_occurrence.get(standing.occurrence)
        is_done = standing.alarm.facts.is_acknowledged
        if hazard is None:
            opens = standing.level.is_held or standing.alarm.cause.key.rule == GROWTH
            if is_done or not standing.occurrence or not opens:
                return False
            self._open(standing)
        elif is_done and not hazard.is_done:
            self.close(hazard)
        elif what is What.MEASURED and not hazard.is_done:
            hazard.told = self._told(standing)
        else:
            return False
        self.save_soon()
        return True

    def take_checkups(self, board: Board, outstanding: Iterable[Outstanding]) -> bool:
        """Take which tests of a device are outstanding; return whether that changed the list."""
        wanted = {
            f"{_CHECKUP}/{board.identity}/{one.kind}/{one.since.isoformat()}/{one.has_failed:d}": one
            for one in outstanding
        }
        over = [
            hazard
            for hazard in self._by_occurrence.values()
            if not hazard.is_done
            and (about := hazard.checkup) is not None
            and about[0] == board.identity
            and hazard.occurrence not in wanted
        ]
        new = wanted.keys() - self._by_occurrence.keys()
        for hazard in over:
            self.close(hazard)
        for occurrence in sorted(new):
            self._open_checkup(board, occurrence, wanted[occurrence])
        if over or new:
            self.save_soon()
        return bool(over or new)

    def rename(self, standing: Standing) -> bool:
        """Call one that is open as its place and cause are called now; return whether that changed it."""
        hazard = self._by_occurrence.get(standing.occurrence)
        if hazard is None or hazard.is_done:
            return False
        cause = standing.text(library_language(self._hass.config.language))
        summary = _summary((place_of(standing), cause), hazard.number)
        has_changed, hazard.summary = summary != hazard.summary, summary
        if has_changed:
            self.save_soon()
        return has_changed

    def close_removed(self, known: Container[str]) -> list[Hazard]:
        """Close those of devices that are not among these, and say why; return them."""
        gone = [one for one in self._by_occurrence.values() if not one.is_done and one.identity not in known]
        for hazard in gone:
            why = phrase("hazard_of_removed").text(self._hass.config.language)
            hazard.description = "\n".join(filter(None, (hazard.description, why)))[-LONGEST_TEXT:]
            self.close(hazard)
        if gone:
            self.save_soon()
        return gone

    def _open(self, standing: Standing) -> None:
        cause = standing.text(library_language(self._hass.config.language))
        self._add(standing.occurrence, standing.alarm_id, (place_of(standing), cause), self._told(standing))

    def _told(self, standing: Standing) -> str:
        language = self._hass.config.language
        told = (sentence_of(standing, language), standing.more(library_language(language)))
        return "\n".join(filter(None, told))[:LONGEST_TEXT]

    def _open_checkup(self, board: Board, occurrence: str, one: Outstanding) -> None:
        language = self._hass.config.language
        since = dt_util.as_local(one.since).strftime("%Y-%m-%d %H:%M")
        if one.has_failed:
            what, sentence = phrase(f"{one.kind}_failed"), phrase("test_failed_since", since=since)
        else:
            what, sentence = phrase(f"{one.kind}_overdue"), phrase("test_overdue_since", since=since)
        texts = (sentence.text(language), one.said, phrase(f"{one.kind}_tick").text(language))
        told = "\n".join(filter(None, texts))[:LONGEST_TEXT]
        self._add(occurrence, "", (board.name, what.text(language)), told)

    def _add(self, occurrence: str, alarm_id: str, names: Iterable[str], told: str) -> None:
        self._number += 1
        self._by_occurrence[occurrence] = Hazard(
            occurrence=occurrence,
            alarm_id=alarm_id,
            number=self._number,
            summary=_summary(names, self._number),
            description="",
            told=told,
        )

    def close(self, hazard: Hazard) -> None:
        """Note that it is done; the oldest that are done are forgotten."""
        now = dt_util.utcnow()
        hazard.done = now.isoformat()
        done = [one for one in self.all() if one.is_done]
        for place, one in enumerate(done):
            at = dt_util.parse_datetime(one.done or "")
            if place >= _MOST_DONE or at is None or at < now - timedelta(days=_DONE_DAYS):
                del self._by_occurrence[one.occurrence]

    def save_soon(self) -> None:
        """Write them within a second: a flood of alarms is one write."""
        self._store.async_delay_save(self._plain, _SAVE_SECONDS)

    async def async_save(self) -> None:
        """Write them now: what a person wrote outlives whatever comes next."""
        await self._store.async_save(self._plain())

    async def async_forget(self) -> None:
        """Remove the file of a link that is gone."""
        await self._store.async_remove()

    def _plain(self) -> dict[str, Any]:
        return {"number": self._number, "hazards": [asdict(one) for one in self._by_occurrence.values()]}


def _summary(names: Iterable[str], number: int) -> str:
    return " · ".join((*names, f"#{number}"))


def _sound(stored: object) -> Hazard | None:
    """Return one as this module writes it, None for anything else: a person may have edited the file."""
    if not isinstance(stored, Mapping) or not isinstance(stored.get("number"), int):
        return None
    if not all(_is_text(stored.get(name)) for name in ("occurrence", "alarm_id", "summary", "description")):
        return None
    told = stored.get("told", "")
    if not is_time(done := stored.get("done")):
        return None
    due = stored.get("due")
    return Hazard(
        occurrence=stored["occurrence"],
        alarm_id=stored["alarm_id"],
        number=stored["number"],
        summary=stored["summary"],
        description=stored["description"],
        told=told if _is_text(told) else "",
        # A hazard outlives a due date that says nothing.
        due=due if is_time(due) else None,
        done=done,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT
