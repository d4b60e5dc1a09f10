"""Devices of the cabinet that dial in over a SIM card, each with the quirks of its own."""

from simulator.uplink.caller import BLOCKS, Caller, uploaded
from simulator.uplink.fleet import DEMO, Fleet
from simulator.uplink.quirks import QUIRKS, Quirks

__all__ = ["BLOCKS", "DEMO", "QUIRKS", "Caller", "Fleet", "Quirks", "uploaded"]
