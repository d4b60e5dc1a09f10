"""Raw registers of a device as a fixture: taken with `acrel dump` or from diagnostics, replayed by tests."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .plan import Read


@dataclass(slots=True, kw_only=True)
class RegisterDump:
    """Registers by function code and address, and the reads the device refused with an exception code."""

    model: str
    unit_id: int
    taken: datetime
    registers: dict[int, dict[int, int]] = field(default_factory=dict)
    refused: dict[Read, int] = field(default_factory=dict)

    def add(self, read: Read, words: Iterable[int]) -> None:
        """Keep the answer to one read."""
        space = self.registers.setdefault(read.function, {})
        space.update(zip(range(read.address, read.end), words, strict=True))

    def words(self, read: Read) -> list[int] | None:
        """Return what the device answered to a read, or None where a register is not in the dump."""
        space = self.registers.get(read.function, {})
        words = [space.get(address) for address in range(read.address, read.end)]
        return [word for word in words if word is not None] if None not in words else None

    def as_dict(self) -> dict[str, object]:
        """Return a structure of plain types; addresses as four hex digits, stretches of registers as lists."""
        return {
            "model": self.model,
            "unit": self.unit_id,
            "taken": self.taken.isoformat(timespec="seconds"),
            "registers": {str(function): _stretches(space) for function, space in sorted(self.registers.items())},
            "refused": [
                {
                    "function": read.function,
                    "address": f"{read.address:04X}",
                    "count": read.count,
                    "exception": code,
                }
                for read, code in self.refused.items()
            ],
        }

    def as_json(self) -> str:
        """Return the dump as JSON text."""
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RegisterDump:
        """Read a dump back; raises ValueError (or KeyError, TypeError) when it is not one."""
        raw = json.loads(text)
        dump = cls(model=raw["model"], unit_id=int(raw["unit"]), taken=datetime.fromisoformat(raw["taken"]))
        for function, stretches in raw["registers"].items():
            for address, words in stretches.items():
                dump.add(
                    Read(int(function), int(address, 16), len(words)),
                    [int(word, 16) for word in words],
                )
        for item in raw["refused"]:
            dump.refused[Read(item["function"], int(item["address"], 16), item["count"])] = item["exception"]
        return dump


def _stretches(space: Mapping[int, int]) -> dict[str, list[str]]:
    stretches: dict[str, list[str]] = {}
    start, previous = 0, -2
    for address in sorted(space):
        if address != previous + 1:
            start = address
        stretches.setdefault(f"{start:04X}", []).append(f"{space[address]:04X}")
        previous = address
    return stretches
