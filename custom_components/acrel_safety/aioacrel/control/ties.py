"""What the owner ties to alarms: from which level on, of what, and after how long, a circuit is to be cut off."""

from dataclasses import dataclass

from ..alarms.bits import RULE as BIT
from ..alarms.levels import Level
from ..alarms.limits import DERIVED, OWNER
from ..alarms.positions import DEAD, OPENED
from ..alarms.verdict import Cause

CUTTING_LEVELS = (Level.PRE_ALARM, Level.ALARM, Level.TRIP)
"""The mildest first. Of a fault, and of what is not seen, nobody knows what is so: neither ever cuts."""
LONGEST_DELAY = 86_400.0
_MEASURED_NOW = (BIT, DERIVED, OWNER, OPENED, DEAD)
"""Begin the names of rules that say what is so now; counters tell of what was, growth of what will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """One such tie. Without a circuit it holds for all, without a family for whatever is measured."""

    level: Level = Level.ALARM
    """This one and graver ones."""
    circuit: str = ""
    family: str = ""
    """Of the vocabulary."""
    delay: float = 0.0
    """Seconds for which readings have to say so."""
    asks: bool = True
    """Whether a person has to confirm."""

    def holds_for(self, cause: Cause, family: str) -> bool:
        """Whether it is tied to an alarm, of which the quantity's family is known."""
        key = cause.key
        return (
            cause.level in CUTTING_LEVELS
            and CUTTING_LEVELS.index(cause.level) >= CUTTING_LEVELS.index(self.level)
            and key.rule.startswith(_MEASURED_NOW)
            and self.circuit in ("", key.circuit)
            and self.family in ("", family)
        )
