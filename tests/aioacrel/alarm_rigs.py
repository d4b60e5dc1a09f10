"""A board whose readings, clocks and persons the test plays, and what its alarms say."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from custom_components.acrel_safety.aioacrel.alarms.board import Board
from custom_components.acrel_safety.aioacrel.alarms.clock import Clock
from custom_components.acrel_safety.aioacrel.alarms.closedagain import Sign
from custom_components.acrel_safety.aioacrel.alarms.engine import Alarms
from custom_components.acrel_safety.aioacrel.alarms.happening import Happening, What
from custom_components.acrel_safety.aioacrel.alarms.notices import Notice, Why
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import OwnerLimit
from custom_components.acrel_safety.aioacrel.alarms.ruleset import rules_of
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import AcrelError
from custom_components.acrel_safety.aioacrel.points import Model, Point
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from custom_components.acrel_safety.aioacrel.source import NEAR
from custom_components.acrel_safety.aioacrel.vocabulary import Kind
from tests.aioacrel.rigs import model
from tests.aioacrel.spoken import SpokenSource

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Times:
    """Both clocks: the steady one goes on with `pass_`, the one on the wall can be set as well."""

    def __init__(self) -> None:
        self.steady = 1000.0
        self.wall = NOON
        self.zone: tzinfo = UTC
        self.clock = Clock(lambda: self.steady, lambda: self.wall, lambda wall: wall.astimezone(self.zone).date())

    def pass_(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += timedelta(seconds=seconds)


def quiet(of: Model) -> dict[PointKey, Value]:
    """Return readings of a board on which all is well."""
    return {key: _quiet_value(point) for key, point in of.readable.items()}


_USUAL: Mapping[str, float] = {"V": 230.0, "A": 10.0, "mA": 20.0, "°C": 30.0, "s": 0.0, "kΩ": 500.0}


def _quiet_value(point: Point) -> Value:
    quantity = point.quantity
    if point.words:
        return next(iter(point.words.values()))
    if point.is_binary:
        return quantity.key in ("breaker_position", "switch_position")
    if quantity.kind is Kind.SETTING:
        return {"mA": 300.0, "°C": 80.0, "V": 260.0}.get(quantity.unit or "", 0.0)
    return _USUAL.get(quantity.unit or "", 1.0)


class Plant:
    """Boards that are watched together."""

    def __init__(self, *, grows: bool = False) -> None:
        self.times = Times()
        self.grows = grows
        self.days: Mapping[str, object] = {}
        """What was kept of slow growth."""
        self.happened: list[tuple[What, str]] = []
        """What, and the code it was about."""
        self.moved: list[tuple[str, str]] = []
        self.kept: Mapping[str, object] = {}
        self.notices: list[Notice] = []
        self.boards: dict[str, PlayedBoard] = {}
        self.begin()

    def begin(self) -> None:
        """Begin, as after a start of the process."""
        self.alarms = Alarms(self.times.clock)
        self.alarms.listen(self._note)
        self.alarms.listen_to_notices(self.notices.append)
        self.alarms.restore(self.kept)
        self.alarms.restore_growth(self.days)
        self.boards.clear()

    def restart(self) -> None:
        """End as a process does that is killed: nothing but what was kept is there afterwards."""
        self.kept = {key: dict(value) for key, value in self.alarms.kept().items()}
        self.days = json.loads(json.dumps(dict(self.alarms.kept_growth())))
        former = list(self.boards.values())
        self.begin()
        for board in former:
            self.add(
                board.name,
                board.model.id,
                limits=board.limits,
                ratings=board.ratings,
                link=board.link,
                ratios=board.ratios,
                reported=board.reported,
            )

    def add(
        self,
        name: str = "Kitchen board",
        model_id: str = "adw300",
        *,
        limits: Mapping[str, OwnerLimit] | None = None,
        ratings: Mapping[str, float] | None = None,
        link: str = "",
        ratios: Mapping[str, float] | None = None,
        calls: bool = False,
        reported: bool = False,
    ) -> PlayedBoard:
        """Add a board of which nothing was read yet."""
        board = PlayedBoard(
            self,
            name,
            model(model_id),
            limits or {},
            ratings or {},
            link,
            ratios or {},
            calls=calls,
            reported=reported,
        )
        self.boards[name] = board
        return board

    def _note(self, happening: Happening, standing: Standing) -> None:
        if happening.what is What.MOVED:
            self.moved.append((standing.code, happening.comment))
        else:
            self.happened.append((happening.what, standing.code))

    def pass_(self, seconds: float) -> None:
        """Let time pass, with a tick at its end."""
        self.times.pass_(seconds)
        self.alarms.tick()

    @property
    def sent(self) -> list[tuple[Why, list[str]]]:
        """What was to be sent to people: why, and the boards and codes."""
        return [
            (notice.why, [f"{standing.board.name}: {standing.code}" for standing in notice.alarms])
            for notice in self.notices
        ]

    def standing(self) -> dict[str, str]:
        """Return the word of each alarm that stands, by its code."""
        return {
            standing.code or standing.alarm.cause.key.rule: str(standing.word) for standing in self.alarms.standing()
        }

    def one(self, code: str) -> Standing:
        """Return the alarm about a code that stands."""
        (found,) = [standing for standing in self.alarms.standing() if standing.code == code]
        return found


class PlayedBoard:
    """One board."""

    def __init__(
        self,
        plant: Plant,
        name: str,
        of: Model,
        limits: Mapping[str, OwnerLimit],
        ratings: Mapping[str, float],
        link: str,
        ratios: Mapping[str, float],
        *,
        calls: bool = False,
        reported: bool = False,
        signs: Mapping[str, Sequence[Sign]] | None = None,
    ) -> None:
        self.plant, self.name, self.model = plant, name, of
        self.limits, self.ratings, self.link, self.ratios = limits, ratings, link, ratios
        self.device = Device(name, of, steady=lambda: plant.times.steady)
        self.source = SpokenSource(of, NEAR, "line", of.readable)
        self.device.attach(self.source)
        self.reported = reported
        board = Board(
            identity=name,
            name=name,
            link=link,
            calls=calls,
            reported=reported,
            circuit_name=lambda number: f"Circuit {number}",
        )
        self.watch, self.end = plant.alarms.watch(
            self.device,
            board,
            limits=limits,
            ratings=ratings,
            grows=plant.grows,
            ratios=ratios,
            signs=signs,
        )

    def quiet(self, **but: Value) -> None:
        """Have everything read, and all be well but for some points of circuit 1."""
        self.source.say(quiet(self.model) | {PointKey("1", code): value for code, value in but.items()})

    def say(self, circuit: str = "1", /, **values: Value | Quality) -> None:
        """Have some points of a circuit read."""
        self.source.say({PointKey(circuit, code): value for code, value in values.items()})

    def silent(self, trouble: AcrelError | None = None) -> None:
        """Have nothing be heard."""
        self.source.say(dict.fromkeys(self.model.readable, Quality.NO_ANSWER), trouble)

    def safety(self, circuit: str | None = None) -> str:
        """Return the one word."""
        return str(self.watch.safety(circuit))


def inputs_of(of: Model) -> set[PointKey]:
    """Return all that the alarms of a model go by."""
    return {key for rule in rules_of(of, {}, {}) for key in rule.inputs}
