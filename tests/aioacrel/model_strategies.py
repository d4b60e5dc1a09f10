"""Random device models for property tests: everything a model file has words for."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.models.entry import Entry, places_of, points_of
from custom_components.acrel_safety.aioacrel.points import (
    Circuit,
    Effect,
    Evidence,
    Limits,
    Model,
    Operation,
    effect_of_code,
)
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import (
    UNQUALIFIED,
    WORD,
    WORD_BITS,
    Layout,
    LineSettings,
    Order,
    ProbeCheck,
    Qualifiers,
    Ratio,
    RegisterMap,
    RegisterType,
    Write,
)
from custom_components.acrel_safety.aioacrel.vocabulary import (
    EXTRA_PREFIX,
    Kind,
    Pace,
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
        quantity = replace(known.in_unit(unit or known.unit), names=names or known.names)
    return replace(quantity, detail=draw(st.booleans()))


def ranges(usual: Range) -> st.SearchStrategy[Range]:
    ends = st.tuples(DECIMALS, DECIMALS).map(sorted)
    return st.one_of(st.just(usual), ends.map(lambda pair: Range(low=float(pair[0]), high=float(pair[1]))))


def limits() -> st.SearchStrategy[Limits | None]:
    def limit(ends: list[Decimal], source: str) -> Limits:
        return Limits(low=float(ends[0]), high=float(ends[1]), source=source)

    return st.one_of(st.none(), st.builds(limit, st.tuples(DECIMALS, DECIMALS).map(sorted), TEXTS))


@st.composite
def entries(draw: st.DrawFn, *, circuit: str, evidence: Evidence) -> Entry:
    quantity = draw(quantities(is_any_code=evidence is Evidence.IMPORTED))
    layout = draw(layouts())
    address = draw(st.integers(0, WORD + 1 - layout.type.registers))
    question = draw(questions(layout.type))
    entry = Entry(
        key=PointKey(circuit, quantity.code),
        quantity=quantity,
        pace=draw(st.one_of(st.just(quantity.pace), st.sampled_from(Pace))),
        layout=layout,
        function=draw(st.sampled_from((3, 4))),
        address=address,
        scale=draw(SCALES),
        ratios=tuple(draw(st.lists(st.sampled_from(Ratio), unique=True))),
        equals=question[0],
        any_of=question[1],
        words=draw(st.one_of(st.none(), st.dictionaries(st.integers(0, 9999), WORDS, min_size=1, max_size=3))),
        range=draw(ranges(quantity.range)),
        limits=draw(limits()),
        evidence=draw(st.one_of(st.just(evidence), st.sampled_from(Evidence))),
        note=draw(st.one_of(st.just(""), TEXTS)),
    )
    if not draw(st.booleans()) or not draw(st.booleans()):
        return entry
    return unplaced(entry) if evidence is Evidence.UNKNOWN else Entry.waiting(entry.key)


def questions(kind: RegisterType) -> st.SearchStrategy[tuple[int | None, int | None]]:
    """Return what a point may ask of its raw number: whether it is a number, whether one of some bits is set."""
    low, high = kind.raw_range
    return st.one_of(
        st.just((None, None)),
        st.tuples(st.integers(0, WORD), st.none()),
        st.tuples(st.none(), st.integers(1, high - low)) if not kind.is_float else st.nothing(),
    )


def unplaced(entry: Entry) -> Entry:
    """Return an entry that waits for its address: all that is said of its place comes with the address."""
    return replace(
        entry,
        address=None,
        layout=Layout(type=RegisterType.U16),
        function=3,
        scale=Fraction(1),
        ratios=(),
        equals=None,
        any_of=None,
    )


def operations() -> st.SearchStrategy[tuple[Operation, Write | None]]:
    def operation(
        code: str,
        circuit: str,
        values: list[list[tuple[str, str, int]]],
        known: tuple[int, str] | None,
        effect: Effect | None,
    ) -> tuple[Operation, Write | None]:
        shows, only_when, falls_back_when = (
            {PointKey(circuit, code): float(value) for circuit, code, value in each} for each in values
        )
        names = {"en": code} if code.startswith(EXTRA_PREFIX) else {}
        source = known[1] if known else ""
        write = Write(address=known[0], registers=(1, known[0])) if known else None
        read = Operation(
            key=PointKey(circuit, code),
            names=names,
            effect=effect or effect_of_code(code),
            shows=shows,
            only_when=only_when,
            falls_back_when=falls_back_when,
            within=2.5,
            lockout=30.0 if only_when else 0.0,
            warnings={"en": source} if source else {},
            source=source,
        )
        return read, write

    circuits = st.sampled_from(("0", "1", "7"))
    return st.builds(
        operation,
        st.sampled_from([*(code for code in COMMANDS if "{" not in code), "DO2ON", "DOC_Release"]),
        circuits,
        st.lists(
            st.lists(st.tuples(circuits, st.sampled_from(CODES), st.integers(0, 9)), max_size=3), min_size=3, max_size=3
        ),
        st.one_of(st.none(), st.tuples(st.integers(0, WORD), TEXTS)),
        st.one_of(st.none(), st.sampled_from(Effect)),
    )


def probes() -> st.SearchStrategy[ProbeCheck]:
    return st.builds(
        ProbeCheck,
        address=st.integers(0, 65000),
        count=st.integers(1, 125),
        function=st.sampled_from((3, 4)),
        mask=st.integers(1, WORD),
        allowed=st.lists(st.tuples(st.integers(0, WORD), st.integers(0, WORD)).map(_sorted_pair), max_size=2).map(
            lambda pairs: tuple(sorted(pairs))
        ),
        is_unit_id=st.booleans(),
        refused=st.booleans(),
        measured=st.booleans(),
    )


def _sorted_pair(pair: tuple[int, int]) -> tuple[int, int]:
    return min(pair), max(pair)


@st.composite
def repeated(
    draw: st.DrawFn, first: str, known: Mapping[PointKey, Entry]
) -> tuple[Mapping[str, Circuit], dict[PointKey, Entry]]:
    """Return a row of circuits like the first one, each entry a regular step further on."""
    count, start = draw(st.integers(2, 4)), int(first)
    row = {
        str(number): Circuit(number=str(number), names={"en": f"Way {number}"})
        for number in range(start, start + count)
    }
    copies: dict[PointKey, Entry] = {}
    for entry in known.values():
        step = draw(st.sampled_from((0, 1, 2, -1)))
        bit_step = draw(st.sampled_from((0, 0, 1))) if entry.layout.type.is_bit_field else 0
        for index, number in enumerate(row):
            key = PointKey(number, entry.key.code)
            address = None if entry.address is None else min(65500, max(10, entry.address)) + index * step
            bit = (
                min(entry.layout.bit, WORD_BITS - entry.layout.type.bits - count) + index * bit_step
                if bit_step
                else entry.layout.bit
            )
            copies[key] = replace(entry, key=key, address=address, layout=replace(entry.layout, bit=max(0, bit)))
    return row, copies


@st.composite
def register_maps(draw: st.DrawFn, known: Mapping[PointKey, Entry]) -> RegisterMap:
    ratio = draw(st.sampled_from(Ratio))
    return RegisterMap(
        places=places_of(known.values()),
        probes=tuple(draw(st.lists(probes(), max_size=2))),
        line=LineSettings(
            baudrate=draw(st.integers(300, 1_000_000)),
            bytesize=draw(st.sampled_from((7, 8))),
            parity=draw(st.sampled_from("NEO")),
            stopbits=draw(st.sampled_from((1, 2))),
        ),
        unit_id=draw(st.integers(0, 255)),
        max_registers=draw(st.integers(1, 125)),
        ranges=draw(st.sampled_from(((), ((0, WORD),)))),
        uploads=draw(st.sampled_from(((), ((0x200, 0x22F),), ((9, 9), (1, 4))))),
        leave_out=draw(st.sampled_from(((), ((0, 0),), ((0x1D, 0x1D), (0x400, 0x4FF))))),
        asks_ratios=frozenset({ratio} if draw(st.booleans()) else ()),
        read_ratios={other: next(iter(known)) for other in Ratio if other is not ratio and draw(st.booleans())}
        if "@" not in next(iter(known)).code
        else {},
    )


@st.composite
def qualified(draw: st.DrawFn, known: Mapping[PointKey, Entry]) -> dict[PointKey, Entry]:
    """Return entries of a map, some of which refer to others; those refer to none."""
    plain = {key: replace(entry, qualifiers=UNQUALIFIED) for key, entry in known.items()}
    placed = {key: entry for key, entry in plain.items() if entry.address is not None and entry.words is None}
    answers = [key for key, entry in placed.items() if entry.is_binary]
    numbers = [key for key, entry in placed.items() if not entry.is_binary]
    users = [key for key in numbers if draw(st.booleans())] if len(placed) > 1 else []
    says_number = st.sampled_from([None, *sorted(set(numbers) - set(users))])
    says_yes = st.sampled_from([None, *answers])
    for key in users:
        power, is_exponent = draw(says_number), draw(st.booleans())
        qualifiers = Qualifiers(
            exponent=power if is_exponent else None,
            decimals=None if is_exponent else power,
            sign=draw(says_yes),
            invalid_while=tuple(draw(st.lists(st.sampled_from(answers), max_size=2, unique=True)) if answers else ()),
        )
        plain[key] = replace(plain[key], qualifiers=qualifiers)
    return plain


@st.composite
def fallbacks(
    draw: st.DrawFn, first: RegisterMap, known: Mapping[PointKey, Entry], evidence: Evidence
) -> tuple[RegisterMap, Mapping[PointKey, Entry]]:
    """Return another register map, some points of the first one elsewhere; and the points that only it has."""
    moved = {
        key: replace(entry, address=min(entry.address + 7, WORD + 1 - entry.count), scale=draw(SCALES))
        for key, entry in known.items()
        if entry.address is not None and draw(st.booleans())
    }
    circuit = next(iter(known)).circuit
    drawn = draw(st.lists(entries(circuit=circuit, evidence=evidence), max_size=2))
    own = {entry.key: entry for entry in drawn if entry.address is not None and entry.key not in known}
    places = draw(qualified({**own, **moved}))
    return replace(
        first,
        places=places_of(places.values()),
        writes={},
        uploads=(),
        probes=draw(st.lists(probes(), max_size=2)),
        max_registers=draw(st.integers(1, 125)),
        ranges=draw(st.sampled_from(((), ((0, WORD),)))),
        read_ratios={ratio: key for ratio, key in first.read_ratios.items() if key in places},
    ), {key: places[key] for key in own}


@st.composite
def models(draw: st.DrawFn) -> Model:
    evidence = draw(st.sampled_from(Evidence))
    numbers = draw(st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True))
    circuits: Mapping[str, Circuit] = {
        str(number): Circuit(number=str(number), names=draw(st.one_of(NAMES, st.just({"en": f"Circuit {number}"}))))
        for number in sorted(numbers)
    }
    drawn = [
        entry for number in circuits for entry in draw(st.lists(entries(circuit=number, evidence=evidence), max_size=4))
    ]
    if not drawn:
        drawn = [Entry.waiting(PointKey(next(iter(circuits)), "Lg"))]
    known = {entry.key: entry for entry in drawn}
    if draw(st.booleans()):
        circuits, known = draw(repeated(next(iter(circuits)), known))
    known = draw(qualified(known))
    registers = draw(register_maps(known))
    others: list[RegisterMap] = []
    all_known = dict(known)
    for _ in range(draw(st.integers(0, 2)) if registers.places else 0):
        other, own = draw(fallbacks(registers, all_known, evidence))
        others.append(other)
        all_known |= own
    ordered = {operation.key: (operation, write) for operation, write in draw(st.lists(operations(), max_size=2))}
    return Model(
        id=draw(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True)),
        name=draw(TEXTS),
        titles={"en": draw(TEXTS), "zh": draw(TEXTS)},
        evidence=evidence,
        source=draw(TEXTS),
        covers=tuple(draw(st.lists(TEXTS, max_size=2))),
        notes=draw(NAMES),
        circuits=circuits,
        points=points_of(all_known.values()),
        operations={key: operation for key, (operation, _) in ordered.items()},
        registers=replace(registers, writes={key: write for key, (_, write) in ordered.items() if write is not None}),
        fallbacks=tuple(others),
        k_mode=draw(st.sampled_from((None, "auto", "decimals"))),
    )
