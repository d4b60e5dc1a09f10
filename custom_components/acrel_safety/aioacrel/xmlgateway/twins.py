"""Several connections of one gateway: the first speaks for it, a second one never takes over.

Most of the time a second one is the gateway itself, whose first connection was lost without a word. The network is made
to find that out; when the first one is over, those beside it are ended too, and the gateway has to call in anew. If the
first one lives, they are two, and that is told.
"""

import asyncio
from collections.abc import Callable
from math import inf

from .names import GatewayName
from .session import Session

PROOF_SECONDS = 60.0
"""After so long beside a second one, the first connection is taken for a living one."""
TOLD_EVERY = 3600.0
"""Seconds after which a second one of the same gateway is told again."""


class Twins:
    """Keeps all connections that have logged in, by gateway."""

    def __init__(self, on_second: Callable[[GatewayName, str], None]) -> None:
        """Take who is told of a second one, and from where it came."""
        self._on_second = on_second
        self._sessions: dict[GatewayName, list[Session]] = {}
        self._proofs: dict[GatewayName, asyncio.TimerHandle] = {}
        self._told: dict[GatewayName, float] = {}

    def of(self, name: GatewayName) -> list[Session]:
        """Return the connections of a gateway, the one that speaks for it first."""
        return list(self._sessions.get(name, ()))

    def come(self, name: GatewayName, session: Session) -> bool:
        """Take a connection; return whether it speaks for its gateway."""
        sessions = self._sessions.setdefault(name, [])
        sessions.append(session)
        if sessions[0] is session:
            return True
        if name not in self._proofs:
            sessions[0].prove()
            loop = asyncio.get_running_loop()
            self._proofs[name] = loop.call_later(PROOF_SECONDS, self._proven, name, session.address)
        return False

    def go(self, name: GatewayName, session: Session) -> bool:
        """Note that a connection is over; return whether it spoke for its gateway. Then those beside it end, too."""
        sessions = self._sessions.get(name, [])
        if session not in sessions:
            return False
        was_first = sessions[0] is session
        sessions.remove(session)
        if not sessions:
            del self._sessions[name]
        if was_first:
            self._drop_doubt(name)
            for other in list(sessions):
                other.close()
        return was_first

    def forget(self, name: GatewayName) -> None:
        """End all connections of a gateway."""
        self._told.pop(name, None)
        self._drop_doubt(name)
        for session in self.of(name):
            session.close()

    def stop(self) -> None:
        """Doubt nobody any more."""
        for name in list(self._proofs):
            self._drop_doubt(name)

    def _proven(self, name: GatewayName, address: str) -> None:
        del self._proofs[name]
        first, *others = self.of(name)
        first.prove(is_on=False)
        now = asyncio.get_running_loop().time()
        if others and now - self._told.get(name, -inf) >= TOLD_EVERY:
            self._told[name] = now
            self._on_second(name, address)
        for other in others:
            other.close()

    def _drop_doubt(self, name: GatewayName) -> None:
        if (proof := self._proofs.pop(name, None)) is not None:
            proof.cancel()
