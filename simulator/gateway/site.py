"""Gateways for one cabinet, with breakers, detectors and meters behind them, in the cabinet's time."""

from collections.abc import Sequence
from dataclasses import replace

from simulator.cabinet import Cabinet
from simulator.gateway.awt import Awt
from simulator.gateway.dictionary import DirectMeter
from simulator.gateway.meters import Meter
from simulator.gateway.overseas import Overseas
from simulator.gateway.quirks import QUIRKS
from simulator.gateway.station import Station

PRODUCT = "MTIzNDU2Nzg5MDEyMzQ1Njc4"
"""As products are named: what looks like base64 of 18 digits."""
AWT, OTHER_AWT, OVERSEAS, DIRECT = "23110000000001", "23110000000002", "21110000009001", "20260000000301"
BREAKER, HUB, RECLOSER = "22110000000101", "22110000000102", "22110000000103"
ARCS, TERMINAL, SUPPLY, PREPAID = "22110000000201", "22110000000301", "22110000000401", "22110000000501"
OTHER_BREAKER, OTHER_PREPAID = "22110000000601", "22110000000602"


class Site:
    """The standard gateways of a cabinet."""

    def __init__(self, cabinet: Cabinet, *, quirks: str = "good", seconds: float = 60.0) -> None:
        """Take what the first gateway is like, and how often all of them report. Raises ValueError."""
        if quirks not in QUIRKS:
            raise ValueError(f"no quirks {quirks!r}; there are: {', '.join(QUIRKS)}")
        chosen = QUIRKS[quirks]
        tells = chosen.tells_position
        meters = [
            Meter.build(cabinet, BREAKER, "ascb1", poles=3, travel_s=2.0),
            Meter.build(cabinet, HUB, "ascb1", circuits=3),
            Meter.build(cabinet, RECLOSER, "ascb1", recloses=2),
            Meter.build(cabinet, ARCS, "aafd"),
            Meter.build(cabinet, TERMINAL, "aesp100"),
            Meter.build(cabinet, SUPPLY, "aisd"),
            Meter.build(cabinet, PREPAID, "dtsy1352", tells_position=tells),
        ]
        # The other one is as awkward as those that work are.
        others = [
            Meter.build(cabinet, OTHER_BREAKER, "ascb1", poles=3),
            Meter.build(cabinet, OTHER_PREPAID, "dtsy1352", tells_position=False),
        ]
        awkward = replace(QUIRKS["zero"], values_as_text=True, compresses=True, repeats=True)
        overseas = [
            Meter.build(cabinet, "21110000009101", "adl400", ct=40),
            Meter.build(cabinet, "21110000009102", "adw300"),
        ]
        self.stations: Sequence[Station] = [
            Awt(AWT, meters, product=PRODUCT, quirks=chosen, seconds=seconds),
            Awt(OTHER_AWT, others, product=PRODUCT, quirks=awkward, seconds=seconds),
            Overseas(OVERSEAS, overseas, seconds=seconds),
            DirectMeter(DIRECT, [Meter.build(cabinet, DIRECT, "adw300")], seconds=seconds),
        ]

    def start(self, host: str, port: int) -> None:
        """Connect all of them to a broker."""
        for station in self.stations:
            station.start(host, port)

    async def stop(self) -> None:
        """Switch them off."""
        for station in self.stations:
            await station.stop()
