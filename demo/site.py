"""What the demo shows: which instruments of the cabinet lie on which link, and how they are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.cloud.standard import BREAKER as CLOUD_BREAKER
from simulator.cloud.standard import MONITOR, PASSWORD, TWIN, TWIN_CODE, USER
from simulator.gateway.site import ARCS, AWT, BREAKER, PREPAID
from simulator.xmlgateway.site import BUILDING, GATEWAY, SECRET

DOMAIN = "acrel_safety"


class Link(StrEnum):
    """How instruments are reached; the values are the options of the config flow's first menu."""

    TCP = "tcp"
    RTU_TCP = "rtu_tcp"
    UPLINK = "uplink"
    GATEWAY = "mqtt_gateway"
    XML = "xml_gateway"
    CLOUD = "cloud"


LINK_TITLES: Mapping[Link, str] = {
    Link.TCP: "Main distribution board",
    Link.RTU_TCP: "Tenants' distribution board",
    Link.UPLINK: "Scattered boxes",
    Link.GATEWAY: "Old town hall",
    Link.XML: "Sports hall",
    Link.CLOUD: "Town depot",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One device to add; `answers` go to flow fields that only some models ask for."""

    unit: int | str
    """Its number on a line, serial number where it calls in, place behind an XML gateway, or code at a cloud."""
    model: str
    name: str
    link: Link
    answers: Mapping[str, float] = field(default_factory=dict)
    control: Mapping[str, object] = field(default_factory=dict)
    """Answers to the dialog *Remote control*; without any, nobody may operate it."""
    same_as: int | str | None = None
    """The unit that it is, reached by a further way: then there is nothing more to see of it."""


# Seconds between two polls of a group, as often as the flow allows, and every change told: a check need not wait.
EXACT: Mapping[str, float | str] = {"detail": "exact"}
BRISK: Mapping[str, float | str] = {"fast": 1, "normal": 1, "slow": 10, **EXACT}

# The usual grant: administrators everything that all of them have, automations only to switch off. Of the ADW300 DO1
# opens a contactor, and DO2 is a horn.
USUAL: Mapping[str, object] = {
    "enabled": True,
    "may_close": True,
    "administrators": ["off", "on", "tags"],
    "automations": ["off"],
}
# The breaker behind the gateway says a number for its control level: only its owner knows at which it may be closed.
MANY = {**USUAL, "administrators": ["off", "on", "tags", "tests"], "remote_level": 1}
WIRING: Mapping[int, Mapping[str, str]] = {1: {"wiring": "contactor"}}

# The unit ids and models of the simulator's standard cabinet. Units 4 and 11 are left for the user to add.
SITE = (
    Instrument(
        unit=1,
        model="adw300",
        name="Offices",
        link=Link.TCP,
        control={**USUAL, "breaking_contactor": ["1/DO1"], "signal": ["1/DO2"]},
    ),
    Instrument(unit=2, model="adl400", name="Workshop", link=Link.TCP),
    Instrument(unit=7, model="asj10l", name="Car charger", link=Link.TCP),
    Instrument(unit=8, model="aim-r100", name="Socket circuits", link=Link.TCP),
    Instrument(unit=9, model="aim-m10", name="Operating theatre", link=Link.TCP),
    Instrument(unit=3, model="adl3000", name="Cold store", link=Link.RTU_TCP, answers={"pt": 1, "ct": 1}),
    Instrument(unit=5, model="ddsy1352", name="Ground-floor flat", link=Link.RTU_TCP, control=USUAL),
    Instrument(unit=6, model="dtsy1352", name="Bakery", link=Link.RTU_TCP),
    Instrument(unit=10, model="ard2f", name="Water pump", link=Link.RTU_TCP),
    # Two of those that the simulator has call in; the others are left as strangers.
    Instrument(unit="20260000000001", model="ddsy1352", name="Allotment", link=Link.UPLINK),
    Instrument(unit="20260000000002", model="dtsy1352", name="Holiday house", link=Link.UPLINK, control=USUAL),
    # Some of those behind the gateways; the others are left for the user to add.
    Instrument(unit=BREAKER, model="ascb1", name="Archive", link=Link.GATEWAY, control=MANY),
    Instrument(unit=ARCS, model="aafd", name="Attic", link=Link.GATEWAY),
    Instrument(unit=PREPAID, model="dtsy1352", name="Caretaker's flat", link=Link.GATEWAY, control=USUAL),
    # It is not asked: the gateway reports all of it.
    Instrument(unit="01003", model="adl400", name="Floodlights", link=Link.XML, answers={"polling": False}),
    Instrument(unit="01004", model="asj10l", name="Sauna", link=Link.XML),
    # The server wants its second password for each order, which is stored nowhere.
    Instrument(unit=CLOUD_BREAKER, model="arcm310", name="Kitchen breaker", link=Link.CLOUD, control=USUAL),
    Instrument(unit=MONITOR, model="arcm300", name="Cellar monitor", link=Link.CLOUD),
    Instrument(unit=TWIN_CODE, model="adw300", name="Offices", link=Link.CLOUD, same_as=TWIN),
)

# What links are asked for besides where they are: who calls, who speaks, or who logs in and wants to see what.
CALLED: Mapping[Link, Mapping[str, object]] = {
    Link.GATEWAY: {"serial_number": AWT, "by_analogy": True},
    Link.XML: {"building_id": BUILDING, "gateway_id": GATEWAY, "secret": SECRET},
    # The cloud is on loopback, without a certificate: the dialog asks whether that is meant.
    Link.CLOUD: {"username": USER, "password": PASSWORD, "sure": True, "devices": [CLOUD_BREAKER, MONITOR]},
}
