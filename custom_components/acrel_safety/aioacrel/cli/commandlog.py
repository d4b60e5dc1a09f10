"""What the command line sent, to which device and when: kept for the next call, and for whoever asks afterwards.

One line of JSON for each: that it begins, and what became of it. A command that has to wait after another one finds
out here; what opens a circuit never waits, for this file or for anything it says.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ..foreign import system_says
from ..texts import Said, phrase

BEGUN, ENDED = "begun", "ended"
_LARGEST = 1_000_000
"""Bytes; then the older half goes."""


class CommandLog:
    """One file of one user."""

    def __init__(self, path: Path | None) -> None:
        """Take the file, which need not be there; None where there is no place for one."""
        self.path = path

    @classmethod
    def of_user(cls) -> Self:
        """Return the file in the user's folder for what programs remember."""
        if folder := os.environ.get("XDG_STATE_HOME"):
            return cls(Path(folder) / "acrel" / "commands.jsonl")
        try:
            home = Path.home()
        except RuntimeError:
            return cls(None)
        return cls(home / ".local" / "state" / "acrel" / "commands.jsonl")

    def put_down(self, what: str, device: str, data: Mapping[str, Any]) -> Said:
        """Put down one thing; returns why that could not be done, empty if it was."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "what": what, "device": device, **data}, ensure_ascii=False)
        if self.path is None:
            return "$HOME"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._shorten()
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            return phrase("told_with_value", cause=self.path, value=system_says(error))
        return ""

    def seconds_since(self, device: str) -> float | None:
        """Return how long ago a command was sent to a device, or may have been; None if never.

        What is said to lie ahead was put down before the clock was set back: of that nothing is known.
        """
        last: str | None = None
        begun: str | None = None
        for one in self._entries():
            if one.get("device") != device:
                continue
            if one.get("what") == BEGUN:
                begun = one["time"]
            elif one.get("what") == ENDED:
                last, begun = (begun or one["time"]) if one.get("writes") else last, None
        # Of one that never ended nobody knows whether it was sent.
        if (time := begun or last) is None:
            return None
        seconds = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()
        return seconds if seconds >= 0 else None

    def _entries(self) -> Iterator[Mapping[str, Any]]:
        """Yield what can be read, the oldest first; a line that was cut, or edited, says nothing."""
        try:
            lines = self.path.read_text("utf-8", "replace").splitlines() if self.path is not None else []
        except OSError:
            return
        for line in lines:
            with suppress(ValueError, TypeError):
                entry = json.loads(line)
                if isinstance(entry, dict) and datetime.fromisoformat(entry.get("time", "")).tzinfo is not None:
                    yield entry

    def _shorten(self) -> None:
        if self.path is None or not self.path.exists() or self.path.stat().st_size < _LARGEST:
            return
        lines = self.path.read_text("utf-8", "replace").splitlines(keepends=True)
        shorter = self.path.with_suffix(".new")
        shorter.write_text("".join(lines[len(lines) // 2 :]), "utf-8")
        shorter.replace(self.path)
