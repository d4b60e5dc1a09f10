"""The devices of an account whose history is fetched: what is asked for, and which statistics come of it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ..aioacrel.cloud.backfill import themes
from ..aioacrel.cloud.history import USUAL, Subject, Theme
from ..aioacrel.cloud.records import CircuitOfMeter
from ..aioacrel.points import Model, Point
from ..aioacrel.readings import PointKey
from .history_statistics import is_imported, statistic_id

ENERGIES = ("EPI", "EP")
"""What a platform's energy report is of, the first that a model has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A device of the account that is set up here."""

    site: str
    code: str
    """What the server knows it by."""
    subentry_id: str
    title: str
    model: Model

    def point(self, key: PointKey) -> Point | None:
        """Return the point of a key; one of the device as a whole may be that of its only circuit that has it."""
        points = self.model.points
        if key in points:
            return points[key]
        alike = [point for point in points.values() if point.key.code == key.code]
        return alike[0] if len(alike) == 1 else None

    def names(self) -> Iterator[tuple[str, bool]]:
        """Yield the statistics that may come of it, and whether each is of energy."""
        for point in self.model.points.values():
            if is_imported(point):
                yield statistic_id(self.subentry_id, point), point.key.code in ENERGIES

    def themes(self, *, energy: bool) -> Iterator[Theme]:
        """Yield what is asked for of its energy, or of all else."""
        return (theme for theme in Theme if (theme is Theme.ENERGY) is energy)


def subjects_of(
    seats: Sequence[Seat], circuits: Sequence[CircuitOfMeter], wanted: Collection[Theme] = USUAL
) -> Iterator[Subject]:
    """Yield what is fetched; of a device with several circuits nobody says which of the server's is which."""
    for seat in seats:
        own = {one.circuit for one in circuits if (one.site, one.meter) == (seat.site, seat.code)}
        for theme in themes(seat.model):
            if theme not in wanted:
                continue
            if not theme.is_of_circuit:
                yield Subject(site=seat.site, meter=seat.code, theme=theme)
            elif len(own) == 1:
                yield Subject(site=seat.site, meter=seat.code, theme=theme, circuit=next(iter(own)))
