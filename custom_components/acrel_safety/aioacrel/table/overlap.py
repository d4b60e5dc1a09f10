"""Values that share registers without being fields of one register: most often a slip of the pen."""

from collections.abc import Iterable, Iterator

from ..problems import Problem, Severity
from .row import TableRow


def overlaps(rows: Iterable[TableRow]) -> Iterator[Problem]:
    """Yield a warning for each value that shares registers with one before it, in one pass over the sorted addresses.

    Bits and bytes may share one register.
    """
    reach: TableRow | None = None
    for row in sorted(rows, key=lambda row: (row.function, row.address, row.line)):
        is_apart = reach is None or reach.function != row.function or reach.last < row.address
        if reach is None or is_apart:
            reach = row
            continue
        if not (_is_field(row) and _is_field(reach)):
            first, later = sorted((reach, row), key=lambda row: row.line)
            yield Problem(
                key="overlap",
                line=later.line,
                column="reg_add",
                found=str(later),
                severity=Severity.WARNING,
                details={"first": str(first.line)},
            )
        if row.last > reach.last or (row.last == reach.last and _is_field(reach)):
            reach = row


def _is_field(row: TableRow) -> bool:
    return row.type.is_bit_field or row.type.is_byte
