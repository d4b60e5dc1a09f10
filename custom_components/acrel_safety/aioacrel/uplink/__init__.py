"""Devices that call in over their own SIM card: the `7B7B … 7D7D` frames, their server, and each device as a source."""
