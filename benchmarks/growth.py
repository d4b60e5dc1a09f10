"""Slow growth on simulated years: how often it is found where nothing is wrong, and how early where something is.

Two models of circuits (`circuits.py`), each with healthy circuits over two years and with circuits on which an
insulation fault creeps in. Hourly values go through the real `DayCollector`; what follows is asked once a day. A
finding is acknowledged on the day it is made. A question after a step is answered by what happened: it was an
appliance, if one came within twelve days of it. The seed of the results was never used to choose the rules.
"""

import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from benchmarks.circuits import EASY, HARSH, HOURS, Circuit, Climate, Fault
from benchmarks.report import Cell, Table
from custom_components.acrel_safety.aioacrel.growth import Day, DayCollector, FindingKind, Growth
from custom_components.acrel_safety.aioacrel.growth.growth import LEARNING_DAYS, QUIET_DAYS

SEED = 2026
HEALTHY = 110
FAULTY = 100
YEARS = 2
LIMIT = 300.0
EXPONENTIAL, UNDER_LOAD = 0.5, 0.3
"""Shares of the faults."""
SOON_ENOUGH = 14
"""Days before the limit; a fault found later counts as missed."""
AFTER = 60
_FIRST = date(2024, 1, 1)
_NEAR = 12
"""Days a step may be put beside the day an appliance came."""
_YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The days of one circuit."""

    days: Sequence[Day]
    changes: Sequence[int]
    """The days on which appliances came or went."""
    fault: Fault | None = None

    @property
    def end(self) -> int | None:
        """The second day in a row on which the limit is reached: one alone is a peak, and no fault."""
        begins = self.fault.begins if self.fault else 0
        reached = (at for at in range(begins + 1, len(self.days)) if self.days[at].value >= LIMIT)
        return next((at for before, at in pairwise(reached) if at == before + 1), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a detector says of one circuit: the days of its findings, and of its questions."""

    findings: Sequence[int]
    questions: Sequence[int] = ()


type Detector = Callable[[Course], Said]


def course_of(climate: Climate, name: str, fault: Fault | None = None) -> Course:
    """Return the days of a circuit, made of hourly values."""
    circuit = Circuit(climate, random.Random(f"{SEED} {climate.name} {name}"), LIMIT, fault)
    collector, days = DayCollector(), []
    for number in range(fault.begins + fault.days + AFTER if fault else round(YEARS * _YEAR)):
        today = _FIRST + timedelta(days=number)
        for hour, value in enumerate(circuit.hours(number)):
            ended = collector.take(value, (number * HOURS + hour) * 3600.0, today)
            if ended is not None:
                days.append(ended)
    return Course(days=days, changes=circuit.changes, fault=fault)


def fault_of(name: str) -> Fault:
    """Draw a fault."""
    chance = random.Random(f"{SEED} fault {name}")
    return Fault(
        begins=chance.randint(90, 400),
        days=chance.randint(45, 300),
        is_exponential=chance.random() < EXPONENTIAL,
        is_under_load=chance.random() < UNDER_LOAD,
    )


def _this(course: Course, *, is_answered: bool) -> Said:
    growth, findings, questions = Growth(), [], []
    for number, day in enumerate(course.days):
        found = growth.take(day, LIMIT)
        if found is None:
            continue
        if found.kind is FindingKind.GROWTH:
            findings.append(number)
            growth.acknowledge()
            continue
        questions.append(number)
        if is_answered:
            since = (found.since - _FIRST).days
            growth.answer(is_new_appliance=any(abs(since - change) <= _NEAR for change in course.changes))
    return Said(findings=findings, questions=questions)


def answered(course: Course) -> Said:
    """Ask this project's `Growth`, whose questions are answered."""
    return _this(course, is_answered=True)


def unanswered(course: Course) -> Said:
    """Ask this project's `Growth`; nobody answers."""
    return _this(course, is_answered=False)


def half_the_limit(course: Course) -> Said:
    """Find what is above half of the limit: a pre-alarm alone."""
    return _quiet_between(course, lambda values: values[-1] >= LIMIT / 2)


def ratio(course: Course) -> Said:
    """Find a week that is 1.8 times the 90 days before it (a fortnight apart), and a tenth of the limit more."""

    def is_more(values: Sequence[float]) -> bool:
        now, before = median(values[-7:]), median(values[-104:-14])
        return now > 1.8 * before and now - before >= LIMIT / 10

    return _quiet_between(course, is_more)


def _quiet_between(course: Course, rule: Callable[[Sequence[float]], bool]) -> Said:
    values = [day.value for day in course.days]
    findings: list[int] = []
    for number in range(LEARNING_DAYS, len(values)):
        if (not findings or number - findings[-1] > QUIET_DAYS) and rule(values[: number + 1]):
            findings.append(number)
    return Said(findings=findings)


