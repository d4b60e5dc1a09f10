"""What the form for an account at a cloud asks of its feed, and how it lies in the data of the entry."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from ..aioacrel.cloud.errors import FeedAddressError, FeedError
from ..aioacrel.cloud.feedaddress import FeedAddress
from ..aioacrel.errors import AcrelError
from ..aioacrel.problems import flat
from ..const import CONF_FEED, CONF_FEED_PASSWORD, CONF_FEED_PLAIN, CONF_FEED_USER
from .explain import FormError
from .link_forms import FormData
from .selector_texts import FlowTexts

FEED = (CONF_FEED, CONF_FEED_USER, CONF_FEED_PASSWORD)
"""What a feed is asked by: when any of it is another one, it is tried anew."""


def feed_fields() -> dict[probatio.Marker, object]:
    """Ask where the broker of a feed is, and who asks it."""
    return {
        probatio.Optional(CONF_FEED): TextSelector(),
        probatio.Optional(CONF_FEED_USER): TextSelector(),
        probatio.Optional(CONF_FEED_PASSWORD): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD)),
    }


def feed_data(form: FormData, former: Mapping[str, Any]) -> FormData:
    """Return what is stored of a feed, nothing where no address was given; a password stays for the same broker only.

    Raises FormError.
    """
    typed = form.get(CONF_FEED, "").strip()
    if not typed:
        return {}
    try:
        address = FeedAddress.parse(typed, allow_plain=True)
    except FeedAddressError as error:
        raise FormError(error.key, at=CONF_FEED, found=flat(str(error.values["found"]))) from None
    data: FormData = {CONF_FEED: str(address)}
    is_same = former.get(CONF_FEED) == str(address)
    if is_same and former.get(CONF_FEED_PLAIN):
        data[CONF_FEED_PLAIN] = True
    if user := form.get(CONF_FEED_USER, "").strip():
        data[CONF_FEED_USER] = user
        if password := form.get(CONF_FEED_PASSWORD) or (former.get(CONF_FEED_PASSWORD) if is_same else None):
            data[CONF_FEED_PASSWORD] = password
    return data


def wants_yes(data: Mapping[str, Any]) -> bool:
    """Whether a broker would be reached without encryption, and nobody said yes to that yet."""
    if CONF_FEED not in data or data.get(CONF_FEED_PLAIN):
        return False
    return not FeedAddress.parse(data[CONF_FEED], allow_plain=True).is_secure


def is_other_feed(data: Mapping[str, Any], former: Mapping[str, Any]) -> bool:
    """Whether there is a feed that was not tried yet."""
    return CONF_FEED in data and any(data.get(key) != former.get(key) for key in FEED)


def wrong_feed(error: AcrelError, texts: FlowTexts) -> FormError | None:
    """Return the sentence of the form for why a feed cannot be heard; None for what is none of the feed's."""
    if not isinstance(error, FeedError):
        return None
    placeholders = {name: flat(text) for name, text in error.placeholders_in(texts.language).items()}
    return FormError(error.key, at=CONF_FEED, **placeholders)
