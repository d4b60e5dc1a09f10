"""Acrel electrical-safety devices in Home Assistant."""
