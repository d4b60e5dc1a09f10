"""What a cabinet has beside its line: what calls a server or a broker, and what can be done to it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol


class Actor(Protocol):
    """One of them, as the control channel knows it."""

    @property
    def serial(self) -> str:
        """Its name."""

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        """What can happen to it, by name."""

    @property
    def heard(self) -> Sequence[object]:
        """What it was commanded, as it came in."""


class Actors(Protocol):
    """Some of them."""

    @property
    def stations(self) -> Sequence[Actor]:
        """Each of them."""


class Part(Actors, Protocol):
    """Some of them that call the same place."""

    def start(self, host: str, port: int) -> None:
        """Have all of them call a place."""

    async def stop(self) -> None:
        """Switch them off."""


def actors(parts: Iterable[Actors]) -> dict[str, Actor]:
    """Return all of them by name."""
    return {actor.serial: actor for part in parts for actor in part.stations}
