"""Several devices that dial in, each with other quirks, beside the cabinet's line and in its time."""

from collections.abc import Mapping, Sequence

from simulator.cabinet import Cabinet
from simulator.uplink.caller import BLOCKS, Caller
from simulator.uplink.quirks import QUIRKS

DEMO: Mapping[str, tuple[str, str]] = {
    "20260000000001": ("ddsy1352", "good"),
    "20260000000002": ("dtsy1352", "cut"),
    "20260000000003": ("arcm300", "slow"),
    "20260000000004": ("dtsy1352", "drops"),
    "20260000000005": ("arcm300", "sleeps"),
    "20260000000006": ("ddsy1352", "terse"),
}
"""Model and quirks, by invented serial number."""


class Fleet:
    """The devices of one cabinet that dial in."""

    def __init__(self, cabinet: Cabinet, devices: Mapping[str, tuple[str, str]] = DEMO, *, minutes: int = 5) -> None:
        """Take their models and quirks by serial number. Raises ValueError for what does not exist."""
        self.callers: Sequence[Caller] = [
            _caller(cabinet, serial, model, quirks, minutes) for serial, (model, quirks) in devices.items()
        ]

    @property
    def stations(self) -> Sequence[Caller]:
        """All of them, as the control channel knows them."""
        return self.callers

    def start(self, host: str, port: int) -> None:
        """Have all of them dial."""
        for caller in self.callers:
            caller.start(host, port)

    async def stop(self) -> None:
        """Switch them off."""
        for caller in self.callers:
            await caller.stop()


def _caller(cabinet: Cabinet, serial: str, model: str, quirks: str, minutes: int) -> Caller:
    if model not in BLOCKS:
        raise ValueError(f"of {model!r} it is not known what it uploads; of these it is: {', '.join(BLOCKS)}")
    if quirks not in QUIRKS:
        raise ValueError(f"no quirks {quirks!r}; there are: {', '.join(QUIRKS)}")
    return Caller(cabinet.add_outside(serial, model), serial, quirks=QUIRKS[quirks], minutes=minutes)
