"""Device models: data files, their reader, and the library of built-in and user files."""

from .library import ModelLibrary
from .reader import read_model

__all__ = ["ModelLibrary", "read_model"]
