"""One alarm in any order of readings, silences, persons, restarts and clock jumps, against a second, simple model.

The model is written from the rules of docs/alarms.md, not from the code: a few flags and one function for the word.
"""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.errors import AlarmRefusedError
from custom_components.acrel_safety.aioacrel.readings import Quality
from tests.aioacrel.alarm_rigs import Plant, PlayedBoard

KINDS = {
    # model, code, what is said when it is so and when not, held until acknowledged, latched until reset
    "alarm": ("adw300", "UHigh", True, False, True, False),
    "fault": ("asj10l", "LgFauSta", True, False, True, False),
    "pre_alarm": ("asj10l", "Lg1HIGH1", True, False, False, False),
    "trip": ("ddsy1352", "RlySta", False, True, True, True),
}
LONGEST = {"alarm": 8 * 3600, "fault": 8 * 3600, "pre_alarm": 7 * 86400, "trip": 3600}


class AnyOrder(RuleBasedStateMachine):
    """The library's alarm beside the model."""

    def __init__(self) -> None:
        super().__init__()
        self.plant = Plant()

    @initialize(kind=st.sampled_from(sorted(KINDS)))
    def begin(self, kind: str) -> None:
        self.kind = kind
        model_id, self.code, self.on, self.off, self.is_held, self.latches = KINDS[kind]
        self.plant.add("board", model_id)
        self.alarm_id = next(
            f"board/{key}" for key in self.board.watch.alarms if key.code == self.code and key.rule in ("bit", "opened")
        )
        self.board.quiet()
        self.so, self.seen, self.known, self.latched = False, True, True, False
        self.shelved_until: float | None = None
        self.shelving_ends: float | None = None
        self.out = False
        self.raised = 0

    @property
    def board(self) -> PlayedBoard:
        return self.plant.boards["board"]

    # -- what happens ---------------------------------------------------------------------------------------------

    @rule()
    def it_is_so(self) -> None:
        self.board.quiet(**{self.code: self.on})
        self.seen = True
        if not self.so:
            self.so = True
            if self.known:
                self.raised += 1
                if self.shelved_until is None:
                    self.shelving_ends = None
            self.known = False
            self.latched = self.latched or self.latches

    @rule()
    def it_is_not_so(self) -> None:
        self.board.quiet(**{self.code: self.off})
        self.seen = True
        if self.so:
            self.so = False
            self.known = self.known or not self.is_held

    @rule(quality=st.sampled_from([Quality.NO_ANSWER, Quality.REFUSED, Quality.IMPLAUSIBLE, Quality.STALE]))
    def it_cannot_be_read(self, quality: Quality) -> None:
        self.board.say(**{self.code: quality})
        self.seen = False

    @rule()
    def nothing_is_heard(self) -> None:
        self.board.silent()
        self.seen = False

    @rule()
    def somebody_acknowledges(self) -> None:
        self.plant.alarms.acknowledge(self.alarm_id, by="anna")
        self.known = True

    @rule()
    def somebody_silences(self) -> None:
        self.plant.alarms.silence(self.alarm_id, by="anna")

    @rule()
    def somebody_resets(self) -> None:
        may = not self.latched or (self.known and self.seen and not self.so)
        try:
            self.plant.alarms.reset(self.alarm_id, by="anna")
        except AlarmRefusedError:
            assert not may
        else:
            assert may
            self.latched = False

    @rule(seconds=st.integers(1, 8 * 86400))
    def somebody_shelves(self, seconds: int) -> None:
        until, stands = self.plant.times.steady + seconds, self.so or self.latched or not self.known
        longest = self.plant.times.steady + LONGEST[self.kind]
        ends = longest if self.shelving_ends is None else self.shelving_ends
        try:
            self.plant.alarms.shelve(self.alarm_id, seconds, by="anna")
        except AlarmRefusedError:
            assert not stands or until > min(longest, ends)
        else:
            assert stands
            assert until <= min(longest, ends)
            self.shelved_until, self.shelving_ends = until, ends

    @rule()
    def somebody_unshelves(self) -> None:
        self.plant.alarms.unshelve(self.alarm_id, by="anna")
        self.shelved_until = None

    @rule()
    def somebody_takes_it_out(self) -> None:
        self.plant.alarms.take_out(self.alarm_id, by="anna")
        self.out = True

    @precondition(lambda self: self.out)
    @rule()
    def somebody_puts_it_back(self) -> None:
        self.plant.alarms.put_back(self.alarm_id, by="anna")
        self.out = False

    @rule(seconds=st.sampled_from([1, 29, 31, 3600, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.plant.pass_(seconds)
        if self.shelved_until is not None and self.plant.times.steady >= self.shelved_until:
            self.shelved_until = None

    @rule(hours=st.sampled_from([-9000, -1, 1]))
    def the_clock_is_set(self, hours: int) -> None:
        self.plant.times.wall += timedelta(hours=hours)
        # A restart after this may find a shelving over, or not at all: what cannot be told is not shelved.
        self.plant.alarms.unshelve(self.alarm_id, by="anna")
        self.shelved_until = None

    @rule()
    def the_process_is_killed(self) -> None:
        self.plant.restart()
        self.seen = False

    # -- what must be ---------------------------------------------------------------------------------------------

    def word(self) -> str:
        if self.out:
            return "out_of_service"
        if self.shelved_until is not None:
            return "shelved"
        if not self.known:
            return "unacknowledged" if self.so else "returned_unacknowledged"
        if self.so or self.latched:
            return "acknowledged"
        return "normal" if self.seen else "unknown"

    @invariant()
    def the_word_is_the_models(self) -> None:
        if not hasattr(self, "kind"):
            return
        standing = self.plant.alarms.find(self.alarm_id)
        assert standing is not None
        assert str(standing.word) == self.word()

    @invariant()
    def safe_is_never_said_too_early(self) -> None:
        if hasattr(self, "kind") and (self.so or self.latched or not self.known or not self.seen or self.out):
            assert self.board.safety() != "safe"

    @invariant()
    def each_time_is_recorded_once(self) -> None:
        if hasattr(self, "kind"):
            assert self.plant.happened.count((What.RAISED, self.code)) == self.raised


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