DETECTORS: dict[str, Detector] = {
    "this project": answered,
    "this project, questions never answered": unanswered,
    "50 % of the limit, alone": half_the_limit,
    "7-day median > 1.8 × 90-day median": ratio,
}


def of_climate(climate: Climate) -> tuple[list[Mapping[str, Cell]], float]:
    """Return one row for each detector, and the seconds one day of one circuit took."""
    healthy = [course_of(climate, f"healthy {number}") for number in range(HEALTHY)]
    faulty = [course_of(climate, f"faulty {number}", fault_of(f"{number}")) for number in range(FAULTY)]
    faulty = [course for course in faulty if course.end is not None]
    years = sum(len(course.days) - LEARNING_DAYS for course in healthy) / _YEAR
    rows: list[Mapping[str, Cell]] = []
    spent, days = 0.0, 0
    for name, detector in DETECTORS.items():
        began = time.process_time()
        said = [detector(course) for course in healthy]
        if detector is answered:
            spent, days = time.process_time() - began, sum(len(course.days) for course in healthy)
        leads = [_lead(course, detector(course)) for course in faulty]
        rows.append(
            {
                "model": climate.name,
                "detector": name,
                "circuit-years": round(years),
                "false per circuit-year": sum(len(one.findings) for one in said) / years,
                "questions per circuit-year": sum(len(one.questions) for one in said) / years,
                "faults": len(faulty),
                "found in time": f"{sum(lead >= SOON_ENOUGH for lead in leads) / len(leads):.0%}",
                "median lead": f"{median(leads):.0f} d",
            }
        )
    return rows, spent / days


def _lead(course: Course, said: Said) -> int:
    """Return how many days before the limit the fault was found; less than none, if later or never."""
    begins, end = course.fault.begins if course.fault else 0, course.end or 0
    return end - next((day for day in said.findings if day > begins), end + 1)


def size_of(thing: object) -> int:
    """Return the bytes of an object and all it alone holds."""
    seen: set[int] = set()

    def walk(part: object) -> int:
        if id(part) in seen or isinstance(part, type):
            return 0
        seen.add(id(part))
        inner: list[object] = []
        if isinstance(part, dict):
            inner = [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            inner = list(part)
        names = [*getattr(part, "__dict__", ()), *getattr(type(part), "__slots__", ())]
        inner += [getattr(part, name) for name in names if hasattr(part, name)]
        return sys.getsizeof(part) + sum(walk(one) for one in inner)

    return walk(thing)


def costs() -> tuple[float, float, float]:
    """Return kB of a collector and a `Growth` in use, and µs of one reading."""
    circuit = Circuit(HARSH, random.Random(SEED), LIMIT)
    collector, growth, number = DayCollector(), Growth(), 0
    for number in range(150):
        for hour, value in enumerate(circuit.hours(number)):
            ended = collector.take(value, (number * HOURS + hour) * 3600.0, _FIRST + timedelta(days=number))
            if ended is not None:
                growth.take(ended, LIMIT)
    today = _FIRST + timedelta(days=number + 1)
    values = [value for day in range(number, number + 800) for value in circuit.hours(day)]
    start = (number + 1) * HOURS * 3600.0
    began = time.process_time()
    for at, value in enumerate(values):
        collector.take(value, start + at, today)
    micro = (time.process_time() - began) / len(values) * 1e6
    return size_of(collector) / 1024, size_of(growth) / 1024, micro


def measure() -> Table:
    """Run all."""
    began = time.monotonic()
    with ProcessPoolExecutor(2) as pool:
        outcomes = list(pool.map(of_climate, (EASY, HARSH)))
    collector, growth, micro = costs()
    table = Table(
        "growth",
        "Slow growth found on simulated years",
        f"{HEALTHY} healthy circuits of {YEARS} years and {FAULTY} with a creeping fault for each model, limit "
        f"{LIMIT:.0f} mA; faults linear or exponential over 45–300 days, 30 % only under load, with seasons, rain, "
        "holidays, new appliances, a drifting zero, noise and peaks. No appliance brings a circuit beyond a third of "
        "its limit. 'Found in time': at least 14 days before the daily p90 reaches the limit (two days in a "
        "row). Days of learning are not counted. 'Questions' ask whether an appliance is new; they are no hazards. "
        f"Seed {SEED}; the rules were chosen on other seeds. One circuit and quantity keeps {growth:.1f} kB of days "
        f"and {collector:.1f} kB of the day that runs; one reading costs {micro:.1f} µs, one day "
        f"{max(seconds for _, seconds in outcomes) * 1e3:.2f} ms. Measured in {time.monotonic() - began:.0f} s.",
        (
            "model",
            "detector",
            "circuit-years",
            "false per circuit-year",
            "questions per circuit-year",
            "faults",
            "found in time",
            "median lead",
        ),
    )
    for rows, _ in outcomes:
        table.rows.extend(rows)
    return table
