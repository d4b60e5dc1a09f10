"""Draws a value against its limit. Colours that all eyes tell apart, and told apart by form besides; no words."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from .past import Course

_WIDTH, _HEIGHT = 720, 360
_LEFT, _TOP, _RIGHT, _BOTTOM = 84, 20, 700, 316
"""The field within which it is drawn."""
_PAPER, _INK, _GRID = "#ffffff", "#333333", "#dddddd"
_VALUE, _LIMIT = "#0072b2", "#d55e00"
"""Blue and vermilion (Okabe and Ito): told apart without red and green."""
_ROOM = 0.12
"""Of the height, above the highest and below the lowest."""
_TICKS: Final = 4
_DASH, _GAP = 14, 8
_UNITS = frozenset({"mA", "A", "V", "kV", "°C", "%", "kW", "W"})
"""What Pillow's font can spell; without a unit a figure is still right, with a box in its place it is not."""

_WHOLE = 1000
"""From here on figures have no decimals."""

type _Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
type _Box = tuple[float, float]


def drawn(
    course: Course, limit: float, unit: str | None, span: tuple[datetime, datetime], zone: tzinfo
) -> bytes | None:
    """Return a picture as PNG, None where nothing was measured in that time; blocks."""
    values = [value for _, value in course if value is not None]
    if not values:
        return None
    low, high = _scale(min(*values, limit), max(*values, limit))
    field = _Field(span, low, high)
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(20)
    _axes(draw, font, field, zone)
    for line in _lines(course, span[1], field):
        draw.line(line, fill=_VALUE, width=4, joint="curve")
    _dashes(draw, field.y(limit))
    draw.text((_LEFT + 8, field.y(limit) - 4), _figure(limit, unit), fill=_LIMIT, font=font, anchor="lb")
    if (last := course[-1][1]) is not None:
        x, y = _RIGHT, field.y(last)
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=_VALUE)
        draw.text((x - 12, y - 8), _figure(last, unit), fill=_VALUE, font=font, anchor="rb")
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


class _Field:
    """Where a moment and a value lie."""

    def __init__(self, span: tuple[datetime, datetime], low: float, high: float) -> None:
        self.begin, self.end = span
        self.low, self.high = low, high
        self._seconds = (self.end - self.begin).total_seconds()

    def x(self, time: datetime) -> float:
        """Return how far to the right a moment lies; what was before lies at the left edge."""
        part = (time - self.begin).total_seconds() / self._seconds
        return _LEFT + min(max(part, 0.0), 1.0) * (_RIGHT - _LEFT)

    def y(self, value: float) -> float:
        """Return how far down a value lies."""
        return _BOTTOM - (value - self.low) / (self.high - self.low) * (_BOTTOM - _TOP)


def _scale(low: float, high: float) -> tuple[float, float]:
    """Return the values at the lower and the upper edge: from zero, where that takes little room."""
    room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
    bottom = 0.0 if 0 <= low <= high / 2 else low - room
    return bottom, high + room


def _lines(course: Course, end: datetime, field: _Field) -> Iterator[Sequence[_Box]]:
    """Yield a line for each time without a gap: a value stands until the next one."""
    line: list[_Box] = []
    ends = [time for time, _ in course[1:]] + [end]
    for (time, value), until in zip(course, ends, strict=True):
        if value is None:
            if line:
                yield line
            line = []
        else:
            line += [(field.x(time), field.y(value)), (field.x(until), field.y(value))]
    if line:
        yield line


def _axes(draw: ImageDraw.ImageDraw, font: _Font, field: _Field, zone: tzinfo) -> None:
    for number in range(_TICKS + 1):
        value = field.low + (field.high - field.low) * number / _TICKS
        y = field.y(value)
        draw.line(((_LEFT, y), (_RIGHT, y)), fill=_GRID)
        draw.text((_LEFT - 8, y), _digits(value, 3), fill=_INK, font=font, anchor="rm")
        time = field.begin + (field.end - field.begin) * number / _TICKS
        anchor = "lt" if number == 0 else "rt" if number == _TICKS else "mt"
        draw.text((field.x(time), _BOTTOM + 12), f"{time.astimezone(zone):%H:%M}", fill=_INK, font=font, anchor=anchor)
    draw.line(((_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)), fill=_INK, width=2)


def _dashes(draw: ImageDraw.ImageDraw, y: float) -> None:
    for x in range(_LEFT, _RIGHT, _DASH + _GAP):
        draw.line(((x, y), (min(x + _DASH, _RIGHT), y)), fill=_LIMIT, width=3)


def _figure(value: float, unit: str | None) -> str:
    return f"{_digits(value, 4)} {unit}" if unit in _UNITS else _digits(value, 4)


def _digits(value: float, count: int) -> str:
    return f"{value:.0f}" if abs(value) >= _WHOLE else f"{value:.{count}g}"
