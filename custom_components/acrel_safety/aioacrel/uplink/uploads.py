"""Uploaded blocks become readings, by the decoder of polled ones.

An upload does not say where a block begins. A section is taken for the next block of the model's list that has its
size; one that has none is counted and left alone. What a dead meter would say too is told only where the same upload
has a sign of life.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..modbus.vital import Life, Vital
from ..points import Model
from ..readings import PointKey, Quality, Reading
from ..registers import READ_HOLDING, Ratio, Read
from ..registers.blocks import Block, blocks_of
from ..registers.decode import Decoder
from .messages import DataUpload
from .sections import Seal, Section

ORIGIN, UNVERIFIED = "uplink", "uplink, unverified"
"""What readings of this way name as their origin; the second where a section had no checksum of its own."""


@dataclass(slots=True)
class Taken:
    """What came of one upload."""

    readings: dict[PointKey, Reading] = field(default_factory=dict)
    is_strange: bool = False
    """Whether a register that is constant in the model held something else: another device uploads."""


@dataclass(slots=True)
class UploadFigures:
    """What came of all of them."""

    uploads: int = 0
    unknown: int = 0
    """Sections that are no block of the model."""
    unverified: int = 0
    broken: int = 0
    """Sections whose own checksum was wrong, and uploads of which something could not be read."""
    lifeless: int = 0
    """Uploads without a sign of life."""


class UploadForm:
    """What the devices of one model upload, by its preferred register map; the same for all of them."""

    def __init__(self, model: Model) -> None:
        """Take the model."""
        registers = model.registers
        reads = [Read(READ_HOLDING, first, last - first + 1) for first, last in registers.uploads]
        self.model = model
        self.blocks: tuple[Block, ...] = blocks_of(reads, registers.places)


class UploadDecoder:
    """Decodes the uploads of one unit of one device."""

    def __init__(
        self, form: UploadForm, unit_id: int, ratios: Mapping[Ratio, float] | None, clock: Callable[[], datetime]
    ) -> None:
        """Take what its model uploads."""
        model = form.model
        self.blocks = form.blocks
        self.figures = UploadFigures()
        self._model = model
        self._unit_id = unit_id
        self._ratios = ratios
        self._clock = clock
        self._decoders: dict[Seal, Decoder] = {}
        """By whether a section had a checksum of its own; most devices have one of both."""
        self._vital = Vital(model.points, model.registers, unit_id)

    def take(self, upload: DataUpload) -> Taken:
        """Return the readings in an upload."""
        taken, figures, now = Taken(), self.figures, self._clock()
        figures.uploads += 1
        figures.broken += bool(upload.rest)
        blank: dict[PointKey, Reading] = {}
        is_alive = False
        for section, block in self._matched(upload.sections):
            life = self._life_of(section, block)
            if life is Life.STRANGE:
                taken.is_strange = True
            if life in (Life.DEAD, Life.STRANGE):
                taken.readings |= self._lost(block, now)
                continue
            is_alive |= life is Life.ALIVE
            readings = self._decoder(section.seal).take(block, section.words, now)
            (taken.readings if life is Life.ALIVE else blank).update(readings)
        if is_alive:
            taken.readings |= blank
        figures.lifeless += bool(blank) and not is_alive
        return taken

    def _decoder(self, seal: Seal) -> Decoder:
        if (decoder := self._decoders.get(seal)) is None:
            origin = ORIGIN if seal is Seal.RIGHT else UNVERIFIED
            decoder = self._decoders[seal] = Decoder(self._model, self._ratios, origin=origin)
        return decoder

    def _matched(self, sections: Collection[Section]) -> list[tuple[Section, Block]]:
        """Return the sections of this unit with the blocks they are."""
        matched = []
        place = 0
        for section in sections:
            if section.seal is Seal.INVALID:
                if section.address == self._unit_id and 0 < section.number <= len(self.blocks):
                    place = section.number
                    matched.append((section, self.blocks[place - 1]))
                continue
            if section.unit != self._unit_id:
                continue
            found = next((n for n in range(place, len(self.blocks)) if self._fits(section, self.blocks[n])), None)
            if found is None:
                self.figures.unknown += 1
                continue
            place = found + 1
            matched.append((section, self.blocks[found]))
            self.figures.unverified += section.seal is Seal.MISSING
            self.figures.broken += section.seal is Seal.WRONG
        return matched

    @staticmethod
    def _fits(section: Section, block: Block) -> bool:
        return section.function == block.read.function and len(section.words) == block.read.count

    def _life_of(self, section: Section, block: Block) -> Life:
        """Return what a section says of the meter; one that says nothing is as good as a dead one."""
        if section.seal in (Seal.INVALID, Seal.WRONG):
            return Life.DEAD
        return self._vital.life_of(block.read, section.words)

    def _lost(self, block: Block, now: datetime) -> Mapping[PointKey, Reading]:
        for decoder in self._decoders.values():
            decoder.forget(block.keys)
        return {key: Reading(None, Quality.NO_ANSWER, now, ORIGIN) for key in block.keys}
