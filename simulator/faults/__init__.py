"""The fault proxy: between client and cabinet it does, by seed and schedule, everything a line can do to a request."""

from .dead import Episodes
from .frames import Framing
from .kinds import ALL_FAULTS, DEAD_METERS, Dead, Fault, Plan, Schedule, Script, Times, faults_of
from .proxy import FaultCounts, FaultProxy
from .truth import TruthServer

__all__ = [
    "ALL_FAULTS",
    "DEAD_METERS",
    "Dead",
    "Episodes",
    "Fault",
    "FaultCounts",
    "FaultProxy",
    "Framing",
    "Plan",
    "Schedule",
    "Script",
    "Times",
    "TruthServer",
    "faults_of",
]
