"""Whether a record is what was put down: every entry of the chain, and its head against what is known elsewhere."""

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ..texts import Phrase, phrase
from .chain import NOTHING, Head, linked
from .database import SCHEMA, is_damage, open_for_reading, transaction
from .entry import ANCHORS, Kind
from .headfile import read_head
from .places import Places

MOST_FINDINGS = 100
_ABOUT_ITSELF = re.compile(rb'"kind":"(rolled_back|begun_anew|lost)"')


class Fault(StrEnum):
    """What can be wrong."""

    MISSING = "missing"
    """Entries are not there, and no checkpoint says so."""
    CHANGED = "changed"
    """Entries do not follow from the one before: one of them was changed, moved or put in."""
    REPLACED = "replaced"
    """The chain is sound, but it is not the one that was known elsewhere."""
    SHORTENED = "shortened"
    """The chain is sound, but it ends before what was known elsewhere: rolled back, or cut off."""
    FORM = "form"
    """The file has tables, indexes or triggers other than its own."""
    DAMAGED = "damaged"
    """The file is no sound database."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, with the entries it concerns."""

    fault: Fault
    first: int = 0
    last: int = 0
    detail: str = ""

    def said(self) -> Phrase:
        """Return it as a phrase."""
        match self.fault:
            case Fault.MISSING:
                return phrase("found_missing", first=self.first, last=self.last)
            case Fault.CHANGED:
                return phrase("found_changed", first=self.first, last=self.last)
            case Fault.REPLACED:
                return phrase("found_replaced", first=self.first)
            case Fault.SHORTENED:
                return phrase("found_shortened", first=self.first, last=self.last)
            case Fault.FORM:
                return phrase("found_form", detail=self.detail)
            case Fault.DAMAGED:
                return phrase("found_damaged", detail=self.detail)


