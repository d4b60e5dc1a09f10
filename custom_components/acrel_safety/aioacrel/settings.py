"""A verified change of one setting, whichever way the device is reached: checked, sent once, done when read back."""

import asyncio
from collections.abc import Callable

from .errors import (
    AcrelError,
    LinkError,
    NotSentError,
    RefusedError,
    SettingOutOfRangeError,
    SettingRefusedError,
    SettingUnconfirmedError,
)
from .points import Point
from .readings import Reading, Value
from .source import Setting, Source
from .texts import Phrase, phrase

READ_BACK_PAUSES = (0.0, 0.2, 0.5)
"""Seconds before each read-back: some devices take a moment to store a value."""


async def change_setting(
    source: Source, point: Point, value: Value, *, hindrance: Callable[[], Phrase | None] = lambda: None
) -> Reading:
    """Have `value` (in the setting's unit) set once and return the reading that confirms it.

    Raises SettingRefusedError (nothing was sent), RefusedError (the device declined), SettingUnconfirmedError (sent,
    but another value or none was read back), or another LinkError when nothing could be sent.
    """
    check_setting(point, value)
    failure: LinkError | None = None
    try:
        await source.send(Setting(key=point.key, value=value, hindrance=hindrance))
    except NotSentError as error:
        raise error.reason from error
    except LinkError as error:
        # Whatever happened, only the read-back tells; even a refusal may be an old one.
        failure = error
    seen: Reading | None = None
    for pause in READ_BACK_PAUSES:
        await asyncio.sleep(pause)
        try:
            seen = (await source.read({point.key})).get(point.key)
        except AcrelError:
            continue
        if seen is not None and is_shown(point, value, seen.value):
            return seen
        if isinstance(failure, RefusedError):
            break
    if isinstance(failure, RefusedError):
        raise failure
    read = phrase("nothing_read") if seen is None or seen.value is None else seen.value
    raise SettingUnconfirmedError(name=point.key, value=value, read=read)


def check_setting(point: Point, value: Value) -> None:
    """Raise SettingRefusedError for a value that the setting's limits or words do not allow."""
    if point.words is not None:
        if value not in point.words.values():
            words = ", ".join(point.words.values())
            raise SettingRefusedError(name=point.key, detail=phrase("none_of", value=value, words=words))
        return
    if isinstance(value, str):
        raise SettingRefusedError(name=point.key, detail=phrase("no_number", value=value))
    limits, number = point.limits, float(value)
    if limits is None or not limits.low <= number <= limits.high:  # NaN fails both comparisons
        low, high = (limits.low, limits.high) if limits is not None else ("", "")
        raise SettingOutOfRangeError(name=point.key, value=value, low=low, high=high)


def is_shown(point: Point, wanted: Value, shown: Value | None) -> bool:
    """Whether a value that was read is the one that was set."""
    if shown is None or isinstance(shown, str) or isinstance(wanted, str):
        return shown == wanted
    return abs(shown - wanted) < point.step / 2 if not point.is_binary else bool(shown) is bool(wanted)
