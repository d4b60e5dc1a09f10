"""The one thread that writes: what waits becomes one commit, and what cannot be written goes on waiting."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

from ..foreign import python_says
from .chain import Head
from .errors import JournalClosedError, JournalError, JournalTroubleError, JournalUnwritableError
from .keeper import Keeper
from .places import Places
from .waiting import Waiter, Waiting, fail

LARGEST_COMMIT = 500
LONGEST_PAUSE = 30.0
"""Seconds after which it is tried again at the latest."""


class Writer:
    """Runs a keeper in a thread; used in one event loop, and never waits for the disk there."""

    def __init__(
        self,
        places: Places,
        keeper: Keeper,
        waiting: Waiting,
        on_trouble: Callable[[JournalTroubleError | None], None],
    ) -> None:
        """Take what writes and what waits; `on_trouble` is told in the event loop."""
        self.head: Head | None = None
        """The newest entry that is on the disk; None before that is known."""
        self.trouble: JournalTroubleError | None = None
        self.commits = 0
        self._places, self._keeper, self._waiting = places, keeper, waiting
        self._on_trouble = on_trouble
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        # A daemon: a disk that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="acrel journal", daemon=True)
        self._wake = threading.Condition()
        self._is_closing = self._is_announced = self._is_due = False
        self._told: JournalTroubleError | None = None

    async def open(self) -> None:
        """Begin, and wait until the record is open or has been found to be in trouble.

        Raises JournalError when it is to be left alone.
        """
        self._thread.start()
        try:
            await asyncio.shield(self._opened)
        except JournalError:
            self._thread.join()
            raise

    @property
    def waiting(self) -> int:
        """How many entries wait in memory."""
        return len(self._waiting)

    def add(self, waiter: Waiter) -> None:
        """Let an entry wait. Raises JournalClosedError."""
        with self._wake:
            if self._is_closing:
                raise JournalClosedError(path=self._places.database)
            dropped = self._waiting.add(waiter)
        if not self._is_announced:
            # What is put down in one go becomes one commit.
            self._is_announced = True
            self._loop.call_soon(self._announce)
        fail(dropped)

    async def close(self) -> None:
        """Write what waits, as far as that can be done at once, and let go of everything."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        await asyncio.shield(self._ended)
        self._thread.join()  # it has said that it is at its end

    def _announce(self) -> None:
        self._is_announced = False
        with self._wake:
            self._is_due = True
            self._wake.notify()

    # -- in the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        in_hand: list[Waiter] = []
        failures, is_open = 0, False
        try:
            while True:
                trouble: JournalTroubleError | None = None
                was_closing = self._is_closing
                try:
                    in_hand = in_hand or self._take()
                    before = self._keeper.write([waiter.line for waiter in in_hand])
                    if in_hand:
                        self._call(self._note_written, before, self._keeper.head, in_hand)
                    in_hand = []
                    trouble = self._keeper.look_after()
                    failures = 0
                except JournalTroubleError as error:
                    trouble, failures = error, failures + 1
                except JournalError as error:
                    if not is_open:
                        self._call(self._refuse, error)
                        return
                    # Found only now, because it could not be opened before: what happens is kept all the same.
                    trouble = JournalUnwritableError(path=self._places.database, detail=error)
                    failures += 1
                except Exception as error:  # noqa: BLE001 - a thread that ends unseen would write nothing ever more
                    trouble = JournalUnwritableError(path=self._places.database, detail=python_says(error))
                    failures += 1
                is_open = True
                self._tell(trouble)
                if self._is_over(failures, was_closing=was_closing):
                    return
        finally:
            self._end(in_hand)

    def _take(self) -> list[Waiter]:
        with self._wake:
            if not (self._is_due or self._is_closing):
                return []
            taken = self._waiting.take(LARGEST_COMMIT)
            self._is_due = len(self._waiting) > 0
            return taken

    def _is_over(self, failures: int, *, was_closing: bool) -> bool:
        """Wait until there is something to do; whether it is to end instead. At the end it is tried once more."""
        with self._wake:
            if failures:
                # What is new does not hurry a disk that is full.
                self._wake.wait_for(lambda: self._is_closing, min(2.0 ** (failures - 1), LONGEST_PAUSE))
                return was_closing
            self._wake.wait_for(lambda: self._is_closing or self._is_due, self._keeper.seconds_to_look())
            return self._is_closing and not len(self._waiting)

    def _end(self, in_hand: list[Waiter]) -> None:
        try:
            self._keeper.close()
        finally:
            with self._wake:
                self._is_closing = True
                left = [*in_hand, *self._waiting.take(len(self._waiting))]
            self._call(fail, left)
            self._call(self._note_ended)

    def _tell(self, trouble: JournalTroubleError | None) -> None:
        is_new = str(trouble) != str(self._told)
        self._told = trouble
        self._call(self._note_state, trouble, self._keeper.head, is_new)

    def _call(self, call: Callable[..., None], *arguments: object) -> None:
        """Have something done in the event loop, unless that is over."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *arguments)

    # -- in the event loop ------------------------------------------------------------------------

    def _note_written(self, before: Head, head: Head | None, waiters: list[Waiter]) -> None:
        self.head = head
        self.commits += 1
        for sequence, waiter in enumerate(waiters, start=before.sequence + 1):
            if waiter.future is not None and not waiter.future.done():
                waiter.future.set_result(sequence)

    def _note_state(self, trouble: JournalTroubleError | None, head: Head | None, is_new: bool) -> None:  # noqa: FBT001 - called by position
        self.trouble, self.head = trouble, head
        if not self._opened.done():
            self._opened.set_result(None)
        if is_new:
            self._on_trouble(trouble)

    def _refuse(self, error: JournalError) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)

    def _note_ended(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
