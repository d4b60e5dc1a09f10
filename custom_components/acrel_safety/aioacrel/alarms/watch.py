"""All alarms of one device: each new reading is looked at by the rules it concerns, and by no other."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ..device import Device
from ..readings import PointKey
from .alarm import Alarm
from .calm import Calm, Pair, is_calm
from .clock import Clock, Moment
from .closedagain import ClosedAgainRule, Sign
from .counts import CountRule
from .growing import GrowthRule
from .growths import Growths, Question
from .happening import Happening
from .impostors import SECOND_LOGIN, SecondLoginRule
from .levels import Safety
from .ownerlimits import OwnerLimit
from .positions import DeadRule, OpenedRule
from .proposals import proposals
from .reported import SOLE, Report, ReportedRule
from .reportedlogs import ReportedLogs
from .rules import Rule
from .ruleset import inputs_by_circuit, rules_of
from .safetyword import SafetyWords
from .timetable import Timetable
from .told import Told
from .unseen import WHOLE_DEVICE, UnseenDeviceRule, UnseenInputsRule
from .verdict import UNSAID, AlarmKey

_LOGGER = logging.getLogger(__name__)

_NOTHING: Mapping[str, object] = {}
type Teller = Callable[[Happening], None]


class Watch:
    """Watches one device for as long as it is there."""

    def __init__(  # noqa: PLR0913 - each is told by somebody else: the owner, the way, the clock
        self,
        device: Device,
        tell: Teller,
        *,
        limits: Mapping[str, OwnerLimit] | None = None,
        ratings: Mapping[str, float] | None = None,
        points: AbstractSet[PointKey] | None = None,
        clock: Clock | None = None,
        growths: Growths | None = None,
        signs: Mapping[str, Sequence[Sign]] | None = None,
        calls: bool = False,
        reported: bool = False,
    ) -> None:
        """Take a device, and who is told of each happening. Without `points` all that can be read is watched.

        Slow growth is watched where there are `growths`: that needs months, and somebody who keeps them. `signs`
        tell, by circuit, whether what was switched off from here is closed. In the name of a device that `calls`,
        somebody else can call, too. Of one that is `reported` somebody else keeps a log of alarms.
        """
        self.device = device
        self._clock = clock or Clock()
        rules = list(rules_of(device.model, limits or {}, ratings or {}, points, signs or {}))
        self._device_rule = UnseenDeviceRule(device)
        self._input_rules = {
            circuit: UnseenInputsRule(device, circuit, inputs) for circuit, inputs in inputs_by_circuit(rules).items()
        }
        self.growths = growths or Growths(device.model, {}, {}, frozenset())
        """What may grow slowly."""
        self._impostor_rules = [SecondLoginRule()] if calls else []
        self.logs = ReportedLogs(is_reported=reported, note=self._note_owed)
        """What others say of it."""
        self._told_rules: Sequence[SecondLoginRule | ReportedRule] = [*self._impostor_rules, *self.logs.rules]
        """No reading leads to them."""
        self._rules: Sequence[Rule] = [
            *(*rules, *self.growths.rules, *self._input_rules.values(), self._device_rule, *self._told_rules)
        ]
        self.alarms: Mapping[AlarmKey, Alarm] = {rule.cause.key: Alarm(rule.cause, tell) for rule in self._rules}
        """By key, in the order of the model."""
        self._by_point: Mapping[PointKey, Sequence[tuple[Rule, Alarm]]] = self._index(rules)
        self._calm = Calm(self._by_point)
        self._stale: set[PointKey] = set()
        """Points of which it has to be found out again what is calm."""
        self._times = Timetable[AlarmKey]()
        timed: Sequence[UnseenInputsRule | UnseenDeviceRule] = [*self._input_rules.values(), self._device_rule]
        self._timed = {rule.cause.key: rule for rule in timed}
        """What has to be looked at after some time, also if nothing is heard."""
        self._due: float | None = None
        """The soonest of that, as it was told last."""
        self._below: Mapping[AlarmKey, Sequence[Alarm]] = self._followers()
        self._inputs = {rule.cause.key: rule.inputs for rule in rules}
        self._watched_inputs = frozenset(key for rule in rules for key in rule.inputs)
        self.is_unwatched = self.is_blind and any(proposals(device.model))
        """Whether a danger is measured (a limit is usual for it), and nothing of it can be an alarm."""
        self._memories: dict[AlarmKey, Mapping[str, object]] = {}
        self._told = Told()
        self._asked: list[AlarmKey] = []
        self._is_changed = self._is_other = False
        """Whether anything is news; whether a fact is another one."""
        self._was_seen: bool | None = None
        self._words = SafetyWords(self)
        self._listeners: list[Callable[[], None]] = []
        self._leave: list[Callable[[], None]] = []

    def start(self) -> None:
        """Have what the alarms go by read, and look at it from now on."""
        self._memories = {rule.cause.key: dict(rule.memory()) for rule in self._rules}
        self._leave += [self.device.want({*self._by_point, *self.growths.keys}), self.device.listen(self.look)]
        self._is_changed = self._is_other = True
        for rule in self._told_rules:
            self._take(self.alarms[rule.cause.key], rule, self._clock.now())
        for key in self.alarms:
            self._note_time(key)
        self.look(frozenset(self._by_point))

    @property
    def is_blind(self) -> bool:
        """Whether nothing of this device can be an alarm: then nothing says that it is safe either."""
        # Growth tells of weeks, not of now.
        return not self._watched_inputs

    @property
    def inputs(self) -> AbstractSet[PointKey]:
        """What the alarms go by."""
        return self._watched_inputs

    def inputs_of(self, key: AlarmKey) -> AbstractSet[PointKey]:
        """Return what one alarm goes by; nothing for one that goes by no reading of a circuit."""
        return self._inputs.get(key, frozenset())

    def watches(self, circuit: str) -> bool:
        """Whether anything of a circuit can be an alarm."""
        return any(key.circuit == circuit for key in self._watched_inputs)

    @property
    def is_device_seen(self) -> bool:
        """Whether anything is heard of the device, and it is the one it is taken for."""
        return self.device.is_seen

    @property
    def is_missed(self) -> bool:
        """Whether nothing is heard though something is to be read."""
        return self.device.is_wanted and not self.is_device_seen

    def pairs(self) -> Iterator[tuple[Rule, Alarm]]:
        """Yield each rule with its alarm."""
        return ((rule, self.alarms[rule.cause.key]) for rule in self._rules)

    def rule(self, key: AlarmKey) -> Rule:
        """Return the rule of an alarm."""
        return next(rule for rule in self._rules if rule.cause.key == key)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told when any fact of any alarm changed, or what can be seen; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def end(self) -> None:
        """Watch no longer."""
        for leave in self._leave:
            leave()
        self._leave.clear()

    def _index(self, rules: Sequence[Rule]) -> Mapping[PointKey, Sequence[tuple[Rule, Alarm]]]:
        index = defaultdict[PointKey, list[tuple[Rule, Alarm]]](list)
        for rule in rules:
            for key in rule.inputs | rule.figures:
                index[key].append((rule, self.alarms[rule.cause.key]))
        return {key: pairs for key, pairs in index.items() if key in self.device.model.readable}

    def _followers(self) -> Mapping[AlarmKey, Sequence[Alarm]]:
        below = defaultdict[AlarmKey, list[Alarm]](list)
        for alarm in self.alarms.values():
            if alarm.cause.graver is not None and alarm.cause.graver in self.alarms:
                below[alarm.cause.graver].append(alarm)
        return dict(below)

    # -- readings -----------------------------------------------------------------------------------------------------

    def look(self, touched: AbstractSet[PointKey]) -> None:
        """Look at new readings."""
        now = self._clock.now()
        news, unread = self._sort(touched)
        if news:
            self._judge(news, now)
        for circuit, keys in unread.items():
            inputs = self._input_rules[circuit]
            alarm = self.alarms[inputs.cause.key]
            if inputs.take(keys, self.device.readings):
                self._is_changed = self._is_other = True
            elif not inputs.unread and alarm.is_quiet:
                # All was known, and is.
                continue
            self._take(alarm, inputs, now)
            self._note_time(inputs.cause.key)
        if self._stale:
            self._calm.bound(self._stale, self.device.readings)
            self._stale.clear()
        is_seen = self.is_device_seen
        if not (self._was_seen and is_seen):
            self._take(self.alarms[WHOLE_DEVICE], self._device_rule, now)
            self._note_time(WHOLE_DEVICE)
        if self.growths.is_due(now.steady):
            self.growths.today = self._clock.day(now.wall)
            self.growths.look_at_ratios(self.device.readings)
            for grown in self.growths.rules:
                self._take(self.alarms[grown.cause.key], grown, now)
            self._note_questions()
        self._settle(now, is_seen=is_seen)

    def _sort(self, touched: AbstractSet[PointKey]) -> tuple[Collection[Pair], Mapping[str, set[PointKey]]]:
        """Return whom new readings concern: rules that have to judge, and by circuit what may be unread now."""
        readings, bounds, by_point = self.device.readings, self._calm.bounds, self._by_point
        numbers: Mapping[PointKey, Any] = readings
        news: dict[int, Pair] = {}
        unread: dict[str, set[PointKey]] = {}
        for key in touched:
            if (bound := bounds.get(key)) is None:
                continue
            low, high, restless = bound
            try:
                is_within = low <= numbers[key].value <= high
            except KeyError, TypeError:
                # Nothing was read, or no number: asked for each value of thousands a second, it costs nothing else.
                is_within = False
            if is_within:
                # It could be read, and can: nothing of that is news, and the quiet rules have nothing to say.
                if restless:
                    news |= {id(pair[1]): pair for pair in restless}
                continue
            reading = readings.get(key)
            value = None if reading is None else reading.value
            if value is None:
                # Whatever its rules say of it: that it can be read again is to be noted.
                self._stale.add(key)
            for pair in by_point[key]:
                if not is_calm(pair, key, value):
                    news[id(pair[1])] = pair
            if key in self._watched_inputs:
                unread.setdefault(key.circuit, set()).add(key)
        return news.values(), unread

    def _judge(self, news: Iterable[Pair], now: Moment) -> None:
        for rule, alarm in news:
            was_quiet = alarm.is_quiet
            self._take(alarm, rule, now)
            if was_quiet or alarm.is_quiet:
                self._stale |= rule.inputs
                self._stale |= rule.figures
            self._note_memory(rule, alarm, now)

    def _note_memory(self, rule: Rule, alarm: Alarm, now: Moment) -> None:
        """Tell if what a rule goes by from now on is something else."""
        if (memory := rule.memory()) != self._memories.get(alarm.cause.key, _NOTHING):
            self._memories[alarm.cause.key] = dict(memory)
            said = rule.where if isinstance(rule, ReportedRule) else _spelled(memory)
            alarm.note_moved(now, said)

    def _take(self, alarm: Alarm, rule: Rule, now: Moment) -> None:
        former = alarm.facts
        try:
            verdict = rule.judge(self.device.readings, now.steady)
        except Exception:
            # One rule that fails must not take the others with it; what it watches is not seen.
            _LOGGER.exception("%s of %s could not be judged", rule.cause.key, self.device.identity)
            verdict = UNSAID
        alarm.take(verdict, now)
        if alarm.facts is not former:
            self._is_changed = self._is_other = True
        elif alarm.stands and self._told.is_news(alarm):
            self._is_changed = True

    def _settle(self, now: Moment, *, is_seen: bool) -> None:
        """Let the gravest alarm of one matter speak for the others, and tell that something changed."""
        due = self._times.next()
        if not self._is_changed and is_seen is self._was_seen and due == self._due:
            return
        self._was_seen, self._is_changed, self._due = is_seen, False, due
        if self._is_other:
            self._is_other = False
            for key, followers in self._below.items():
                graver = self.alarms[key]
                by = str(key) if graver.facts.condition else None
                for alarm in followers:
                    alarm.suppress(by, now)
        self._words.forget()
        for listener in list(self._listeners):
            listener()

    def note_second_login(self, address: str) -> None:
        """Take it that somebody logged in as this device while it was there, and from where."""
        now = self._clock.now()
        for rule in self._impostor_rules:
            rule.note(address)
            self._take(self.alarms[SECOND_LOGIN], rule, now)
            self._note_memory(rule, self.alarms[SECOND_LOGIN], now)
            self._note_time(SECOND_LOGIN)
        self._settle(now, is_seen=self.is_device_seen)

    def note_reports(self, reports: Sequence[Report], *, way: str = SOLE, by: str = "") -> None:
        """Take what somebody else's log says of this device; what is known of it already is no news.

        `way` tells the log from others: a number is of one log. What was acknowledged there, all of it, is
        acknowledged here: `by` says where, as a name.
        """
        now = self._clock.now()
        for rule in self.logs.rules:
            has_news, alarm = rule.note(reports, way), self.alarms[rule.cause.key]
            stood = alarm.facts.condition
            self._take(alarm, rule, now)
            if has_news and stood:
                alarm.note_another(now)
                self._is_changed = True
            elif alarm.occurrence and not alarm.facts.condition:
                alarm.acknowledge(now, by=by or None)
                self._is_changed = self._is_other = True
            self._note_memory(rule, alarm, now)
            self._note_time(rule.cause.key)
        self._settle(now, is_seen=self.is_device_seen)

    def _note_owed(self) -> None:
        """Have it kept what logs are to be told."""
        now = self._clock.now()
        for rule in self.logs.rules:
            self._note_memory(rule, self.alarms[rule.cause.key], now)
        self._settle(now, is_seen=self.is_device_seen)

    # -- time ---------------------------------------------------------------------------------------------------------

    def next_time(self) -> float | None:
        """Return when, by the steady clock, `tick` is to be called; None if not at all."""
        return self._times.next()

    def _note_time(self, key: AlarmKey) -> None:
        """Note when one alarm has to be looked at again, also if nothing is heard until then."""
        timed, time = self._timed.get(key), self.alarms[key].next_time
        if timed is not None and (lasting := timed.next_time()) is not None:
            time = lasting if time is None else min(time, lasting)
        self._times.set(key, time)

    def tick(self) -> None:
        """Do what is due, whether anything is heard or not."""
        now = self._clock.now()
        for key in list(self._times.take(now.steady)):
            alarm = self.alarms[key]
            former = alarm.facts
            alarm.tick(now)
            if alarm.facts is not former:
                self._is_changed = self._is_other = True
            if (rule := self._timed.get(key)) is not None:
                self._take(alarm, rule, now)
            self._note_time(key)
        self._settle(now, is_seen=self.is_device_seen)

    def safety(self, circuit: str | None = None) -> Safety:
        """Return the one word for a circuit, or for the whole device."""
        return self._words.of(circuit)

    def act(self, key: AlarmKey, act: Callable[[Alarm, Moment], None], *, is_person: bool = False) -> None:
        """Have somebody's act done to one alarm, and what follows from it: of a person's, also at others' logs.

        Raises AlarmRefusedError.
        """
        now = self._clock.now()
        self._is_changed = self._is_other = True
        alarm = self.alarms[key]
        rule = self.rule(key)
        try:
            act(alarm, now)
        finally:
            self._note_time(key)
            self._calm.bound(rule.inputs | rule.figures, self.device.readings)
        if (
            isinstance(rule, GrowthRule | CountRule | SecondLoginRule | ClosedAgainRule | ReportedRule)
            and alarm.facts.condition
            and alarm.facts.is_acknowledged
        ):
            # It stands for as long as nobody knows; after that the days, the count, or the circuit, go on without it.
            if isinstance(rule, ReportedRule):
                rule.acknowledge(is_person=is_person)
            else:
                rule.acknowledge()
            self._take(alarm, rule, now)
            self._note_memory(rule, alarm, now)
            self._calm.bound(rule.inputs | rule.figures, self.device.readings)
        self._settle(now, is_seen=self.is_device_seen)

    def answer(self, question: Question, *, is_new_appliance: bool) -> bool:
        """Take a person's answer to a question of growth; returns whether that was still the question."""
        is_taken = self.growths.answer(question, is_new_appliance=is_new_appliance)
        self._note_questions()
        self._settle(self._clock.now(), is_seen=self.is_device_seen)
        return is_taken

    def _note_questions(self) -> None:
        """Tell those who listen when a question comes or goes."""
        if (asked := [question.key for question in self.growths.questions()]) != self._asked:
            self._asked = asked
            self._is_changed = True

    def position_rules(self) -> Iterator[OpenedRule | DeadRule]:
        """Yield the rules that have to know of commands given here."""
        for rule in self._rules:
            if isinstance(rule, OpenedRule | DeadRule):
                yield rule

    def closed_again_rules(self) -> Iterator[ClosedAgainRule]:
        """Yield the rules that have to know what was switched off here."""
        for rule in self._rules:
            if isinstance(rule, ClosedAgainRule):
                yield rule

    def look_again(self, rule: ClosedAgainRule) -> None:
        """Judge what was told of a command given here, and have it kept."""
        now, alarm = self._clock.now(), self.alarms[rule.cause.key]
        self._take(alarm, rule, now)
        self._note_memory(rule, alarm, now)
        self._calm.bound(rule.inputs, self.device.readings)
        self._settle(now, is_seen=self.is_device_seen)


def _spelled(memory: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in memory.items())
