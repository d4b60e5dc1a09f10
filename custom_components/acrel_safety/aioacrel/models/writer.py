"""Write a model as a model file: readable TOML from which `read_model` makes an equal model again."""

from collections.abc import Iterator, Sequence

from ..errors import NotWritableError
from ..points import Evidence, GatewayFacts, Model, Operation, effect_of_code
from ..readings import DEVICE_CIRCUIT, PointKey, Value
from ..registers import READ_HOLDING, WORD, LineSettings, ProbeCheck, Ratio, RegisterMap, Write
from ..texts import phrase
from . import toml
from .circuitsections import circuit_sections
from .reader import DEFAULT_MOST_REGISTERS


def write_model(model: Model) -> str:
    """Return the text of a model file.

    Raises NotWritableError when the model holds something a file has no words for: scales without a finite decimal
    form, ranges with an open end that are not the vocabulary's.
    """
    try:
        return "\n".join(part for part in _parts(model) if part)
    except toml.NoWordsError as error:
        raise NotWritableError(model=model.id, detail=error.reason) from None


def _parts(model: Model) -> Sequence[str]:
    return [
        _head(model),
        _line(model.registers),
        _read(model.registers),
        _dump(model.registers),
        _ratios(model.registers),
        _uplink(model.registers),
        _gateway(model.gateway),
        *(_probe(probe) for probe in model.registers.probes),
        *circuit_sections(model),
        *(part for registers in model.fallbacks for part in _fallback(model, registers)),
        *(_operation(one, model.registers.writes.get(key)) for key, one in model.operations.items()),
    ]


def _table(header: str, pairs: Sequence[str]) -> str:
    return "\n".join([header, *pairs]) + "\n"


def _head(model: Model) -> str:
    pairs = [
        f"id = {toml.text(model.id)}",
        f"name = {toml.text(model.name)}",
        f"title = {toml.texts(model.titles)}",
        f"evidence = {toml.text(model.evidence)}",
        f"source = {toml.text(model.source)}",
    ]
    if model.covers:
        pairs.append(f"covers = {toml.array(toml.text(name) for name in model.covers)}")
    if model.notes:
        pairs.append(f"note = {toml.texts(model.notes)}")
    if model.k_mode:
        pairs.append(f"k_mode = {toml.text(model.k_mode)}")
    comments = [f"{model.name}: {model.title()}", f"From: {model.source}"]
    if model.evidence is Evidence.IMPORTED:
        comments.append(
            "Imported registers are only read. What may be changed needs `limits` and `source`, see docs/model-file.md."
        )
    return "".join(f"# {_flat(comment)}\n" for comment in comments) + "\n" + _table("[model]", pairs)


def _flat(comment: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in comment).split())


def _line(registers: RegisterMap) -> str:
    line, unit_id = registers.line, registers.unit_id
    pairs = [f"baudrate = {line.baudrate}"]
    usual = LineSettings()
    if line.bytesize != usual.bytesize:
        pairs.append(f"bytesize = {line.bytesize}")
    if line.parity != usual.parity:
        pairs.append(f"parity = {toml.text(line.parity)}")
    if line.stopbits != usual.stopbits:
        pairs.append(f"stopbits = {line.stopbits}")
    if unit_id != 1:
        pairs.append(f"unit = {unit_id}")
    return _table("[line]", pairs)


def _read(registers: RegisterMap) -> str:
    pairs = []
    if registers.max_registers != DEFAULT_MOST_REGISTERS:
        pairs.append(f"max_registers = {registers.max_registers}")
    if registers.ranges:
        pairs.append(f"ranges = {_spans(registers.ranges)}")
    if registers.forbidden:
        pairs.append(f"never = {_spans(registers.forbidden)}")
    return _table("[read]", pairs) if pairs else ""


def _dump(registers: RegisterMap) -> str:
    return _table("[dump]", [f"leave_out = {_spans(registers.leave_out)}"]) if registers.leave_out else ""


def _uplink(registers: RegisterMap) -> str:
    return _table("[uplink]", [f"blocks = {_spans(registers.uploads)}"]) if registers.uploads else ""


