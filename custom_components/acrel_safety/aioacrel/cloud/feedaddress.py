"""Where the broker of a feed is, as a user types it: `broker.example`, `wss://broker.example/mqtt`, `ws://192.0.2.7:18083`."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from .address import CloudAddress, shown
from .errors import CloudAddressError, FeedAddressError, PlainFeedError

USUAL_PORT = 18083
"""Where the vendor's pages look for it."""
_USUAL_PATH = "mqtt"
_SCHEMES = {"wss": "https", "ws": "http"}


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """Host, port and path of a broker by WebSocket; without encryption only where somebody allowed it for this host."""

    host: str
    port: int
    path: str = _USUAL_PATH
    is_secure: bool = True

    @classmethod
    def parse(cls, text: str, *, allow_plain: bool = False) -> Self:
        """Return what was typed; without a scheme it is encrypted, and the port is the one that the vendor uses.

        Raises FeedAddressError, or PlainFeedError where it is not encrypted and `allow_plain` is not set.
        """
        typed = text.strip()
        scheme, has_scheme, rest = typed.partition("://")
        known = _SCHEMES.get(scheme.lower()) if has_scheme else "https"
        if known is None:
            raise FeedAddressError(found=shown(typed))
        try:
            found = CloudAddress.parse(f"{known}://{rest if has_scheme else typed}", allow_http=True)
        except CloudAddressError:
            raise FeedAddressError(found=shown(typed)) from None
        has_port = has_scheme or urlsplit(f"//{typed}").port is not None
        address = cls(
            found.host, found.port if has_port else USUAL_PORT, found.path or _USUAL_PATH, is_secure=found.is_secure
        )
        if not address.is_secure and not allow_plain:
            raise PlainFeedError(host=address.place)
        return address

    @classmethod
    def beside(cls, cloud: CloudAddress) -> Self:
        """Return where the vendor's pages look for the broker of a cloud, encrypted where the cloud is."""
        return cls(cloud.host, USUAL_PORT, is_secure=cloud.is_secure)

    @property
    def place(self) -> str:
        """Host and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __str__(self) -> str:
        """Spell it as it can be typed."""
        return f"{'wss' if self.is_secure else 'ws'}://{self.place}/{self.path}"
