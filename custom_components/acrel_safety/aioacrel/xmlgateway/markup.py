"""XML from somebody else, read safely: no document type, so no entities, and limits on all that costs.

This is expat with a few handlers. A library that hardens a whole parser would refuse entities too, but limits neither
depth nor counts nor lengths, and knows no GB18030: expat takes encodings of several bytes from nobody. So the bytes are
decoded here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

MOST_DEPTH = 8
MOST_ELEMENTS = 20_000
MOST_ATTRIBUTES = 16
MOST_TEXT = 512
"""Characters of a name, an attribute or the text of an element; none of those that are needed has a tenth of it."""
_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']""")
_BOM = b"\xef\xbb\xbf"
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
"""What may be declared, and how it is read: GB18030 holds the two before it."""


class MarkupError(ValueError):
    """Something that is no XML, or no XML that is read here."""


@dataclass(slots=True)
class Element:
    """One element. Its text is what stands in itself, without space around."""

    name: str
    attributes: Mapping[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next(self.all(name), None)

    def text_of(self, name: str) -> str:
        """Return the text of the first child of a name, or nothing."""
        child = self.first(name)
        return "" if child is None else child.text

    def attribute(self, name: str) -> str:
        """Return an attribute, without space around, or nothing."""
        return self.attributes.get(name, "").strip()


def markup_of(data: bytes) -> Element:
    """Read XML. Raises MarkupError."""
    reader = _Reader()
    try:
        return reader.read(_decoded(data))
    except expat.ExpatError as error:
        raise MarkupError(f"no well-formed XML: {error}") from error


def _decoded(data: bytes) -> str:
    data = data.removeprefix(_BOM).strip(b"\0 \t\r\n")
    declared = _DECLARED.match(data)
    name = "utf-8" if declared is None else declared[1].decode("ascii").lower()
    encoding = _ENCODINGS.get(name)
    if encoding is None:
        raise MarkupError(f"encoding {name}")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise MarkupError(f"not {encoding}") from error


class _Reader:
    """Builds the elements while expat reads."""

    def __init__(self) -> None:
        self._root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def read(self, text: str) -> Element:
        # A text is read as what it is, whatever encoding it declares.
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(text, True)  # noqa: FBT003 - as expat has it: this is all
        if self._root is None:
            raise MarkupError("no element")
        return self._root

    @staticmethod
    def _refuse(*_: object) -> int:
        raise MarkupError("a document type or an entity")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MOST_DEPTH or self._count > MOST_ELEMENTS or len(attributes) > MOST_ATTRIBUTES:
            raise MarkupError("too deep, or too much")
        if max(map(len, (name, *attributes, *attributes.values()))) > MOST_TEXT:
            raise MarkupError("too long")
        element = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _text(self, text: str) -> None:
        element = self._open[-1]
        element.text += text
        if len(element.text) > MOST_TEXT:
            # Of what only holds others the text is the gaps between them.
            element.text = element.text.lstrip()
            if len(element.text) > MOST_TEXT:
                raise MarkupError("too long")

    def _end(self, _: str) -> None:
        element = self._open.pop()
        element.text = element.text.strip()
