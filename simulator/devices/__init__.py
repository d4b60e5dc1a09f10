"""Simulated models by id."""

from simulator.devices.adl import Adl100, Adl400, Adl3000, Dtsd1352
from simulator.devices.adw300 import Adw300
from simulator.devices.arc import Aafd
from simulator.devices.arcm import Arcm300t, Arcm310
from simulator.devices.arcm300 import Arcm300
from simulator.devices.base import Device
from simulator.devices.breaker import Ascb1
from simulator.devices.insulation import AimM10
from simulator.devices.motor import Ard2f
from simulator.devices.prepaid import Adf300, Adf400l, Ddsy1352, Dtsy1352
from simulator.devices.residual import AimR100, Asj10l
from simulator.devices.terminal import Aesp100, Aisd

MODELS: dict[str, type[Device]] = {
    model.model: model
    for model in (
        *(Adw300, Adl400, Adl3000, Adl100, Ddsy1352, Dtsy1352),
        *(Asj10l, AimR100, AimM10, Ard2f, Arcm300, Dtsd1352, Adf300, Adf400l),
    )
}
IMPORTED: dict[str, type[Device]] = {Aafd.model: Aafd}
"""Models without public registers, laid out by a table of the simulator's own that a reader has to import."""
CODED: dict[str, type[Device]] = {model.model: model for model in (Ascb1, Aesp100, Aisd, Arcm300t, Arcm310)}
"""Models without public registers that stand behind a gateway or a cloud, which tells of them by code."""

__all__ = ["CODED", "IMPORTED", "MODELS", "Device"]
