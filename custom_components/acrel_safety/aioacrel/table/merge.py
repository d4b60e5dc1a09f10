"""A table's rows become points of a model: on their own, or as the missing addresses of a built-in model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from ..models.entry import Entry, places_of, points_of
from ..points import Circuit, Evidence, Model
from ..readings import DEVICE_CIRCUIT, PointKey
from ..registers import Layout, RegisterMap, RegisterType
from ..vocabulary import Kind, Quantity, extra_quantity, vocabulary
from .row import TableRow

_FIRST_GROUP = 1


def key_of(row: TableRow, base: Model | None) -> PointKey:
    """Return the point a row speaks of.

    The format knows no circuit for the device as a whole: what the base model has there, and only there, comes as
    group 1.
    """
    key = PointKey(str(row.group), row.code)
    whole = PointKey(DEVICE_CIRCUIT, row.code)
    is_device = base is not None and row.group == _FIRST_GROUP and key not in base.points and whole in base.points
    return whole if is_device else key


def quantity_of(row: TableRow, base: Entry | None) -> Quantity:
    """Return what a row is about; a single unknown bit is a state, as nothing tells that it is an alarm."""
    if base is not None:
        return base.quantity
    kind = Kind.STATE if row.type is RegisterType.BIT else Kind.MEASUREMENT
    return vocabulary().find(row.code) or extra_quantity(row.code, kind=kind)


def make_point(
    row: TableRow,
    key: PointKey,
    base: Entry | None,
    *,
    quantity: Quantity,
    layout: Layout,
    scale: Fraction,
    note: str,
) -> Entry:
    """Return the point of a row; `base` is the base model's point of the same key.

    Where the base model has the same register, what it knows of it stays. Otherwise its words, polling group and
    plausible range stay (the range only in its own unit); limits do not, because a table does not say that a register
    may be written.
    """
    range_ = base.range if base is not None and base.quantity.unit == quantity.unit else quantity.range
    if base is not None and (base.address, base.layout, base.function) == (
        row.address,
        layout,
        row.function,
    ):
        return replace(base, quantity=quantity, scale=scale, range=range_, note=note or base.note)
    point = Entry(
        key=key,
        quantity=quantity,
        pace=base.pace if base else quantity.pace,
        layout=layout,
        function=row.function,
        address=row.address,
        scale=scale,
        range=range_,
        evidence=Evidence.IMPORTED,
        note=note,
    )
    if base is None or base.address is not None:
        return point
    return replace(point, ratios=base.ratios, equals=base.equals, words=base.words, note=note or base.note)


def merged(
    points: Mapping[PointKey, Entry],
    base: Model | None,
    *,
    model_id: str,
    file: str,
    k_mode: str,
) -> Model:
    """Return a model of the points; of a base model everything else is kept, and its other points go on waiting.

    Which registers the device has is known now: those of other devices of the base model are left out.
    """
    origin = f"register table {file}"
    numbers = {key.circuit for key in points}
    if base is None:
        return Model(
            id=model_id,
            name=model_id.upper(),
            titles={"en": "Imported register table", "zh": "导入的寄存器表"},
            evidence=Evidence.IMPORTED,
            source=origin,
            circuits=_circuits({}, numbers),
            points=points_of(points.values()),
            registers=RegisterMap(places=places_of(points.values())),
            k_mode=k_mode,
        )
    known = base.registers
    others = {
        key: Entry.of(base, key) if key in known.places else Entry.waiting(key)
        for key in base.points
        if key not in points
    }
    entries = {**points, **others}
    return replace(
        base,
        id=model_id,
        evidence=Evidence.IMPORTED,
        source=base.source if origin in base.source else f"{base.source}; {origin}",
        circuits=_circuits(base.circuits, numbers),
        points=points_of(entries.values()),
        fallbacks=(),
        registers=replace(known, places=places_of(entries.values()), ranges=_ranges(known.ranges, points.values())),
        k_mode=k_mode,
    )


def _circuits(known: Mapping[str, Circuit], numbers: Iterable[str]) -> Mapping[str, Circuit]:
    circuits = dict(known)
    for number in numbers:
        names = {"en": f"Circuit {number}", "zh": f"第{number}路"}
        circuits.setdefault(number, Circuit(number=number, names=names))
    return dict(sorted(circuits.items(), key=lambda item: int(item[0])))


def _ranges(known: Sequence[tuple[int, int]], points: Iterable[Entry]) -> Sequence[tuple[int, int]]:
    """Add the registers of the table to the stretches that may be read through; the borders of those stay."""
    if not known:
        return known
    added: list[tuple[int, int]] = []
    for first, last in sorted(
        (point.address, point.address + point.count - 1) for point in points if point.address is not None
    ):
        if any(low <= first and last <= high for low, high in known):
            continue
        if added and first <= added[-1][1] + 1:
            added[-1] = added[-1][0], max(added[-1][1], last)
        else:
            added.append((first, last))
    return tuple(sorted((*known, *added)))


def crosses_border(row: TableRow, base: Model | None) -> bool:
    """Whether the value lies partly inside one of the base model's stretches."""
    ranges = base.registers.ranges if base is not None else ()
    return any(
        row.address <= high and low <= row.last and not (low <= row.address and row.last <= high)
        for low, high in ranges
    )
