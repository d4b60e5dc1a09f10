"""Gateways that call in and speak XML: frames, login, reports, and Modbus through them."""
