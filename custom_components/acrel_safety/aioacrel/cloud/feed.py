"""What a cloud's broker tells of all points of a site, for whoever has an account at it: parsed, and whether it lives.

One message of a site names many devices, and one time for all of them, in the site's zone. Only voltages are in a unit
that is known by itself (V); the others are in those of the server's table of units, and what is in none that is known
is left out. `Switch` and `SwitchOn` are 1 for closed, `SwitchOff` (a contact of its own) 1 for open, and any other
number means that the device is not heard. Nothing of MQTT is known here: `feedlink.py` carries the messages.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from math import isfinite

from ..readings import PointKey, Value
from ..reporting.fields import number, text, values
from ..vocabulary import Kind, Quantity, vocabulary
from .push import CHINA, MOST_PARTS
from .records import Values

LARGEST = 1 << 20
MOST_DEVICES = 2000
"""Devices in one message."""
SILENT_SECONDS = 300.0
"""After so long without a sound message of each of its sites a feed is not relied on any more."""
LATER = timedelta(minutes=5)
"""So much later than now a message may be; one that is older than it may be silent tells nothing of now."""
_TOPIC = "report/allpoints/"
_CIRCUIT = "1"
_VOLTAGES = frozenset({"Ua", "Ub", "Uc", "Uab", "Ubc", "Uca"})
_FLAGS: Mapping[float, bool] = {0.0: False, 1.0: True}
_SIZES: Sequence[Mapping[str, float]] = (
    {"mv": 1e-3, "v": 1, "kv": 1e3},
    {"ma": 1e-3, "a": 1, "ka": 1e3},
    {"w": 1, "kw": 1e3},
    {"var": 1, "kvar": 1e3},
    {"va": 1, "kva": 1e3},
    {"wh": 1, "kwh": 1e3},
    {"varh": 1, "kvarh": 1e3},
    {"hz": 1},
    {"%": 1},
    {"°c": 1, "℃": 1},
)
"""Units that may be turned into each other, in small letters; what begins with M is mega, and none of them."""

type Units = Mapping[str, str]
"""By the server's code of a quantity the unit it is in."""


def topic_of(site: str) -> str:
    """Return where a site's values are published."""
    return f"{_TOPIC}{site}"


def is_site(site: str) -> bool:
    """Whether a text can be part of a topic."""
    return 0 < len(site) <= 64 and site.isascii() and site.isalnum()  # noqa: PLR2004 - as long as any name


def values_of(payload: bytes, units: Units, zone: tzinfo = CHINA) -> list[Values] | None:
    """Return what a message says of each device; None for no such message. Never raises."""
    if len(payload) > LARGEST or payload.count(b"[") + payload.count(b"{") > MOST_PARTS:
        return None
    try:
        found: object = json.loads(payload.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
    except ValueError, RecursionError:
        return None
    if not isinstance(found, dict) or not isinstance(devices := found.get("meter"), list):
        return None
    measured = _time_of(found.get("time"), zone)
    told = []
    for device in devices[:MOST_DEVICES]:
        if isinstance(device, dict) and isinstance(device.get("values"), dict) and (code := text(device.get("id"))):
            raw = values(device["values"])
            told.append(Values(code=code, measured=measured, values=_values(raw, units)))
    return told


def _values(raw: Mapping[str, float | str], units: Units) -> Mapping[PointKey, Value | None]:
    found: dict[PointKey, Value | None] = {}
    for code, said in raw.items():
        quantity = vocabulary().match(code)
        if quantity is None or quantity.kind in (Kind.COMMAND, Kind.SETTING, Kind.RATIO):
            continue
        value = number(said)
        key = PointKey(_CIRCUIT, quantity.code)
        if quantity.binary:
            found[key] = None if value is None else _FLAGS.get(value)
        elif quantity.kind is not Kind.STATE and (factor := _factor(quantity, code, units)) is not None:
            scaled = None if value is None else round(value * factor, 9)
            found[key] = scaled if scaled is not None and scaled in quantity.range else None
    return found


def _factor(quantity: Quantity, code: str, units: Units) -> float | None:
    """Return what a number is multiplied with to be in the vocabulary's unit; None where nobody knows."""
    if quantity.unit is None:
        return 1.0
    named = units.get(code, "V" if code in _VOLTAGES else "").strip()
    if named.startswith("M"):
        return None
    said = named.casefold()
    wanted = quantity.unit.casefold()
    for sizes in _SIZES:
        if said in sizes and wanted in sizes:
            return sizes[said] / sizes[wanted]
    return 1.0 if said and said == wanted else None


def _time_of(found: object, zone: tzinfo) -> datetime | None:
    try:
        moment = datetime.strptime(text(found).removesuffix(".0"), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except ValueError, OverflowError:
        return None


def _no_number(found: str) -> None:
    """Take NaN and its like for nothing said: it hides no other value."""
    del found


def _finite(found: str) -> float | None:
    return value if isfinite(value := float(found)) else None


class Feed:
    """The feed of some sites, as whoever subscribes hands its messages over."""

    def __init__(
        self,
        sites: Sequence[str],
        units: Units,
        *,
        zone_of: Callable[[str], tzinfo] = lambda site: CHINA,
        now: Callable[[], datetime],
        on_values: Callable[[str, Sequence[Values]], None] = lambda site, values: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the sites, the server's table of units, who is told what is said of devices, and of the end."""
        self.messages = 0
        """Those that told something of now."""
        self.unread = 0
        self.others = 0
        """Messages that could not be read; those that were kept by the broker, or are of another time than now."""
        self._units = units
        self._zone_of = zone_of
        self._now = now
        self._on_values = on_values
        self._on_lost = on_lost
        self._sites = {topic_of(site): site for site in sites if is_site(site)}
        self._heard: dict[str, datetime] = {}
        self._newest: dict[str, datetime] = {}

    def subscriptions(self) -> list[str]:
        """Return the topics that have to be subscribed."""
        return sorted(self._sites)

    def know(self, units: Units) -> None:
        """Take the server's table of units, which could not be had before."""
        self._units = units

    def lost(self) -> None:
        """Take that there is no connection any more: polling is back at once."""
        self._heard.clear()
        self._on_lost()

    @property
    def is_healthy(self) -> bool:
        """Whether every site was told of, just now."""
        return bool(self._sites) and all(map(self.tells, self._sites.values()))

    def tells(self, site: str) -> bool:
        """Whether a site was told of, just now."""
        earliest, latest = self._now() - timedelta(seconds=SILENT_SECONDS), self._now() + LATER
        return (heard := self._heard.get(site)) is not None and earliest <= heard <= latest

    def take(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Take a message; one that is of before, of later, or older than the one before tells nothing of now."""
        site = self._sites.get(topic)
        if site is None:
            return
        told = values_of(payload, self._units, self._zone_of(site))
        if told is None:
            self.unread += 1
            return
        now = self._now()
        measured = told[0].measured if told else None
        if (
            retained
            or measured is None
            or not now - timedelta(seconds=SILENT_SECONDS) <= measured <= now + LATER
            or measured <= self._newest.get(site, measured - LATER)
        ):
            self.others += 1
            return
        self._newest[site] = measured
        self._heard[site] = now
        self.messages += 1
        self._on_values(site, told)
