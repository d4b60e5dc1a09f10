"""What can be typed of XML gateways."""

import argparse
from pathlib import Path

from ..texts import phrase
from ..xmlgateway.names import GatewayName, MeterId
from . import typed


def add_xml(parser: argparse.ArgumentParser) -> None:
    """Add what `acrel xml` takes."""
    parser.add_argument(
        "--listen",
        type=typed.listening,
        required=True,
        metavar="HOST:PORT",
        help="the one address and port gateways call, such as 127.0.0.1:7100",
    )
    parser.add_argument(
        "--gateway",
        dest="xml_gateways",
        type=gateway,
        action="append",
        metavar="BUILDING/GATEWAY=FILE",
        help="a gateway that is known, and the file that holds its secret and nothing else; others are listed",
    )
    parser.add_argument(
        "--device",
        dest="xml_meters",
        type=meter,
        action="append",
        metavar="BUILDING/GATEWAY:PPAAA=M",
        help="a device behind it by serial port (two digits) and Modbus address (three), and its model",
    )
    parser.add_argument("--poll", action="store_true", dest="polls", help="ask through the gateway, too")
    parser.add_argument(
        "--network",
        dest="networks",
        type=typed.network,
        action="append",
        metavar="NET",
        help="take connections from this network only, such as 10.0.0.0/8; may be given several times",
    )
    parser.add_argument(
        "--utc-offset",
        type=typed.utc_offset,
        default=typed.utc_offset("+08:00"),
        metavar="HH:MM",
        help="the zone of the gateways' clocks, which they are told the time in (default: +08:00)",
    )
    parser.add_argument("--count", type=typed.whole(1), metavar="N", help="end after so many events")


def add_secret(parser: argparse.ArgumentParser) -> None:
    """Add what `acrel frame` takes to open a gateway's frame."""
    parser.add_argument(
        "--secret-file", type=Path, metavar="FILE", help="file with an XML gateway's secret, to open what it encrypted"
    )


def gateway(text: str) -> tuple[GatewayName, Path]:
    """Read `BUILDING/GATEWAY=FILE`."""
    name, _, file = text.partition("=")
    try:
        found = GatewayName.of(name)
    except ValueError:
        found = None
    if found is None or not file:
        # What was typed may be a secret in the wrong place: it is not repeated.
        raise typed.WrongValueError(phrase("typed_no_gateway_and_file"))
    return found, Path(file)


def meter(text: str) -> tuple[GatewayName, MeterId, str]:
    """Read `BUILDING/GATEWAY:PPAAA=MODEL`."""
    place, _, model = text.rpartition("=")
    name, _, number = place.rpartition(":")
    found = MeterId.of(number)
    try:
        gateway_name = GatewayName.of(name)
    except ValueError:
        found = None
    if found is None or not model:
        raise typed.WrongValueError(phrase("typed_no_device", found=text, allowed="310101A064/01:01003=dtsy1352"))
    return gateway_name, found, model
