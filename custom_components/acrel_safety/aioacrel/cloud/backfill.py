"""Fetches what lacks of a history, piece by piece and slowly, and has it stored before it is noted as done.

The order is what makes it safe to be ended at any moment: rows are stored and on the disk, then the pieces are noted,
then the notes are kept. Ended between, the same rows are stored again, as the same rows.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from ..errors import AcrelError
from ..points import Model
from .errors import (
    AccountError,
    CloudBusyError,
    CloudError,
    CloudUnreachableError,
    LicenceError,
    NotPermittedError,
    NotStoredError,
    ServerSaysError,
    SiteGoneError,
    UnfitAnswerError,
)
from .history import Calendar, Piece, Progress, Subject, Theme, pieces
from .records import Counted, Sample

_LOGGER = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two requests: a year of a hundred devices is days, and nobody is in a hurry."""
JITTER = 0.25
"""So much longer, at most, as a part: many homes do not ask in step."""
BATCH = 20
"""So many pieces are stored in one go …"""
BATCH_SECONDS = 60.0
"""… or those of so many seconds."""
ROUND_SECONDS = 3600.0
"""So often it is looked whether another day is over."""
LATE_DAYS = 3
"""So long a day of which the server has nothing is asked for again: a gateway may still tell it."""
_FIRST_WAIT, _MOST_WAIT = 30.0, 1800.0
_TRIES = 4
"""So often a piece is asked for that a server may stumble over, before it is left for another round."""

type Answer = Sequence[Sample] | Sequence[Counted]


class Account(Protocol):
    """What of an account is used; every call raises AcrelError."""

    async def leakage_of_day(self, site: str, code: str, day: date) -> Sequence[Sample]:
        """Return residual current and temperatures of a device."""

    async def electric_of_day(self, site: str, circuit: str, day: date, kind: str) -> Sequence[Sample]:
        """Return powers (P), currents (I) or voltages (U) of a circuit."""

    async def energy_of_day(self, site: str, circuits: Sequence[str], day: date) -> Sequence[Counted]:
        """Return what counters showed at both ends of a day."""


class Store(Protocol):
    """Who stores rows, and what was done."""

    async def take(self, batch: Sequence[tuple[Piece, Answer]]) -> Mapping[Piece, int | None]:
        """Store what came; returns, when it is on the disk, how many rows each piece made. Raises NotStoredError.

        None of one that has to be fetched again, because what follows it will tell what it means.
        """

    async def keep(self, progress: Progress) -> None:
        """Keep what was done."""


@dataclass(slots=True, kw_only=True)
class Figures:
    """How far it is."""

    total: int = 0
    done: int = 0
    unread: int = 0
    """Pieces that could not be understood, or are not allowed; they are asked for again in the next round."""
    rows: int = 0
    trouble: AcrelError | None = None
    is_waiting: bool = False
    """Whether the server wants to be left alone."""
    day: date | None = None
    """Of which day it fetches."""

    @property
    def percent(self) -> float | None:
        """How much of all that is over was fetched; None before that is known."""
        return None if not self.total else 100.0 * min(self.done, self.total) / self.total


@dataclass(slots=True, kw_only=True)
class _Round:
    """What is left out until the next round."""

    subjects: set[Subject] = field(default_factory=set)
    pieces: set[Piece] = field(default_factory=set)
    wait: float = field(default_factory=lambda: _FIRST_WAIT)
    """Seconds before a server is asked again that could not answer."""
    has_left: bool = False
    """Whether the latest piece was left: then the next one is tried once."""


