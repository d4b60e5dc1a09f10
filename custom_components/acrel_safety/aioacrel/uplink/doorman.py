"""Who may connect, and who has to go: looks at addresses and counts, before anything is read."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from ipaddress import ip_address

from ..bucket import Bucket
from .limits import Limits

_MOST_ADDRESSES = 4096


class Doorman[GuestT: Hashable]:
    """Counts the connections of one server by where they come from."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """Take the limits and a steady clock."""
        self._limits = limits
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        self._guests: dict[GuestT, str] = {}
        """All connections, with their addresses."""
        self._strangers: dict[GuestT, str] = {}
        """Those that have not logged in as a known device, the oldest first."""
        self.refused = 0
        """Connections that were ended for who they are, or because there were too many."""

    def __iter__(self) -> Iterator[GuestT]:
        """Yield all connections."""
        return iter(list(self._guests))

    def __len__(self) -> int:
        """Return how many connections there are."""
        return len(self._guests)

    def admits(self, guest: GuestT, address: str) -> bool:
        """Take a new connection, unless its address has no business here or too many already."""
        limits = self._limits
        if (
            not self._is_allowed(address)
            or not self._bucket(address).take(self._clock())
            or len(self._guests) >= limits.connections
        ):
            self.refused += 1
            return False
        self._guests[guest] = self._strangers[guest] = address
        return True

    def has_to_go(self) -> GuestT | None:
        """Return who has to go if there are too many strangers: the oldest of the address that has most."""
        if not self._strangers:
            return None
        [(most, count)] = Counter(self._strangers.values()).most_common(1)
        if len(self._strangers) <= self._limits.strangers and count <= self._limits.strangers_per_address:
            return None
        self.refused += 1
        return next(guest for guest, address in self._strangers.items() if address == most)

    def knows(self, guest: GuestT, *, is_known: bool) -> None:
        """Note whether somebody has logged in as a known device."""
        if guest not in self._guests:
            return
        if is_known:
            self._strangers.pop(guest, None)
        else:
            self._strangers.setdefault(guest, self._guests[guest])

    def leaves(self, guest: GuestT) -> None:
        """Forget somebody who has gone."""
        self._guests.pop(guest, None)
        self._strangers.pop(guest, None)

    def _is_allowed(self, address: str) -> bool:
        if not self._limits.networks:
            return True
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._limits.networks)

    def _bucket(self, address: str) -> Bucket:
        if (known := self._buckets.get(address)) is not None:
            return known
        now = self._clock()
        if len(self._buckets) >= _MOST_ADDRESSES:
            self._buckets = {one: bucket for one, bucket in self._buckets.items() if not bucket.is_full(now)}
        if len(self._buckets) >= _MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        bucket = self._buckets[address] = Bucket(self._limits.connects, self._limits.connects_per_second, now)
        return bucket
