"""What a server knows of a device: values, alarms, a position, and what it does when it is told to."""

import math
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from simulator.devices.adw300 import DO_STATE, Adw300
from simulator.devices.arcm import TRIPPED
from simulator.unit import Unit

ARCM300T, ADW300, ARCM310 = "1", "2", "3"
"""The server's numbers of types."""
TYPES = {"arcm300t": ARCM300T, "adw300": ADW300, "arcm310": ARCM310}
MODELS = {number: model for model, number in TYPES.items()}
RESET, SILENT, CHECK, OPEN, CLOSE = "RESET", "SILENCE", "SELCHK", "RLYOFF", "RLYON"

type Alarms = dict[str, dict[str, str]]

_TEXTS = {
    "LgHigh": ("iLeakage", "iLeakage", "漏电报警"),
    **{
        f"T{number}High": ("temp", f"temp{conductor}", f"{conductor}相温度报警")
        for number, conductor in enumerate("ABCN", start=1)
    },
    **{
        f"{quantity}{phase}{side}": (group, f"{prefix}{phase}", f"{phase.upper()}相{text}报警")
        for quantity, side, group, prefix, text in (
            ("U", "High", "overvoltage", "u", "过压"),
            ("U", "Low", "undervoltage", "u", "欠压"),
            ("I", "High", "overCurrent", "I", "过流"),
        )
        for phase in "abc"
    },
    TRIPPED: ("switch", "switch", "开关分闸"),
}
# An ADW300 tells no phase with these: the simulator names the first.
_TOGETHER = {
    "UHigh": ("overvoltage", "ua", "过压报警"),
    "ULow": ("undervoltage", "ua", "欠压报警"),
    "IHigh": ("overCurrent", "Ia", "过流报警"),
}


class Instrument(Protocol):
    """A device, whatever it is made of."""

    kind: str
    """The server's number of its type."""

    @property
    def is_silent(self) -> bool:
        """Whether nothing comes from it."""

    @property
    def closed(self) -> bool:
        """Its position, or that of what it opens."""

    def values(self) -> Mapping[str, float]:
        """Return what it measures, by code of the vocabulary."""

    def alarms(self) -> Alarms:
        """Return its active alarms: group, name, text."""

    def obey(self, method: str) -> None:
        """Do what it is told."""


class Standing:
    """A unit of the cabinet."""

    def __init__(self, unit: Unit) -> None:
        """Take the unit. Raises ValueError where no cloud is known to show one."""
        if unit.model not in TYPES:
            raise ValueError(f"no cloud is known to show an {unit.model}; they show: {', '.join(TYPES)}")
        self.unit = unit
        self.kind = TYPES[unit.model]

    @property
    def is_silent(self) -> bool:
        """Whether the unit answers nobody."""
        return self.unit.silent

    @property
    def closed(self) -> bool:
        """Whether current can flow."""
        return self.unit.closed

    def values(self) -> Mapping[str, float]:
        """Return the truth of its circuit."""
        return self.unit.truth()["1"]

    def alarms(self) -> Alarms:
        """Take them from its alarm bits."""
        truth = self.unit.truth()["1"]
        known = _TEXTS if self.unit.model != "adw300" else {**_TEXTS, **_TOGETHER}
        found: Alarms = {}
        for code, (group, name, text) in known.items():
            if truth.get(code):
                found.setdefault(group, {})[name] = text
        return found

    def obey(self, method: str) -> None:
        """Pass it on; an ADW300 opens by its first output, which is the simulator's choice."""
        if self.unit.obey(method, {}) or not isinstance(self.unit.answering, Adw300):
            return
        if method in (OPEN, CLOSE):
            self.unit.write(0x10, DO_STATE[0], [int(method == OPEN)])
        elif method == RESET:
            self.unit.reset()


class Figures:
    """A device that is nothing but numbers: thousands of them cost nothing. What is set stays, all else moves."""

    def __init__(self, kind: str, seed: str, now: Callable[[], float]) -> None:
        """Take its type, what tells it apart, and a clock in seconds."""
        self.kind = kind
        self.is_silent = False
        self.closed = True
        self.sticks = False
        """Whether its switch stays where it is, whatever is commanded."""
        self.set: dict[str, float] = {}
        """Values that a test sets, by code."""
        self.active: Alarms = {}
        """Alarms that a test sets."""
        self.obeyed: list[str] = []
        self._now = now
        self._base = zlib.crc32(seed.encode()) / 2**32

    def values(self) -> Mapping[str, float]:
        """Return a few values that move by the minute."""
        moment = self._now() // 60
        swing = math.sin(moment / 97 + 6.28 * self._base)
        return {
            "Lg": round(20 + 60 * self._base + 4 * swing, 1),
            "TempA": round(24 + 9 * self._base + swing, 1),
            "TempB": round(23 + 9 * self._base + swing, 1),
            "TempC": round(25 + 9 * self._base + swing, 1),
            "TempN": round(22 + 6 * self._base + swing, 1),
        } | self.set

    def alarms(self) -> Alarms:
        """Return those that were set."""
        return {group: dict(names) for group, names in self.active.items()}

    def obey(self, method: str) -> None:
        """Move, or let go of alarms."""
        self.obeyed.append(method)
        match method:
            case "RLYOFF" | "RLYON" if not self.sticks:
                self.closed = method == CLOSE
            case "RESET":
                self.active.clear()