class Backfill:
    """One account's history."""

    def __init__(
        self,
        account: Account,
        store: Store,
        progress: Progress,
        *,
        calendar: Calendar,
        every: float = EVERY,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the account, who stores, and what was done: all that the account has to do besides goes before it."""
        self.figures = Figures()
        self._account = account
        self._store = store
        self._progress = progress
        self._calendar = calendar
        self._every = every
        self._changed = changed
        self._subjects: Sequence[Subject] = ()
        self._wake = asyncio.Event()

    def expect(self, subjects: Sequence[Subject]) -> None:
        """Fetch these from now on."""
        self._subjects = sorted(set(subjects))
        self._count()
        self._wake.set()

    async def run(self) -> None:
        """Fetch, until cancelled. While the account cannot be used, it is tried as seldom as a day ends."""
        while True:
            self._wake.clear()
            try:
                with suppress(AccountError):
                    await self.round()
            except Exception:
                # A slip of ours at one piece must not end all that is still to come.
                _LOGGER.exception("The history of an account could not be fetched")
            await self._wait(ROUND_SECONDS)

    async def round(self) -> None:
        """Fetch all that lacks now. Raises AccountError, when what came until then is stored."""
        left = _Round()
        batch: list[tuple[Piece, Answer]] = []
        loop = asyncio.get_running_loop()
        since = loop.time()
        first, last = self._calendar.window()
        self._count()
        for piece in pieces(self._subjects, self._progress, first, last):
            if piece in left.pieces or piece.subject in left.subjects:
                continue
            if batch and (len(batch) >= BATCH or loop.time() - since >= BATCH_SECONDS):
                await self._flush(batch)
                since = loop.time()
            self.figures.day = piece.day
            try:
                answer = await self._fetch(piece, left)
            except AccountError:
                await self._flush(batch)
                raise
            if answer is not None:
                batch.append((piece, answer))
            await self._wait_between()
        await self._flush(batch)
        self.figures.day = None
        self._count()

    async def _fetch(self, piece: Piece, left: _Round) -> Answer | None:
        """Return what the server says; None where that is left for another round."""
        tries = 0
        while True:
            try:
                answer = await ask(self._account, piece)
            except (UnfitAnswerError, ServerSaysError) as error:
                left.pieces.add(piece)
                self._has_trouble(error, is_unread=True)
                return None
            except (NotPermittedError, SiteGoneError) as error:
                left.subjects.add(piece.subject)
                self._has_trouble(error, is_unread=True)
                return None
            except AccountError as error:
                # A password that is not taken is tried again by nobody but its owner.
                self._has_trouble(error, is_waiting=True)
                raise
            except AcrelError as error:
                self._has_trouble(error, is_waiting=True)
                if not isinstance(error, CloudError) or isinstance(error, LicenceError):
                    left.wait = _MOST_WAIT
                asked = error.retry_after if isinstance(error, CloudBusyError) else None
                await asyncio.sleep(max(left.wait, min(asked or 0.0, _MOST_WAIT)))
                left.wait = min(2 * left.wait, _MOST_WAIT)
                tries += _may_be_of_piece(error)
                if tries >= (1 if left.has_left else _TRIES):
                    left.has_left = True
                    left.pieces.add(piece)
                    self.figures.unread += 1
                    return None
                continue
            left.wait, left.has_left = _FIRST_WAIT, False
            self.figures.trouble, self.figures.is_waiting = None, False
            return answer

    async def _flush(self, batch: list[tuple[Piece, Answer]]) -> None:
        """Store what came, then note it."""
        wait = _FIRST_WAIT
        while batch:
            try:
                rows = await self._store.take(list(batch))
            except NotStoredError as error:
                self._has_trouble(error, is_waiting=True)
                await asyncio.sleep(wait)
                wait = min(2 * wait, _MOST_WAIT)
                continue
            latest = self._calendar.today().toordinal() - LATE_DAYS
            for piece, answer in batch:
                count = rows.get(piece, 0)
                self.figures.rows += count or 0
                if count is not None and (answer or piece.day.toordinal() < latest):
                    self._progress.done(piece)
                    self.figures.done += 1
            batch.clear()
            await self._store.keep(self._progress)
            self._changed()

    def _has_trouble(self, error: AcrelError, *, is_unread: bool = False, is_waiting: bool = False) -> None:
        _LOGGER.debug("History: %s", type(error).__name__)
        self.figures.trouble, self.figures.is_waiting = error, is_waiting
        self.figures.unread += is_unread
        self._changed()

    def _count(self) -> None:
        first, last = self._calendar.window()
        days = max(0, last.toordinal() - first.toordinal() + 1)
        self.figures.total = days * len(self._subjects)
        self.figures.done = sum(self._progress.count(subject, first, last) for subject in self._subjects)
        self._changed()

    async def _wait_between(self) -> None:
        await asyncio.sleep(self._every * (1 + JITTER * random.random()))  # noqa: S311 - of moments

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return


def _may_be_of_piece(error: AcrelError) -> bool:
    """Whether a server may answer anything else: it stumbles over this, or it takes too long."""
    if isinstance(error, CloudBusyError):
        return error.retry_after is None
    return isinstance(error, CloudUnreachableError) and error.is_of_call


async def ask(account: Account, piece: Piece) -> Answer:
    """Return what an account says of a piece. Raises AcrelError."""
    subject = piece.subject
    match subject.theme:
        case Theme.LEAKAGE:
            return await account.leakage_of_day(subject.site, subject.meter, piece.day)
        case Theme.ENERGY:
            found = await account.energy_of_day(subject.site, [subject.circuit], piece.day)
            return [one for one in found if one.circuit == subject.circuit]
        case _:
            return await account.electric_of_day(subject.site, subject.circuit, piece.day, subject.theme.value)


def themes(model: Model) -> tuple[Theme, ...]:
    """Return what is fetched of a device by the points it has."""
    codes = {key.code for key in model.points}
    wanted = {
        Theme.LEAKAGE: {"Lg", "Lg1", "TempA", "TempB", "TempC", "TempN"},
        Theme.ENERGY: {"EPI", "EP"},
        Theme.POWER: {"P"},
        Theme.CURRENT: {"Ia"},
        Theme.VOLTAGE: {"Ua"},
    }
    return tuple(theme for theme, any_of in wanted.items() if codes & any_of)
