"""A simulated distribution cabinet with one unit of each documented Acrel model.

Written from the register tables of the manuals and without the library `aioacrel`, so that the two
check each other.
"""

from simulator.cabinet import Cabinet, CabinetOptions
from simulator.pacing import LineSettings
from simulator.unit import Request, Unit, Write

__all__ = ["Cabinet", "CabinetOptions", "LineSettings", "Request", "Unit", "Write"]
