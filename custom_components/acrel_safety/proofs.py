"""What a way asks of a person before it passes on an order: a second password, or a code from a phone.

It is for one act. Nothing keeps it, and it stands in no record, log, event or trace that is ours to keep it out of.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import probatio

from .aioacrel.cloud.errors import ProofNoneError
from .aioacrel.control.outcome import Outcome
from .aioacrel.readings import PointKey
from .aioacrel.source import Source
from .joining import joined_of

if TYPE_CHECKING:
    from .operating import Operator

ATTR_SECOND_PASSWORD: Final = "second_password"  # noqa: S105 - the name of a field
LONGEST: Final = 128


@runtime_checkable
class TakesProof(Protocol):
    """What an entry's hub is as well whose server wants a second step before it passes on an order."""

    account_id: str
    """Tells this account from others; what is sent for it is counted by that."""

    def wants_proof(self, source: Source) -> bool:
        """Whether a person has to give something with an order, as far as that is known."""

    def offer(self, source: Source, key: PointKey, text: str) -> None:
        """Take what a person gave for one order."""

    def withdraw(self, source: Source, key: PointKey) -> None:
        """Forget what was given and not used."""

    async def async_send_code(self) -> str | None:
        """Have a code sent to the owner's phone.

        Returns that phone, masked; None where the server wants the password, and sent nothing. Raises AcrelError.
        """


class Secret:
    """A text that shows itself nowhere."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Take it."""
        self.text = text

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "***"


def hiding(schema: probatio.Schema) -> probatio.Schema:
    """Return a schema that also takes a second password, **out of** what is checked.

    Home Assistant fires what an action was called with as an event, and keeps it in traces of scripts: the very
    dictionary that is checked before. So it is taken out there, and handed on as a `Secret`.
    """

    def check(data: object) -> object:
        given = data.pop(ATTR_SECOND_PASSWORD, None) if isinstance(data, dict) else None
        checked = schema(data)
        if given is None or given == "":
            return checked
        if not isinstance(given, str) or len(given) > LONGEST:
            # What was given is not told.
            raise probatio.Invalid(f"a text of at most {LONGEST} signs is expected", path=[ATTR_SECOND_PASSWORD])
        return {**checked, ATTR_SECOND_PASSWORD: Secret(given)}

    return probatio.Schema(check)


def refusing(schema: probatio.Schema) -> probatio.Schema:
    """Return a schema that takes no second password, and takes one out before it says so.

    Given to the wrong action it would stand in the trace of a script, and in Home Assistant's log of what it refused.
    """

    def check(data: object) -> object:
        if isinstance(data, dict) and data.pop(ATTR_SECOND_PASSWORD, None) is not None:
            raise probatio.Invalid("this action takes none", path=[ATTR_SECOND_PASSWORD])
        return schema(data)

    return probatio.Schema(check)


def secret_in(data: Mapping[str, Any]) -> str:
    """Return what a person gave with an action; empty where nothing was."""
    given = data.get(ATTR_SECOND_PASSWORD)
    return given.text if isinstance(given, Secret) else ""


def takers(operator: Operator) -> Iterator[tuple[TakesProof, Source]]:
    """Yield the ways to a device whose servers want a second step, with their hubs; the nearest first."""
    coordinator = operator.coordinator
    hubs: dict[Source, object] = {coordinator.source: coordinator.config_entry.runtime_data.hub}
    hubs |= {way.source: way.config_entry.runtime_data.hub for way in joined_of(coordinator.hass).taken(coordinator)}
    for source in coordinator.device.sources:
        hub = hubs.get(source)
        if isinstance(hub, TakesProof):
            yield hub, source


def wants_proof(operator: Operator, key: PointKey) -> bool:
    """Whether an operation needs something of a person: whether the nearest way that is heard is such a one."""
    device = operator.coordinator.device
    able = [source for source in device.sources if key in source.orders]
    nearest = next((source for source in able if device.hears(source)), next(iter(able), None))
    return any(source is nearest and hub.wants_proof(source) for hub, source in takers(operator))


async def with_proof[Become](
    operator: Operator, key: PointKey, given: str, act: Callable[[], Awaitable[Become]]
) -> Become:
    """Act with what a person gave; whatever comes of it, it is good for nothing else."""
    ways = list(takers(operator)) if given else []
    for hub, source in ways:
        hub.offer(source, key, given)
    try:
        return await act()
    finally:
        for hub, source in ways:
            hub.withdraw(source, key)


def refused_as(outcome: Outcome) -> str:
    """Return the key of the sentence for what was refused."""
    return "operation_needs_proof" if isinstance(outcome.detail, ProofNoneError) else "operation_refused"
