"""One request and its answer as they were, for whoever records them: secrets included, so shown by nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Exchange:
    """What went to the server and what came back; never put into a log."""

    call: str
    """The profile's name of the call; empty for the look at a host's first page."""
    method: str
    path: str
    """Below the host."""
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    status: int | None = None
    """None where nothing came."""
    content_type: str = ""
    body: bytes = b""
    error: str = ""
    """The key of the error that came of it."""

    def __repr__(self) -> str:
        """Name the call and nothing of what was said."""
        return f"Exchange({self.method} {self.call or '/'} {self.status})"


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Answer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """What the server says it is."""
        return self.headers.get("Content-Type", "")[:100]
