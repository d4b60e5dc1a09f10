"""The rows of a comma-separated text, with what is wrong with its quoting."""

import csv
import io
from collections.abc import Iterator

from .foreign import python_says
from .problems import Problem


def read_rows(text: str, problems: list[Problem], delimiter: str = ",") -> Iterator[tuple[int, list[str] | None]]:
    """Yield the rows that are not empty, with their lines; None for one whose quoting is broken, which is a problem."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(key="broken_quoting", line=line, found=python_says(error)))
            yield line, None
        else:
            if any(cell and not cell.isspace() for cell in cells):
                yield line, cells
