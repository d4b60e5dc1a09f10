"""The read plan takes the least line time there is, and never reads what it must not."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus_connection.mock import MockModbusConnection

from custom_components.acrel_safety.aioacrel.modbus import LinkAddress, PolledUnit
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.registers import LineCost, LineSettings, Read, Span, plan_reads
from custom_components.acrel_safety.aioacrel.registers.plan import line_time
from custom_components.acrel_safety.aioacrel.vocabulary import Pace

COST = LineCost(line=LineSettings(baudrate=9600), turnaround=0.02)


def cost_at(baudrate: int, turnaround: float, parity: str = "N") -> LineCost:
    return LineCost(line=LineSettings.of(baudrate=baudrate, parity=parity), turnaround=turnaround)


@pytest.mark.parametrize(
    ("baudrate", "count", "milliseconds"),
    # performance figures for 11 bits per character and no turnaround, from the formula of the serial line guide
    [(9600, 1, 25.2), (9600, 10, 45.8), (4800, 125, 619), (19200, 40, 57.3), (38400, 10, 13.0), (115200, 125, 28.6)],
)
def test_line_time_agrees_with_the_published_figures(baudrate: int, count: int, milliseconds: float) -> None:
    assert cost_at(baudrate, 0, "E").seconds(count) * 1000 == pytest.approx(milliseconds, rel=0.01)


def test_a_small_gap_is_read_through_and_a_large_one_is_not() -> None:
    near = plan_reads([Span(3, 0, 1), Span(3, 10, 1)], COST, max_registers=125)
    far = plan_reads([Span(3, 0, 1), Span(3, 100, 1)], COST, max_registers=125)
    assert near == [Read(3, 0, 11)]
    assert far == [Read(3, 0, 1), Read(3, 100, 1)]


def test_a_border_is_never_crossed() -> None:
    spans = [Span(3, 0, 2), Span(3, 2, 2)]
    assert plan_reads(spans, COST, max_registers=125, ranges=[(0, 1), (2, 9)]) == [Read(3, 0, 2), Read(3, 2, 2)]


def test_a_refused_register_is_never_read_again() -> None:
    spans = [Span(3, 0, 1), Span(3, 3, 1)]
    assert plan_reads(spans, COST, max_registers=125, holes={2}) == [Read(3, 0, 1), Read(3, 3, 1)]


def test_functions_are_not_mixed() -> None:
    assert plan_reads([Span(3, 0, 1), Span(4, 1, 1)], COST, max_registers=125) == [Read(3, 0, 1), Read(4, 1, 1)]


def test_overlapping_values_beyond_one_read_are_still_read_whole() -> None:
    spans = [Span(3, address, 4) for address in range(300)]
    reads = plan_reads(spans, COST, max_registers=125)
    assert all(read.count <= 125 for read in reads)
    assert all(any(read.address <= s.address and s.address + s.count <= read.end for read in reads) for s in spans)


def test_nothing_wanted_is_nothing_read() -> None:
    assert plan_reads([], COST, max_registers=125) == []


@st.composite
def small_cases(draw: st.DrawFn) -> tuple[list[Span], LineCost, int, list[tuple[int, int]], set[int]]:
    spans: list[Span] = []
    address = 0
    for gap, count in draw(st.lists(st.tuples(st.integers(0, 25), st.sampled_from([1, 1, 2, 4])), max_size=8)):
        spans.append(Span(3, address + gap, count))
        address += gap + count
    ranges: list[tuple[int, int]] = []
    with_border: bool = draw(st.booleans())
    if spans and with_border:
        cut = spans[draw(st.integers(0, len(spans) - 1))].address
        ranges = [(0, cut - 1), (cut, 65535)] if cut else [(0, 65535)]
    taken = {register for span in spans for register in range(span.address, span.address + span.count)}
    holes = draw(st.sets(st.integers(0, 200), max_size=3)) - taken
    cost = cost_at(draw(st.sampled_from([1200, 9600, 19200, 115200])), draw(st.sampled_from([0.0, 0.005, 0.02, 0.05])))
    return spans, cost, draw(st.sampled_from([4, 12, 48, 125])), ranges, holes


def brute_force(
    spans: list[Span], cost: LineCost, limit: int, ranges: list[tuple[int, int]], holes: set[int]
) -> float | None:
    """Try every way to cut the sorted spans into runs."""
    best: float | None = None
    for number in range(len(spans)):
        for cuts in combinations(range(1, len(spans)), number):
            edges = [0, *cuts, len(spans)]
            total = 0.0
            for start, end in pairwise(edges):
                first, behind = spans[start].address, spans[end - 1].address + spans[end - 1].count
                fits = behind - first <= limit and not holes & set(range(first, behind))
                inside = not ranges or any(low <= first and behind - 1 <= high for low, high in ranges)
                if not (fits and inside):
                    break
                total += cost.seconds(behind - first)
            else:
                best = total if best is None else min(best, total)
    return best


@given(small_cases())
def test_no_set_of_reads_is_faster(
    case: tuple[list[Span], LineCost, int, list[tuple[int, int]], set[int]],
) -> None:
    spans, cost, limit, ranges, holes = case
    reads = plan_reads(spans, cost, max_registers=limit, ranges=ranges, holes=holes)
    for span in spans:
        assert sum(read.address <= span.address and span.address + span.count <= read.end for read in reads) == 1
    assert all(read.count <= limit for read in reads)
    assert not any(hole in range(read.address, read.end) for read in reads for hole in holes)
    if spans:
        assert line_time(reads, cost) == pytest.approx(brute_force(spans, cost, limit, ranges, holes))


@pytest.mark.parametrize("model_id", ModelLibrary().ids())
def test_no_register_is_asked_for_twice_in_one_poll(model_id: str) -> None:
    """What qualifies values goes first; what comes with it in the same answer is not read again."""
    model = ModelLibrary().builtin(model_id)
    unit = LinkAddress.parse("tcp://127.0.0.1:502").guarded(MockModbusConnection().for_unit(1), 1)
    device = PolledUnit(unit, model)
    device.want_all()
    for group in Pace:
        reads = sorted(device.planned(group))
        pairs = ((before, after) for before, after in pairwise(reads) if before.function == after.function)
        assert all(before.end <= after.address for before, after in pairs), reads
