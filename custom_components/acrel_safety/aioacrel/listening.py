"""Who is told of something, for as long as he wants to be."""

from collections.abc import Callable
from contextlib import suppress


def joined[Listener](listeners: list[Listener], listener: Listener) -> Callable[[], None]:
    """Add a listener; returns what takes it out again, also when that is called twice."""
    listeners.append(listener)

    def leave() -> None:
        with suppress(ValueError):
            listeners.remove(listener)

    return leave
