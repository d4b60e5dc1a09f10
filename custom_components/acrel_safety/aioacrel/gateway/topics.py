"""Where a message comes from: the dialect, the kind of message and the sender all stand in its topic.

The dialect is told by the beginning of the topic alone, never by what a message holds. A product key may hold `/`, so
a topic is cut from both ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from ..reporting.fields import is_serial

LONGEST_TOPIC = 512


class Dialect(StrEnum):
    """How a gateway speaks."""

    PLATFORM = "platform"
    """`sys | data | indicate`: the current generation."""
    OVERSEAS = "overseas"
    """`/gw/acrelHW/`: export firmware."""
    NUMBERS = "numbers"
    """The number dictionary of the ADW300."""


class Channel(StrEnum):
    """What a topic of the platform dialect is for."""

    SYSTEM = "sys"
    DATA = "data"
    COMMAND = "indicate"
    NONE = ""
    """The other dialects have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The topic of one message of a device."""

    dialect: Dialect
    channel: Channel = Channel.NONE
    command: str = ""
    """Of the overseas dialect: what the message is about."""
    product: str = field(default="", repr=False)
    serial: str = field(default="", repr=False)
    """Empty where the topic does not say it."""
    text: str = field(default="", repr=False)

    def answer(self, channel: Channel = Channel.SYSTEM) -> str:
        """Return the topic on which the device is spoken to: key and number as it spells them, the rest as printed."""
        if self.dialect is Dialect.OVERSEAS:
            return f"/server/acrelHW/{self.product}/{self.command}/{self.serial}"
        return f"{channel}/server/{self.product}/{self.serial}"


_SECOND = {Channel.SYSTEM: "dev", Channel.DATA: "up", Channel.COMMAND: "dev"}
_OVERSEAS = ("", "gw", "acrelhw")
_OVERSEAS_PARTS = 6
_NUMBERS = ("platform", "acrel", "meter", "json-v2", "analog")
_SHORTEST_PLATFORM = 4


def topic_of(text: str, number_topics: frozenset[str] = frozenset()) -> Topic | None:
    """Return what a topic says; None for one that is no device's."""
    if len(text) > LONGEST_TOPIC or not text.isprintable():
        return None
    parts = text.split("/")
    folded = tuple(part.casefold() for part in parts[: len(_NUMBERS)])
    if text in number_topics or folded == _NUMBERS:
        return Topic(dialect=Dialect.NUMBERS, text=text)
    if folded[: len(_OVERSEAS)] == _OVERSEAS:
        return _overseas(text, parts)
    return _platform(text, parts, folded) if len(parts) >= _SHORTEST_PLATFORM else None


def _platform(text: str, parts: list[str], folded: tuple[str, ...]) -> Topic | None:
    channel = next((one for one in _SECOND if one == folded[0]), None)
    product, serial = "/".join(parts[2:-1]), parts[-1]
    if channel is None or folded[1] != _SECOND[channel] or not product or not is_serial(serial):
        return None
    return Topic(dialect=Dialect.PLATFORM, channel=channel, product=product, serial=serial, text=text)


def _overseas(text: str, parts: list[str]) -> Topic | None:
    if len(parts) < _OVERSEAS_PARTS or not is_serial(parts[-1]):
        return None
    product = "/".join(parts[3:-2])
    command = parts[-2]
    if not command.isalnum():
        return None
    return Topic(dialect=Dialect.OVERSEAS, product=product, command=command, serial=parts[-1], text=text)


def subscriptions() -> Iterator[str]:
    """Yield what has to be subscribed: brokers tell small letters from capitals, devices do not agree on them."""
    for channel, second in _SECOND.items():
        for spelled in (str.lower, str.capitalize, str.upper):
            yield f"{spelled(channel)}/{spelled(second)}/#"
            if spelled is not str.lower:
                yield f"{spelled(channel)}/{second}/#"
    yield "/gw/acrelHW/+/+/+"
    yield "platform/acrel/meter/json-v2/analog/+"
