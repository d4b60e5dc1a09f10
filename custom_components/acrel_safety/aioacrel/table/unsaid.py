"""What a table cannot say, where a table seems to need it: its values would be wrong without a word.

The format has twelve columns. It has no 64-bit float, and no word for a scale, a sign or a validity that stands in
another register. A model file may say more; whoever imports such a table has to know.
"""

import re
from collections.abc import Collection, Iterator

from ..problems import Problem, Severity
from ..registers import RegisterType
from ..vocabulary import EXTRA_PREFIX, Kind, vocabulary
from .row import TableRow

_LONGEST = frozenset({RegisterType.U64, RegisterType.S64})
_NAMES = {
    "scale_elsewhere": re.compile(
        r"\b(?:dpt|dct|dpq|decimal[ _-]*(?:point|place|digit)s?|(?:scale|scaling)(?:[ _-]*(?:factor|exponent))?"
        r"|exponent|multiplier)\b|小数点|小数位|倍率|比例系数|指数",
        re.IGNORECASE,
    ),
    "sign_elsewhere": re.compile(r"\bsigns?\b|符号", re.IGNORECASE),
    "validity_elsewhere": re.compile(r"\b(?:in)?valid(?:ity)?\b|无效|有效标志|有效位|数据有效", re.IGNORECASE),
}


def unsaid(rows: Collection[TableRow], *, has_base: bool) -> Iterator[Problem]:
    """Yield a warning for each row that hints at something the format has no word for."""
    has_floats = any(row.type is RegisterType.F32 for row in rows)
    for row in rows:
        quantity = vocabulary().find(row.code)
        if row.type in _LONGEST and has_floats:
            yield _warning("maybe_double", row, "reg_type")
        if quantity is None:
            name = _name(row).replace("_", " ")
            for key, pattern in _NAMES.items():
                if pattern.search(name):
                    yield _warning(key, row, "data_name")
        elif quantity.kind is Kind.RATIO and not has_base:
            yield _warning("ratio_elsewhere", row, "data_name")


def _warning(key: str, row: TableRow, column: str) -> Problem:
    return Problem(key=key, line=row.line, column=column, found=_name(row), severity=Severity.WARNING)


def _name(row: TableRow) -> str:
    return row.code.removeprefix(EXTRA_PREFIX)
