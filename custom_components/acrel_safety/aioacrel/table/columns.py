"""One row of text to a checked row: every column by its rule, all findings of the row at once."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from ..problems import Problem, Severity
from ..registers import LAST_REGISTER, RegisterType
from .addresses import Addresses, AddressMode
from .csvfile import HEADER, CsvRow
from .factor import MOST_DECIMALS, parse_k
from .names import LAST_CIRCUIT, NameFinding, ambiguous_codes, clean, resolve
from .row import LAYOUTS, TYPES, TableRow
from .units import LONGEST_UNIT, canonical

LONGEST_NAME = 200
_FUNCTIONS = (3, 4)
_ADDRESSES = "0-65535, 0x0000-0xFFFF, 0000H-FFFFH"
_UNIT = HEADER.index("unit")
_USUAL = Addresses.of((), AddressMode.AS_WRITTEN)
_ONLY_READINGS = {AddressMode.HEX: "address_only_hex", AddressMode.DATA_MODEL: "address_only_data_model"}


class _Row:
    """The cells of one row by column name, and what was found in them."""

    def __init__(self, line: int, cells: Sequence[str]) -> None:
        self.line = line
        self.cells = dict(zip(HEADER, (cell.strip() for cell in cells), strict=False))
        self.problems: list[Problem] = []

    def report(
        self,
        key: str,
        column: str,
        *,
        found: str | None = None,
        allowed: str = "",
        severity: Severity = Severity.ERROR,
        details: Mapping[str, object] | None = None,
    ) -> None:
        self.problems.append(
            Problem(
                key=key,
                line=self.line,
                column=column,
                found=self.cells[column] if found is None else found,
                allowed=allowed,
                severity=severity,
                details={name: str(value) for name, value in (details or {}).items()},
            )
        )

    def warn(self, key: str, column: str, *, found: str | None = None, **details: object) -> None:
        self.report(key, column, found=found, severity=Severity.WARNING, details=details)


def check_row(row: CsvRow, addresses: Addresses = _USUAL) -> tuple[TableRow | None, Sequence[Problem]]:
    """Return the row, or None if it has to be rejected, and everything found in it."""
    cells = row.cells
    repaired = len(cells) < len(HEADER) and _lacks_only_unit(cells, addresses)
    if len(cells) < len(HEADER) and not repaired:
        problem = Problem(key="too_few_columns", line=row.line, found=str(len(cells)))
        return None, [problem]
    checked = _Row(row.line, [*cells[:_UNIT], "", *cells[_UNIT:]] if repaired else cells)
    if repaired:
        checked.warn("repaired_unit", "unit", found="")
    kind = _type(checked)
    address = _address(checked, kind, addresses)
    endian = _endian(checked, kind)
    function = _function(checked)
    unit = _unit(checked)
    dcm, k = _decimals(checked, kind), _k(checked)
    name = _name(checked)
    if checked.cells["calc"]:
        checked.warn("calc_not_empty", "calc")
    if kind is None or address is None or endian is None or function is None or name is None:
        return None, [problem for problem in checked.problems if problem.severity is Severity.ERROR]
    group, code = _circuit_and_code(checked, name)
    usable = TableRow(
        line=row.line,
        group=group,
        code=code or _code_of_place(address, kind, endian),
        unit=unit,
        address=address,
        type=kind,
        endian=endian,
        dcm=dcm,
        k=k,
        function=function,
        written=checked.cells["reg_add"],
        readings=addresses.readings(checked.cells["reg_add"]),
    )
    if not code:
        checked.warn("empty_name", "data_name", taken=usable.code)
    return usable, checked.problems


def _lacks_only_unit(cells: Sequence[str], addresses: Addresses) -> bool:
    """Whether a row of eleven columns is sound but for its unit; the rule is that of the programs that write tables."""
    if len(cells) != len(HEADER) - 1:
        return False
    names = [name for name in HEADER if name != "unit"]
    row = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    numbers = [_whole(row[name]) for name in ("group", "reg_type", "endian", "dcm")]
    group, kind, *_ = numbers
    return (
        None not in numbers
        and bool(group)
        and kind in TYPES
        and addresses.read(row["reg_add"]) is not None
        and parse_k(row["k"]) is not None
        and row["fun_num"] == str(_FUNCTIONS[0])
    )


def _whole(text: str) -> int | None:
    """Read a whole number of a believable length, 0 included."""
    return int(text) if re.fullmatch(r"[0-9]{1,8}", text) else None


def _type(row: _Row) -> RegisterType | None:
    kind = TYPES.get(_whole(row.cells["reg_type"]) or 0)
    if kind is None:
        row.report("bad_reg_type", "reg_type", allowed=f"1-{len(TYPES)}")
    return kind


def _address(row: _Row, kind: RegisterType | None, addresses: Addresses) -> int | None:
    text = row.cells["reg_add"]
    address = addresses.read(text)
    if address is None:
        row.report("bad_address", "reg_add", allowed=_ADDRESSES)
    elif kind is not None and address + kind.registers - 1 > LAST_REGISTER:
        row.report("past_end", "reg_add", found=f"{row.cells['reg_add']} ({kind})")
        return None
    elif (only := addresses.only_reading(text)) is not None:
        row.warn(_ONLY_READINGS[only], "reg_add", taken=place_of(address))
    return address


def place_of(address: int) -> str:
    """Return a register as messages show it."""
    return f"{address} = {address:04X}h"


def _endian(row: _Row, kind: RegisterType | None) -> int | None:
    if kind is None:
        return None
    codes = LAYOUTS[kind]
    endian = _whole(row.cells["endian"])
    if endian in codes:
        return endian
    row.report("bad_endian", "endian", allowed=f"0-{max(codes)}", details={"type": kind})
    return None


def _function(row: _Row) -> int | None:
    function = _whole(row.cells["fun_num"])
    if function in _FUNCTIONS:
        return function
    row.report("bad_function", "fun_num", allowed=", ".join(map(str, _FUNCTIONS)))
    return None


def _unit(row: _Row) -> str:
    unit = canonical(row.cells["unit"])
    if unit is None:
        row.warn("bad_unit", "unit", longest=LONGEST_UNIT)
    return unit or ""


def _decimals(row: _Row, kind: RegisterType | None) -> int:
    text = row.cells["dcm"]
    dcm = _whole(text)
    if kind is not None and kind.is_bit_field:
        if dcm:
            row.warn("bit_decimals", "dcm")
        return 0
    if dcm is None or dcm > MOST_DECIMALS:
        row.warn("bad_decimals", "dcm")
        return 0
    return dcm


def _k(row: _Row) -> Fraction | None:
    text = row.cells["k"]
    k = parse_k(text)
    if text and k is None:
        row.warn("bad_k", "k")
    return k


def _name(row: _Row) -> str | None:
    name = clean(row.cells["data_name"])
    if len(name) > LONGEST_NAME:
        row.report("name_too_long", "data_name", allowed=str(LONGEST_NAME), details={"length": len(name)})
        return None
    return name


def _circuit_and_code(row: _Row, name: str) -> tuple[int, str]:
    """Return circuit and code; a circuit in the name makes up for a group that is none."""
    number = _whole(row.cells["group"])
    is_circuit = number is not None and 1 <= number <= LAST_CIRCUIT
    group = number if number is not None and is_circuit else 1
    named = resolve(name, group)
    if named.finding is NameFinding.FROM_NAME:
        row.warn(named.finding, "group", found=name, taken=named.group)
    elif not is_circuit:
        row.warn("group_assumed", "group", taken=group)
    if named.finding is NameFinding.AMBIGUOUS:
        row.warn(named.finding, "data_name", taken=named.group)
    elif codes := ambiguous_codes(named.code):
        row.warn("ambiguous_name", "data_name", codes=", ".join(codes))
    return named.group, named.code


def _code_of_place(address: int, kind: RegisterType, endian: int) -> str:
    """Name what has no name after its register; fields of one register stay apart."""
    field = f".{endian}" if kind.is_bit_field or kind.is_byte else ""
    return f"DOC_{address:04X}h{field}"
