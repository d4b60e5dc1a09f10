"""The small parts of a model file: layout, words, circuits, ratios, commands, probe checks."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from ..points import Effect, GatewayFacts, Operation, effect_of_code
from ..readings import DEVICE_CIRCUIT, PointKey, Value
from ..registers import (
    LAST_REGISTER,
    MOST_REGISTERS,
    WORD,
    Layout,
    LineSettings,
    Order,
    ProbeCheck,
    Qualifiers,
    Ratio,
    RegisterType,
    Write,
)
from ..texts import phrase
from ..vocabulary import EXTRA_PREFIX, Kind, vocabulary
from .limits import MOST_REFERENCES
from .node import Node, shown

MOST_CIRCUITS = 1000
MOST_BLOCKS = 8
"""A device uploads no more."""
PLACEHOLDER = re.compile(r"\{(n|nn|address)\}")
REFERENCE = re.compile(r"(.+)@([0-9]{1,4})", re.DOTALL)
"""A point of another circuit: `CT@0`."""
SAME_CIRCUIT = ""
"""Stands for the circuit of the point that refers to another."""


def upload_blocks(node: Node) -> Sequence[tuple[int, int]]:
    """`[uplink] blocks`: a block is known by nothing but its size, so no two may have the same."""
    blocks = node.spans("blocks", LAST_REGISTER, keeps_order=True)
    sizes = [last - first + 1 for first, last in blocks]
    if len(blocks) > MOST_BLOCKS:
        node.report("too_many", "blocks", found=len(blocks), allowed=str(MOST_BLOCKS))
    for size in sizes:
        if size > MOST_REGISTERS:
            node.report("out_of_range", "blocks", found=size, allowed=f"1 - {MOST_REGISTERS}")
            break
        if sizes.count(size) > 1:
            node.report("blocks_alike", "blocks", found=size)
            break
    return blocks


def gateway_facts(node: Node) -> GatewayFacts:
    """`[gateway]`: codes that are whole registers (`words = { AdfState1 = 0x0224 }`), and `force_switch`."""
    table = node.optional_child("words")
    return GatewayFacts(
        words={code: table.integer(code, 0, LAST_REGISTER, 0) for code, _ in list(table.entries())[:MOST_BLOCKS]},
        force_switch=node.flag("force_switch"),
    )


def circuit_numbers(node: Node) -> Sequence[str]:
    """`"1"`, `"0"` (the device as a whole) or `"1-12"`."""
    text = node.text("numbers", allowed=phrase("circuit_numbers"))
    match = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if text and not first <= last <= first + MOST_CIRCUITS:
        node.report("bad_circuits", "numbers", found=text)
    return [str(number) for number in range(first, min(last, first + MOST_CIRCUITS) + 1)]


def filled(text: str, number: int, address: int) -> str:
    """Return a text with the placeholders of a repeated point filled in."""
    values = {"n": str(number), "nn": f"{number:02d}", "address": f"{address:04X}"}
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)


def layout(node: Node) -> Layout:
    """`type`, `order`, and `bit` or `byte`."""
    kind = node.word("type", RegisterType, RegisterType.U16)
    order = node.word("order", Order, Order.NORMAL)
    bit = node.integer("bit", 0, 16 - min(kind.bits, 16), 0)
    half = node.text("byte", "low" if kind.is_byte else "")
    if order not in Order.allowed(kind):
        node.report("bad_order", "order", found=order, allowed=", ".join(Order.allowed(kind)))
        order = Order.NORMAL
    if half not in (("high", "low") if kind.is_byte else ("",)):
        node.report("unknown_word", "byte", found=half, allowed=phrase("half_of_register"))
    if kind.is_byte:
        bit = 8 if half == "high" else 0
    return Layout(type=kind, order=order, bit=bit)


def any_bits(node: Node, kind: RegisterType) -> int | None:
    """`any_of = 0xE000`: whether at least one of these bits is set in a whole number."""
    low, high = kind.raw_range
    bits = node.integer("any_of", 1, high - low, None)
    if bits is not None and kind.is_float:
        node.report(
            "unknown_word", "type", found=kind, allowed=", ".join(each for each in RegisterType if not each.is_float)
        )
    return bits


def qualifiers(node: Node) -> Qualifiers:
    """`exponent`, `decimals`, `sign`, `invalid_while`: points that have a say in this one."""
    exponent, decimals, sign = (node.text(key, "") for key in ("exponent", "decimals", "sign"))
    if exponent and decimals:
        node.report("unknown_word", "decimals", found="decimals", allowed="exponent")
    return Qualifiers(
        exponent=_reference(exponent) if exponent else None,
        decimals=_reference(decimals) if decimals and not exponent else None,
        sign=_reference(sign) if sign else None,
        invalid_while=tuple(map(_reference, node.texts("invalid_while", MOST_REFERENCES))),
    )


def _reference(text: str) -> PointKey:
    match = REFERENCE.fullmatch(text)
    return PointKey(match[2], match[1]) if match else PointKey(SAME_CIRCUIT, text)


def resolved(raw: Qualifiers, circuit: str, fill: Callable[[str], str]) -> Qualifiers:
    """Return what a point of a circuit refers to, placeholders filled in."""

    def own(key: PointKey) -> PointKey:
        return PointKey(circuit if key.circuit == SAME_CIRCUIT else key.circuit, fill(key.code))

    return Qualifiers(
        exponent=own(raw.exponent) if raw.exponent else None,
        decimals=own(raw.decimals) if raw.decimals else None,
        sign=own(raw.sign) if raw.sign else None,
        invalid_while=tuple(map(own, raw.invalid_while)),
    )


def line_settings(node: Node) -> LineSettings:
    """Read the `[line]` table: the serial settings the device leaves the factory with."""
    parity = node.text("parity", "N")
    if parity not in ("N", "E", "O"):
        node.report("unknown_word", "parity", found=parity, allowed="N, E, O")
        parity = "N"
    return LineSettings.of(
        baudrate=node.integer("baudrate", 300, 1_000_000, 9600),
        bytesize=node.integer("bytesize", 7, 8, 8),
        parity=parity,
        stopbits=node.integer("stopbits", 1, 2, 1),
    )


def words(node: Node) -> Mapping[int, str] | None:
    """`words = { 0 = "normal", … }`: what the raw numbers of an enumeration mean."""
    table = node.optional_child("words")
    meanings: dict[int, str] = {}
    for raw, word in table.entries():
        if re.fullmatch(r"[0-9]{1,10}", raw) and isinstance(word, str) and re.fullmatch(r"[a-z0-9_]+", word):
            meanings[int(raw)] = word
        else:
            table.report(
                "wrong_type",
                raw,
                found=phrase("pair", key=raw, value=shown(word)),
                allowed=phrase("word_of_number"),
            )
    return meanings or None


def ratio_words(node: Node) -> tuple[Ratio, ...]:
    """`ratios = ["pt", "ct"]`: what a secondary value is multiplied with."""
    ratios = []
    for word in node.texts("ratios"):
        if word in tuple(Ratio) and word not in ratios:
            ratios.append(Ratio(word))
        else:
            node.report("unknown_word", "ratios", found=word, allowed=", ".join(Ratio))
    return tuple(ratios)


def ratio_sources(node: Node) -> tuple[Mapping[Ratio, PointKey], frozenset[Ratio]]:
    """`pt = "ask"` asks the user; `ct = "CT"` reads that point of circuit 1, `CT@0` the device's."""
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


