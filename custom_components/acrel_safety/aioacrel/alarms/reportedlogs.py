"""The logs that others keep of one device, and the alarms that they become: of alarms, and of what is less."""

from collections.abc import Callable, Sequence
from datetime import datetime

from .owed import Owed
from .reported import ReportedRule, reported_rules
from .verdict import AlarmKey


class ReportedLogs:
    """What is known of them; `way` tells one from the others."""

    def __init__(self, *, is_reported: bool, note: Callable[[], None]) -> None:
        """Take whether there is any, and who keeps what is known."""
        self.rules: Sequence[ReportedRule] = list(reported_rules()) if is_reported else []
        self._note = note

    def reports(self, key: AlarmKey) -> Sequence[str]:
        """Return the numbers of the reports that one alarm is about."""
        return next((rule.standing for rule in self.rules if rule.cause.key == key), ())

    def oldest(self, way: str) -> datetime | None:
        """Return when the first of the reports happened that are looked for in a log."""
        found = (rule.oldest(way) for rule in self.rules)
        return min((time for time in found if time is not None), default=None)

    # -- what a person acknowledged, and a log is to be told -----------------------------------------------------------

    def owes(self, way: str) -> bool:
        """Whether a log is to be told anything, now or when it lists that once more."""
        return any(rule.owed.has(way) for rule in self.rules)

    def owed(self, way: str) -> Sequence[str]:
        """Return the numbers of the reports that a log is to be told of now."""
        return [number for rule in self.rules for number in rule.owed.numbers(way)]

    def note_told(self, way: str, numbers: Sequence[str]) -> None:
        """Take it that a log was told of reports, or is not to be told any more."""
        self._settle(lambda owed: owed.drop(way, numbers))

    def note_untold(self, way: str, numbers: Sequence[str]) -> Sequence[str]:
        """Take it that a log could not be reached: it is told when it lists them again. Returns what is given up."""
        given_up: list[str] = []
        self._settle(lambda owed: given_up.extend(owed.put_off(way, numbers)))
        return given_up

    def _settle(self, act: Callable[[Owed], None]) -> None:
        for rule in self.rules:
            act(rule.owed)
        self._note()
