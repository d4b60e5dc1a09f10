"""Write a model as a model file: readable TOML from which `read_model` makes an equal model again."""

from collections.abc import Sequence

from ..errors import NotWritableError
from ..readings import DEVICE_CIRCUIT
from ..texts import phrase
from . import toml
from .circuitsections import circuit_sections
from .reader import DEFAULT_MOST_REGISTERS
from .schema import Command, Evidence, LineSettings, Model, ProbeCheck, Ratio


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
        _line(model.line, model.unit_id),
        _read(model),
        _ratios(model),
        *(_probe(probe) for probe in model.probes),
        *circuit_sections(model),
        *(_command(command) for command in model.commands),
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


def _line(line: LineSettings, unit_id: int) -> str:
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


def _read(model: Model) -> str:
    pairs = []
    if model.max_registers != DEFAULT_MOST_REGISTERS:
        pairs.append(f"max_registers = {model.max_registers}")
    if model.ranges:
        spans = (f"[{toml.register(first)}, {toml.register(last)}]" for first, last in model.ranges)
        pairs.append(f"ranges = {toml.array(spans)}")
    return _table("[read]", pairs) if pairs else ""


def _ratios(model: Model) -> str:
    sources = {ratio: "ask" for ratio in Ratio if ratio in model.asks_ratios}
    sources |= {ratio: f"{key.code}@{key.circuit}" for ratio, key in model.read_ratios.items()}
    return (
        _table("[ratios]", [f"{ratio} = {toml.text(source)}" for ratio, source in sources.items()]) if sources else ""
    )


def _probe(probe: ProbeCheck) -> str:
    pairs = [f"at = {toml.register(probe.address)}"]
    if probe.count != 1:
        pairs.append(f"count = {probe.count}")
    if probe.function != 3:  # noqa: PLR2004 - the reader's default
        pairs.append(f"function = {probe.function}")
    if probe.mask != 0xFFFF:  # noqa: PLR2004 - likewise
        pairs.append(f"mask = {toml.register(probe.mask)}")
    if probe.allowed is not None:
        pairs.append(f"allowed = [[{', '.join(map(toml.register, probe.allowed))}]]")
    if probe.is_unit_id:
        pairs.append("is_unit_id = true")
    if probe.refused:
        pairs.append("refused = true")
    if probe.measured:
        pairs.append("measured = true")
    return _table("[[probe]]", pairs)


def _command(command: Command) -> str:
    pairs = [f"code = {toml.text(command.code)}"]
    if command.circuit != DEVICE_CIRCUIT:
        pairs.append(f"circuit = {toml.text(command.circuit)}")
    if command.address is not None:
        pairs.append(f"at = {toml.register(command.address)}")
    if command.registers:
        pairs.append(f"registers = {toml.array(map(toml.register, command.registers))}")
    if command.read_back is not None:
        key, value = command.read_back
        if isinstance(value, str):
            raise toml.NoWordsError(phrase("word_read_back", command=command.code))
        facts = [f"code = {toml.text(key.code)}", f"value = {toml.number(float(value))}"]
        if key.circuit != command.circuit:
            facts.insert(1, f"circuit = {toml.text(key.circuit)}")
        pairs.append(f"read_back = {toml.inline(facts)}")
    if command.within != Command(code="", circuit="").within:
        pairs.append(f"within = {toml.number(command.within)}")
    if command.source:
        pairs.append(f"source = {toml.text(command.source)}")
    return _table("[[commands]]", pairs)