def probe_check(node: Node, default_function: int) -> ProbeCheck:
    """`[[probe]]`: one read that tells whether a device is of this model."""
    check = ProbeCheck(
        address=node.integer("at", 0, LAST_REGISTER, 0),
        count=node.integer("count", 1, MOST_REGISTERS, 1),
        function=node.integer("function", 3, 4, default_function),
        mask=node.integer("mask", 1, WORD, WORD),
        allowed=node.spans("allowed", WORD),
        is_unit_id=node.flag("is_unit_id"),
        refused=node.flag("refused"),
        measured=node.flag("measured"),
    )
    if "at" not in node:
        node.report("missing", "at", allowed=phrase("register_address"))
    elif check.address + check.count - 1 > LAST_REGISTER:
        node.report(
            "past_end", "count", found=phrase("registers_from", address=f"{check.address:04X}", count=check.count)
        )
    node.close()
    return check


def operation(node: Node) -> tuple[Operation, Write | None]:
    """`[[commands]]`: what to write for an operation and how to see that it happened."""
    circuit = node.text("circuit", DEVICE_CIRCUIT)
    shows = _values(node, "read_back", circuit)
    only_when = _values(node, "only_when", circuit)
    falls_back_when = _values(node, "falls_back_when", circuit)
    code = node.text("code")
    address = node.integer("at", 0, LAST_REGISTER, None)
    registers = node.integers("registers", 0, WORD)
    source = node.text("source", "")
    within = float(node.number("within", Decimal(3)))
    lockout = float(node.number("lockout", Decimal(0)))
    effect = node.word("does", Effect, effect_of_code(code))
    warnings = node.names("warning")
    if address is not None and not registers:
        node.report("missing", "registers", allowed=phrase("values_to_write"))
    if address is not None and not source:
        node.report("missing", "source", allowed=phrase("manual_and_page"))
    is_extra = code.startswith(EXTRA_PREFIX)
    names = node.names("name", required=is_extra)
    known = vocabulary().find(code)
    if code and not is_extra and (known is None or known.kind is not Kind.COMMAND):
        node.report("unknown_word", "code", found=code, allowed=phrase("command_code"))
    node.close()
    write = None if address is None else Write(address=address, registers=tuple(registers))
    read = Operation(
        key=PointKey(circuit, code),
        names=names,
        effect=effect,
        shows=shows,
        only_when=only_when,
        falls_back_when=falls_back_when,
        within=within,
        lockout=lockout,
        warnings=warnings,
        source=source,
    )
    return read, write


def _values(node: Node, key: str, circuit: str) -> Mapping[PointKey, Value]:
    """Return the values that points are to have: one `{ code, value }`, or a list of them."""
    values: dict[PointKey, Value] = {}
    for one in node.one_or_more(key):
        code = one.text("code")
        value = one.number("value")
        if value is None:
            one.report("missing", "value", allowed=phrase("value_to_take"))
        values[PointKey(one.text("circuit", circuit), code)] = float(value or 0)
        one.close()
    return values
