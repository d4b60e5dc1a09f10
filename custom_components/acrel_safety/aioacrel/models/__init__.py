"""Device models: data files, their reader, and the library of built-in and user files."""

from .library import ModelLibrary
from .reader import read_model
from .schema import (
    Circuit,
    Command,
    Evidence,
    Limits,
    LineSettings,
    Model,
    Point,
    ProbeCheck,
    Ratio,
)

__all__ = [
    "Circuit",
    "Command",
    "Evidence",
    "Limits",
    "LineSettings",
    "Model",
    "ModelLibrary",
    "Point",
    "ProbeCheck",
    "Ratio",
    "read_model",
]
