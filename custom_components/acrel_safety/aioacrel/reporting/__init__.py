"""Devices that report by themselves, in codes: what all ways share on which somebody carries such reports to us."""
