"""The XML gateway of a cabinet, with a meter and a residual-current relay on its line."""

from simulator.cabinet import Cabinet
from simulator.xmlgateway.gateway import XmlGateway, XmlQuirks

BUILDING, GATEWAY = "330106A001", "01"
SECRET = "0123456789abcdef"  # noqa: S105 - of the simulator only
MODELS = {3: "adl400", 4: "asj10l", 5: "dtsy1352"}
"""By Modbus address."""


class XmlSite:
    """The gateway, and what it is like."""

    def __init__(self, cabinet: Cabinet, *, seconds: float = 60.0) -> None:
        """Build its units in the cabinet's time, named by their number in its reports."""
        units = {
            address: cabinet.add_outside(f"01{address:03}", model, address=address) for address, model in MODELS.items()
        }
        quirks = XmlQuirks(segment=100, packs=True)
        self.stations = [XmlGateway(BUILDING, GATEWAY, SECRET, units, quirks=quirks, seconds=seconds)]

    def start(self, host: str, port: int) -> None:
        """Have it dial."""
        for station in self.stations:
            station.start(host, port)

    async def stop(self) -> None:
        """Switch it off."""
        for station in self.stations:
            await station.stop()
