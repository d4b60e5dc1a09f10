"""The `[[circuits]]` tables of a model file.

Circuits that differ only by a regular step of their addresses share a table, as a person would write it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..points import Circuit, Model
from ..readings import DEVICE_CIRCUIT
from ..registers import RegisterMap
from . import toml
from .entry import Entry
from .parts import MOST_CIRCUITS
from .pointlines import PointLine, point_line

_PLACEHOLDER = "{n}"

type Steps = Sequence[tuple[int, int]]
"""Step of address and bit of each line from one circuit to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """One circuit: its lines by table and code, and the codes that wait for an address."""

    circuit: Circuit
    lines: Sequence[PointLine]
    needs: Sequence[str]

    def steps_to(self, later: _Block) -> Steps | None:
        """Return the steps to another circuit, None if the two differ in more."""
        shapes, others = ([line.shape for line in block.lines] for block in (self, later))
        if shapes != others or sorted(self.needs) != sorted(later.needs):
            return None
        return [
            ((other.address or 0) - (line.address or 0), other.layout.bit - line.layout.bit)
            for line, other in zip(self.lines, later.lines, strict=True)
        ]


@dataclass(slots=True, kw_only=True)
class _Group:
    """Circuits that share a table, so far."""

    blocks: list[_Block]
    names: Mapping[str, str]
    steps: Steps = field(default_factory=list)

    def takes(self, block: _Block) -> bool:
        """Add the next circuit if it continues the row."""
        last, number = self.blocks[-1], int(block.circuit.number)
        if last.circuit.number == DEVICE_CIRCUIT or number != int(last.circuit.number) + 1:
            return False
        names = _template(self.blocks[0].circuit)
        steps = last.steps_to(block)
        if (
            steps is None
            or len(self.blocks) == MOST_CIRCUITS
            or (len(self.blocks) > 1 and steps != self.steps)
            or _filled(names, block.circuit.number) != block.circuit.names
        ):
            return False
        self.blocks.append(block)
        self.names, self.steps = names, steps
        return True


def circuit_sections(model: Model, fallback: RegisterMap | None = None) -> Iterator[str]:
    """Yield the text of each table: of the preferred register map and all that waits, or of a fallback."""
    registers = fallback or model.registers
    points: dict[str, list[Entry]] = {number: [] for number in model.circuits}
    for key in model.points:
        if key in registers.places or (fallback is None and key not in model.readable):
            points[key.circuit].append(Entry.of(model, key, registers))
    groups: list[_Group] = []
    for circuit in model.circuits.values():
        if fallback is None:
            block = _block(circuit, points[circuit.number], model)
        elif points[circuit.number]:
            # Its names stand with the preferred map.
            block = _block(replace(circuit, names={}), points[circuit.number], model)
        else:
            continue
        if not groups or not groups[-1].takes(block):
            groups.append(_Group(blocks=[block], names=block.circuit.names))
    for group in groups:
        yield _section(group, "circuits" if fallback is None else "fallback.circuits")


def _block(circuit: Circuit, points: Sequence[Entry], model: Model) -> _Block:
    needs = [point.key for point in points if point.address is None and point == Entry.waiting(point.key)]
    lines = [point_line(point, model.evidence) for point in points if point.key not in needs]
    return _Block(
        circuit=circuit,
        lines=sorted(lines, key=lambda line: (line.table, line.code)),
        needs=[key.code for key in needs],
    )


def _template(circuit: Circuit) -> Mapping[str, str]:
    return {language: text.replace(circuit.number, _PLACEHOLDER) for language, text in circuit.names.items()}


def _filled(names: Mapping[str, str], number: str) -> Mapping[str, str]:
    return {language: text.replace(_PLACEHOLDER, number) for language, text in names.items()}


def _section(group: _Group, table: str) -> str:
    first = group.blocks[0]
    numbers = first.circuit.number
    if len(group.blocks) > 1:
        numbers += f"-{group.blocks[-1].circuit.number}"
    written = [f"[[{table}]]", f"numbers = {toml.text(numbers)}"]
    if group.names:
        written.append(f"name = {toml.texts(group.names)}")
    steps = group.steps or [(0, 0)] * len(first.lines)
    usual = Counter(step for (step, _), line in zip(steps, first.lines, strict=True) if line.address is not None)
    stride = usual.most_common(1)[0][0] if usual else 0
    if stride:
        written.append(f"stride = {stride}")
    if first.needs:
        written.append(f"needs = {toml.array(map(toml.text, first.needs))}")
    placed = sorted(
        zip(first.lines, steps, strict=True), key=lambda item: (item[0].address or 0, item[0].layout.bit, item[0].code)
    )
    for kind in ("points", "settings"):
        entries = [
            line.text(
                stride=None if step == stride or line.address is None else step,
                bit_stride=bit_step,
            )
            for line, (step, bit_step) in placed
            if line.table == kind
        ]
        if entries:
            written += ["", f"[{table}.{kind}]", *entries]
    return "\n".join(written) + "\n"
