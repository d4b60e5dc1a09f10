"""`acrel cloud`: logs in to the maker's cloud and lists sites, devices, what they measure, and alarms. Reads only.

With `--feed` it hears what the server's broker tells instead.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path

from ...cloud.address import CloudAddress
from ...cloud.fields import CHINA
from ...cloud.profile import Profile
from ...cloud.profile_reader import PROFILES, known_for, profile, profile_of_file
from ...cloud.zones import Zones
from ...errors import AcrelError
from ...texts import phrase
from ...vocabulary import vocabulary
from ..exits import Exit
from ..language import Word
from ..options import Options
from ..output import Column, Console, Json, table
from ..rows import in_line
from ..saving import save

PASSWORD = "ACREL_PASSWORD"  # noqa: S105 - where it is taken from
_COLUMNS = (
    Column("CODE"),
    Column("NAME", gives_way=True),
    Column("MODEL"),
    Column("ONLINE"),
    Column("VALUES", gives_way=True),
    Column("ALARMS", gives_way=True),
)


class NoPasswordError(AcrelError):
    """No password was given, and nobody can be asked for it."""

    key = "no_password"


def command(options: Options, console: Console) -> int:
    """List what the account shows."""
    address = CloudAddress.parse(options.url, allow_http=options.allow_http)
    known = _profile(options.profile, address.host)
    password = os.environ.get(PASSWORD)
    if not password:
        if sys.stdin is None or not sys.stdin.isatty():
            raise NoPasswordError(variable=PASSWORD)
        password = getpass(phrase("ask_password").text(options.language))
    if options.feed is not None:
        return asyncio.run(_hear(options, console, address, known, password))
    return asyncio.run(_list(options, console, address, known, password))


def _profile(name: str | None, host: str) -> Profile:
    if name is None:
        return profile(known_for(host)[0])
    if name not in PROFILES and name.endswith(".toml"):
        return profile_of_file(Path(name))
    return profile(name)


def _zones(options: Options) -> Zones:
    named = dict(options.zones)
    return Zones(named.pop("", CHINA), named)


async def _hear(options: Options, console: Console, address: CloudAddress, known: Profile, password: str) -> Exit:
    # No other command needs clients of HTTP and MQTT at once.
    from aiohttp import ClientSession, DummyCookieJar  # noqa: PLC0415

    from ...cloud.account import Account  # noqa: PLC0415
    from ..cloudfeed import Listening, address_of  # noqa: PLC0415
    from ..cloudfeed import password as password_of_feed  # noqa: PLC0415
    from ..cloudlisting import logged_in  # noqa: PLC0415

    listening = Listening(options, console, address_of(options, address), password_of_feed(options))
    async with ClientSession(cookie_jar=DummyCookieJar(), trust_env=False) as session:
        account = Account(session, address, known, user=options.user, password=password, zones=_zones(options))
        async with logged_in(account):
            feed = await listening.ask(account)
    return await listening.run(feed)


async def _list(options: Options, console: Console, address: CloudAddress, known: Profile, password: str) -> Exit:
    # No other command needs a client of HTTP.
    from aiohttp import ClientSession, DummyCookieJar  # noqa: PLC0415

    from ...cloud.account import Account  # noqa: PLC0415
    from ...cloud.transcript import Recorder  # noqa: PLC0415
    from ..cloudlisting import Listing, logged_in  # noqa: PLC0415

    recorder = None
    if options.record is not None:
        recorder = Recorder(known, secrets=(options.user, password, address.host))
    async with ClientSession(cookie_jar=DummyCookieJar(), trust_env=False) as session:
        account = Account(
            session,
            address,
            known,
            user=options.user,
            password=password,
            zones=_zones(options),
            on_exchange=None if recorder is None else recorder.take,
        )
        listing = Listing(account, lambda: datetime.now(UTC))
        try:
            async with logged_in(account) as login:
                sites = await listing.sites(options.site)
        finally:
            is_saved = recorder is None or _is_saved(options, console, recorder.text())
    document: Json = {
        "profile": known.id,
        "version": login.version,
        "sites": [
            {
                "id": site.id,
                "name": site.name,
                "devices": [
                    {
                        "code": one.meter.code,
                        "name": one.meter.name,
                        "model": one.model,
                        "online": one.is_online,
                        "circuits": one.circuits(),
                        "alarms": one.alarms(known.alarms.get),
                    }
                    for one in devices
                ],
            }
            for site, devices in sites
        ],
    }
    language = options.language
    if console.as_json:
        console.json(document)
    else:
        console.lines([f"{known.title(language)}, {login.version}"])
        for site, devices in sites:
            console.lines(["", f"{site.id} {site.name}"])
            rows = [
                [
                    one.meter.code,
                    one.meter.name,
                    one.model or f"? ({one.meter.kind})",
                    Word({True: "yes", False: "no", None: "?"}[one.is_online]).text(language),
                    ", ".join(
                        f"{key} {in_line(key.code, value, language)}" for key, value in sorted(one.values.items())
                    ),
                    "; ".join(_alarm(alarm, language) for alarm in one.alarms(known.alarms.get, language)),
                ]
                for one in devices
            ]
            console.show(table(_COLUMNS, rows, language=language))
    if note := known.note(language):
        console.note(note)
    stale = sum(one.stale for _, devices in sites for one in devices)
    if stale:
        hours = f"{known.stale_after / 3600:g}"
        console.note(phrase("cloud_stale_values", count=stale, hours=hours).text(language))
    unheard = sum(not one.is_heard for _, devices in sites for one in devices)
    if unheard:
        console.note(phrase("cloud_unheard", count=unheard).text(language))
    console.note(*(error.text(language) for error in listing.missing.values()))
    if not is_saved:
        return Exit.FAILED
    quiet = {one.is_quiet for _, devices in sites for one in devices}
    if False in quiet:
        return Exit.ALARM
    return Exit.INCOMPLETE if listing.missing or stale or None in quiet else Exit.DONE


def _is_saved(options: Options, console: Console, text: str) -> bool:
    """Save what was said; where that fails it is told beside what was asked for, which is not lost by it."""
    assert options.record is not None  # noqa: S101 - there is a recorder
    try:
        save(options.record, text)
    except OSError as error:
        console.note(f"{error.filename}: {error.strerror}")
        return False
    return True


def _alarm(alarm: Json, language: str) -> str:
    if not isinstance(alarm, dict):
        return ""
    name, text, code = alarm.get("name"), alarm.get("text"), alarm.get("code")
    if isinstance(code, str) and (quantity := vocabulary().find(code)) is not None:
        name = quantity.name(language)
    return " ".join(str(part) for part in (name, text) if part) or "!"
