"""Whether a meter is behind the answers: a gateway or logger may answer for a dead one, with one word over and over.

All ones, all zeros, or any other word repeated over many different quantities is no answer of a meter. Zeros alone are
what a circuit without power shows, and a single word is always the same as itself: such an answer is *in question*
until something shows that the meter lived before and after it.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum, auto
from math import inf

from ..points import Point
from ..readings import PointKey
from ..registers import Read, RegisterMap
from ..registers.decode import words_never_full
from ..registers.layout import WORD
from ..registers.map import Place, ProbeCheck

_MANY_WORDS = 4
_MANY_QUANTITIES = 3
"""Of different units: so many do not have the same number by chance."""
_FEW_WORDS = 2
_SOON = 2.5
"""Seconds: for so short a time no gateway answers for a dead meter."""
_LIFELESS_POLLS = 2
"""Polls in a row without a sign of life after which one is looked for."""


class Life(Enum):
    """What an answer says of the meter it should come from."""

    ALIVE = auto()
    BLANK = auto()
    """One word over and over where that can be: neither for a meter nor against."""
    DEAD = auto()
    """One word over and over, where that cannot be."""
    STRANGE = auto()
    """A register that is constant in this model holds something else."""


class Vital:
    """The signs of life of one unit, read by one register map.

    A sign of life is an answer of different words, or two answers within a poll of which each is another word over and
    over. What was in question is taken for the meter's when one came soon before and one soon after. Where that took
    longer it has to come a second time: a meter that dies and is back between two polls shows the like once.
    """

    def __init__(self, points: Mapping[PointKey, Point], registers: RegisterMap, unit_id: int) -> None:
        """Take what lies where, and the unit id that some devices repeat."""
        self._points = points
        self._registers = registers
        self._unit_id = unit_id
        self._never_full = words_never_full(points, registers)
        self._constants: dict[Read, tuple[tuple[int, ProbeCheck], ...]] = {}
        self._inside: dict[Read, tuple[tuple[PointKey, Place], ...]] = {}
        self._accused: set[tuple[Read, Life]] = set()
        """What speaks against the unit since somebody vouched for it last."""
        self._excused: set[tuple[Read, Life]] = set()
        self._questions: dict[Read, tuple[int, Collection[PointKey]]] = {}
        """The word and the points of answers that nothing has shown yet to be the meter's."""
        self._pledged: dict[Read, int] = {}
        """What was in question once, and was followed by a sign of life."""
        self._proven: dict[Read, int] = {}
        """The words of which it is known that the meter itself says them, over and over."""
        self._again: dict[Read, Collection[PointKey]] = {}
        """What has to come a second time."""
        self._is_asked_again = True
        self._asked_for: dict[Read, int] = {}
        """The questions for which a sign of life was asked for."""
        self._heard: set[Read] = set()
        """The reads that were answered."""
        self._word: int | None = None
        """What all answers since the last sign of life in this poll held."""
        self._lived = -inf
        """When the last sign of life came."""
        self._is_lively = False
        """Whether this poll had one."""
        self._lifeless = 0
        """Polls in a row without one, while something was in question."""
        self._latest = self._former = 0
        """The first words of the latest answers of this poll and of the one before."""
        self.is_mute = False
        """Whether the latest poll had no sign of life, and ended with the same word as the one before."""

    # -- what is known ------------------------------------------------------------------------------------------------

    @property
    def is_suspicious(self) -> bool:
        """Whether something is in question for so long that a sign of life should be looked for."""
        return self._lifeless >= _LIFELESS_POLLS

    @property
    def is_dead(self) -> bool:
        """Whether something was answered that no meter says, and nobody vouched for the meter since."""
        return any(life is Life.DEAD for _, life in self._accused)

    @property
    def is_strange(self) -> bool:
        """Whether a register that is constant in the model held something else, and nobody vouched since."""
        return any(life is Life.STRANGE for _, life in self._accused)

    @property
    def in_question(self) -> AbstractSet[PointKey]:
        """The points of which is not known whether what was read last came of the meter."""
        if not (self._questions or self._again):
            return frozenset()
        return {key for _, keys in self._questions.values() for key in keys}.union(*self._again.values())

    # -- what is heard ------------------------------------------------------------------------------------------------

    def take(self, read: Read, words: Sequence[int], keys: Collection[PointKey] = (), now: float = 0.0) -> Life:
        """Note an answer, the points that are read of it, and when it came; return what it says."""
        life = self.life_of(read, words)
        self._latest = words[0]
        self._heard.add(read)
        if self._again:
            self._again.pop(read, None)
        if life is Life.ALIVE or (life is Life.BLANK and self._is_all_there_is(words)):
            if self._proven or self._pledged or self._questions:
                for known in (self._questions, self._proven, self._pledged):
                    known.pop(read, None)
            self._live(now)
            self._word = None
            self._excused.discard((read, Life.DEAD))
        elif life is Life.BLANK:
            if self._word not in (None, words[0]):
                # A dead meter would have said the same twice.
                self._live(now)
            self._word = words[0]
            if self._proven.get(read) != self._word:
                self._questions[read] = self._word, keys
        elif (read, life) not in self._excused:
            self._accused.add((read, life))
        return life

    def _is_all_there_is(self, words: Sequence[int]) -> bool:
        """Whether one register is all that is ever read, and it holds nothing that dead meters are known for."""
        return len(self._heard) == len(words) == 1 and words[0] not in (0, WORD)

    def _live(self, now: float) -> None:
        """Take a sign of life: it speaks for what came just before."""
        if self._questions:
            self._believe(now)
            self._asked_for.clear()
        self._lived, self._is_lively = now, True

    def _believe(self, now: float) -> None:
        """Take what is in question for the meter's, if it comes for the second time or need not."""
        is_soon = now - self._lived <= _SOON
        for read, (word, keys) in self._questions.items():
            if is_soon or self._pledged.get(read) == word:
                self._proven[read] = word
                self._pledged.pop(read, None)
            else:
                self._pledged[read] = word
                self._again[read] = keys
                self._is_asked_again = False
        self._questions.clear()

    def asks_again(self) -> bool:
        """Whether something should be read a second time soon; it is said once."""
        is_news, self._is_asked_again = not self._is_asked_again, True
        return is_news

    def asks_for_life(self) -> bool:
        """Whether another sign of life should be had soon, of whatever read; it is said once of each answer."""
        asked, self._asked_for = self._asked_for, {read: word for read, (word, _) in self._questions.items()}
        return any(asked.get(read) != word for read, word in self._asked_for.items())

    def ask_again(self) -> None:
        """Have what was read lately read a second time soon."""
        self._is_asked_again = False

    def end_poll(self) -> None:
        """Note that a poll is over."""
        self._lifeless = 0 if self._is_lively or not self._questions else self._lifeless + 1
        self.is_mute = not self._is_lively and self._latest == self._former
        self._is_lively, self._word, self._former = False, None, self._latest

    def keep(self, reads: Collection[Read]) -> None:
        """Forget what was read in other requests than these: the plan has changed."""
        self._heard.intersection_update(reads)
        for known in (self._questions, self._again, self._proven, self._pledged):
            for read in [read for read in known if read not in reads]:
                del known[read]

    def vouch(self, now: float = 0.0) -> None:
        """Take all signs so far for those of a living device: it proved to be there in another way."""
        self._excused |= {item for item in self._accused if item[1] is not Life.STRANGE}
        self._accused.clear()
        self._believe(now)
        self._lived, self._lifeless = now, 0

    def forget(self) -> None:
        """Take nothing that is in question for an answer of the meter: there may have been none."""
        for known in (self._questions, self._again, self._pledged):
            known.clear()
        self._lived, self._lifeless = -inf, 0

    @property
    def has_lived(self) -> bool:
        """Whether there was any sign of life."""
        return self._lived > -inf

    def has_lived_since(self, when: float) -> bool:
        """Whether there was a sign of life after a time."""
        return self._lived >= when

    @property
    def proves(self) -> bool:
        """Whether the probes of the map look at something that a dead meter would not show: the latest word."""
        word, probes = self._latest, self._registers.probes
        return any(_is_proof(check) and self._contradicts(check, word) for check in probes)

    def _contradicts(self, check: ProbeCheck, word: int) -> bool:
        masked = word & check.mask
        if check.is_unit_id and masked != self._unit_id & check.mask:
            return True
        return bool(check.allowed) and not any(low <= masked <= high for low, high in check.allowed)

    # -- what an answer says by itself --------------------------------------------------------------------------------

    def life_of(self, read: Read, words: Sequence[int]) -> Life:
        """Return what an answer says; what is not one word over and over costs two comparisons."""
        word = words[0]
        is_one_word = word == words[-1] and words.count(word) == len(words)
        if is_one_word:
            if word == WORD:
                return self._life_of_ones(read)
            if word == 0:
                return Life.DEAD if self._cannot_be_zeros(read) else Life.BLANK
            if len(words) >= _MANY_WORDS and self._units(read) >= _MANY_QUANTITIES:
                return Life.DEAD
        for offset, check in self._constants_in(read):
            if self._contradicts(check, words[offset]):
                return Life.DEAD if is_one_word and len(words) >= _FEW_WORDS else Life.STRANGE
        return Life.BLANK if is_one_word else Life.ALIVE

    def is_spoken(self, answers: Mapping[Read, Sequence[int]]) -> bool:
        """Whether answers of one moment are more than one word over and over, which a dead meter's may be."""
        if any(self.life_of(read, words) in (Life.ALIVE, Life.STRANGE) for read, words in answers.items()):
            return True
        said = {words[0] for read, words in answers.items() if self.life_of(read, words) is not Life.DEAD}
        others = said - {0, WORD}
        return bool(others) and (len(said) > 1 or sum(map(len, answers.values())) <= _FEW_WORDS)

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
        if any((place.function, place.address) in self._never_full for place in places):
            return Life.DEAD
        is_few = bool(places) and all(place.layout.type.is_signed for place in places) and len(places) < _MANY_WORDS
        return Life.BLANK if is_few or len(places) == 1 or read.count == 1 else Life.DEAD

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
