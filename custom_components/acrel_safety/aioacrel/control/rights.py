"""Who may do what to a device; nobody may anything unless it was given."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from ..points import Effect
from .caller import Caller, CallerKind


class Right(StrEnum):
    """What may be given."""

    OFF = "off"
    ON = "on"
    SETTINGS = "settings"
    TESTS = "tests"
    TAGS = "tags"


ADMINISTRATORS, AUTOMATIONS, REQUESTS = "administrators", "automations", "requests"
_USER = "user:"
_NEEDED: Mapping[Effect, tuple[Right, ...]] = {
    Effect.OPEN: (Right.OFF,),
    Effect.CLOSE: (Right.ON,),
    Effect.RELEASE: (Right.ON, Right.OFF),
    Effect.OUTPUT_ON: (Right.ON, Right.OFF),
    Effect.OUTPUT_OFF: (Right.ON, Right.OFF),
    Effect.SERVICE: (Right.SETTINGS,),
    Effect.TEST: (Right.TESTS,),
    Effect.NOTHING: (Right.OFF,),
    Effect.UNSAID: (Right.ON, Right.OFF, Right.SETTINGS, Right.TESTS),
}


def rights_for(effect: Effect) -> tuple[Right, ...]:
    """Return the rights an operation takes, all of them: what may do several things takes the right to each."""
    return _NEEDED[effect]


def user(user_id: str) -> str:
    """Return the name under which a chosen user is given rights."""
    return f"{_USER}{user_id}"


@dataclass(frozen=True, slots=True)
class Rights:
    """What was given of one device, by who it was given to: `ADMINISTRATORS`, `AUTOMATIONS`, `REQUESTS`, `user(id)`."""

    given: Mapping[str, AbstractSet[Right]] = field(default_factory=dict)

    def may(self, caller: Caller, right: Right) -> bool:
        """Whether a caller has a right at this moment."""
        return any(right in self.given.get(name, ()) for name in _names_of(caller.now()))

    @classmethod
    def usual(cls) -> Self:
        """Return the usual grant: administrators OFF and ON and all the rest, automations OFF only."""
        return cls({ADMINISTRATORS: frozenset(Right), AUTOMATIONS: frozenset({Right.OFF})})

    def kept(self) -> Mapping[str, list[str]]:
        """Return it as plain JSON."""
        return {name: sorted(rights) for name, rights in self.given.items() if rights}

    @classmethod
    def restored(cls, kept: object) -> Self:
        """Return what `kept` said; whatever cannot be understood gives nothing."""
        if not isinstance(kept, Mapping):
            return cls()
        return cls({str(name): frozenset(_known(rights)) for name, rights in kept.items()})


def _names_of(caller: Caller) -> tuple[str, ...]:
    match caller.kind:
        case CallerKind.PERSON:
            own = (user(caller.id),) if caller.id else ()
            return (ADMINISTRATORS, *own) if caller.is_administrator else own
        case CallerKind.AUTOMATION:
            return (AUTOMATIONS,)
        case CallerKind.REQUEST:
            return (REQUESTS,)
        case CallerKind.RECLOSING | CallerKind.CUT_OFF:
            # What acts by itself is given nothing here: `Policy.may` knows what its consent gives.
            return ()


def _known(rights: object) -> Iterable[Right]:
    if isinstance(rights, list | tuple | set | frozenset):
        yield from (Right(one) for one in rights if isinstance(one, str) and one in Right)
