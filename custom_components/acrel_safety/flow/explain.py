"""Explains to a form what went wrong in a flow: the key of a translated sentence and its placeholders."""

import errno
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from socket import gaierror

from homeassistant.exceptions import HomeAssistantError

from ..aioacrel.errors import (
    AcrelError,
    FileProblemsError,
    LinkUnreachableError,
    NoAnswerError,
    RefusedError,
)
from ..aioacrel.problems import Problem, flat
from ..markdown import problem_list
from .selector_texts import FlowTexts

_BY_NUMBER: Mapping[int | None, str] = {
    errno.EHOSTUNREACH: "host_unreachable",
    errno.ENETUNREACH: "host_unreachable",
    errno.EHOSTDOWN: "host_unreachable",
    errno.ENXIO: "port_missing",
    errno.ENODEV: "port_missing",
    errno.EBUSY: "port_busy",
    errno.EAGAIN: "port_busy",
}
_BY_CLASS: Sequence[tuple[type[BaseException], str]] = (
    (gaierror, "host_unknown"),
    (UnicodeError, "host_unknown"),  # a name with an empty or endless part never gets as far as a look-up
    (ConnectionRefusedError, "connection_refused"),
    (FileNotFoundError, "port_missing"),
    (PermissionError, "port_denied"),
    (TimeoutError, "connect_timeout"),
)
MOST_IN_A_FORM = 40
"""Findings shown of one file: more would be a wall that nobody reads; the first ones are mended first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowError:
    """One sentence for a form: its key, the field it belongs to, what is filled in, and a list to go with it."""

    key: str
    at: str = "base"
    placeholders: Mapping[str, str] = field(default_factory=dict)
    listing: str = ""

    def errors(self) -> dict[str, str]:
        """Return it as a form wants it."""
        return {self.at: self.key}


class FormError(Exception):
    """Something a form has to tell the user before it goes on."""

    def __init__(self, key: str, *, at: str = "base", **placeholders: object) -> None:
        """Name the sentence, the field it belongs to, and what is filled in."""
        super().__init__(key)
        texts = {name: str(value) for name, value in placeholders.items()}
        self.error = FlowError(key=key, at=at, placeholders=texts)


def explain(error: AcrelError | HomeAssistantError, texts: FlowTexts) -> FlowError:
    """Return the sentence for what the library raised, or Home Assistant's shared link."""
    if not isinstance(error, AcrelError):
        # The only thing Home Assistant's shared link raises itself (homeassistant/components/modbus).
        return FlowError(key="link_in_use")
    key, placeholders, listing = error.key, dict(error.placeholders_in(texts.language)), ""
    match error:
        case LinkUnreachableError():
            key = _unreachable(error)
        case RefusedError() if error.is_gateway:
            key = "no_answer_gateway"
        case NoAnswerError() if isinstance(error.__cause__, RefusedError):
            key = "no_answer_gateway"
        case FileProblemsError():
            listing = form_list(error.problems, texts.language)
    # An error is no Markdown, so nothing is escaped.
    return FlowError(key=key, placeholders={name: flat(text) for name, text in placeholders.items()}, listing=listing)


def form_list(problems: Sequence[Problem], language: str) -> str:
    """Return findings as a list to go with a form."""
    return problem_list(problems, language, most=MOST_IN_A_FORM)


def _unreachable(error: LinkUnreachableError) -> str:
    for cause in _causes(error):
        if isinstance(cause, OSError) and (key := _BY_NUMBER.get(cause.errno)):
            return key
        for kind, key in _BY_CLASS:
            if isinstance(cause, kind):
                return key
    return error.key


def _causes(error: BaseException) -> Iterator[BaseException]:
    while (cause := error.__cause__) is not None:
        yield cause
        error = cause
