"""An account that is to be asked at another server, or as another user: whether the devices there are the same ones.

A server that moved lists them as before. One that was mistyped, or is another owner's, may have others under the same
codes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..texts import Phrase, phrase
from .account import Account
from .errors import CloudError
from .identity import Identity
from .lists import is_of_all
from .records import Meter, MeterKey
from .serials import serial_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A device as it is known from where the account was asked before."""

    site: str
    code: str
    title: str
    """What its owner calls it."""
    identity: Identity


@dataclass(frozen=True, slots=True)
class Found:
    """What became of them, by the names under which they were asked for."""

    sites: Mapping[str, str]
    """In which site each is that is shown to be the same."""
    differences: Mapping[str, Phrase]
    """Why the others are not."""


async def find(account: Account, expected: Mapping[str, Expected], now: datetime) -> Found:
    """Look for devices at a server. Raises CloudError."""
    listed = await _listed(account, expected)
    places = {MeterKey(one.site, one.code) for one in expected.values()}
    sites: dict[str, str] = {}
    differences: dict[str, Phrase] = {}
    taken: set[MeterKey] = set()
    for name, one in expected.items():
        what = phrase("cloud_moved_gone")
        own = [meter for meter in listed.get(one.code, ()) if meter.site == one.site]
        elsewhere = [meter for meter in listed.get(one.code, ()) if meter.site != one.site and meter.key not in places]
        # A server that moved may have numbered its sites anew; a code may be in several of them.
        for meter in (*own, *elsewhere):
            difference = await _difference(account, one.identity, meter, now)
            if difference is None and meter.key not in taken:
                taken.add(meter.key)
                sites[name] = meter.site
                break
            if difference is not None and (meter.site == one.site or not own):
                what = difference
        if name not in sites:
            differences[name] = phrase("cloud_moved_one", title=one.title, what=what)
    return Found(sites, differences)


async def _listed(account: Account, expected: Mapping[str, Expected]) -> Mapping[str, Sequence[Meter]]:
    """Return the devices that a server has, by code: of all sites where one is not where it was."""
    known = sorted({one.site for one in expected.values()})
    listed = await _of_sites(account, known)
    if any(one.site not in {meter.site for meter in listed.get(one.code, ())} for one in expected.values()):
        others = await _of_sites(account, [site.id for site in await account.sites() if site.id not in known])
        listed = {code: [*listed.get(code, ()), *others.get(code, ())] for code in listed.keys() | others.keys()}
    return listed


async def _of_sites(account: Account, sites: Sequence[str]) -> Mapping[str, Sequence[Meter]]:
    found: dict[str, list[Meter]] = {}
    for site in sites:
        try:
            for meter in await account.meters(site):
                found.setdefault(meter.code, []).append(meter)
        except CloudError as error:
            if is_of_all(error):
                raise
    return found


async def _difference(account: Account, known: Identity, meter: Meter, now: datetime) -> Phrase | None:
    """Return why a device is not shown to be one that is known. Raises what is so for all of the account."""
    told = Identity(name=meter.name, kind=meter.kind)
    if known.serial and told.kind == known.kind:
        told = Identity(
            name=meter.name, kind=meter.kind, serial=await serial_of(account, meter.site, meter.code, meter.kind, now)
        )
    if known.is_shown_by(told):
        return None
    if told.kind != known.kind:
        return phrase("cloud_moved_type")
    if told.name != known.name:
        return phrase("cloud_moved_other", name=told.name or "–")
    return phrase("cloud_moved_serial")
