"""The one place where an answer is read: `{"code": 200, "msg": "…", "data": …}`, whatever else came instead."""

import json
import re
from dataclasses import dataclass
from typing import Any

from ..texts import Phrase, phrase
from .fields import number
from .profile import USUAL_FRAME, Frame

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes of one answer; more is not read."""
_MOST_PARTS, _MOST_OPENINGS = 1_000_000, 250_000
"""Values and containers in one answer: few bytes of JSON may be much memory."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")


class NoEnvelopeError(Exception):
    """A body that is no answer of such a server; `reason` says why and never quotes it."""

    def __init__(self, reason: Phrase, *, is_page: bool = False) -> None:
        """Keep why, and whether it is a page for people."""
        super().__init__(reason.key)
        self.reason = reason
        self.is_page = is_page


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """An answer. The message is no more than a word to compare with: servers put anything into it."""

    code: int
    is_unauthorised: bool
    data: object
    token: str
    """A new token at the top level; empty where there is none that can be."""


def envelope_of(body: bytes, frame: Frame = USUAL_FRAME) -> Envelope:
    """Return what a body says. Raises NoEnvelopeError."""
    tree = tree_of(body)
    if not isinstance(tree, dict):
        raise NoEnvelopeError(phrase("cloud_no_object"))
    code = number(tree.get(frame.code))
    if code is None or code != int(code):
        raise NoEnvelopeError(phrase("cloud_no_code"))
    message = tree.get(frame.message)
    is_unauthorised = isinstance(message, str) and message.strip().lower() == frame.unauthorised
    return Envelope(int(code), is_unauthorised, tree.get(frame.data), token(tree.get(frame.token)))


def tree_of(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON may be
    """Return the JSON of a body. Raises NoEnvelopeError."""
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        raise NoEnvelopeError(phrase("cloud_page"), is_page=True)
    if not start:
        raise NoEnvelopeError(phrase("cloud_empty"))
    if len(body) > LARGEST_BODY or body.count(b",") > _MOST_PARTS:
        raise NoEnvelopeError(phrase("cloud_too_large"))
    if body.count(b"{") + body.count(b"[") > _MOST_OPENINGS:
        raise NoEnvelopeError(phrase("cloud_too_large"))
    try:
        # Constants such as NaN are no JSON, but some programs write them: nothing is known where they stand.
        return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None)
    except UnicodeDecodeError, ValueError, RecursionError:
        raise NoEnvelopeError(phrase("cloud_no_json")) from None


def token(raw: object) -> str:
    """Return a token as it can stand in a header; empty for anything else."""
    return raw if isinstance(raw, str) and _TOKEN.fullmatch(raw) else ""
