"""A breaker that may be opened and closed by itself: its readings, clock and persons are played by the test."""

from collections.abc import Mapping
from dataclasses import replace

from custom_components.acrel_safety.aioacrel.alarms.happening import Happening
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import OwnerLimit
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.cutoff import CutOff
from custom_components.acrel_safety.aioacrel.control.policy import Policy, Reclosing
from custom_components.acrel_safety.aioacrel.control.reclose import Recloser
from custom_components.acrel_safety.aioacrel.control.requests import Step as CutStep
from custom_components.acrel_safety.aioacrel.control.rights import ADMINISTRATORS, AUTOMATIONS, Right, Rights
from custom_components.acrel_safety.aioacrel.control.rounds import Round, Step
from custom_components.acrel_safety.aioacrel.control.signs import signs_of
from custom_components.acrel_safety.aioacrel.control.surroundings import Watched
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from tests.aioacrel.alarm_rigs import Plant, PlayedBoard

MODEL = """
[model]
id = "breaker"
name = "Breaker"
title = { en = "A breaker that says all there is to say" }
evidence = "manual"
source = "test"
[[circuits]]
numbers = "0"
[circuits.points]
"DOC_Hot" = { at = 0, kind = "alarm", name = { en = "Too hot inside" } }
[[circuits]]
numbers = "1-2"
stride = 64
[circuits.points]
RlySta = { at = 1 }
RlyRepSta = { at = 2 }
LockSta = { at = 3 }
U = { at = 4 }
I = { at = 5 }
Lg = { at = 6 }
P = { at = 7 }
UHigh = { at = 8 }
ULow = { at = 9 }
LgHigh = { at = 10 }
IHigh = { at = 11 }
THigh = { at = 12 }
ArcSta = { at = 13 }
LgFauSta = { at = 14 }
[circuits.settings]
UHighRlyOff = { at = 15 }
[[commands]]
code = "RLYOFF"
circuit = "1"
at = 32
registers = [1]
read_back = { code = "RlySta", value = 0 }
source = "test"
[[commands]]
code = "FORRLYON"
circuit = "1"
at = 33
registers = [1]
read_back = { code = "RlySta", value = 1 }
source = "test"
[[commands]]
code = "RLYON"
circuit = "1"
at = 34
registers = [1]
read_back = { code = "RlySta", value = 1 }
source = "test"
"""
BREAKER = read_model(MODEL, file="breaker.toml")
QUIET: Mapping[str, Value] = {
    "RlySta": True,
    "UHighRlyOff": True,
    "U": 230.0,
    "I": 5.0,
    "Lg": 20.0,
    "P": 1.0,
    **dict.fromkeys(("RlyRepSta", "LockSta", "UHigh", "ULow", "LgHigh", "IHigh", "THigh", "ArcSta", "LgFauSta"), False),
}
EVERY_RIGHT = frozenset(Right)
OPTED_IN = Policy(
    is_enabled=True,
    may_close=True,
    rights=Rights({ADMINISTRATORS: EVERY_RIGHT, AUTOMATIONS: frozenset({Right.OFF})}),
    reclosing=Reclosing(low=207.0, high=253.0),
)
"""Control, ON and reclosing are allowed."""
POLL_SECONDS = 1.0


