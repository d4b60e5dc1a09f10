"""Write a measurement as Markdown for people and JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"

type Cell = str | float | None


@dataclass(slots=True)
class Table:
    """One table: a title, what was measured and how, columns, rows."""

    name: str
    title: str
    text: str
    columns: Sequence[str]
    rows: list[Mapping[str, Cell]] = field(default_factory=list)
    details: Mapping[str, object] = field(default_factory=dict)
    """What programs may want besides: kept in the JSON alone."""
    sections: list[Table] = field(default_factory=list)
    """What stands below it in the same file."""

    def add(self, **cells: Cell) -> None:
        """Add a row; cells by column name (underscores stand for spaces)."""
        self.rows.append({column: cells.get(column.replace(" ", "_")) for column in self.columns})

    def markdown(self, level: int = 1) -> str:
        """Return the table as Markdown."""
        lines = [f"{'#' * level} {self.title}", "", self.text, "", f"| {' | '.join(self.columns)} |"]
        lines.append("|" + " --- |" * len(self.columns))
        lines.extend(f"| {' | '.join(_shown(row[column]) for column in self.columns)} |" for row in self.rows)
        return "\n".join(("\n".join(lines) + "\n", *(section.markdown(level + 1) for section in self.sections)))

    def save(self, folder: Path = RESULTS) -> None:
        """Write `<name>.md` and `<name>.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}.md").write_text(self.markdown(), "utf-8")
        (folder / f"{self.name}.json").write_text(
            json.dumps(self.content(), indent=1, ensure_ascii=False) + "\n", "utf-8"
        )

    def content(self) -> Mapping[str, object]:
        """Return all of it as plain types."""
        content: dict[str, object] = {"title": self.title, "text": self.text, "rows": self.rows, **self.details}
        if self.sections:
            content["sections"] = [section.content() for section in self.sections]
        return content


def _shown(cell: Cell) -> str:
    match cell:
        case None:
            return "–"
        case float():
            return f"{cell:.3g}" if abs(cell) < 100 else f"{cell:.0f}"  # noqa: PLR2004 - three digits are enough
        case _:
            return str(cell)
