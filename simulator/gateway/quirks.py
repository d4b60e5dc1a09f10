"""What firmware, networks and clocks do to a gateway."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """How one gateway is; by default a good one."""

    retry_s: float = 5.0
    """Before it repeats a step of the handshake that nobody answered."""
    redial_s: float = 5.0
    """Before it connects again."""
    msgid: Literal["number", "zero", "text"] = "number"
    """What it numbers its messages with."""
    values_as_text: bool = False
    capitals: bool = False
    """Whether it writes the first parts of its topics with capitals."""
    compresses: bool = False
    """Whether its telemetry is packed with zlib."""
    retains: bool = False
    """Whether the broker keeps its telemetry for whoever comes later."""
    repeats: bool = False
    """Whether each telemetry message leaves twice."""
    clock_s: float = 0.0
    """By how much its clock is wrong when it starts."""
    keeps_clock: bool = False
    """Whether it goes on with its own clock after it was told the time."""
    sleeps: bool = False
    """Whether it looks for commands only when it reports."""
    tells_position: bool = True
    """Whether a prepaid meter behind it reports SwitchSta; its status words it reports anyway."""
    marks_history: bool = False
    """Whether it says of late records that they are."""
    zone_h: float = 8.0
    """Offset of the local time of dialect B, which comes without a zone."""
    time_s: float = 5.0
    """Dialect B: from the answer to its login until it asks for the time."""
    beats_s: float = 60.0
    """Dialect B: between two heartbeats."""
    writes_id_large: bool = False
    """Whether the number dictionary says `ID` instead of `id`."""


QUIRKS: Mapping[str, Quirks] = {
    "good": Quirks(),
    "text": Quirks(values_as_text=True, msgid="text"),
    "zero": Quirks(msgid="zero", capitals=True),
    "packed": Quirks(compresses=True),
    "twice": Quirks(retains=True, repeats=True),
    "yesterday": Quirks(clock_s=-DAY_S, keeps_clock=True),
    "tomorrow": Quirks(clock_s=DAY_S, keeps_clock=True, values_as_text=True),
    "sleeps": Quirks(sleeps=True, tells_position=False),
}
"""By name, for the command line."""
