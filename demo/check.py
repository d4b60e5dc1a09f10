"""Compare what Home Assistant shows with what the simulator says."""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from custom_components.acrel_safety.aioacrel.cloud.judging import GENERAL_ALARM, OWN_TIMER
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, vocabulary
from demo.api import Socket
from demo.dashboard import PAGE, PATH
from demo.forged import unread_after_the_end
from demo.inventory import NOTHING, Entity, Place, changed_states, instrument
from demo.site import DOMAIN, LINK_TITLES, SITE, Link
from demo.stage import Progress, Stage
from simulator import Cabinet
from simulator.cloud.standard import BREAKER as CLOUD_BREAKER
from simulator.cloud.standard import MONITOR
from simulator.gateway.site import ARCS, BREAKER

type Said = float | bool

_SETTLE_SECONDS = 40.0
_SINGLE = 1e-6
_LATER_SECONDS = 90.0
_ALARM_SECONDS = 30.0
_LEAST_MOVED = 20
_LEAKING = 7
_SAGGING = 6
_SAGGING_AFAR = "20260000000002"
_EXAMPLES = 10

# Only warnings and worse are logged. One of them Home Assistant has for every custom integration.
_OURS = re.compile(rf"{DOMAIN}|aioacrel|modbus", re.IGNORECASE)
_HARMLESS = ("[homeassistant.loader] We found a custom integration", "Received unexpected response with Transaction ID")

