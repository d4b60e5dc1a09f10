"""Rules for alarms and their limits."""

from collections.abc import Iterator

from ..readings import PointKey
from ..texts import phrase
from .seen import Finding, Rule, Seen

_SHARE = 0.1


def alarm_follows_residual_current(seen: Seen) -> Iterator[Finding]:
    """A residual current well above its alarm value raises the alarm.

    Source: GB 14287.2, what the instrument is for. (Within its delay it need not yet, and an alarm below the limit may
    be held until it is reset.)
    """
    for circuit in seen.circuits:
        pair = seen.amounts(circuit, "Lg", "LgHighVal02")
        if pair is None or seen.value(circuit, "LgHigh") is not False:
            continue
        current, limit = pair
        if limit.value > 0 and current.exceeds(limit, _SHARE):
            yield PointKey(circuit, "LgHigh"), False, phrase("expected_alarm", value=seen.value(circuit, "Lg"))


def upper_limit_is_above_lower(seen: Seen) -> Iterator[Finding]:
    """The limit for over-voltage lies above that for under-voltage.

    Source: otherwise one of both alarms is always on.
    """
    for circuit in seen.circuits:
        pair = seen.amounts(circuit, "UHighSet", "ULowSet")
        if pair is not None and pair[0].value > 0 and not pair[0].value > pair[1].value:
            yield PointKey(circuit, "UHighSet"), pair[0].value, phrase("expected_above_limit", value=pair[1])


RULES: tuple[Rule, ...] = (alarm_follows_residual_current, upper_limit_is_above_lower)
