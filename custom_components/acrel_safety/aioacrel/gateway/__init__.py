"""Gateways and devices that report to an MQTT broker of the owner's: their messages, and each meter as a source."""
