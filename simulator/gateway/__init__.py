"""Gateways and meters that speak MQTT to a broker, written from the vendor's pages and from code that serves them."""

from simulator.gateway.awt import Awt
from simulator.gateway.dictionary import DirectMeter
from simulator.gateway.meters import Meter
from simulator.gateway.overseas import Overseas
from simulator.gateway.quirks import QUIRKS, Quirks
from simulator.gateway.site import Site
from simulator.gateway.station import Received, Station

__all__ = ["QUIRKS", "Awt", "DirectMeter", "Meter", "Overseas", "Quirks", "Received", "Site", "Station"]
