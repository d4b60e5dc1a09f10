"""The columns of the table, and how people head them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..texts import Sayable, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading(Sayable):
    """The heading of a column, by its place in the header."""

    place: int

    def text(self, language: str = "en") -> str:
        """Return it in a language."""
        return say("phrases.sheet_header", language).split(" | ")[self.place]

    def __str__(self) -> str:
        """Return the English heading."""
        return self.text()


class Column(StrEnum):
    """What stands in a column."""

    UNIT = "unit"
    """Which device, by its unit id; may be left out where there is one only."""
    DEVICE = "device"
    """The name of the device, for the eye: it is not read."""
    CIRCUIT = "circuit"
    NAME = "name"
    RATED_CURRENT = "rated_current"
    RESIDUAL_CURRENT = "residual_current"
    TEMPERATURE = "temperature"
    CURRENT = "current"

    @property
    def label(self) -> Heading:
        """How it is headed."""
        return Heading(place=[*Column].index(self))


LIMITS = (Column.RESIDUAL_CURRENT, Column.TEMPERATURE, Column.CURRENT)
"""Limits, by the family of the vocabulary they are about."""
UNITS: Mapping[Column, str] = {
    Column.RATED_CURRENT: "A",
    Column.RESIDUAL_CURRENT: "mA",
    Column.TEMPERATURE: "°C",
    Column.CURRENT: "A",
}
_ALSO: Mapping[Column, tuple[str, ...]] = {
    Column.UNIT: ("unit", "address", "slave", "slave id", "modbus address", "从站", "站号", "地址", "通讯地址"),
    Column.DEVICE: ("board", "instrument", "仪表", "配电箱"),
    Column.CIRCUIT: ("circuit no", "circuit number", "channel", "回路号", "回路编号", "支路", "通道"),
    Column.NAME: ("circuit name", "designation", "description", "回路名称", "支路名称", "用途"),
    Column.RATED_CURRENT: ("rated current", "rating", "rated", "in", "额定", "额定值"),
    Column.RESIDUAL_CURRENT: (
        *("residual current", "leakage", "leakage limit", "residual current alarm"),
        *("剩余电流", "剩余电流报警值", "漏电", "漏电限值", "漏电流限值", "漏电报警值"),
    ),
    Column.TEMPERATURE: ("temperature", "temperature alarm", "温度", "温度报警值"),
    Column.CURRENT: ("current", "current alarm", "overcurrent", "电流", "过流", "电流报警值"),
}
_IN_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_BETWEEN_WORDS = re.compile(r"[\s_\-./:#]+")


def column_of(heading: str) -> Column | None:
    """Return the column that is headed so, in either language; what stands in brackets says nothing."""
    return _known().get(_bare(heading))


def _bare(heading: str) -> str:
    text = unicodedata.normalize("NFKC", heading).casefold()
    return _BETWEEN_WORDS.sub("", _IN_BRACKETS.sub("", text))


def _known() -> Mapping[str, Column]:
    found: dict[str, Column] = {}
    for column in Column:
        names = (column.value, column.label.text("en"), column.label.text("zh"), *_ALSO[column])
        found |= {_bare(name): column for name in names}
    return found
