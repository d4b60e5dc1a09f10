"""Alarms: what may be wrong, who knows of it, and what is still to be done (terms of IEC 62682 and OPC UA part 9).

On devices alone: no source, no register, no Home Assistant.
"""
