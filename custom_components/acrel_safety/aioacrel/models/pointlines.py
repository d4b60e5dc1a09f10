"""One point of a model as one line of its file: whatever the reader would assume anyway is left unsaid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..points import Evidence
from ..readings import PointKey
from ..registers import READ_HOLDING, Layout, Order, RegisterType
from ..texts import phrase
from ..vocabulary import Kind, extra_quantity, vocabulary
from . import toml
from .entry import Entry
from .parts import PLACEHOLDER, REFERENCE

_HIGH_BYTE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLine:
    """A point without its circuit. Lines with the same `table`, `code` and `facts` can share one entry."""

    table: str
    code: str
    address: int | None
    layout: Layout
    facts: Sequence[str]

    @property
    def shape(self) -> tuple[str, str, RegisterType, Sequence[str]]:
        """What must be equal for circuits to share an entry."""
        return self.table, self.code, self.layout.type, self.facts

    def text(self, *, stride: int | None = None, bit_stride: int = 0) -> str:
        """Return the line; strides take it from circuit to circuit (None: as its section says)."""
        pairs = [] if self.address is None else [f"at = {toml.register(self.address)}"]
        if stride is not None:
            pairs.append(f"stride = {stride}")
        if self.layout.type is not RegisterType.U16:
            pairs.append(f"type = {toml.text(self.layout.type)}")
        if self.layout.type.is_byte:
            if self.layout.bit == _HIGH_BYTE:
                pairs.append('byte = "high"')
        elif self.layout.bit:
            pairs.append(f"bit = {self.layout.bit}")
        if bit_stride:
            pairs.append(f"bit_stride = {bit_stride}")
        return f"{toml.key(self.code)} = {toml.inline([*pairs, *self.facts])}"


def point_line(point: Entry, evidence: Evidence) -> PointLine:
    """Return the line of a point in a file of this evidence.

    Raises NoWordsError for what a model file has no words for.
    """
    table = "settings" if point.quantity.kind is Kind.SETTING else "points"
    return PointLine(
        table=table,
        code=point.key.code,
        address=point.address,
        layout=point.layout,
        facts=tuple(_facts(point, evidence)),
    )


def _facts(point: Entry, evidence: Evidence) -> Iterator[str]:
    """Yield the `key = value` pairs besides place and type."""
    if point.layout.order is not Order.NORMAL:
        yield f"order = {toml.text(point.layout.order)}"
    yield from _meaning(point)
    if point.words is not None:
        words = (f"{raw} = {toml.text(word)}" for raw, word in point.words.items())
        yield f"words = {toml.inline(words)}"
    yield from _limits(point)
    if point.function != READ_HOLDING:
        yield f"function = {point.function}"
    yield from _quantity(point)
    if point.pace is not point.quantity.pace:
        yield f"poll = {toml.text(point.pace)}"
    if point.evidence is not (Evidence.UNKNOWN if point.address is None else evidence):
        yield f"evidence = {toml.text(point.evidence)}"
    if point.note:
        yield f"note = {toml.text(point.note)}"


def _meaning(point: Entry) -> Iterator[str]:
    """Yield how the value is made of the raw number."""
    if point.scale != 1:
        yield f"scale = {toml.number(point.scale)}"
    if point.equals is not None:
        yield f"equals = {point.equals}"
    if point.any_of is not None:
        yield f"any_of = {toml.register(point.any_of)}"
    if point.ratios:
        yield f"ratios = {toml.array(toml.text(ratio) for ratio in point.ratios)}"
    yield from _qualifiers(point)


def _qualifiers(point: Entry) -> Iterator[str]:
    """Yield which other points have a say in the value."""
    said = point.qualifiers
    for word, key in (("exponent", said.exponent), ("decimals", said.decimals), ("sign", said.sign)):
        if key is not None:
            yield f"{word} = {_reference(key, point)}"
    if said.invalid_while:
        yield f"invalid_while = {toml.array(_reference(key, point) for key in said.invalid_while)}"


def _reference(key: PointKey, point: Entry) -> str:
    """Spell a point of the same circuit by its code, unless that looks like one of another circuit."""
    is_plain = key.circuit == point.key.circuit and not REFERENCE.fullmatch(key.code)
    return toml.text(key.code if is_plain else str(key))


def _limits(point: Entry) -> Iterator[str]:
    if point.range != point.quantity.range:
        if point.range.low is None or point.range.high is None:
            raise toml.NoWordsError(phrase("open_range", point=point.key))
        yield f"range = [{toml.number(point.range.low)}, {toml.number(point.range.high)}]"
    if point.limits is not None:
        yield f"limits = [{toml.number(point.limits.low)}, {toml.number(point.limits.high)}]"
        yield f"source = {toml.text(point.limits.source)}"


def _quantity(point: Entry) -> Iterator[str]:
    """Yield what differs from the quantity the reader would take for the code."""
    quantity, code = point.quantity, point.key.code
    usual = vocabulary().find(code) or extra_quantity(code, kind=_usual_kind(point))
    if usual.family == "extra":
        usual = extra_quantity(code, kind=quantity.kind)
        if quantity.kind is not _usual_kind(point):
            yield f"kind = {toml.text(quantity.kind)}"
    if quantity.unit != usual.unit:
        yield f"unit = {toml.text(quantity.unit or '')}"
    if quantity.detail != usual.detail:
        yield f"detail = {str(quantity.detail).lower()}"
    if quantity.names != usual.names:
        yield f"name = {toml.texts(quantity.names)}"
    written = replace(usual.in_unit(quantity.unit or usual.unit), detail=quantity.detail, names=quantity.names)
    if written != quantity or "en" not in quantity.names or PLACEHOLDER.search(code):
        raise toml.NoWordsError(phrase("odd_quantity", point=point.key))


def _usual_kind(point: Entry) -> Kind:
    if point.quantity.kind is Kind.SETTING:
        return Kind.SETTING
    return Kind.STATE if point.words else Kind.MEASUREMENT
