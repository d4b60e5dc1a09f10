"""Read a model file: TOML text in, `Model` out, or all its problems with line and remedy."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ..errors import FileProblemsError
from ..problems import Problem
from ..readings import DEVICE_CIRCUIT, PointKey, Value
from ..registers import WORD, Layout, Order, RegisterType
from ..vocabulary import EXTRA_PREFIX, Kind, PollGroup, Quantity, Range, extra_quantity, vocabulary
from .node import Findings, Node
from .schema import (
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

LARGEST_FILE = 4_000_000
LAST_REGISTER = 0xFFFF
MOST_REGISTERS = 125
"""Registers in one read: Modbus Application Protocol V1.1b3, section 6.3."""
DEFAULT_MOST_REGISTERS = 48
"""The longest reads seen in public code that talks to Acrel devices are 42 to 63 registers long."""
MOST_CIRCUITS = 1000
MOST_REPEATS = 4096
_PLACEHOLDER = re.compile(r"\{(n|nn|address)\}")
_WRITE_EVIDENCE = (Evidence.MANUAL, Evidence.CODE)


def read_model(text: str, *, file: str) -> Model:
    """Return the model in a file's text.

    Raises FileProblemsError with every problem of the file, each with its line.
    """
    if len(text) > LARGEST_FILE:
        size = Problem(
            key="too_large", found=f"{len(text)} characters", allowed=f"{LARGEST_FILE} characters"
        )
        raise FileProblemsError(file=file, problems=[size])
    try:
        top = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"line (\d+)", str(error))
        syntax = Problem(key="not_toml", line=int(place[1]) if place else None, found=str(error))
        raise FileProblemsError(file=file, problems=[syntax]) from None
    findings = Findings(text)
    model = _Reader().read(Node(findings, (), top))
    if findings.problems:
        raise FileProblemsError(
            file=file, problems=sorted(findings.problems, key=lambda problem: problem.line or 0)
        )
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
        self._points: dict[PointKey, Point] = {}
        self._circuits: dict[str, Circuit] = {}

    def read(self, top: Node) -> Model:
        head = top.required_child(
            "model", allowed="[model] with id, name, title, evidence and source"
        )
        self._evidence = head.word("evidence", Evidence, Evidence.UNKNOWN, required=True)
        line = top.optional_child("line")
        reading = top.optional_child("read")
        ratios = top.optional_child("ratios")
        self._function = reading.integer("function", 3, 4, 3)
        self._ranges = reading.spans("ranges", LAST_REGISTER)
        read_ratios, asks_ratios = _ratios(ratios)
        for section in top.children("circuits"):
            self._section(section)
        if not self._points:
            top.report("no_points")
        model = Model(
            id=head.text("id"),
            name=head.text("name"),
            titles=head.names("title", required=True),
            evidence=self._evidence,
            source=head.text("source"),
            covers=head.texts("covers"),
            notes=head.names("note"),
            k_mode=head.text("k_mode", "") or None,
            line=LineSettings(
                baudrate=line.integer("baudrate", 300, 1_000_000, 9600),
                bytesize=line.integer("bytesize", 7, 8, 8),
                parity=line.text("parity", "N"),
                stopbits=line.integer("stopbits", 1, 2, 1),
            ),
            unit_id=line.integer("unit", 0, 255, 1),
            max_registers=reading.integer(
                "max_registers", 1, MOST_REGISTERS, DEFAULT_MOST_REGISTERS
            ),
            ranges=self._ranges,
            circuits=dict(sorted(self._circuits.items(), key=lambda item: int(item[0]))),
            points=self._points,
            commands=[_command(node) for node in top.children("commands")],
            probes=[self._probe(node) for node in top.children("probe")],
            asks_ratios=asks_ratios,
            read_ratios=read_ratios,
        )
        if model.line.parity not in ("N", "E", "O"):
            line.report("unknown_word", "parity", found=model.line.parity, allowed="N, E, O")
        for ratio, key in model.read_ratios.items():
            if key not in self._points:
                ratios.report("missing", ratio, allowed=f"the point {key}")
        for node in (head, line, reading, ratios, top):
            node.close()
        return model

    def _section(self, node: Node) -> None:
        section = _Section(
            numbers=_numbers(node), stride=node.integer("stride", -LAST_REGISTER, LAST_REGISTER, 0)
        )
        names = node.names("name")
        for number in section.numbers:
            filled = {language: text.replace("{n}", number) for language, text in names.items()}
            self._circuits.setdefault(number, Circuit(number=number, names=filled))
        for table in (node.optional_child("points"), node.optional_child("settings")):
            for code, value in table.entries():
                self._point(Node(table.findings, (*table.path, code), value), code, section)
        for word in node.children("words"):
            self._word(word, section)
        for code in node.texts("needs"):
            self._add(node, "needs", [self._waiting(code, number) for number in section.numbers])
        node.close()

    def _waiting(self, code: str, circuit: str) -> Point:
        """Return a quantity the device has, but whose register is not public."""
        quantity = vocabulary().quantity(code)
        return Point(
            key=PointKey(circuit, code),
            quantity=quantity,
            poll=quantity.poll,
            layout=Layout(type=RegisterType.U16),
            range=quantity.range,
            evidence=Evidence.UNKNOWN,
        )

    def _word(self, node: Node, section: _Section) -> None:
        """Read an alarm or state word: one register, its bits by number."""
        address = node.integer("at", 0, LAST_REGISTER, None)
        kind = node.word("kind", Kind, Kind.ALARM)
        function = node.integer("function", 3, 4, self._function)
        limits_source = node.text("source", "")
        bits = node.required_child("bits", allowed='{ 0 = "code of bit 0", … }')
        node.close()
        if address is None:
            if "at" not in node:
                node.report("missing", "at", allowed="the register's address")
            return
        for bit, code in bits.entries():
            if not (bit.isdecimal() and int(bit) < 16) or not isinstance(code, str) or not code:
                bits.report(
                    "wrong_type", bit, found=f"{bit} = {code}", allowed='bit 0 to 15 = "code"'
                )
                continue
            quantity = self._quantity(code, {}, kind, None, bits, bit)
            limits = (
                Limits(low=0, high=1, source=limits_source)
                if limits_source and quantity.kind is Kind.SETTING
                else None
            )
            points = [
                Point(
                    key=PointKey(number, code),
                    quantity=quantity,
                    poll=quantity.poll,
                    layout=Layout(type=RegisterType.BIT, bit=int(bit)),
                    function=function,
                    address=address + index * section.stride,
                    limits=limits,
                    evidence=self._evidence,
                )
                for index, number in enumerate(section.numbers)
            ]
            self._add(bits, bit, points)

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
        if bool(repeat) != bool(_PLACEHOLDER.search(code)):
            node.report("bad_placeholder", found=code)
            return
        template = self._template(node, code if not repeat else _fill(code, first, 0))
        node.close()
        points = []
        for turn in range(repeat or 1):
            for index, number in enumerate(section.numbers):
                address = template.address
                if address is not None:
                    address += index * stride + turn * (step or template.count)
                name = _fill(code, first + turn, address or 0) if repeat else code
                quantity = template.quantity
                if name != quantity.code:
                    quantity = replace(
                        quantity
                        if quantity.pattern == quantity.code
                        else vocabulary().find(name) or quantity,
                        code=name,
                        names=(vocabulary().find(name) or extra_quantity(name)).names,
                    )
                points.append(
                    replace(
                        template,
                        key=PointKey(number, name),
                        quantity=quantity,
                        address=address,
                        layout=replace(
                            template.layout, bit=template.layout.bit + index * bit_stride
                        ),
                    )
                )
        self._add(node, None, points)

    def _template(self, node: Node, code: str) -> Point:
        """Read what all copies of a point share; its address is that of the first."""
        address = node.integer("at", 0, LAST_REGISTER, None)
        kind = node.optional_word("kind", Kind)
        unit = node.text("unit", "") or None
        evidence = node.word(
            "evidence", Evidence, self._evidence if address is not None else Evidence.UNKNOWN
        )
        scale = Fraction(node.number("scale", Decimal(1)))
        words = _words(node)
        default_kind = (
            Kind.SETTING
            if node.path[-2] == "settings"
            else Kind.STATE
            if words
            else Kind.MEASUREMENT
        )
        quantity = self._quantity(code, node.names("name"), kind or default_kind, unit, node, None)
        range_ = node.pair("range")
        limits = node.pair("limits")
        source = node.text("source", "")
        ratios = _ratio_words(node)
        layout = _layout(node)
        equals = node.integer("equals", 0, LAST_REGISTER, None)
        if address is None and self._evidence is not Evidence.UNKNOWN and "at" not in node:
            node.report("missing", "at", allowed="the register's address")
        if scale == 0:
            node.report("out_of_range", "scale", found=0, allowed="a number other than 0")
        if limits and not source:
            node.report("no_evidence", found=code)
        return Point(
            key=PointKey("", code),
            quantity=quantity,
            poll=node.word("poll", PollGroup, quantity.poll),
            layout=layout,
            function=node.integer("function", 3, 4, self._function),
            address=address,
            scale=scale,
            ratios=ratios,
            equals=equals,
            words=words,
            range=Range(low=float(range_[0]), high=float(range_[1])) if range_ else quantity.range,
            limits=Limits(low=float(limits[0]), high=float(limits[1]), source=source)
            if limits
            else None,
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
            return replace(known, names=names or known.names, unit=unit or known.unit)
        if not code.startswith(EXTRA_PREFIX) and self._evidence is not Evidence.IMPORTED:
            node.report("unknown_code", key, found=code)
        return extra_quantity(code, kind=kind, unit=unit, names=names)

    def _add(self, node: Node, key: str | None, points: Sequence[Point]) -> None:
        """Keep points that are new, fit into the address space and into one readable range."""
        for point in points:
            if point.key in self._points:
                node.report("duplicate_point", key, found=point.key)
                return
            if point.address is not None:
                last = point.address + point.count - 1
                if (
                    not 0 <= point.address <= last <= LAST_REGISTER
                    or not 0 <= point.layout.bit <= 16 - min(point.layout.type.bits, 16)
                ):
                    node.report("past_end", key, found=point.key)
                    return
                if self._ranges and not any(
                    low <= point.address and last <= high for low, high in self._ranges
                ):
                    node.report(
                        "over_border", key, found=f"{point.key} ({point.address:04X}h-{last:04X}h)"
                    )
                    return
            self._points[point.key] = point

    def _probe(self, node: Node) -> ProbeCheck:
        allowed = node.spans("allowed", WORD)
        check = ProbeCheck(
            address=node.integer("at", 0, LAST_REGISTER, 0),
            count=node.integer("count", 1, MOST_REGISTERS, 1),
            function=node.integer("function", 3, 4, self._function),
            mask=node.integer("mask", 1, WORD, WORD),
            allowed=allowed[0] if allowed else None,
            is_unit_id=node.flag("is_unit_id"),
            refused=node.flag("refused"),
        )
        if "at" not in node:
            node.report("missing", "at", allowed="the register's address")
        node.close()
        return check


def _numbers(node: Node) -> Sequence[str]:
    """`"1"`, `"0"` (the device as a whole) or `"1-12"`."""
    text = node.text("numbers", allowed='"1" or "1-12"')
    match = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if text and not first <= last <= first + MOST_CIRCUITS:
        node.report("bad_circuits", "numbers", found=text)
    return [str(number) for number in range(first, min(last, first + MOST_CIRCUITS) + 1)]


def _fill(code: str, number: int, address: int) -> str:
    values = {"n": str(number), "nn": f"{number:02d}", "address": f"{address:04X}"}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], code)


def _layout(node: Node) -> Layout:
    kind = node.word("type", RegisterType, RegisterType.U16)
    order = node.word("order", Order, Order.NORMAL)
    bit = node.integer("bit", 0, 16 - min(kind.bits, 16), 0)
    half = node.text("byte", "low" if kind.is_byte else "")
    if order not in Order.allowed(kind):
        node.report("bad_order", "order", found=order, allowed=", ".join(Order.allowed(kind)))
        order = Order.NORMAL
    if half not in (("high", "low") if kind.is_byte else ("",)):
        node.report("unknown_word", "byte", found=half, allowed="high, low (with types u8 and s8)")
    if kind.is_byte:
        bit = 8 if half == "high" else 0
    return Layout(type=kind, order=order, bit=bit)


def _words(node: Node) -> Mapping[int, str] | None:
    """`words = { 0 = "normal", … }`: what the raw numbers of an enumeration mean."""
    table = node.optional_child("words")
    words: dict[int, str] = {}
    for raw, word in table.entries():
        if raw.isdecimal() and isinstance(word, str) and re.fullmatch(r"[a-z0-9_]+", word):
            words[int(raw)] = word
        else:
            table.report(
                "wrong_type",
                raw,
                found=f"{raw} = {word}",
                allowed='a raw number = "word_in_small_letters"',
            )
    return words or None


def _ratio_words(node: Node) -> tuple[Ratio, ...]:
    ratios = []
    for word in node.texts("ratios"):
        if word in tuple(Ratio):
            ratios.append(Ratio(word))
        else:
            node.report("unknown_word", "ratios", found=word, allowed=", ".join(Ratio))
    return tuple(ratios)


def _ratios(node: Node) -> tuple[Mapping[Ratio, PointKey], frozenset[Ratio]]:
    """`pt = "ask"` asks the user; `ct = "CT"` reads the point with that code (in circuit 1, else the device's)."""
    reads: dict[Ratio, PointKey] = {}
    asks: set[Ratio] = set()
    for ratio in Ratio:
        source = node.text(ratio, "")
        if source == "ask":
            asks.add(ratio)
        elif source:
            code, _, circuit = source.partition("@")
            reads[ratio] = PointKey(circuit or "1", code)
    return reads, frozenset(asks)


def _command(node: Node) -> Command:
    read_back: tuple[PointKey, Value] | None = None
    circuit = node.text("circuit", DEVICE_CIRCUIT)
    if (back := node.child("read_back")) is not None:
        code = back.text("code")
        value = back.number("value")
        if value is None:
            back.report("missing", "value", allowed="the value the point must take")
        read_back = PointKey(back.text("circuit", circuit), code), float(value or 0)
        back.close()
    command = Command(
        code=node.text("code"),
        circuit=circuit,
        address=node.integer("at", 0, LAST_REGISTER, None),
        registers=node.integers("registers", 0, WORD),
        read_back=read_back,
        within=float(node.number("within", Decimal(3))),
        source=node.text("source", ""),
    )
    if command.address is not None and not (command.registers and command.source):
        node.report("missing", "source", allowed="registers = […] and source = manual and page")
    known = vocabulary().find(command.code)
    if command.code and (known is None or known.kind is not Kind.COMMAND):
        node.report(
            "unknown_word",
            "code",
            found=command.code,
            allowed="a command of the vocabulary, such as RLYOFF",
        )
    node.close()
    return command
