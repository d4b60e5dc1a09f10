"""Where a cloud is, as a user types it: `cloud.example`, `https://cloud.example:8443`, `http://192.0.2.7:8090/base`."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from ..texts import phrase
from .errors import CloudAddressError, PlainHttpError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?")
_SIX = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}")
_PORTS = {True: 443, False: 80}
_LONGEST = 300
_MOST_PORT = 65535


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """Host, port and path of a cloud; plain HTTP only where somebody allowed it for this host."""

    host: str
    port: int
    path: str = ""
    """What stands before the profile's prefix, without slashes at its ends."""
    is_secure: bool = True

    @classmethod
    def parse(cls, text: str, *, allow_http: bool = False) -> Self:
        """Return what was typed; without `http://` it is HTTPS.

        Raises CloudAddressError, or PlainHttpError where the address is not encrypted and `allow_http` is not set.
        """
        typed = text.strip()
        if len(typed) > _LONGEST or not typed.isprintable() or any(char.isspace() for char in typed):
            raise CloudAddressError(found="…", detail=phrase("cloud_address_form"))
        whole = typed if _SCHEME.match(typed) else f"https://{typed}"
        try:
            parts = urlsplit(whole)
            port = parts.port
        except ValueError:
            raise CloudAddressError(found=shown(typed), detail=phrase("cloud_address_form")) from None
        if parts.scheme.lower() not in ("http", "https"):
            raise CloudAddressError(found=shown(typed), detail=phrase("cloud_address_scheme"))
        if parts.username is not None or parts.password is not None or "@" in typed:
            raise CloudAddressError(found=shown(typed), detail=phrase("cloud_address_user"))
        if "?" in typed or "#" in typed:
            # Copied from a browser; what is shown of it leaves that out, so it has to be said.
            raise CloudAddressError(found=shown(typed), detail=phrase("cloud_address_rest"))
        host = _host(parts.hostname or "")
        segments = [segment for segment in parts.path.split("/") if segment]
        is_sound = host and all(map(_SEGMENT.fullmatch, segments))
        if not is_sound or (port is not None and not 0 < port <= _MOST_PORT):
            raise CloudAddressError(found=shown(typed), detail=phrase("cloud_address_form"))
        is_secure = parts.scheme.lower() == "https"
        found = cls(host, port or _PORTS[is_secure], "/".join(segments), is_secure)
        if not is_secure and not allow_http:
            raise PlainHttpError(host=found.place)
        return found

    @property
    def place(self) -> str:
        """Host, and port where it is not the usual one: for people, and what a server is told it was called by."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.is_secure] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.is_secure else 'http'}://{self.place}"

    def base(self, prefix: str) -> str:
        """Return what all paths of a profile begin with, a slash at its end; a prefix that was typed counts once."""
        parts = [part for part in (self.path.removesuffix(prefix).rstrip("/"), prefix) if part]
        return "/".join((self.origin, *parts)) + "/"

    def __str__(self) -> str:
        """Spell it as it can be typed."""
        return f"{self.origin}/{self.path}" if self.path else self.origin


def _host(name: str) -> str:
    """Return a host as it is asked for, empty for none: names outside ASCII in the spelling of the network."""
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    if ":" in name:
        return name.lower() if _SIX.fullmatch(name) else ""
    return name.lower() if _NAME.fullmatch(name) and ".." not in name else ""


def shown(typed: str) -> str:
    """Return what was typed as it may be shown: what stands before an @ may be a password, so may a query."""
    scheme = found.group() if (found := _SCHEME.match(typed)) else ""
    rest = typed.removeprefix(scheme).rpartition("@")
    return scheme + ("***@" if rest[1] else "") + rest[2].partition("?")[0].partition("#")[0]