@dataclass(slots=True)
class Verification:
    """What came of verifying."""

    first: int = 0
    head: Head = NOTHING
    count: int = 0
    findings: list[Finding] = field(default_factory=list)
    """At most so many; whether there is nothing to find is certain."""
    confirmed: list[Head] = field(default_factory=list)
    """Heads from elsewhere that are in the chain."""
    unchecked: list[Head] = field(default_factory=list)
    """Heads from elsewhere that are older than what is kept."""
    pruned: int = 0
    """Entries before the first that were removed by the record's own rule or stood in a file before."""
    rollbacks: list[int] = field(default_factory=list)
    """Entries that say that the file had become shorter, or another one."""
    beginnings: list[int] = field(default_factory=list)
    """Entries that say that the file was begun anew."""
    lost: int = 0
    """Entries that could not be written, as the record itself says."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def rolled_back_to(self) -> int | None:
        """The last entry of a record of which only the end is missing; None if all is there, or more is wrong."""
        if any(finding.fault is not Fault.SHORTENED for finding in self.findings):
            return None
        return min((finding.first for finding in self.findings), default=None)


def verify(path: Path, known: Iterable[Head] = ()) -> Verification:
    """Look at the whole record, and compare it with heads kept elsewhere; the one beside the file is taken by itself.

    Raises JournalError when it cannot be read at all.
    """
    beside = read_head(Places(path).head)
    heads = sorted({*known, *([beside] if beside is not None else [])})
    with open_for_reading(path, as_bytes=True) as connection:
        looking = _Look(heads)
        try:
            with transaction(connection, "BEGIN"):  # one look, whatever is written meanwhile
                looking.whole(connection)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            looking.find(Finding(Fault.DAMAGED, detail=str(error)))
        return looking.result


class _Look:
    """One verification."""

    def __init__(self, heads: Sequence[Head]) -> None:
        self.result = Verification()
        self._heads = heads
        self._differing: list[Head] = []
        """Heads from elsewhere whose entry is another one."""
        self._ends: list[tuple[int, int]] = []
        """Of a record that was rolled back: to which entry, from which."""

    def find(self, finding: Finding) -> None:
        """Note something; the same of the next entry becomes one finding."""
        findings = self.result.findings
        if findings and finding.fault is Fault.CHANGED is findings[-1].fault and findings[-1].last == finding.first - 1:
            findings[-1] = Finding(Fault.CHANGED, findings[-1].first, finding.last)
        elif len(findings) < MOST_FINDINGS:
            findings.append(finding)

    def whole(self, connection: sqlite3.Connection) -> None:
        self._form(connection)
        anchor = self._anchor(connection)
        self.result.pruned = anchor.sequence
        self._chain(connection, anchor)
        self._compare(anchor)

    def _form(self, connection: sqlite3.Connection) -> None:
        written = {statement.encode() for statement in SCHEMA}
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        if odd := sorted(name.decode("utf-8", "replace") for name, sql in rows if sql not in written):
            self.find(Finding(Fault.FORM, detail=", ".join(odd)[:200]))
        for (said,) in connection.execute("PRAGMA integrity_check(1)"):
            if said != b"ok":
                self.find(Finding(Fault.DAMAGED, detail=said.decode("utf-8", "replace")[:200]))

    def _anchor(self, connection: sqlite3.Connection) -> Head:
        """Return what stood before the first entry, as the newest checkpoint says."""
        rows = connection.execute(
            "SELECT text FROM journal WHERE kind IN (?, ?) ORDER BY sequence DESC LIMIT 1", ANCHORS
        ).fetchall()
        try:
            data = json.loads(rows[0][0])["data"]
            return Head(data["first"] - 1, bytes.fromhex(data["before"]))
        except IndexError, ValueError, TypeError, KeyError, RecursionError:
            return NOTHING

    def _chain(self, connection: sqlite3.Connection, before: Head) -> None:
        result = self.result
        heads: dict[int, list[Head]] = {}
        for head in self._heads:
            heads.setdefault(head.sequence, []).append(head)
        for sequence, text, hashed in connection.execute("SELECT sequence, text, hash FROM journal ORDER BY sequence"):
            result.first = result.first or sequence
            result.count += 1
            found = Head(sequence, hashed if isinstance(hashed, bytes) else b"")
            if sequence > before.sequence + 1:
                # What the first entry after a hole follows from is not known; the hole is enough.
                self.find(Finding(Fault.MISSING, before.sequence + 1, sequence - 1))
            elif not isinstance(text, bytes) or linked(before, text) != found:
                self.find(Finding(Fault.CHANGED, sequence, sequence))
            if isinstance(text, bytes) and _ABOUT_ITSELF.search(text):
                self._about_itself(sequence, text)
            for head in heads.get(sequence, ()):
                (result.confirmed if head == found else self._differing).append(head)
            result.head = before = found

    def _about_itself(self, sequence: int, text: bytes) -> None:
        """Note what an entry says about the record."""
        result = self.result
        try:
            entry = json.loads(text)
            data = entry["data"]
            match entry["kind"]:
                case Kind.ROLLED_BACK:
                    result.rollbacks.append(sequence)
                    self._ends.append((int(data["to"]), int(data["from"])))
                case Kind.BEGUN_ANEW:
                    result.beginnings.append(sequence)
                case Kind.LOST:
                    result.lost += int(data["count"])
        except ValueError, TypeError, KeyError, RecursionError:
            self.find(Finding(Fault.CHANGED, sequence, sequence))

    def _compare(self, anchor: Head) -> None:
        """Compare the chain with heads from elsewhere."""
        result = self.result
        first, last = result.first or anchor.sequence + 1, result.head.sequence
        for head in self._heads:
            end = next((to for to, since in self._ends if to < head.sequence <= since), None)
            if head == anchor:
                result.confirmed.append(head)
            elif head in result.confirmed:
                continue
            elif end is not None:
                self.find(Finding(Fault.SHORTENED, end, head.sequence))
            elif head.sequence > last:
                self.find(Finding(Fault.SHORTENED, last, head.sequence))
            elif head in self._differing or head.sequence == anchor.sequence:
                self.find(Finding(Fault.REPLACED, head.sequence, head.sequence))
            elif head.sequence < first:
                result.unchecked.append(head)
