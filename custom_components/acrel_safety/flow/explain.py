"""Explains to a form what went wrong in a flow: the key of a translated sentence and its placeholders."""

import errno
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from socket import gaierror

from ..aioacrel.errors import (
    AcrelError,
    BadAnswerError,
    FileProblemsError,
    LinkUnreachableError,
    NoAnswerError,
    RefusedError,
    WrongPeerError,
)
from ..aioacrel.problems import Problem, flat
from ..aioacrel.texts import phrase
from ..checked import Fault
from ..hubs.errors import LinkInUseError
from ..markdown import plain, problem_list
from .selector_texts import FlowTexts
from .trial import Doubt

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

    @classmethod
    def with_list(cls, key: str, listing: str, **placeholders: object) -> FormError:
        """Return a sentence with a list to go with it."""
        found = cls(key, at="base", **placeholders)
        found.error = replace(found.error, listing=listing)
        return found

    @classmethod
    def of(cls, fault: Fault, at: Mapping[str, str]) -> FormError:
        """Return what a form says of a value that cannot be stored; `at` names the fields called otherwise there."""
        name = fault.at.partition(".")[0]
        found = cls(fault.key, at=at.get(name, name))
        found.error = replace(found.error, placeholders=fault.texts)
        return found


def explain(error: AcrelError | LinkInUseError, texts: FlowTexts, *, is_link_proven: bool = True) -> FlowError:
    """Return the sentence for what the library raised, or Home Assistant's shared link.

    Where no device answers at all, the link is to be doubted before the unit.
    """
    if isinstance(error, LinkInUseError):
        return FlowError(key="link_in_use")
    key, placeholders, listing = error.key, dict(error.placeholders_in(texts.language)), ""
    match error:
        case LinkUnreachableError() if not isinstance(error, WrongPeerError):
            key = _unreachable(error)
        case RefusedError() if error.is_gateway:
            key = "no_answer_gateway"
        case NoAnswerError() if isinstance(error.__cause__, RefusedError):
            key = "no_answer_gateway"
        case NoAnswerError() | BadAnswerError() if not is_link_proven:
            key = f"{error.key}_link"
        case FileProblemsError():
            listing = form_list(error.problems, texts.language)
    # An error is no Markdown, so nothing is escaped.
    return FlowError(key=key, placeholders={name: flat(text) for name, text in placeholders.items()}, listing=listing)


def doubt_list(doubts: Sequence[Doubt], texts: FlowTexts) -> str:
    """Return which devices do not answer as they should, and why, as a list to go with a form."""
    shown = []
    for doubt in doubts[:MOST_IN_A_FORM]:
        reason = doubt.error.text(texts.language) if doubt.error else texts("doubt", "not_asked")
        shown.append(f"- {plain(doubt.name)}: {plain(reason)}")
    if left_out := len(doubts) - len(shown):
        shown.append(f"- {phrase('and_more', count=left_out).text(texts.language)}")
    return "\n".join(shown)


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