def _gateway(facts: GatewayFacts) -> str:
    pairs = ["force_switch = true"] if facts.force_switch else []
    if facts.words:
        words = (f"{toml.key(code)} = {toml.register(address)}" for code, address in facts.words.items())
        pairs.append(f"words = {toml.inline(words)}")
    return _table("[gateway]", pairs) if pairs else ""


def _spans(spans: Sequence[tuple[int, int]]) -> str:
    return toml.array(f"[{toml.register(first)}, {toml.register(last)}]" for first, last in spans)


def _ratios(registers: RegisterMap) -> str:
    sources = {ratio: "ask" for ratio in Ratio if ratio in registers.asks_ratios}
    sources |= {ratio: f"{key.code}@{key.circuit}" for ratio, key in registers.read_ratios.items()}
    return (
        _table("[ratios]", [f"{ratio} = {toml.text(source)}" for ratio, source in sources.items()]) if sources else ""
    )


def _fallback(model: Model, registers: RegisterMap) -> Iterator[str]:
    """Yield the tables of another register map: what it has of its own, all else is the model's."""
    pairs = []
    if registers.max_registers != model.registers.max_registers:
        pairs.append(f"max_registers = {registers.max_registers}")
    if registers.ranges:
        pairs.append(f"ranges = {_spans(registers.ranges)}")
    yield _table("[[fallback]]", pairs)
    for probe in registers.probes:
        yield _probe(probe, "fallback.probe")
    yield from circuit_sections(model, registers)


def _probe(probe: ProbeCheck, table: str = "probe") -> str:
    pairs = [f"at = {toml.register(probe.address)}"]
    if probe.count != 1:
        pairs.append(f"count = {probe.count}")
    if probe.function != READ_HOLDING:
        pairs.append(f"function = {probe.function}")
    if probe.mask != WORD:
        pairs.append(f"mask = {toml.register(probe.mask)}")
    if probe.allowed:
        pairs.append(f"allowed = {_spans(probe.allowed)}")
    if probe.is_unit_id:
        pairs.append("is_unit_id = true")
    if probe.refused:
        pairs.append("refused = true")
    if probe.measured:
        pairs.append("measured = true")
    return _table(f"[[{table}]]", pairs)


def _operation(operation: Operation, write: Write | None) -> str:
    circuit, code = operation.key
    pairs = [f"code = {toml.text(code)}"]
    if circuit != DEVICE_CIRCUIT:
        pairs.append(f"circuit = {toml.text(circuit)}")
    if operation.names:
        pairs.append(f"name = {toml.texts(operation.names)}")
    if operation.effect != effect_of_code(code):
        pairs.append(f"does = {toml.text(operation.effect)}")
    if write is not None:
        pairs.append(f"at = {toml.register(write.address)}")
        pairs.append(f"registers = {toml.array(map(toml.register, write.registers))}")
    pairs += _values(operation)
    usual = Operation(key=operation.key)
    if operation.within != usual.within:
        pairs.append(f"within = {toml.number(operation.within)}")
    if operation.lockout != usual.lockout:
        pairs.append(f"lockout = {toml.number(operation.lockout)}")
    if operation.warnings:
        pairs.append(f"warning = {toml.texts(operation.warnings)}")
    if operation.source:
        pairs.append(f"source = {toml.text(operation.source)}")
    return _table("[[commands]]", pairs)


def _values(operation: Operation) -> Iterator[str]:
    values = {
        "read_back": operation.shows,
        "only_when": operation.only_when,
        "falls_back_when": operation.falls_back_when,
    }
    for name, points in values.items():
        if shown := [_value_of(operation, key, value) for key, value in points.items()]:
            yield f"{name} = {shown[0] if len(shown) == 1 else toml.array(shown)}"


def _value_of(operation: Operation, key: PointKey, value: Value) -> str:
    circuit, code = operation.key
    if isinstance(value, str):
        raise toml.NoWordsError(phrase("word_read_back", command=code))
    facts = [f"code = {toml.text(key.code)}", f"value = {toml.number(float(value))}"]
    if key.circuit != circuit:
        facts.insert(1, f"circuit = {toml.text(key.circuit)}")
    return toml.inline(facts)
