"""The length of a read as its sequence number: which one is chosen, and what it may cost."""

from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.modbus.sequence import LOST_MEMORY, PADDING_SHARE, LengthSequence
from custom_components.acrel_safety.aioacrel.registers import LineCost, Read
from custom_components.acrel_safety.aioacrel.registers.blocks import readable_around

REPEAT, LATE = 0.25, 1.0
WANTED = st.builds(Read, st.just(3), st.integers(20, 60), st.integers(1, 20))


@given(wanted=st.lists(WANTED, max_size=30), gaps=st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_no_length_comes_back_while_a_repeat_of_it_may_arrive(wanted: list[Read], gaps: list[float]) -> None:
    sequence, now = LengthSequence(LineCost()), 0.0
    answered: dict[int, float] = {}
    paid = needed = 0.0
    for read, gap in zip(wanted, gaps, strict=False):
        now += gap
        choice = sequence.choose(read, (0, 99), now, repeat_after=REPEAT, late_after=LATE)
        assert choice.read.address <= read.address
        assert read.end <= choice.read.end
        assert choice.slice_of(list(range(choice.read.address, choice.read.end)), read) == list(
            range(read.address, read.end)
        )
        now += choice.pause
        assert now - answered.get(choice.read.count, -1.0) >= REPEAT - 1e-9
        paid += sequence.paid(choice.read, read)
        needed += LineCost().seconds(read.count)
        sequence.note_answered(choice.read, now)
        answered[choice.read.count] = now
    assert paid <= PADDING_SHARE * needed + 1e-9


@given(lost=st.lists(WANTED, min_size=1, max_size=10), wanted=WANTED)
def test_the_length_of_a_lost_answer_is_avoided_whatever_that_costs(lost: list[Read], wanted: Read) -> None:
    sequence = LengthSequence(LineCost())
    for read in lost:
        sequence.note_lost(read, 0.0)
    choice = sequence.choose(wanted, (0, 99), LATE + 0.1, repeat_after=REPEAT, late_after=LATE)
    assert choice.read.count not in {read.count for read in lost}
    assert choice.pause == 0
    later = sequence.choose(wanted, (0, 99), LOST_MEMORY + 1, repeat_after=REPEAT, late_after=LATE)
    assert later.read == wanted


@given(wanted=WANTED, low=st.integers(0, 20), high=st.integers(80, 120), hole=st.integers(0, 120))
def test_nothing_outside_what_is_readable_is_added(wanted: Read, low: int, high: int, hole: int) -> None:
    holes = {hole} - set(range(wanted.address, wanted.end))
    first, last = readable_around(wanted, [(low, high), (200, 300)], (), holes, 48)
    assert low <= first <= wanted.address
    assert wanted.end - 1 <= last <= high
    assert not holes & set(range(first, last + 1))
    assert last - first + 1 <= 48


def test_without_declared_ranges_only_known_registers_are_added() -> None:
    assert readable_around(Read(3, 10, 2), (), {8, 9, 10, 11, 12, 14}, (), 48) == (8, 12)
    assert readable_around(Read(3, 10, 2), [(0, 5)], {9, 12}, (), 48) == (10, 11)


def test_registers_refused_once_are_tried_again_after_a_while() -> None:
    sequence = LengthSequence(LineCost())
    wanted, stretched = Read(3, 10, 2), Read(3, 10, 3)
    sequence.note_unreadable(stretched, wanted, 0.0)
    sequence.note_lost(wanted, 0.0)
    assert sequence.choose(wanted, (10, 12), 1.5, repeat_after=REPEAT, late_after=LATE).read == wanted
    sequence.note_lost(wanted, 600.0)
    assert sequence.choose(wanted, (10, 12), 601.5, repeat_after=REPEAT, late_after=LATE).read == stretched
