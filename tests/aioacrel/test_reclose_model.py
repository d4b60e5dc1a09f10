"""Whatever happens in whatever order: each closing by itself is one that a list of what happened allows."""

from dataclasses import dataclass, field
from typing import override

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from custom_components.acrel_safety.aioacrel.control.rounds import Phase
from custom_components.acrel_safety.aioacrel.control.tags import Tag
from tests import virtual_time
from tests.aioacrel.control_rigs import ADMIN
from tests.aioacrel.reclose_rigs import OPTED_IN, Breaker

WAITS = (10, 60, 300)
SECONDS = st.sampled_from([1, 2, 4, 9, 12, 35, 65])


@dataclass
class Story:
    """The second model: what was so in each second, and nothing of how the first one works."""

    closed: list[bool] = field(default_factory=list)
    voltage_alarm: list[bool] = field(default_factory=list)
    other_alarm: list[bool] = field(default_factory=list)
    sound: list[bool] = field(default_factory=list)
    free: list[bool] = field(default_factory=list)
    """Consent, and no tag."""
    person: list[bool] = field(default_factory=list)
    """Somebody did something, or it was begun anew."""
    acknowledged_at: int = 0
    sent_at: list[int] = field(default_factory=list)

    def may_be_sent(self) -> bool:
        """Whether a closing in this very second is one that the owner would want."""
        now = len(self.closed) - 1
        tries = sum(at > self.acknowledged_at for at in self.sent_at)
        if tries >= len(WAITS) or self.closed[now - 1]:
            return False
        opened = max((second for second in range(now) if self.closed[second]), default=-1) + 1
        was_so = range(max(0, opened - 31), min(now, opened + 4))
        wait = range(now - WAITS[tries] + 1, now)
        return (
            opened > 0
            and any(self.voltage_alarm[second] for second in was_so)
            and all(self.sound[second] and not self.voltage_alarm[second] for second in wait)
            and wait.start >= opened
            and not any(self.other_alarm[second] or self.person[second] for second in range(opened, now))
            and all(self.free[second] for second in range(opened, now))
        )


class Reclosing(RuleBasedStateMachine):
    """Plays a breaker, its supply and its people."""

    @initialize()
    def begin(self) -> None:
        self.loop = virtual_time.TestLoop()
        self.rig = Breaker()
        self.story = Story()
        self.is_tagged: Tag | None = None
        self.somebody = False
        self._wait(40)

    @override
    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    # -- what is played -----------------------------------------------------------------------------------------------

    def _wait(self, seconds: int) -> None:
        for _ in range(seconds):
            before = len(self.rig.writes)
            self.loop.run_until_complete(self._second())
            sent = self.rig.writes[before:]
            assert sent in ([], ["RLYON"])
            if sent:
                assert self.story.may_be_sent(), self.story
                self.story.sent_at.append(len(self.story.closed))

    async def _second(self) -> None:
        rig, story, values = self.rig, self.story, self.rig.values
        story.closed.append(values["RlySta"] is True)
        story.voltage_alarm.append(bool(values["UHigh"] or values["ULow"]))
        story.other_alarm.append(bool(values["LgHigh"]))
        story.sound.append(isinstance(values["U"], float) and 207 <= values["U"] <= 253)
        story.free.append(rig.policy.reclosing is not None and self.is_tagged is None)
        story.person.append(self.somebody)
        self.somebody = False
        await rig.pass_(1)

    def _say(self, **values: float | bool) -> None:
        self.loop.run_until_complete(self.rig.say(**values))

    # -- what happens -------------------------------------------------------------------------------------------------

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self._wait(seconds)

    @rule(volts=st.sampled_from([0.0, 170.0, 230.0, 230.0, 265.0]), is_told=st.booleans())
    def supply_changes(self, volts: float, is_told: bool) -> None:
        is_high, is_low = volts > 253 and is_told, volts < 207 and is_told
        self._say(U=volts, UHigh=is_high, ULow=is_low)
        self._wait(1)

    @rule(is_on=st.booleans())
    def leaks(self, is_on: bool) -> None:
        self._say(LgHigh=is_on)
        self._wait(1)

    @rule()
    def opens(self) -> None:
        self._say(RlySta=False)
        self._wait(1)

    @rule()
    def is_closed_by_hand(self) -> None:
        self.somebody = True
        self._say(RlySta=True)
        self._wait(1)

    @rule(by=st.sampled_from(["Ada", "automation"]))
    def is_acknowledged(self, by: str) -> None:
        self.somebody = True
        if by == "Ada":
            self.story.acknowledged_at = len(self.story.closed)
        self.rig.acknowledge(by)
        self._wait(1)

    @rule()
    def is_tagged_or_freed(self) -> None:
        if self.is_tagged is None:
            tag = self.rig.control.hang_tag("1", ADMIN, "work")
            assert isinstance(tag, Tag)
            self.is_tagged = tag
        else:
            self.rig.control.remove_tag(self.is_tagged.id, ADMIN)
            self.is_tagged = None
        self._wait(1)

    @rule()
    def owner_changes_his_mind(self) -> None:
        is_off = self.rig.policy.reclosing is None
        self.rig.consent(reclosing=OPTED_IN.reclosing if is_off else None)
        self._wait(1)

    @precondition(lambda self: self.is_tagged is None)
    @rule(seconds=st.sampled_from([0, 30]))
    def is_restarted(self, seconds: int) -> None:
        self.somebody = True
        self.loop.run_until_complete(self.rig.restart(seconds))
        self._wait(1)

    @rule()
    def trips_by_voltage_as_it_should(self) -> None:
        """From whatever state, once all is quiet and acknowledged: it is closed again, once."""
        if self.is_tagged is not None:
            self.is_tagged_or_freed()
        self.rig.policy = OPTED_IN
        self._say(U=230.0, UHigh=False, ULow=False, LgHigh=False, RlySta=True)
        self._wait(5)
        self.is_acknowledged("Ada")
        # Where an automation acknowledged, nothing is left to acknowledge.
        self.rig.recloser.release("1", ADMIN)
        self._wait(70)
        self.rig.policy = OPTED_IN
        before = len(self.rig.writes)
        self.supply_changes(265.0, is_told=True)
        self.opens()
        self._wait(4)
        self.supply_changes(230.0, is_told=True)
        self._wait(12)
        assert (len(self.rig.writes) - before, self.rig.round.phase) == (1, Phase.RECLOSED), self.rig.steps


TestReclosing = Reclosing.TestCase
TestReclosing.settings = settings(max_examples=60, stateful_step_count=25, deadline=None, derandomize=True)
