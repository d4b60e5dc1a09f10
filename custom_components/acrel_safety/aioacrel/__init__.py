"""Asynchronous client library for Acrel electrical-safety devices; nothing of Home Assistant is in it."""

__version__ = "0.1.0"
