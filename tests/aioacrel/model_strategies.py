"""Random device models for property tests: everything a model file has words for."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.models import (
    Circuit,
    Command,
    Evidence,
    Limits,
    LineSettings,
    Model,
    Point,
    ProbeCheck,
    Ratio,
)
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import WORD, WORD_BITS, Layout, Order, RegisterType
from custom_components.acrel_safety.aioacrel.vocabulary import (
    Kind,
    PollGroup,
    Quantity,
    Range,
    extra_quantity,
    vocabulary,
)

CODES = [quantity.code for quantity in vocabulary() if "{" not in quantity.code] + ["Lg3", "UaHr05", "T2HIGH1", "EPA"]
COMMANDS = [quantity.code for quantity in vocabulary() if quantity.kind is Kind.COMMAND]
TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: "{" not in text)
WORDS = st.from_regex(r"[a-z0-9_]{1,6}", fullmatch=True)
NAMES = st.one_of(
    st.just({}),
    st.builds(lambda en: {"en": en}, TEXTS),
    st.builds(lambda en, zh: {"en": en, "zh": zh}, TEXTS, TEXTS),
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-100000, max_value=100000)
SCALES = st.one_of(
    st.sampled_from(["1", "0.1", "0.01", "0.001", "10", "5", "2.5", "-1", "60", "0.0001"]).map(Fraction),
    DECIMALS.filter(bool).map(Fraction),
)


def layouts() -> st.SearchStrategy[Layout]:
    return st.sampled_from(RegisterType).flatmap(_layouts)


def _layouts(kind: RegisterType) -> st.SearchStrategy[Layout]:
    bits = (
        st.integers(0, WORD_BITS - kind.bits)
        if kind.is_bit_field
        else st.sampled_from((0, 8))
        if kind.is_byte
        else st.just(0)
    )
    return st.builds(Layout, type=st.just(kind), order=st.sampled_from(Order.allowed(kind)), bit=bits)


@st.composite
def quantities(draw: st.DrawFn, *, is_any_code: bool) -> Quantity:
    names = draw(NAMES)
    code = draw(st.one_of(st.sampled_from(CODES), TEXTS if is_any_code else TEXTS.map(lambda text: f"DOC_{text}")))
    known = vocabulary().find(code)
    unit = draw(st.one_of(st.none(), st.sampled_from(["V", "W", "mA", "bar", "=1"])))
    if known is None:
        quantity = extra_quantity(code, kind=draw(st.sampled_from(Kind)), unit=unit, names=names)
    else:
        quantity = replace(known, names=names or known.names, unit=unit or known.unit)
    return replace(quantity, detail=draw(st.booleans()))


def ranges(usual: Range) -> st.SearchStrategy[Range]:
    ends = st.tuples(DECIMALS, DECIMALS).map(sorted)
    return st.one_of(st.just(usual), ends.map(lambda pair: Range(low=float(pair[0]), high=float(pair[1]))))


def limits() -> st.SearchStrategy[Limits | None]:
    def limit(ends: list[Decimal], source: str) -> Limits:
        return Limits(low=float(ends[0]), high=float(ends[1]), source=source)

    return st.one_of(st.none(), st.builds(limit, st.tuples(DECIMALS, DECIMALS).map(sorted), TEXTS))


@st.composite
def points(draw: st.DrawFn, *, circuit: str, evidence: Evidence) -> Point:
    quantity = draw(quantities(is_any_code=evidence is Evidence.IMPORTED))
    layout = draw(layouts())
    address = draw(st.integers(0, WORD + 1 - layout.type.registers))
    point = Point(
        key=PointKey(circuit, quantity.code),
        quantity=quantity,
        poll=draw(st.one_of(st.just(quantity.poll), st.sampled_from(PollGroup))),
        layout=layout,
        function=draw(st.sampled_from((3, 4))),
        address=address,
        scale=draw(SCALES),
        ratios=tuple(draw(st.lists(st.sampled_from(Ratio), unique=True))),
        equals=draw(st.one_of(st.none(), st.integers(0, WORD))),
        words=draw(st.one_of(st.none(), st.dictionaries(st.integers(0, 9999), WORDS, min_size=1, max_size=3))),
        range=draw(ranges(quantity.range)),
        limits=draw(limits()),
        evidence=draw(st.one_of(st.just(evidence), st.sampled_from(Evidence))),
        note=draw(st.one_of(st.just(""), TEXTS)),
    )
    if not draw(st.booleans()) or not draw(st.booleans()):
        return point
    if evidence is Evidence.UNKNOWN:
        return replace(point, address=None)
    return waiting(PointKey(circuit, quantity.code))


def waiting(key: PointKey) -> Point:
    quantity = vocabulary().quantity(key.code)
    return Point(
        key=key,
        quantity=quantity,
        poll=quantity.poll,
        layout=Layout(type=RegisterType.U16),
        range=quantity.range,
        evidence=Evidence.UNKNOWN,
    )


def commands() -> st.SearchStrategy[Command]:
    def command(code: str, circuit: str, back: tuple[str, str, int] | None, known: tuple[int, str] | None) -> Command:
        read_back = (PointKey(back[0], back[1]), float(back[2])) if back else None
        place = {"address": known[0], "registers": (1, known[0]), "source": known[1]} if known else {}
        return Command(code=code, circuit=circuit, read_back=read_back, within=2.5, **place)  # type: ignore[arg-type]  # by name

    circuits = st.sampled_from(("0", "1", "7"))
    return st.builds(
        command,
        st.sampled_from(COMMANDS),
        circuits,
        st.one_of(st.none(), st.tuples(circuits, st.sampled_from(CODES), st.integers(0, 9))),
        st.one_of(st.none(), st.tuples(st.integers(0, WORD), TEXTS)),
    )


def probes() -> st.SearchStrategy[ProbeCheck]:
    return st.builds(
        ProbeCheck,
        address=st.integers(0, 65000),
        count=st.integers(1, 125),
        function=st.sampled_from((3, 4)),
        mask=st.integers(1, WORD),
        allowed=st.one_of(st.none(), st.tuples(st.integers(0, WORD), st.integers(0, WORD)).map(_sorted_pair)),
        is_unit_id=st.booleans(),
        refused=st.booleans(),
        measured=st.booleans(),
    )


def _sorted_pair(pair: tuple[int, int]) -> tuple[int, int]:
    return min(pair), max(pair)


@st.composite
def repeated(
    draw: st.DrawFn, first: str, known: Mapping[PointKey, Point]
) -> tuple[Mapping[str, Circuit], dict[PointKey, Point]]:
    """Return a row of circuits like the first one, each point a regular step further on."""
    count, start = draw(st.integers(2, 4)), int(first)
    row = {
        str(number): Circuit(number=str(number), names={"en": f"Way {number}"})
        for number in range(start, start + count)
    }
    points: dict[PointKey, Point] = {}
    for point in known.values():
        step = draw(st.sampled_from((0, 1, 2, -1)))
        bit_step = draw(st.sampled_from((0, 0, 1))) if point.layout.type.is_bit_field else 0
        for index, number in enumerate(row):
            key = PointKey(number, point.key.code)
            address = None if point.address is None else min(65500, max(10, point.address)) + index * step
            bit = (
                min(point.layout.bit, WORD_BITS - point.layout.type.bits - count) + index * bit_step
                if bit_step
                else point.layout.bit
            )
            points[key] = replace(point, key=key, address=address, layout=replace(point.layout, bit=max(0, bit)))
    return row, points


@st.composite
def models(draw: st.DrawFn) -> Model:
    evidence = draw(st.sampled_from(Evidence))
    numbers = draw(st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True))
    circuits: Mapping[str, Circuit] = {
        str(number): Circuit(number=str(number), names=draw(st.one_of(NAMES, st.just({"en": f"Circuit {number}"}))))
        for number in sorted(numbers)
    }
    placed = [
        point for number in circuits for point in draw(st.lists(points(circuit=number, evidence=evidence), max_size=4))
    ]
    if not placed:
        placed = [waiting(PointKey(next(iter(circuits)), "Lg"))]
    known = {point.key: point for point in placed}
    if draw(st.booleans()):
        circuits, known = draw(repeated(next(iter(circuits)), known))
    ratio = draw(st.sampled_from(Ratio))
    return Model(
        id=draw(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True)),
        name=draw(TEXTS),
        titles={"en": draw(TEXTS), "zh": draw(TEXTS)},
        evidence=evidence,
        source=draw(TEXTS),
        covers=tuple(draw(st.lists(TEXTS, max_size=2))),
        notes=draw(NAMES),
        line=LineSettings(
            baudrate=draw(st.integers(300, 1_000_000)),
            bytesize=draw(st.sampled_from((7, 8))),
            parity=draw(st.sampled_from("NEO")),
            stopbits=draw(st.sampled_from((1, 2))),
        ),
        unit_id=draw(st.integers(0, 255)),
        max_registers=draw(st.integers(1, 125)),
        ranges=draw(st.sampled_from(((), ((0, WORD),)))),
        circuits=circuits,
        points=known,
        commands=draw(st.lists(commands(), max_size=2)),
        probes=draw(st.lists(probes(), max_size=2)),
        asks_ratios=frozenset({ratio} if draw(st.booleans()) else ()),
        read_ratios={other: next(iter(known)) for other in Ratio if other is not ratio and draw(st.booleans())}
        if "@" not in next(iter(known)).code
        else {},
        k_mode=draw(st.sampled_from((None, "auto", "decimals"))),
    )
