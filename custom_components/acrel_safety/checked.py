"""Data that may be wrong, from a form or from storage: one schema says of both what is wrong with them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import probatio

from .aioacrel.addresses import without_password

_LONGEST_FOUND = 60
_NOT_IN_A_NAME = re.compile(r"[\s:/\\@\[\]?#,;]")
"""What belongs to an address with scheme, port or path; a name has none of it."""
NOTHING = "missing"
UNKNOWN = "unknown"
WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One value that cannot be: where it stands, what was found, what is allowed.

    `key` names the sentence a form says beside its field; `texts` are filled into it.
    """

    at: str
    key: str
    found: str = ""
    allowed: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What is said of it where no form is shown: it is missing, nobody knows it, or it is wrong."""
        return self.key if self.key in (NOTHING, UNKNOWN) else WRONG


class UnfitError(probatio.Invalid):
    """Raised by a validator of ours; it knows the sentence that a form has for it."""

    def __init__(self, key: str, found: object, allowed: str, **texts: str) -> None:
        """Name the sentence, the value, and what is allowed instead."""
        super().__init__(key)
        self.key, self.found, self.allowed, self.texts = key, found, allowed, texts


type Validator = Callable[[object], object]


def number(key: str, low: float, high: float, *, is_whole: bool = False) -> Validator:
    """Return the check for a number within limits; a truth value is none."""

    def check(value: object) -> object:
        is_number = isinstance(value, int if is_whole else int | float) and not isinstance(value, bool)
        if not (is_number and isinstance(value, int | float) and low <= value <= high):
            texts = {"value": _short(value), "low": f"{low:.15g}", "high": f"{high:.15g}"}
            raise UnfitError(key, value, f"{low:.15g} … {high:.15g}", **texts)
        return value

    return check


def one_of(*allowed: str | float) -> Validator:
    """Return the check for one of several values, of the very same type."""

    def check(value: object) -> object:
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise UnfitError(WRONG, value, ", ".join(map(str, allowed)))
        return value

    return check


def flag(value: object) -> object:
    """Check a truth value: nothing else is taken for one."""
    if not isinstance(value, bool):
        raise UnfitError(WRONG, value, "true, false")
    return value


def _is_not_blank(value: str) -> bool:
    return bool(value.strip())


def text(key: str, is_fit: Callable[[str], bool] = _is_not_blank) -> Validator:
    """Return the check for a text that is fit; if nothing else is said, any that is not blank."""

    def check(value: object) -> object:
        if not (isinstance(value, str) and is_fit(value)):
            raise UnfitError(key, value, "")
        return value

    return check


def is_host(host: str) -> bool:
    """Whether this is a host as it is looked up: an address without brackets, or a name."""
    try:
        ip_address(host)
    except ValueError:
        return bool(host) and not _NOT_IN_A_NAME.search(host)
    return True


def faults(schema: probatio.Schema, data: object) -> list[Fault]:
    """Return all that is wrong with data."""
    try:
        schema(data)
    except probatio.Invalid as error:
        return [*_faults(error, data)]
    return []


def sound_part(schema: probatio.Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in which nothing is wrong: what a form can begin with."""
    wrong = {fault.at.partition(".")[0] for fault in faults(schema, data)}
    return {name: value for name, value in data.items() if name not in wrong}


def _faults(error: probatio.Invalid, data: object) -> Iterator[Fault]:
    match error:
        case probatio.MultipleInvalid():
            for one in error.errors:
                yield from _faults(one, data)
        case UnfitError():
            yield Fault(
                at=_place(error),
                key=error.key,
                found=_short(error.found),
                allowed=error.allowed,
                texts=error.texts,
            )
        case probatio.RequiredFieldInvalid():
            yield Fault(at=_place(error), key=NOTHING)
        case probatio.ExtraKeysInvalid():
            yield Fault(at=_place(error), key=UNKNOWN)
        case _:
            yield Fault(at=_place(error), key=WRONG, found=_short(_at(data, error)))


def _place(error: probatio.Invalid) -> str:
    return ".".join(map(str, error.path))


def _at(data: object, error: probatio.Invalid) -> object:
    for name in error.path:
        data = data.get(name) if isinstance(data, Mapping) else data
    return data


def _short(value: object) -> str:
    shown = f"{value:.15g}" if isinstance(value, float) else without_password(str(value))
    return shown if len(shown) <= _LONGEST_FOUND else f"{shown[:_LONGEST_FOUND]}…"
