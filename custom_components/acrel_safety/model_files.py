"""The models at hand in Home Assistant: the built-in ones, and those in the user's folder."""

from pathlib import Path

from homeassistant.core import HomeAssistant

from .aioacrel.models import ModelLibrary
from .const import MODEL_FOLDER


def model_library(hass: HomeAssistant) -> ModelLibrary:
    """Return the built-in and the user's models; its methods read files, so use the executor."""
    return ModelLibrary(Path(hass.config.path(MODEL_FOLDER)))
