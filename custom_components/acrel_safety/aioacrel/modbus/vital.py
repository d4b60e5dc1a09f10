"""Whether a meter is behind the answers: a gateway or logger may answer for a dead one, with one word over and over.

All ones, all zeros, or any other word repeated over many different quantities is no answer of a meter. Zeros alone are
what a circuit without power shows, so they say nothing against a device as long as anything else of it is alive.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from ..points import Point
from ..readings import PointKey
from ..registers import Read, RegisterMap
from ..registers.layout import WORD
from ..registers.map import Place, ProbeCheck

_MANY_WORDS = 4
_MANY_QUANTITIES = 3
"""Of different units: so many do not have the same number by chance."""


class Life(Enum):
    """What an answer says of the meter it should come from."""

    ALIVE = auto()
    BLANK = auto()
    """Nothing but zeros where each of them can be, or too few ones: neither for a meter nor against."""
    DEAD = auto()
    """One word over and over, where that cannot be."""
    STRANGE = auto()
    """A register that is constant in this model holds something else."""


class Vital:
    """The signs of life of one unit, read by one register map."""

    def __init__(self, points: Mapping[PointKey, Point], registers: RegisterMap, unit_id: int) -> None:
        """Take what lies where, and the unit id that some devices repeat."""
        self._points = points
        self._registers = registers
        self._unit_id = unit_id
        self._constants: dict[Read, tuple[tuple[int, ProbeCheck], ...]] = {}
        self._inside: dict[Read, tuple[tuple[PointKey, Place], ...]] = {}
        self._lives: dict[Read, Life] = {}
        self._accused: set[tuple[Read, Life]] = set()
        """What speaks against the unit since somebody vouched for it last."""
        self._excused: set[tuple[Read, Life]] = set()

    @property
    def is_suspicious(self) -> bool:
        """Whether nothing read lately is a sign of life, and nobody vouched for that."""
        return bool(self._lives) and self.is_mute and not self._excused.issuperset(self._lives.items())

    @property
    def is_mute(self) -> bool:
        """Whether nothing read lately is a sign of life."""
        return all(life is not Life.ALIVE for life in self._lives.values())

    @property
    def is_dead(self) -> bool:
        """Whether something was answered that no meter says, and nobody vouched for the meter since."""
        return any(life is Life.DEAD for _, life in self._accused)

    @property
    def is_strange(self) -> bool:
        """Whether a register that is constant in the model held something else, and nobody vouched since."""
        return any(life is Life.STRANGE for _, life in self._accused)

    def take(self, read: Read, words: Sequence[int]) -> Life:
        """Note an answer and return what it says."""
        life = self._lives[read] = self.life_of(read, words)
        if life is not Life.ALIVE:
            if (read, life) not in self._excused:
                self._accused.add((read, life))
        elif self._excused:
            self._excused = {item for item in self._excused if item[1] is Life.DEAD and item[0] != read}
        return life

    def keep(self, reads: Sequence[Read]) -> None:
        """Forget what was read in other requests than these: the plan has changed."""
        if not self._lives.keys() <= set(reads):
            self._lives = {read: life for read, life in self._lives.items() if read in reads}

    def vouch(self) -> None:
        """Take all signs so far for those of a living device: it proved to be there in another way."""
        self._excused |= {item for item in self._accused if item[1] is not Life.STRANGE}
        self._excused |= {item for item in self._lives.items() if item[1] is Life.BLANK}
        self._accused.clear()

    @property
    def proves(self) -> bool:
        """Whether the probes of the map look at something that no dead meter shows."""
        return any(_is_proof(check) for check in self._registers.probes)

    def life_of(self, read: Read, words: Sequence[int]) -> Life:
        """Return what an answer says; what is not one word over and over costs two comparisons."""
        word = words[0]
        if word == words[-1] and words.count(word) == len(words):
            if word == WORD:
                return self._life_of_ones(read)
            if word == 0:
                return Life.DEAD if self._cannot_be_zeros(read) else Life.BLANK
            if len(words) >= _MANY_WORDS and self._units(read) >= _MANY_QUANTITIES:
                return Life.DEAD
        for offset, check in self._constants_in(read):
            masked = words[offset] & check.mask
            if check.is_unit_id and masked != self._unit_id & check.mask:
                return Life.STRANGE
            if check.allowed and not any(low <= masked <= high for low, high in check.allowed):
                return Life.STRANGE
        return Life.ALIVE

    def is_spoken(self, read: Read, words: Sequence[int]) -> bool:
        """Whether an answer is more than one word over and over, which a dead meter's may be."""
        return len(set(words)) > 1 or (words[0] not in (0, WORD) and self.life_of(read, words) is not Life.DEAD)

    def _constants_in(self, read: Read) -> tuple[tuple[int, ProbeCheck], ...]:
        if (found := self._constants.get(read)) is None:
            found = self._constants[read] = tuple(
                (check.address - read.address, check)
                for check in self._registers.probes
                if (check.allowed or check.is_unit_id)
                and not check.measured
                and check.function == read.function
                and read.address <= check.address < read.end
            )
        return found

    def _places_in(self, read: Read) -> tuple[tuple[PointKey, Place], ...]:
        if (found := self._inside.get(read)) is None:
            found = self._inside[read] = tuple(
                (key, place)
                for key, place in self._registers.places.items()
                if place.function == read.function
                and read.address <= place.address
                and place.addresses.stop <= read.end
            )
        return found

    def _life_of_ones(self, read: Read) -> Life:
        """Return what all ones say: a few small negative numbers (-1) are values, one other number alone is none."""
        places = [place for _, place in self._places_in(read)]
        if any(place.layout.type.is_bit_field or place.is_question for place in places):
            return Life.DEAD
        is_few = bool(places) and all(place.layout.type.is_signed for place in places) and len(places) < _MANY_WORDS
        return Life.BLANK if is_few or len(places) == 1 else Life.DEAD

    def _cannot_be_zeros(self, read: Read) -> bool:
        """Whether something lies among the registers that is not 0 in any living device."""
        return any(_is_proof(check) for _, check in self._constants_in(read)) or any(
            self._is_never_zero(key, place) for key, place in self._places_in(read)
        )

    def _is_never_zero(self, key: PointKey, place: Place) -> bool:
        point = self._points[key]
        if place.is_question or point.is_binary:
            return False
        if point.words is not None:
            return 0 not in point.words
        return key in self._registers.read_ratios.values() or 0 not in point.range

    def _units(self, read: Read) -> int:
        points = (self._points[key] for key, place in self._places_in(read) if not place.layout.type.is_bit_field)
        return len({point.quantity.unit or point.quantity.code for point in points})


def _is_proof(check: ProbeCheck) -> bool:
    """Whether a passed check shows a register that is neither all zeros nor all ones."""
    if check.measured or check.refused:
        return False
    if check.is_unit_id:
        return True
    outside = [not any(low <= word & check.mask <= high for low, high in check.allowed) for word in (0, WORD)]
    return bool(check.allowed) and all(outside)
