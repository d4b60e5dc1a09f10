"""Which models a unit answers like: every check of every model is asked, and one odd answer decides for none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from ..errors import LinkError, LinkUnreachableError, RefusedError, WrongDeviceError
from ..modbus.guard import GuardedUnit
from ..modbus.probe import patient_read, probe_model
from ..models import Model
from ..models.schema import ProbeCheck
from .output import Json

FUNCTION = 3
FIRST_REGISTER = 0
"""What a unit is asked to see whether it is there."""


class Verdict(IntEnum):
    """How well a unit answers as a model does, the best last."""

    NO = 0
    """Nothing speaks for the model."""
    DOUBTFUL = 1
    """Something speaks for it, something against it or is not known."""
    FITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model, and what the unit's answers say about it."""

    model: Model
    speaks_for: Sequence[str]
    speaks_against: Sequence[str]
    unclear: Sequence[str]
    """Checks that got no answer, or one that says nothing."""

    @property
    def verdict(self) -> Verdict:
        """What all checks come to."""
        if not self.speaks_for:
            return Verdict.NO
        return Verdict.DOUBTFUL if self.speaks_against or self.unclear else Verdict.FITS

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The likelier a model, the greater: no contradiction, the most telling checks, the most of them passed."""
        return self.verdict, -len(self.speaks_against), _telling(self.model), len(self.speaks_for)

    def as_json(self) -> Json:
        """Return the candidate for programs."""
        return {
            "model": self.model.id,
            "fits": self.verdict is Verdict.FITS,
            "for": list(self.speaks_for),
            "against": list(self.speaks_against),
            "unclear": list(self.unclear),
        }


async def candidates(unit: GuardedUnit, models: Iterable[Model]) -> list[Candidate]:
    """Return what speaks for and against each model, the likeliest first.

    Raises LinkUnreachableError, or the LinkError of a unit that has fallen silent.
    """
    found = [await _candidate(unit, model) for model in models]
    return sorted(found, key=lambda candidate: candidate.order, reverse=True)


async def fitting_models(unit: GuardedUnit, models: Iterable[Model]) -> list[Model]:
    """Return the models the unit answers like in every check, the most telling first. Raises as `candidates` does."""
    return [found.model for found in await candidates(unit, models) if found.verdict is Verdict.FITS]


async def _candidate(unit: GuardedUnit, model: Model) -> Candidate:
    speaks_for: list[str] = []
    speaks_against: list[str] = []
    unclear: list[str] = []
    for check in model.probes or (None,):
        # A model of this one check, so that what a check means is said in one place only.
        asked = replace(model, probes=() if check is None else (check,))
        try:
            await probe_model(unit, asked)
        except WrongDeviceError as error:
            speaks_against.append(error.placeholders["detail"])
        except LinkUnreachableError:
            raise
        except LinkError as error:
            unclear.append(f"{_place(check)}: {_odd(error)}")
            await _answers(unit)
        else:
            speaks_for.append(_place(check))
    return Candidate(model=model, speaks_for=speaks_for, speaks_against=speaks_against, unclear=unclear)


async def _answers(unit: GuardedUnit) -> None:
    """Ask for one register; a refusal by the unit is an answer. Raises the LinkError of a unit that cannot be asked."""
    try:
        await patient_read(unit, FUNCTION, FIRST_REGISTER, 1)
    except RefusedError as error:
        if error.is_gateway:
            raise


def _odd(error: LinkError) -> str:
    """Return what was odd, without the unit's name, which stands beside."""
    if isinstance(error, RefusedError):
        return f"refused with exception {error.placeholders['code']} ({error.placeholders['meaning']})"
    return error.placeholders.get("detail") or "no answer"


def _place(check: ProbeCheck | None) -> str:
    """Name the registers of a check; without one the first register of the model is asked for."""
    if check is None:
        return "first register"
    last = f"-{check.address + check.count - 1:04X}h" if check.count > 1 else ""
    return f"{check.address:04X}h{last}{' missing' if check.refused else ''}"


def _telling(model: Model) -> int:
    """Return how much a model's probe demands: registers that must exist, must not, or hold something."""
    return sum(
        check.count + 8 * (check.refused or check.is_unit_id or check.allowed is not None) for check in model.probes
    )
