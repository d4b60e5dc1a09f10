"""What was taken out of a value before it is compared with its own past."""

from enum import StrEnum


class Correction(StrEnum):
    """What a daily value is relative to."""

    NONE = "none"
    """It is what was read."""
    AMBIENT = "ambient"
    """How much warmer than the surroundings."""
    COLDEST = "coldest"
    """How much warmer than the coldest of the board's other probes."""
    AMBIENT_AND_LOAD = "ambient_and_load"
    """How much warmer than the surroundings it would be at the rated current."""
    COLDEST_AND_LOAD = "coldest_and_load"

    @property
    def is_by_load(self) -> bool:
        """Whether the load is taken out, too."""
        return self in (Correction.AMBIENT_AND_LOAD, Correction.COLDEST_AND_LOAD)
