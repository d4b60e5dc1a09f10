"""What is stored of an account at a cloud and of a device in it: one truth for forms, store and hub."""

import re
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import probatio
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_TYPE, CONF_USERNAME

from ..aioacrel.cloud.address import CloudAddress
from ..aioacrel.cloud.errors import CloudAddressError, FeedAddressError, PlainHttpError
from ..aioacrel.cloud.feedaddress import FeedAddress
from ..aioacrel.cloud.hub import LEAST_SECONDS
from ..aioacrel.cloud.profile_reader import known_profiles
from ..aioacrel.masking import masked
from ..checked import UnfitError, flag, number, one_of, text
from ..const import (
    CONF_ALLOW_HTTP,
    CONF_CLOCK,
    CONF_CODE,
    CONF_FEED,
    CONF_FEED_PASSWORD,
    CONF_FEED_PLAIN,
    CONF_FEED_USER,
    CONF_KIND,
    CONF_POLL_EVERY,
    CONF_PROFILE,
    CONF_PROVED,
    CONF_PUT_ASIDE,
    CONF_SECOND_PASSWORD,
    CONF_SITE,
    CONF_SITE_ZONES,
    CONF_USER_ID,
    TYPE_CLOUD,
)
from ..unreported import sound_aside
from .cloud_history import HISTORY
from .device_data import DEVICE
from .uplink_data import Time

LONGEST_POLL = 3600
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MOST_PROVED = 8
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,3}")
_MOST_ZONES = 10_000


def _sound_host(value: object) -> object:
    """Check an address; whether it may be one without encryption is another question."""
    try:
        if not isinstance(value, str):
            raise CloudAddressError(found="", detail="")  # noqa: TRY301 - as of one that is none
        CloudAddress.parse(value, allow_http=True)
    except (CloudAddressError, PlainHttpError) as error:
        raise UnfitError("bad_cloud_address", "", "https://cloud.example") from error
    return value


def _sound_feed(value: object) -> object:
    """Check where the broker of a feed is; whether it may be one without encryption is another question."""
    try:
        if not isinstance(value, str):
            raise FeedAddressError(found="")  # noqa: TRY301 - as of one that is none
        FeedAddress.parse(value, allow_plain=True)
    except FeedAddressError as error:
        raise UnfitError("bad_feed_address", "", "wss://broker.example/mqtt") from error
    return value


def _sound_secret(value: object) -> object:
    """Check a password; what is wrong with it is said without it."""
    if not (isinstance(value, str) and value):
        raise UnfitError("password_needed", "", "")
    return value


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _sound_id(value: object) -> object:
    if not _is_id(value):
        raise UnfitError("bad_meter_code", masked(str(value)), "")
    return value


def _sound_proved(value: object) -> object:
    if not isinstance(value, list) or len(value) > _MOST_PROVED or not all(map(_is_id, value)):
        raise UnfitError("wrong", value, "")
    return value


def is_zone(value: object) -> bool:
    """Whether that can be the name of a zone."""
    return isinstance(value, str) and _ZONE.fullmatch(value) is not None


def _sound_zones(value: object) -> object:
    """Check the names of zones by site; whether there is such a zone is seen when it is read."""
    if not isinstance(value, Mapping) or len(value) > _MOST_ZONES:
        raise UnfitError("wrong", "", "")
    if not all(_is_id(site) and is_zone(name) for site, name in value.items()):
        raise UnfitError("wrong", "", "")
    return value


def _known_profile(value: object) -> object:
    """Take the id of a profile that is known by now: files of the user's folder come and go."""
    return one_of(*known_profiles())(value)


# What a later version stores beside these does no harm here.
ACCOUNT = probatio.Schema(
    {
        probatio.Required(CONF_TYPE): one_of(TYPE_CLOUD),
        probatio.Required(CONF_HOST): _sound_host,
        probatio.Required(CONF_USERNAME): text("user_needed"),
        probatio.Required(CONF_PASSWORD): _sound_secret,
        probatio.Required(CONF_PROFILE): _known_profile,
        probatio.Optional(CONF_ALLOW_HTTP): flag,
        probatio.Optional(CONF_CLOCK): one_of(*map(str, Time)),
        probatio.Optional(CONF_SITE_ZONES): _sound_zones,
        probatio.Optional(CONF_USER_ID): text("wrong"),
        probatio.Optional(CONF_SECOND_PASSWORD): _sound_secret,
        probatio.Optional(CONF_POLL_EVERY): number("bad_poll_every", LEAST_SECONDS, LONGEST_POLL, is_whole=True),
        probatio.Optional(CONF_FEED): _sound_feed,
        probatio.Optional(CONF_FEED_USER): text("wrong"),
        probatio.Optional(CONF_FEED_PASSWORD): _sound_secret,
        probatio.Optional(CONF_FEED_PLAIN): flag,
        **HISTORY,
    },
    extra=probatio.ALLOW_EXTRA,
)
METER = probatio.Schema(
    {
        probatio.Required(CONF_CODE): _sound_id,
        probatio.Required(CONF_SITE): _sound_id,
        probatio.Required(CONF_KIND): _sound_id,
        probatio.Optional(CONF_PUT_ASIDE): sound_aside,
        probatio.Optional(CONF_PROVED): _sound_proved,
        **DEVICE,
    },
    extra=probatio.ALLOW_EXTRA,
)
"""What is stored of a device of the account."""


class CloudSeat(NamedTuple):
    """What only one device of an account can have."""

    code: Any
    site: Any

    def __str__(self) -> str:
        """Return the code, by which a device is known that was moved to another site."""
        return str(self.code)


def seat(data: Mapping[str, Any]) -> Hashable:
    """Return what only one device of an account can have."""
    return CloudSeat(data.get(CONF_CODE), data.get(CONF_SITE))


def seat_shown(seat: Hashable) -> str:
    """Return how that may be shown."""
    return masked(str(seat))
