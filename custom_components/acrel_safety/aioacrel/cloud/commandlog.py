"""What a server's log of commands says became of an order: all there is where no position shows what it did.

The log names no order by a number, and devices by their names. So what stood there before is noted, and an order is
known again only where exactly one new entry is of its device, its type and this account. What the devices answer is not
public: a profile may say which words mean that it was done; others are told as they stand there.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ..source import Word
from ..texts import phrase
from .account import Account
from .errors import CloudError
from .records import LoggedCommand, MeterKey

if TYPE_CHECKING:
    from .hub import CloudHub
    from .source import CloudSource

_LOGGER = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""So long an answer is waited for."""
LOOK_EVERY = 5.0
NOTE_SECONDS = 5.0
"""So long an order may wait for what stood in the log before: then it goes without."""
_SPAN = timedelta(hours=1)
"""The server's clock may be off by less; entries of around now are asked for."""
SERIAL_SPAN = timedelta(days=90)


class CommandLog:
    """The logs of one account."""

    def __init__(self, hub: CloudHub) -> None:
        """Take the account."""
        self._hub = hub
        self._before: dict[MeterKey, _Noted] = {}
        """By device that was ordered something."""

    async def note(self, source: CloudSource, kind: str) -> None:
        """Note what stands in the log before an order of a type (`reset`) goes out; never raises."""
        self._before.pop(source.key, None)
        with suppress(CloudError, TimeoutError):
            async with asyncio.timeout(NOTE_SECONDS):
                around = self._hub.now()
                rows = await self._rows(source, around)
                if rows is not None:
                    self._before[source.key] = _Noted(kind, around, frozenset(_entry(row) for row in rows))

    async def word(self, source: CloudSource) -> Word | None:
        """Return what the log says of the latest order, once the device answered; None where it cannot be told."""
        noted = self._before.pop(source.key, None)
        if noted is None:
            return None
        found: LoggedCommand | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                while found is None or not _is_answered(found):
                    try:
                        # Of the same time: what another one shows besides may be old.
                        found = self._new(source, await self._rows(source, noted.around) or (), noted) or found
                    except CloudError as error:
                        _LOGGER.debug("The log of commands is not to be had: %s", error.key)
                    if found is None or not _is_answered(found):
                        await asyncio.sleep(LOOK_EVERY)
        if found is None:
            return None
        if not _is_answered(found):
            return Word(is_done=None, text=phrase("cloud_log_silent"))
        return Word(
            is_done=self._hub.profile.results.get(found.result),
            text=phrase("cloud_log_says", text=found.result or "–"),
        )

    async def serials(self, site: str, kinds: Sequence[str]) -> Mapping[str, str]:
        """Return the serial numbers of a site's devices, by code, as far as the log of ninety days tells them.

        Only of devices with a name of their own and one number. Raises CloudError.
        """
        return await serials_in_log(self._hub.account, site, kinds, self._hub.now())

    async def _rows(self, source: CloudSource, around: datetime) -> list[LoggedCommand] | None:
        """Return the entries of around a time; None where there is no such log. Raises CloudError."""
        kind = self._hub.profile.meter_types.get(source.kind)
        if kind is None or not kind.control_log:
            return None
        since, until = around - _SPAN, around + _SPAN
        with self._hub.account.awaited():
            return await self._hub.account.command_log(source.site, kind.control_log, since=since, until=until)

    def _new(self, source: CloudSource, rows: Sequence[LoggedCommand], noted: _Noted) -> LoggedCommand | None:
        """Return the one entry that is new and can be the order's; None where there is none, or several.

        A page may tell an entry once more. Of a device none is of the second of one before: it is told nothing so soon.
        """
        codes, own = self._hub.account.codes_by_name(source.site), self._hub.account.own_names
        mine = [
            row
            for row in rows
            if (row.meter or codes.get(row.meter_name)) == source.code and row.type == noted.kind and row.user in own
        ]
        new = {(_entry(row), row.acknowledged, row.result): row for row in mine if _entry(row) not in noted.before}
        return next(iter(new.values())) if len(new) == 1 else None


async def serials_in_log(account: Account, site: str, kinds: Sequence[str], now: datetime) -> Mapping[str, str]:
    """Return what the log of ninety days tells of a site that was listed, as `CommandLog.serials`.

    Raises CloudError.
    """
    types = [account.profile.meter_types[kind] for kind in kinds if kind in account.profile.meter_types]
    codes = account.codes_by_name(site)
    found: dict[str, set[str]] = {}
    for log in sorted({one.control_log for one in types if one.control_log}):
        for row in await account.command_log(site, log, since=now - SERIAL_SPAN, until=now + _SPAN):
            code = row.meter or codes.get(row.meter_name)
            if code is not None and row.serial is not None:
                found.setdefault(code, set()).add(row.serial)
    return {code: next(iter(serials)) for code, serials in found.items() if len(serials) == 1}


type _Entry = tuple[object, ...]


class _Noted(NamedTuple):
    """What stood in the log before an order."""

    kind: str
    """The type of the order."""
    around: datetime
    before: AbstractSet[_Entry]


def _entry(row: LoggedCommand) -> _Entry:
    """Return what an entry is known again by; its answer comes later."""
    return (row.meter, row.meter_name, row.serial, row.type, row.sent, row.user)


def _is_answered(row: LoggedCommand) -> bool:
    return row.acknowledged is not None or bool(row.result)
