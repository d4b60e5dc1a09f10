"""A register table, as bytes, to a model with everything that is wrong or doubtful in the table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import FileProblemsError
from ..models.entry import Entry
from ..points import Model
from ..problems import Problem, Severity
from ..readings import PointKey
from ..registers import Order
from .addresses import Addresses, AddressMode
from .choices import Choice
from .chosen import ChosenRow
from .columns import check_row
from .csvfile import Sheet, read_sheet
from .factor import KMeaning, KMode, meaning
from .merge import crosses_border, key_of, merged
from .overlap import overlaps
from .row import TableRow
from .unsaid import unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A table as it was read, and what it is for."""

    sheet: Sheet
    file: str
    model_id: str
    base: Model | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A table whose rows are checked with its addresses understood in one way; the other choices are still open."""

    source: _Source
    addresses: Addresses
    rows: Mapping[PointKey, TableRow]
    problems: Sequence[Problem]
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableImport:
    """The model a table gives, and what to tell the user before it is used."""

    model: Model
    rows: tuple[TableRow, ...]
    """The usable rows, in the order of the file."""
    problems: tuple[Problem, ...]
    """Errors for rejected rows and warnings, by line."""
    rejected: int
    """How many rows were rejected."""
    choices: tuple[Choice, ...]
    """The points whose value depends on an answer of the user."""
    k_mode: KMode
    orders: Mapping[PointKey, Order]
    address_mode: AddressMode
    address_modes: tuple[AddressMode, ...]
    """The ways in which the addresses may be written; empty if only one is plausible."""
    _checked: _Checked

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems for which a row was rejected."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is doubtful but usable."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.WARNING)

    def with_choices(
        self,
        *,
        k_mode: KMode | None = None,
        orders: Mapping[PointKey, Order] | None = None,
        address_mode: AddressMode | None = None,
    ) -> TableImport:
        """Return the import with the user's answers: how k and the addresses are meant, and byte orders by point.

        Raises FileProblemsError when no row is usable with the addresses meant so.
        """
        checked = self._checked
        if address_mode not in (None, self.address_mode):
            checked = _checked(checked.source, address_mode)
        return _built(checked, k_mode or self.k_mode, {**self.orders, **(orders or {})})


def import_table(
    data: bytes,
    *,
    file: str,
    model_id: str,
    base: Model | None = None,
    k_mode: KMode = KMode.AUTO,
    orders: Mapping[PointKey, Order] | None = None,
    address_mode: AddressMode = AddressMode.AUTO,
) -> TableImport:
    """Return the model of a register table; `base` is the built-in model that lacks its addresses.

    Rows with an error are left out, and told in `errors`. Takes time with large tables: not for the event loop. Raises
    FileProblemsError when the whole file is unusable.
    """
    source = _Source(
        sheet=read_sheet(data, file=file),
        file=file,
        model_id=model_id,
        base=base,
    )
    return _built(_checked(source, address_mode), k_mode, dict(orders or {}))


def _by_line(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.line or 0))


def _checked(source: _Source, address_mode: AddressMode) -> _Checked:
    """Check each row by itself, then against the rows before it and the base model's borders.

    Raises FileProblemsError when no row is left.
    """
    base, sheet = source.base, source.sheet
    addresses = Addresses.of(sheet.rows, address_mode)
    rows: dict[PointKey, TableRow] = {}
    problems = [*sheet.problems]
    rejected = sum(problem.severity is Severity.ERROR for problem in problems)
    seen: set[TableRow] = set()
    for cells in sheet.rows:
        row, findings = check_row(cells, addresses)
        if row is not None:
            nameless = replace(row, line=0)
            if nameless in seen:
                continue
            seen.add(nameless)
            key = key_of(row, base)
            if (conflict := _conflict(row, rows.get(key), base)) is not None:
                row, findings = None, [conflict]
            else:
                rows[key] = row
        problems += findings
        rejected += row is None
    if not rows:
        problems.append(Problem(key="no_points"))
        raise FileProblemsError(file=source.file, problems=_by_line(problems))
    problems += [*overlaps(rows.values()), *unsaid(rows.values(), has_base=base is not None)]
    return _Checked(source=source, addresses=addresses, rows=rows, problems=problems, rejected=rejected)


def _conflict(row: TableRow, first: TableRow | None, base: Model | None) -> Problem | None:
    """Return why a sound row cannot stand beside the others."""
    if first is not None:
        return Problem(
            key="duplicate_code",
            line=row.line,
            column="data_name",
            found=f"{row.code}@{row.group}",
            details={"first": str(first.line)},
        )
    if crosses_border(row, base):
        return Problem(key="over_border", line=row.line, column="reg_add", found=str(row))
    return None


def _built(checked: _Checked, k_mode: KMode, orders: Mapping[PointKey, Order]) -> TableImport:
    uses_multipliers = any(meaning(row.k, row.dcm) is KMeaning.MULTIPLIER for row in checked.rows.values())
    points: dict[PointKey, Entry] = {}
    problems = [*checked.problems]
    choices: list[Choice] = []
    base_model = checked.source.base
    for key, row in checked.rows.items():
        base = Entry.of(base_model, key) if base_model is not None and key in base_model.points else None
        made = ChosenRow(
            row,
            key,
            base,
            k_mode=k_mode,
            uses_multipliers=uses_multipliers,
            order=orders.get(key),
            is_address_decided=checked.addresses.is_decided,
        )
        points[key] = made.point()
        problems += made.warnings()
        choices += made.choices()
    model = merged(points, base_model, model_id=checked.source.model_id, file=checked.source.file, k_mode=k_mode)
    return TableImport(
        model=model,
        rows=tuple(checked.rows.values()),
        problems=_by_line(problems),
        rejected=checked.rejected,
        choices=tuple(choices),
        k_mode=k_mode,
        orders=orders,
        address_mode=checked.addresses.asked,
        address_modes=tuple(mode for mode in AddressMode if any(mode in row.readings for row in checked.rows.values())),
        _checked=checked,
    )
