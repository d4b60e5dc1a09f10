"""What a scan found: units that answer, and what else was heard on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import LinkError
from ..points import Model
from ..texts import Said
from .fitting import Candidate, Verdict
from .link import LinkAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A unit that answers, and what each model's checks came to; `remark` says what is wrong with its answers."""

    unit_id: int
    candidates: Sequence[Candidate] = ()
    remark: Said = ""
    is_sound: bool = True
    """Whether it gave an answer that fits the question."""

    @property
    def models(self) -> list[Model]:
        """The models it answers like in every check, the most telling first."""
        return [found.model for found in self.candidates if found.verdict is Verdict.FITS]


@dataclass(slots=True, kw_only=True)
class Search:
    """What a scan found."""

    address: LinkAddress
    asked: Sequence[int]
    found: list[Found] = field(default_factory=list)
    trouble: LinkError | None = None
    """What ended it early."""
    gateway_says: Said = ""
    """What the gateway itself said of a unit that is not there: then its framing is the right one."""
    heard: Said = ""
    """What came instead of an answer, though no unit is known by it."""
    tries_for: float = 0.0
    """Seconds for which the gateway tries a unit that is not there, and serves nobody else."""
    longest: float = 0.0
    """Seconds the units that did not answer were given at least."""

    @property
    def answering(self) -> list[Found]:
        """The units that gave an answer that fits."""
        return [unit for unit in self.found if unit.is_sound]