class Breaker:
    """One breaker with all that acts by itself on it. It is polled once a second."""

    def __init__(self, policy: Policy = OPTED_IN, limits: Mapping[str, OwnerLimit] | None = None) -> None:
        self.policy = policy
        self.plant = Plant()
        self.limits = limits or {}
        self.values: dict[str, Value | Quality] = {**QUIET}
        self.around: dict[PointKey, Value | Quality] = {PointKey("2", code): value for code, value in QUIET.items()}
        self.around[PointKey("0", "DOC_Hot")] = False
        """What is read of the other circuit, and of the device as a whole."""
        self.steps: list[Step] = []
        self.cuts: list[CutStep] = []
        self.commands: list[str] = []
        """Codes of what was sent, also before a restart."""
        self._begin()
        self.poll()

    def _begin(self) -> None:
        signs = signs_of(BREAKER, self.policy)
        self.board = PlayedBoard(self.plant, "Board", BREAKER, self.limits, {}, "", {}, signs=signs)
        self.source = self.board.source
        self.source.orders = frozenset(BREAKER.operations)
        self.watched = Watched(self.board.watch, lambda: self.plant.times.steady)
        steady = lambda: self.plant.times.steady  # noqa: E731 - the clock of now
        self.control = Control(self.board.device, lambda: self.policy, surroundings=self.watched, steady=steady)
        self.recloser = Recloser(self.control, self.board.watch, lambda: self.policy, steady)
        self.cut_off = CutOff(self.control, self.board.watch, lambda: self.policy, steady)
        self.recloser.listen(self.steps.append)
        self.cut_off.listen(self.cuts.append)
        self.plant.alarms.listen(self._take)
        self.recloser.start()
        self.cut_off.start()

    def _take(self, happening: Happening, _: Standing) -> None:
        self.recloser.take(happening)
        self.cut_off.take(happening)

    @property
    def round(self) -> Round:
        """Where its reclosing stands."""
        return self.recloser.rounds["1"]

    @property
    def writes(self) -> list[str]:
        """The codes of all that was sent."""
        return [*self.commands, *(command.key.code for command in self.source.commands)]

    # -- time and readings --------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Have everything read."""
        keys = {**self.around, **{PointKey("1", code): value for code, value in self.values.items()}}
        self.source.held = {key: value for key, value in keys.items() if not isinstance(value, Quality)}
        self.source.say(keys)

    async def say(self, **values: Value | Quality) -> None:
        """Have some values be others, and read."""
        self.values |= values
        self.poll()
        await self._settle()

    async def pass_(self, seconds: float) -> None:
        """Let time pass, polled each second."""
        end = self.plant.times.steady + seconds
        while self.plant.times.steady < end:
            self.plant.pass_(min(POLL_SECONDS, end - self.plant.times.steady))
            self.poll()
            await self._settle()

    async def _settle(self) -> None:
        """Let what was begun end, and take over where the breaker stands then."""
        await self.recloser.settle()
        await self.cut_off.settle()
        key = PointKey("1", "RlySta")
        if key in self.source.held and self.source.held[key] != self.values["RlySta"]:
            self.values["RlySta"] = self.source.held[key]
            self.poll()

    async def trip(self, cause: str, seconds: float = 1.0, **values: Value) -> None:
        """Have the device say a cause (or none), and a moment later be open."""
        if cause:
            await self.say(**{cause: True}, **values)
            await self.pass_(seconds)
        await self.say(RlySta=False, I=0.0, P=0.0)

    async def over_voltage(self) -> None:
        """Have it trip by over-voltage, which is over three seconds later."""
        await self.trip("UHigh", U=265.0)
        await self.pass_(3)
        await self.say(UHigh=False, U=230.0)

    # -- persons ------------------------------------------------------------------------------------------------------

    def acknowledge(self, by: str = "Ada") -> None:
        """Have all be acknowledged."""
        for standing in list(self.plant.alarms.standing()):
            if not standing.alarm.facts.is_acknowledged:
                self.plant.alarms.acknowledge(standing.alarm_id, by=by)

    def alarm_id(self, code: str, rule: str) -> str:
        """Return the id of an alarm of the circuit, whether it stands or not."""
        return f"{self.board.name}/{code}@1/{rule}"

    async def restart(self, seconds: float = 0.0) -> None:
        """End as a process does that is killed, and begin some time later with what was kept."""
        self.commands = self.writes
        self.recloser.end()
        self.cut_off.end()
        self.watched.end()
        self.board.end()
        self.plant.kept = {key: dict(value) for key, value in self.plant.alarms.kept().items()}
        self.plant.times.pass_(seconds)
        self.plant.begin()
        self._begin()
        self.poll()
        await self._settle()

    def consent(self, **changes: object) -> None:
        """Have the owner say something else."""
        self.policy = replace(self.policy, **changes)  # type: ignore[arg-type]  # of any field
