"""Raw registers of a device as a fixture: taken with `acrel dump` or from diagnostics, replayed by tests."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .layout import WORD
from .plan import Read


@dataclass(slots=True, kw_only=True)
class RegisterDump:
    """Registers by function code and address, and the reads the device refused with an exception code."""

    model: str
    unit_id: int
    taken: datetime
    registers: dict[int, dict[int, int]] = field(default_factory=dict)
    refused: dict[Read, int] = field(default_factory=dict)
    library: str = ""
    """Version of this library; this and what follows is empty where nobody noted it."""
    evidence: str = ""
    """How sure the model was said to be when the dump was taken."""
    framing: str = ""
    baudrate: int = 0
    home_assistant: str = ""

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
            "library": self.library,
            "home_assistant": self.home_assistant,
            "model": self.model,
            "evidence": self.evidence,
            "framing": self.framing,
            "baudrate": self.baudrate,
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
        """Read a dump back; raises ValueError when it is not one."""
        return cls.from_dict(_loaded(text))

    @classmethod
    def all_in(cls, text: str) -> list[RegisterDump]:
        """Return every dump in a JSON file that people send: one of `acrel dump`, or downloaded diagnostics.

        Raises ValueError when there is none, or a broken one.
        """
        dumps = [cls.from_dict(found) for found in _looking_like_dumps(_loaded(text))]
        if not dumps:
            message = "there is no dump of registers in it"
            raise ValueError(message)
        return dumps

    @classmethod
    def from_dict(cls, raw: object) -> RegisterDump:
        """Read a dump from a structure of plain types; what was not noted in older ones is empty.

        Raises ValueError.
        """
        if not isinstance(raw, dict):
            message = "not a dump of registers: no table"
            raise ValueError(message)  # noqa: TRY004 - as for all that is no dump
        try:
            return cls._read(raw)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            message = f"not a dump of registers: {error!r}"
            raise ValueError(message) from error

    @classmethod
    def _read(cls, raw: Mapping[str, Any]) -> RegisterDump:
        dump = cls(
            model=str(raw["model"]),
            unit_id=int(raw["unit"]),
            taken=datetime.fromisoformat(raw["taken"]),
            library=str(raw.get("library", "")),
            evidence=str(raw.get("evidence", "")),
            framing=str(raw.get("framing", "")),
            baudrate=int(raw.get("baudrate", 0)),
            home_assistant=str(raw.get("home_assistant", "")),
        )
        for function, stretches in raw["registers"].items():
            for address, words in stretches.items():
                if not isinstance(words, list):
                    message = f"no list of registers from {address}h on"
                    raise TypeError(message)
                numbers = [_number(word) for word in words]
                dump.add(_span(int(function), _number(address), len(numbers)), numbers)
        for item in raw["refused"]:
            read = _span(int(item["function"]), _number(item["address"]), int(item["count"]))
            dump.refused[read] = int(item["exception"])
        return dump


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError as error:
        message = "not a dump of registers: nested too deep"
        raise ValueError(message) from error


def _looking_like_dumps(document: object) -> Iterator[Mapping[str, object]]:
    if isinstance(document, dict):
        if {"model", "unit", "taken", "registers", "refused"} <= document.keys():
            yield document
        else:
            for inner in document.values():
                yield from _looking_like_dumps(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from _looking_like_dumps(inner)


def _number(digits: str) -> int:
    """Return the number of a register, or in one, from its hexadecimal digits. Raises ValueError."""
    number = int(digits, 16)
    if not 0 <= number <= WORD:
        message = f"{digits} is not a word of 16 bits"
        raise ValueError(message)
    return number


def _span(function: int, address: int, count: int) -> Read:
    if not 0 < count <= WORD + 1 - address:
        message = f"{count} registers from {address:04X}h on"
        raise ValueError(message)
    return Read(function, address, count)


def _stretches(space: Mapping[int, int]) -> dict[str, list[str]]:
    stretches: dict[str, list[str]] = {}
    start, previous = 0, -2
    for address in sorted(space):
        if address != previous + 1:
            start = address
        stretches.setdefault(f"{start:04X}", []).append(f"{space[address]:04X}")
        previous = address
    return stretches
