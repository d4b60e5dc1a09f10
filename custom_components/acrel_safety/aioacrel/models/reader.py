"""Read a model file: TOML text in, `Model` out, or all its problems with line and remedy."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

from ..errors import FileProblemsError
from ..foreign import python_says
from ..points import Circuit, Evidence, Limits, Model, Operation, Point
from ..problems import Problem
from ..readings import PointKey
from ..registers import LAST_REGISTER, MOST_REGISTERS, WORD_BITS, Layout, RegisterMap, RegisterType, Write
from ..texts import phrase
from ..vocabulary import EXTRA_PREFIX, Kind, Pace, Quantity, Range, extra_quantity, vocabulary
from .entry import MODEL_ID, Entry, places_of, points_of
from .limits import LARGEST_FILE, MOST_POINTS, Budget, EnoughError, too_deep
from .node import Findings, Node, shown
from .parts import (
    PLACEHOLDER,
    any_bits,
    circuit_numbers,
    filled,
    gateway_facts,
    layout,
    line_settings,
    operation,
    probe_check,
    qualifiers,
    ratio_sources,
    ratio_words,
    resolved,
    upload_blocks,
    words,
)

DEFAULT_MOST_REGISTERS = 48
"""The longest reads seen in public code that talks to Acrel devices are 42 to 63 registers long."""
MOST_REPEATS = 4096


def read_model(text: str, *, file: str) -> Model:
    """Return the model in a file's text.

    Raises FileProblemsError with every problem of the file, each with its line.
    """
    if len(text) > LARGEST_FILE:
        size = Problem(
            key="too_large",
            found=phrase("characters", count=len(text)),
            allowed=phrase("characters", count=LARGEST_FILE),
        )
        raise FileProblemsError(file=file, problems=[size])
    if (deep := too_deep(text)) is not None:
        problem = Problem(key="not_toml", line=text.count("\n", 0, deep) + 1, found=phrase("too_deep"))
        raise FileProblemsError(file=file, problems=[problem])
    try:
        top = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        # A plain ValueError comes from numbers and dates that are well written but too large.
        line = error.lineno if isinstance(error, tomllib.TOMLDecodeError) else None
        syntax = Problem(key="not_toml", line=line, found=python_says(error))
        raise FileProblemsError(file=file, problems=[syntax]) from None
    findings = Findings(text)
    model = None
    with suppress(EnoughError):
        model = _Reader().read(Node(findings, (), top))
    if model is None or findings.problems:
        raise FileProblemsError(file=file, problems=sorted(findings.problems, key=lambda problem: problem.line or 0))
    return model


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """The circuits a `[[circuits]]` table speaks of."""

    numbers: Sequence[str]
    stride: int


class _Reader:
    """Walks through the tables of one file; what is wrong is noted in their findings."""

    def __init__(self) -> None:
        self._evidence = Evidence.UNKNOWN
        self._function = 3
        self._ranges: tuple[tuple[int, int], ...] = ()
        self._entries: dict[PointKey, Entry] = {}
        self._circuits: dict[str, Circuit] = {}
        self._referring: dict[PointKey, Node] = {}
        self._budget = Budget()

    def read(self, top: Node) -> Model:
        """Return the model; what of it cannot be used is left out."""
        head = top.required_child("model", allowed=phrase("model_table"))
        self._evidence = head.word("evidence", Evidence, Evidence.UNKNOWN, required=True)
        line = top.optional_child("line")
        reading = top.optional_child("read")
        dumping = top.optional_child("dump")
        ratios = top.optional_child("ratios")
        calling = top.optional_child("uplink")
        behind_gateway = top.optional_child("gateway")
        self._function = reading.integer("function", 3, 4, 3)
        self._ranges = reading.spans("ranges", LAST_REGISTER)
        forbidden = reading.spans("never", LAST_REGISTER)
        read_ratios, asks_ratios = ratio_sources(ratios)
        for section in top.children("circuits", MOST_POINTS):
            self._section(section)
        self._check_references()
        entries, ranges = self._entries, self._ranges
        if not self._entries and not top.findings.problems:
            top.report("no_points")
        operations = list(self._operations(top))
        registers = RegisterMap(
            places=places_of(entries.values()),
            writes={one.key: write for one, write in operations if write is not None},
            probes=tuple(probe_check(node, self._function) for node in top.children("probe")),
            line=line_settings(line),
            unit_id=line.integer("unit", 0, 255, 1),
            max_registers=reading.integer("max_registers", 1, MOST_REGISTERS, DEFAULT_MOST_REGISTERS),
            ranges=ranges,
            forbidden=forbidden,
            leave_out=dumping.spans("leave_out", LAST_REGISTER),
            read_ratios=read_ratios,
            asks_ratios=asks_ratios,
            uploads=upload_blocks(calling),
        )
        points = dict(points_of(entries.values()))
        fallbacks = tuple(self._fallback(node, registers, points) for node in top.children("fallback"))
        model = Model(
            id=_model_id(head),
            name=head.text("name"),
            titles=head.names("title", required=True),
            evidence=self._evidence,
            source=head.text("source"),
            covers=head.texts("covers"),
            notes=head.names("note"),
            k_mode=head.text("k_mode", "") or None,
            circuits=dict(sorted(self._circuits.items(), key=lambda item: int(item[0]))),
            points=points,
            operations={one.key: one for one, _ in operations},
            gateway=gateway_facts(behind_gateway),
            registers=registers,
            fallbacks=fallbacks,
        )
        if touched := _touched(model):
            reading.report("forbidden", "never", found=touched)
        for ratio, key in read_ratios.items():
            if key not in entries:
                ratios.report("missing", ratio, allowed=phrase("point", key=key))
        for node in (head, line, reading, dumping, ratios, calling, behind_gateway, top):
            node.close()
        return model

    def _fallback(self, node: Node, first: RegisterMap, points: dict[PointKey, Point]) -> RegisterMap:
        """Read a `[[fallback]]`: the registers of devices that do not have the `first` ones.

        What it has beyond the points known so far is added to them; of a known point it only says the place.
        """
        function, self._function = self._function, node.integer("function", 3, 4, self._function)
        self._ranges = node.spans("ranges", LAST_REGISTER)
        self._entries = {}
        for section in node.children("circuits", MOST_POINTS):
            self._section(section)
        self._check_references()
        for key, entry in self._entries.items():
            known = points.setdefault(key, entry.point)
            if (known.is_binary, known.words) != (entry.is_binary, entry.words):
                node.report("differs_in_fallback", "circuits", found=key)
        places = places_of(self._entries.values())
        registers = replace(
            first,
            places=places,
            writes={},
            uploads=(),
            probes=[probe_check(probe, self._function) for probe in node.children("probe")],
            max_registers=node.integer("max_registers", 1, MOST_REGISTERS, first.max_registers),
            ranges=self._ranges,
            read_ratios={ratio: key for ratio, key in first.read_ratios.items() if key in places},
        )
        self._function = function
        node.close()
        return registers

    def _operations(self, top: Node) -> Iterator[tuple[Operation, Write | None]]:
        """Read the commands; of two for the same thing nobody could tell which is meant."""
        known: set[PointKey] = set()
        for node in top.children("commands"):
            read = operation(node)
            if read[0].key in known:
                node.report("duplicate_point", "code", found=read[0].key)
            known.add(read[0].key)
            yield read

    def _section(self, node: Node) -> None:
        section = _Section(
            numbers=circuit_numbers(node),
            stride=node.integer("stride", -LAST_REGISTER, LAST_REGISTER, 0),
        )
        names = node.names("name")
        self._take(node, None, len(section.numbers), names.values())
        for number in section.numbers:
            own = {language: text.replace("{n}", number) for language, text in names.items()}
            self._circuits.setdefault(number, Circuit(number=number, names=own))
        for table in (node.optional_child("points"), node.optional_child("settings")):
            for code, value in table.entries():
                self._point(Node(table.findings, (*table.path, code), value), code, section)
        for word in node.children("words"):
            self._word(word, section)
        for code in node.texts("needs"):
            self._take(node, "needs", len(section.numbers), (code,))
            quantity = self._quantity(code, {}, Kind.MEASUREMENT, None, node, "needs")
            waiting = [Entry.waiting(PointKey(number, quantity.code), quantity) for number in section.numbers]
            self._add(node, "needs", waiting)
        node.close()

    def _word(self, node: Node, section: _Section) -> None:
        """Read an alarm or state word: one register, its bits by number."""
        address = node.integer("at", 0, LAST_REGISTER, None)
        kind = node.word("kind", Kind, Kind.ALARM)
        function = node.integer("function", 3, 4, self._function)
        limits_source = node.text("source", "")
        bits = node.required_child("bits", allowed=phrase("codes_of_bits"))
        node.close()
        if address is None:
            if "at" not in node:
                node.report("missing", "at", allowed=phrase("register_address"))
            return
        for bit, value in bits.entries():
            if not (re.fullmatch(r"[0-9]{1,2}", bit) and int(bit) < WORD_BITS) or not value:
                bits.report(
                    "wrong_type",
                    bit,
                    found=phrase("pair", key=bit, value=shown(value)),
                    allowed=phrase("code_of_bit"),
                )
                continue
            self._take(bits, bit, len(section.numbers))
            quantity = self._bit_quantity(bits, bit, value, kind)
            limits = (
                Limits(low=0, high=1, source=limits_source) if limits_source and quantity.kind is Kind.SETTING else None
            )
            points = [
                Entry(
                    key=PointKey(number, quantity.code),
                    quantity=quantity,
                    pace=quantity.pace,
                    layout=Layout(type=RegisterType.BIT, bit=int(bit)),
                    function=function,
                    address=address + index * section.stride,
                    limits=limits,
                    evidence=self._evidence,
                )
                for index, number in enumerate(section.numbers)
            ]
            self._add(bits, bit, points)

    def _bit_quantity(self, bits: Node, bit: str, value: object, kind: Kind) -> Quantity:
        """Read what a bit means: a code, or a table with code and name."""
        if isinstance(value, str):
            return self._quantity(value, {}, kind, None, bits, bit)
        node = Node(bits.findings, (*bits.path, bit), value)
        quantity = self._quantity(node.text("code"), node.names("name"), kind, None, node, "code")
        node.close()
        return quantity

    def _point(self, node: Node, code: str, section: _Section) -> None:
        """Read one point (or setting), for each circuit and repetition."""
        first, step = (
            node.integer("first", 0, LAST_REGISTER, 1),
            node.integer("step", 1, LAST_REGISTER, 0),
        )
        repeat = node.integer("repeat", 1, MOST_REPEATS, 0)
        stride, bit_stride = (
            node.integer("stride", -LAST_REGISTER, LAST_REGISTER, section.stride),
            node.integer("bit_stride", -15, 15, 0),
        )
        if bool(repeat) != bool(PLACEHOLDER.search(code)):
            node.report("bad_placeholder", found=code)
            return
        names = node.names("name")
        template = self._template(node, code if not repeat else filled(code, first, 0), names)
        node.close()
        copied = (code, *names, *names.values(), *(key.code for key in template.qualifiers.keys))
        self._take(node, None, (repeat or 1) * len(section.numbers), copied)
        step = step or template.count

        def address_of(turn: int, index: int) -> int | None:
            return None if template.address is None else template.address + index * stride + turn * step

        for turn in range(repeat or 1):
            for index, number in enumerate(section.numbers):
                address = address_of(turn, index)
                if address is not None and not 0 <= address <= LAST_REGISTER + 1 - template.count:
                    own_code = filled(code, first + turn, address) if repeat else template.quantity.code
                    node.report("past_end", found=PointKey(number, own_code))
                    return
        points: list[Entry] = []
        for turn in range(repeat or 1):
            for index, number in enumerate(section.numbers):
                address = address_of(turn, index)
                quantity = template.quantity
                if repeat:
                    quantity = self._copy(node, quantity, names, code, first + turn, address or 0)
                own = partial(filled, number=first + turn, address=address or 0) if repeat else str
                points.append(
                    replace(
                        template,
                        key=PointKey(number, quantity.code),
                        qualifiers=resolved(template.qualifiers, number, own),
                        quantity=quantity,
                        address=address,
                        layout=replace(template.layout, bit=template.layout.bit + index * bit_stride),
                    )
                )
        self._add(node, None, points)
        if template.qualifiers.keys:
            self._referring.update(dict.fromkeys((point.key for point in points), node))

    def _check_references(self) -> None:
        """See that the points others refer to lie in the same register map, and can say what they are asked."""
        for key, node in self._referring.items():
            entry = self._entries.get(key)
            if entry is None:
                continue
            said = entry.qualifiers
            numbers = [(word, at) for word, at in (("exponent", said.exponent), ("decimals", said.decimals)) if at]
            answers = [("sign", said.sign)] if said.sign else []
            if (numbers or answers) and (entry.is_binary or entry.words):
                node.report("wrong_type", (numbers or answers)[0][0], found=key, allowed=phrase("plain_number"))
            for word, at in numbers:
                self._check_reference(node, word, at, is_binary=False)
            for word, at in [*answers, *(("invalid_while", at) for at in said.invalid_while)]:
                self._check_reference(node, word, at, is_binary=True)
        self._referring = {}

    def _check_reference(self, node: Node, word: str, key: PointKey, *, is_binary: bool) -> None:
        other = self._entries.get(key)
        if other is None or other.address is None or other.is_binary != is_binary or other.words:
            allowed = phrase("yes_no_point") if is_binary else phrase("number_point")
            node.report("wrong_type", word, found=key, allowed=allowed)
        elif other.qualifiers.keys:
            node.report("wrong_type", word, found=key, allowed=phrase("plain_point"))

    def _copy(
        self,
        node: Node,
        first: Quantity,
        names: Mapping[str, str],
        code: str,
        number: int,
        address: int,
    ) -> Quantity:
        """Return the quantity of one repetition: own code and name, all else as in the first."""
        own_code = filled(code, number, address)
        own_names = {language: filled(text, number, address) for language, text in names.items()}
        if own_code == first.code and not own_names:
            return first
        own = self._quantity(own_code, own_names, first.kind, first.unit, node, None)
        return replace(own, detail=first.detail)

    def _template(self, node: Node, code: str, names: Mapping[str, str]) -> Entry:
        """Read what all copies of a point share; its address is that of the first."""
        address = node.integer("at", 0, LAST_REGISTER, None)
        kind = node.optional_word("kind", Kind)
        unit = node.text("unit", "") or None
        evidence = node.word("evidence", Evidence, self._evidence if address is not None else Evidence.UNKNOWN)
        scale = Fraction(node.number("scale", Decimal(1)))
        meanings = words(node)
        default_kind = Kind.SETTING if node.path[-2] == "settings" else Kind.STATE if meanings else Kind.MEASUREMENT
        quantity = self._quantity(code, names, kind or default_kind, unit, node, None)
        quantity = replace(quantity, detail=node.flag("detail", default=quantity.detail))
        range_ = node.pair("range")
        limits = node.pair("limits")
        source = node.text("source", "")
        ratios = ratio_words(node)
        equals = node.integer("equals", 0, LAST_REGISTER, None)
        place = layout(node)
        any_of = any_bits(node, place.type)
        said_elsewhere = qualifiers(node)
        own_place = ("ratios", "equals", "any_of", "exponent", "decimals", "sign", "invalid_while")
        is_placed = self._evidence is not Evidence.UNKNOWN or any(word in node for word in own_place)
        if address is None and is_placed and "at" not in node:
            node.report("missing", "at", allowed=phrase("register_address"))
        if any_of is not None and equals is not None:
            node.report("unknown_word", "any_of", found="any_of", allowed="equals")
        if scale == 0:
            node.report("out_of_range", "scale", found=0, allowed=phrase("number_not_0"))
        if limits and not source:
            node.report("no_evidence", found=code)
        return Entry(
            key=PointKey("", code),
            quantity=quantity,
            pace=node.word("poll", Pace, quantity.pace),
            layout=place,
            function=node.integer("function", 3, 4, self._function),
            address=address,
            scale=scale,
            ratios=ratios,
            equals=equals,
            any_of=any_of,
            qualifiers=said_elsewhere,
            words=meanings,
            range=Range(low=float(range_[0]), high=float(range_[1])) if range_ else quantity.range,
            limits=Limits(low=float(limits[0]), high=float(limits[1]), source=source) if limits else None,
            evidence=evidence,
            note=node.text("note", ""),
        )

    def _quantity(
        self,
        code: str,
        names: Mapping[str, str],
        kind: Kind,
        unit: str | None,
        node: Node,
        key: str | None,
    ) -> Quantity:
        known = vocabulary().find(code)
        if known is not None:
            return replace(known.in_unit(unit or known.unit), names=names or known.names)
        if not code.startswith(EXTRA_PREFIX) and self._evidence is not Evidence.IMPORTED:
            node.report("unknown_code", key, found=code)
        return extra_quantity(code, kind=kind, unit=unit, names=names)

    def _take(self, node: Node, key: str | None, copies: int, texts: Iterable[str] = ()) -> None:
        """Count copies before they are made.

        Raises EnoughError when they are more than a file may ask for.
        """
        if not self._budget.take(copies, texts):
            node.report("too_many_points", key, found=copies, allowed=str(MOST_POINTS))
            raise EnoughError

    def _add(self, node: Node, key: str | None, points: Sequence[Entry]) -> None:
        """Keep points that are new, fit into the address space and into one readable range."""
        for point in points:
            if point.key in self._entries:
                node.report("duplicate_point", key, found=point.key)
                return
            if point.address is not None:
                last = point.address + point.count - 1
                if not 0 <= point.address <= last <= LAST_REGISTER or not 0 <= point.layout.bit <= 16 - min(
                    point.layout.type.bits, 16
                ):
                    node.report("past_end", key, found=point.key)
                    return
                if self._ranges and not any(low <= point.address and last <= high for low, high in self._ranges):
                    node.report("over_border", key, found=f"{point.key} ({point.address:04X}h-{last:04X}h)")
                    return
            self._entries[point.key] = point


def _touched(model: Model) -> str:
    """Return what is read or written of the registers that must not be touched, if anything is."""
    forbids = model.registers.forbids
    for registers in model.maps:
        spans = [
            *((str(key), place.address, place.count) for key, place in registers.places.items()),
            *((str(key), write.address, len(write.registers)) for key, write in registers.writes.items()),
            *(("[[probe]]", check.address, check.count) for check in registers.probes),
            *(("ranges", first, last - first + 1) for first, last in registers.ranges),
        ]
        for name, address, count in spans:
            if forbids(address, count):
                return f"{name} ({address:04X}h)"
    return ""


def _model_id(head: Node) -> str:
    """Return the id, which is also the name of the model's file."""
    model_id = head.text("id")
    if model_id and not MODEL_ID.fullmatch(model_id):
        head.report("wrong_type", "id", found=model_id, allowed=phrase("model_id"))
    return model_id