# Shown one by one; all others are compared as well.
_SHOWN = (
    *(Place(1, "1", code) for code in ("Ua", "Ia", "P", "Lg", "TempA", "EPI", "UHigh")),
    *(Place(2, "1", code) for code in ("Ub", "P", "EPI")),
    *(Place(7, "1", code) for code in ("Lg", "Lg1HIGH2")),
    *(Place(8, loop, "Lg") for loop in ("1", "12")),
    *(Place(9, "1", code) for code in ("IsnRShow", "Temp")),
    *(Place(3, "1", code) for code in ("Uc", "P", "EPI")),
    *(Place(5, "1", code) for code in ("U", "P", "EP")),
    *(Place(6, "1", code) for code in ("I", "EP")),
    *(Place(10, "1", code) for code in ("Lg",)),
    *(Place("20260000000001", "1", code) for code in ("P", "EP")),
    *(Place("20260000000002", "1", code) for code in ("Ua", "RlySta", "EP")),
    *(Place(BREAKER, "1", code) for code in ("Ua", "Lg", "RlySta", "LgHigh")),
    *(Place(ARCS, "1", code) for code in ("Lg", "ArcSta")),
    *(Place("01003", "1", code) for code in ("Ua", "P", "EPI")),
    *(Place("01004", "1", code) for code in ("Lg", "Lg1HIGH2")),
    *(Place(CLOUD_BREAKER, "1", code) for code in ("Lg", "TempA", "SwitchSta")),
    *(Place(MONITOR, "1", code) for code in ("Lg", "TempB", "LgHigh")),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the result."""

    text: str
    is_good: bool

    def __str__(self) -> str:
        """Spell it for a terminal."""
        return f"{'ok    ' if self.is_good else 'NOT OK'}  {self.text}"


class Eye:
    """Follows the states of our entities as Home Assistant reports them."""

    def __init__(self, entities: Iterable[Entity], untold: Collection[Place] = ()) -> None:
        """Take the entities to follow, and which of them have nothing to show."""
        self.entities = {entity.entity_id: entity for entity in entities}
        self._untold = untold
        """What one device of a model does not have, and its gateway never tells: nothing may be shown of it."""
        self.states: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._given_up: set[str] = set()

    async def follow(self, socket: Socket) -> None:
        """Take changes for as long as this runs. Raises DemoError when Home Assistant goes."""
        async with socket.stream("subscribe_entities", entity_ids=list(self.entities)) as events:
            async for event in events:
                self.states |= changed_states(event)
                self._changed.set()

    def differing(self, cabinet: Cabinet) -> list[Entity]:
        """Return the entities that do not show what the simulator says."""
        truth = cabinet.whole_truth()
        return [
            entity
            for entity_id, entity in self.entities.items()
            if not agrees(self.states.get(entity_id), said(truth, entity.place), rounding(entity.place.code))
            and not (entity.place in self._untold and self.states.get(entity_id) in NOTHING)
        ]

    async def settle(self, cabinet: Cabinet) -> list[Entity]:
        """Wait until all entities show what the simulator says; return those that still do not.

        What was waited for in vain is not waited for again.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                while not self._given_up.issuperset(entity.entity_id for entity in self.differing(cabinet)):
                    self._changed.clear()
                    await self._changed.wait()
        differing = self.differing(cabinet)
        self._given_up |= {entity.entity_id for entity in differing}
        return differing


def said(truth: Mapping[int | str, Mapping[str, Mapping[str, Said]]], place: Place) -> Said | None:
    """Return what the simulator says of a value, None if it does not know it."""
    return truth.get(place.unit, {}).get(place.circuit, {}).get(place.code)


def rounding(code: str) -> float:
    """Return how far a measured value may be rounded: to one digit more than its quantity is worth showing with."""
    quantity = vocabulary().find(code)
    if quantity is None or quantity.precision is None or quantity.kind in (Kind.ENERGY, Kind.SETTING):
        return 1e-9
    return 0.501 * 10.0 ** -(quantity.precision + 1)


def agrees(state: str | None, value: Said | None, rounded: float = 1e-9) -> bool:
    """Whether a state shows a value; single precision of a register is good enough, and so is what is rounded away."""
    if state is None or value is None:
        return False
    if isinstance(value, bool):
        return state == ("on" if value else "off")
    try:
        # Both at once: what differs in the last digit of single precision may be rounded the other way.
        return abs(float(state) - value) <= rounded + _SINGLE * abs(value)
    except ValueError:
        return False


async def check(stage: Stage, progress: Progress) -> bool:
    """Compare everything, print the result, and return whether all is well. Raises DemoError.

    The cabinet's clock has to stand still: it is moved here, whenever everything agrees.
    """
    words = await _words(stage.socket)
    truth = stage.cabinet.whole_truth()
    behind = {shown.unit for shown in SITE if shown.link is Link.GATEWAY}
    untold = [
        entity.place for entity in stage.inventory if entity.place.unit in behind and said(truth, entity.place) is None
    ]
    # What a server concludes, or keeps, is no value of an instrument.
    of_server = {GENERAL_ALARM.code, OWN_TIMER.code}
    compared = (one for one in stage.inventory if one.entity_id not in words and one.place.code not in of_server)
    eye = Eye(compared, untold)
    told = stage.calling.told
    async with asyncio.TaskGroup() as group:
        following = group.create_task(eye.follow(stage.socket))
        findings = [
            *await _at_start(stage, eye, progress),
            _leave_out_what_is_asked_for_seldom(eye, told),
            *await _later(stage, eye, progress),
            *await _in_trouble(stage, eye, progress),
        ]
        following.cancel()
    unknown = [entity_id for entity_id, state in words.items() if state in NOTHING]
    findings.append(Finding(f"{len(words)} entities show a word{_listed(unknown)}", not unknown))
    findings += await _surroundings(stage)
    progress("making up that Home Assistant stops")
    unread = await unread_after_the_end(stage.cabinet, stage.http)
    findings.append(Finding(f"the lines are read on when somebody makes up that it stops{_listed(unread)}", not unread))
    is_good = all(finding.is_good for finding in findings)
    print("\n".join(["", *map(str, findings), "", "all ok" if is_good else "NOT OK"]), flush=True)
    return is_good


def _leave_out_what_is_asked_for_seldom(eye: Eye, told: Mapping[int | str, set[tuple[str, str]]]) -> Finding:
    """Compare from now on of a device that is asked seldom what it tells unasked."""
    seldom = [
        entity_id
        for entity_id, entity in eye.entities.items()
        if entity.place.unit in told and entity.place[1:] not in told[entity.place.unit]
    ]
    for entity_id in seldom:
        del eye.entities[entity_id]
    return Finding(f"{len(seldom)} entities of devices that call in were asked for, and are left at that", bool(seldom))


async def _words(socket: Socket) -> dict[str, str]:
    """Return the entities that show a word by their state: the simulator says numbers instead."""
    states = await socket.ask("get_states")
    return {state["entity_id"]: state["state"] for state in states if "options" in state["attributes"]}


async def _at_start(stage: Stage, eye: Eye, progress: Progress) -> list[Finding]:
    """Compare as it stands: one by one what a reader of the result wants to see, all others in one line."""
    progress("comparing")
    differing = await eye.settle(stage.cabinet)
    truth = stage.cabinet.whole_truth()
    findings = []
    for place in _SHOWN:
        if instrument(place.unit).link is Link.CLOUD and stage.calling.cloud is None:
            continue
        entity = stage.inventory.get(*_arguments(place))
        state, value = eye.states.get(entity.entity_id), said(truth, place)
        device = instrument(place.unit)
        what = f"{place.code} {'' if place.circuit == '1' else place.circuit}"
        text = f"{device.link:<13}{device.model:<9}{what:<10}{state!s:>12}  {value!s:>20}  {entity.entity_id}"
        findings.append(Finding(text, entity not in differing))
    if stage.calling.feed is not None:
        fed = stage.inventory.get(CLOUD_BREAKER, "Ua")
        told = f"the cloud's feed tells what no list does: {fed.entity_id} is {eye.states.get(fed.entity_id)}"
        findings.append(Finding(told, fed not in differing))
    findings.append(_agreement("all entities", eye, stage.cabinet, differing))
    return findings


async def _later(stage: Stage, eye: Eye, progress: Progress) -> list[Finding]:
    """Let time pass in the cabinet: Home Assistant has to follow."""
    before = dict(eye.states)
    stage.cabinet.advance(_LATER_SECONDS)
    await _report(stage)
    progress(f"comparing, {_LATER_SECONDS:g} s later")
    differing = await eye.settle(stage.cabinet)
    moved = sum(state != before[entity_id] for entity_id, state in eye.states.items())
    text = f"{_LATER_SECONDS:g} s later; {moved} have changed"
    return [_agreement(text, eye, stage.cabinet, differing), Finding("values move", moved >= _LEAST_MOVED)]


async def _in_trouble(stage: Stage, eye: Eye, progress: Progress) -> list[Finding]:
    """Let something happen on each link: a leak sets off an alarm, voltage sags; then all is well again."""
    cabinet = stage.cabinet
    cabinet.set_scenario("leak", _LEAKING)
    if stage.calling.cloud is not None:
        cabinet.set_scenario("leak", MONITOR)
    cabinet.set_scenario("undervoltage", [_SAGGING, _SAGGING_AFAR])
    cabinet.advance(_ALARM_SECONDS)
    await _report(stage)
    progress("comparing, with a leak and a voltage sag")
    differing = await eye.settle(cabinet)
    alarm = stage.inventory.get(_LEAKING, "Lg1HIGH2")
    findings = [
        _agreement("with a leak and a voltage sag", eye, cabinet, differing),
        Finding("the leak sets off its alarm", eye.states[alarm.entity_id] == "on"),
    ]
    if stage.calling.cloud is not None:
        told = stage.inventory.get(MONITOR, "LgHigh")
        findings.append(Finding("the cloud tells of the leak in its cellar", eye.states[told.entity_id] == "on"))
        cabinet.set_scenario("normal", MONITOR)
    cabinet.set_scenario("normal")
    cabinet.set_scenario("normal", _SAGGING_AFAR)
    cabinet.advance(_ALARM_SECONDS)
    await _report(stage)
    progress("comparing, after the trouble")
    findings.append(_agreement("after the trouble", eye, cabinet, await eye.settle(cabinet)))
    return findings


async def _report(stage: Stage) -> None:
    """Have all that is not polled often tell what it measures now; an account is loaded anew, which asks for all."""
    stage.calling.report()
    if stage.calling.cloud is not None:
        for entry in await stage.socket.ask("config_entries/get", domain=DOMAIN):
            if entry["title"] == LINK_TITLES[Link.CLOUD]:
                await stage.http.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload", {})


def _agreement(when: str, eye: Eye, cabinet: Cabinet, differing: Sequence[Entity]) -> Finding:
    truth = cabinet.whole_truth()
    examples = [
        f"{entity.entity_id} is {eye.states.get(entity.entity_id)}, simulator: {said(truth, entity.place)}"
        for entity in differing
    ]
    count = len(eye.entities)
    return Finding(f"{count - len(differing)} of {count} entities agree, {when}{_listed(examples)}", not differing)


async def _surroundings(stage: Stage) -> list[Finding]:
    """Look at what else a user would stumble over."""
    validated = await stage.socket.ask("energy/validate")
    issues = [
        f"{issue['type']} {issue['affected_entities']}"
        for sources in validated.values()
        for source in sources
        for issue in source
    ]
    repairs = (await stage.socket.ask("repairs/list_issues"))["issues"]
    broken = [one["issue_id"] for one in repairs if one["domain"] == DOMAIN and "broken" in one["translation_key"]]
    saved = await stage.socket.ask("lovelace/config", url_path=PATH)
    complaints = [
        line
        for line in stage.server.log.splitlines()
        if _OURS.search(line) and not any(one in line for one in _HARMLESS)
    ]
    return [
        Finding(f"the energy dashboard finds nothing wrong{_listed(issues)}", not issues),
        Finding(f"nothing that was set up here is broken{_listed(broken)}", not broken),
        Finding("the dashboard is the page that is shipped", saved == PAGE),
        Finding(f"no complaint about us in Home Assistant's log{_listed(complaints)}", not complaints),
    ]


def _arguments(place: Place) -> tuple[int | str, str, str]:
    return place.unit, place.code, place.circuit


def _listed(examples: Sequence[str]) -> str:
    """Spell what is wrong below its line; the first ones say enough."""
    more = [f"... and {len(examples) - _EXAMPLES} more"] if len(examples) > _EXAMPLES else []
    return "".join(f"\n          {example}" for example in [*examples[:_EXAMPLES], *more])
