"""A gateway that calls in with XML in encrypted frames, written from what one server of such gateways expects."""

from simulator.xmlgateway.gateway import XmlGateway, XmlQuirks
from simulator.xmlgateway.site import SECRET, XmlSite

__all__ = ["SECRET", "XmlGateway", "XmlQuirks", "XmlSite"]
