"""Serial numbers of the devices of an account: where a server tells them, they show who one is whatever it is called.

They are asked for where that may be needed, and no more: once for what can be operated, and where a name changed.
"""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from .account import Account
from .commandlog import serials_in_log
from .errors import CloudError
from .identity import Sameness
from .lists import is_of_all

if TYPE_CHECKING:
    from .hub import CloudHub


async def serial_of(account: Account, site: str, code: str, kind: str, now: datetime) -> str:
    """Return the serial number of a device, of its details or the log of commands; empty where neither tells it.

    Of a site that was listed. Raises CloudError for what is so for all of the account.
    """
    try:
        if serial := (await account.details(site, code)).serial:
            return serial
    except CloudError as error:
        if is_of_all(error):
            raise
    try:
        return (await serials_in_log(account, site, [kind], now)).get(code, "")
    except CloudError as error:
        if is_of_all(error):
            raise
        return ""


class Serials:
    """Asks for them after a poll of one account."""

    def __init__(self, hub: CloudHub) -> None:
        """Take the account at work."""
        self._hub = hub
        self._asked: set[tuple[str, str, str]] = set()
        """Devices that were asked about, each with the name that it had then."""
        self._read: set[str] = set()
        """Sites whose log of commands was read for them."""

    async def look(self, account: Account) -> None:
        """Ask for what is missing. Raises CloudError."""
        await self._look_at_renamed(account)
        await self._look_in_logs(account)

    async def _look_at_renamed(self, account: Account) -> None:
        for source in self._hub.sources:
            recognition = source.recognition
            told = recognition.told
            if told is None or not recognition.wants_serial:
                continue
            asked = (source.site, source.code, told.name)
            if asked in self._asked:
                continue
            serial = await serial_of(account, source.site, source.code, told.kind, self._hub.now())
            self._asked.add(asked)
            recognition.take_serial(serial)
            if recognition.sameness is Sameness.OTHER:
                self._hub.disown(source)

    async def _look_in_logs(self, account: Account) -> None:
        unread: dict[str, set[str]] = {}
        for source in self._hub.sources:
            known = source.recognition.known
            if source.orders and known is not None and not known.serial:
                unread.setdefault(source.site, set()).add(source.kind)
        for site, kinds in unread.items():
            if site in self._read:
                continue
            self._read.add(site)
            with suppress(CloudError):
                found = await serials_in_log(account, site, sorted(kinds), self._hub.now())
                for source in self._hub.sources:
                    if source.site == site and not source.is_other:
                        source.recognition.take_serial(found.get(source.code, ""))
