"""Who may log in, and the tokens that they are given: JWT, signed by HS256."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass, field


def md5(text: str) -> str:
    """Return the form in which second passwords are sent."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True, kw_only=True)
class Account:
    """One user of a server, as tests set it up and change it."""

    user: str
    password: str
    second: str | None = None
    """The second password; None: none was set up."""
    sms: bool = False
    """Whether a code is sent to the phone instead of asking for the second password."""
    phone: str = "13800000000"
    sites: Collection[str] | None = None
    """Ids of those it sees; None: all."""
    is_disabled: bool = False
    """Answered by 335."""
    is_unhosted: bool = False
    """Whether the hosting of its organisation has run out; every call is answered by 392."""
    refused: set[str] = field(default_factory=set)
    """Calls that it has no permission for, by their names; answered by `refusal`."""
    refusal: int = 147
    code: str = ""
    """What stands in the newest message to the phone; "" before one was sent."""
    message: str = ""
    """Id of that message."""
    messages: list[str] = field(default_factory=list)
    """What came to the phone."""
    proved: bool = False
    """Whether the second password or the code was right since the last command."""
    tokens: list[str] = field(default_factory=list)
    """Those that are valid, as far as their own time goes."""
    logins: int = 0


def issued(claims: dict[str, object], secret: bytes) -> str:
    """Return a signed token."""
    head = _part({"alg": "HS256", "typ": "JWT"})
    body = _part(claims)
    return f"{head}.{body}.{_signature(f'{head}.{body}', secret)}"


def claims_of(token: str, secret: bytes) -> dict[str, object] | None:
    """Return what a token claims; None if this server did not sign it."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, secret).encode()):
        return None
    try:
        body = signed.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except ValueError, binascii.Error:
        return None
    return claims if isinstance(claims, dict) else None


def _signature(signed: str, secret: bytes) -> str:
    return _encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def _part(content: dict[str, object]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
