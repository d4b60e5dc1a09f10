"""Which models a unit answers like: each by its own checks, so that one odd answer does not decide for all."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from enum import IntEnum

from ..errors import AcrelError, LinkError, LinkUnreachableError, RefusedError, WrongDeviceError
from ..points import Model
from ..registers import ProbeCheck, RegisterMap
from ..texts import Said, Sayable, phrase
from .guard import GuardedUnit
from .probe import Turn, patient_read, probe_model

FUNCTION = 3
FIRST_REGISTER = 0
"""What a unit is asked to see whether it is there."""


type Fitting = tuple[Model, RegisterMap]
"""A model a unit answers like, and by which of its register maps."""


class Verdict(IntEnum):
    """How well a unit answers as a model does, the best last."""

    NO = 0
    """Nothing speaks for the model."""
    DOUBTFUL = 1
    """Something speaks for it, something against it or is not known."""
    FITS = 2


@dataclass(slots=True, kw_only=True)
class Candidate:
    """A register map of a model, and what the unit's answers say about it."""

    model: Model
    registers: RegisterMap
    speaks_for: list[Said] = field(default_factory=list)
    speaks_against: list[Said] = field(default_factory=list)
    is_supported: bool = False
    """Whether more than a missing register speaks for it: that any other device may lack too."""
    has_own_code: bool = False
    """Whether a register holds the one number that only this model has there."""
    unclear: list[Said] = field(default_factory=list)
    """Checks that got no answer, or one that says nothing."""
    left: list[ProbeCheck | None] = field(init=False)
    """Checks that were not asked for; None is that of a model without any."""

    def __post_init__(self) -> None:
        self.left = list(self.registers.probes or (None,))

    @property
    def is_doubted(self) -> bool:
        """Whether something does not speak for the model."""
        return bool(self.speaks_against or self.unclear)

    @property
    def verdict(self) -> Verdict:
        """What all checks come to."""
        if not self.is_supported:
            return Verdict.NO
        return Verdict.DOUBTFUL if self.is_doubted or self.left else Verdict.FITS

    @property
    def forbids(self) -> bool:
        """Whether this is so likely what the unit is that what it forbids to touch is left alone.

        That it fits, or that a register holds just the code of this model.
        """
        return bool(self.registers.forbidden) and (self.verdict is Verdict.FITS or self.has_own_code)

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The likelier a model, the greater: no contradiction, the most telling checks, the most of them passed."""
        return self.verdict, -len(self.speaks_against), _telling(self.registers), len(self.speaks_for)


async def candidates(
    unit: GuardedUnit, models: Sequence[Model], *, thorough: bool = False, turn: Turn = nullcontext
) -> list[Candidate]:
    """Return what speaks for and against each model, the likeliest first.

    A model is asked for until something does not speak for it; all of it when no other fits, or if `thorough`. Of its
    register maps the likeliest stands for it. Those models come first that have registers nobody may touch: what others
    are known by may lie there. Each question takes a `turn`. Raises LinkUnreachableError, or the LinkError of a unit
    that has fallen silent.
    """
    found = [Candidate(model=model, registers=registers) for model in models for registers in model.maps]
    found.sort(key=lambda candidate: not candidate.registers.forbidden)
    for candidate in found:
        await _ask(unit, candidate, found, turn, all_of_it=thorough)
    if not any(candidate.verdict is Verdict.FITS for candidate in found):
        for candidate in found:
            await _ask(unit, candidate, found, turn, all_of_it=True)
    best: dict[str, Candidate] = {}
    for candidate in sorted(found, key=lambda candidate: candidate.order, reverse=True):
        best.setdefault(candidate.model.id, candidate)
    return list(best.values())


async def fitting_models(unit: GuardedUnit, models: Sequence[Model]) -> list[Fitting]:
    """Return the models the unit answers like in every check, the most telling first. Raises as `candidates` does."""
    return [(found.model, found.registers) for found in await candidates(unit, models) if found.verdict is Verdict.FITS]


async def _ask(
    unit: GuardedUnit, candidate: Candidate, others: Sequence[Candidate], turn: Turn, *, all_of_it: bool
) -> None:
    """Ask for the checks of a model that are left, as long as they touch nothing that a likely other one forbids."""
    while candidate.left and (all_of_it or not candidate.is_doubted):
        check = candidate.left[0]
        if check is not None and any(
            other.forbids and other.registers.forbids(check.address, check.count) for other in others
        ):
            return
        candidate.left.pop(0)
        # A model of this one check, so that what a check means is said in one place only.
        registers = replace(candidate.registers, probes=() if check is None else (check,))
        asked = replace(candidate.model, registers=registers, fallbacks=())
        try:
            await probe_model(unit, asked, turn=turn)
        except WrongDeviceError as error:
            candidate.speaks_against.append(said_of(error, "detail"))
        except LinkUnreachableError:
            raise
        except LinkError as error:
            candidate.unclear.append(phrase("check_unclear", place=_place(check), found=_odd(error)))
            await _answers(unit, turn)
        else:
            candidate.speaks_for.append(_place(check))
            candidate.is_supported |= check is None or not check.refused
            if check is not None and len(check.allowed) == 1 and check.allowed[0][0] == check.allowed[0][1]:
                candidate.has_own_code = True


async def _answers(unit: GuardedUnit, turn: Turn) -> None:
    """Ask for one register; a refusal by the unit is an answer. Raises the LinkError of a unit that cannot be asked."""
    try:
        await patient_read(unit, FUNCTION, FIRST_REGISTER, 1, turn)
    except RefusedError as error:
        if error.is_gateway:
            raise


def said_of(error: AcrelError, name: str) -> Said:
    """Return a value of an error as it was given, for a sentence in whatever language."""
    value = error.values.get(name, "")
    return value if isinstance(value, Sayable) else str(value)


def _odd(error: LinkError) -> Said:
    """Return what was odd, without the unit's name, which stands beside."""
    if isinstance(error, RefusedError):
        return phrase("check_refused", code=said_of(error, "code"), meaning=said_of(error, "meaning"))
    return said_of(error, "detail") or phrase("check_unanswered")


def _place(check: ProbeCheck | None) -> Said:
    """Name the registers of a check; without one the first register of the model is asked for."""
    if check is None:
        return phrase("check_first")
    last = f"-{check.address + check.count - 1:04X}h" if check.count > 1 else ""
    place = f"{check.address:04X}h{last}"
    return phrase("check_missing", place=place) if check.refused else place


def _telling(registers: RegisterMap) -> int:
    """Return how much the probes of a map demand: registers that must exist, must not, or hold something."""
    return sum(
        check.count + 8 * (check.refused or check.is_unit_id or bool(check.allowed)) for check in registers.probes
    )
