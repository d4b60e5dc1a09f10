"""The values of all options."""

import argparse
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal

from ..journal import Head
from ..modbus.link import LinkAddress
from ..uplink.limits import Network
from ..xmlgateway.names import GatewayName, MeterId
from .typed import BrokerAddress


class Options(argparse.Namespace):
    """The values of all options; a command reads those it has."""

    argv: Sequence[str]
    """What was typed."""
    command: str
    as_json: bool
    verbose: bool
    language: str
    models: Path | None
    link: LinkAddress
    timeout: float | None
    unit: int
    units: Sequence[int]
    both_framings: bool
    model: str | None
    codes: Sequence[str] | None
    code: str | None
    circuit: str | None
    value: str | None
    is_confirmed: bool
    everything: bool
    pt: float | None
    ct: float | None
    probe: bool
    baudrate: int | None
    parity: Literal["N", "E", "O"] | None
    stopbits: Literal[1, 2] | None
    turnaround_ms: float
    interval: float
    count: int | None
    statistics: bool
    ranges: Sequence[tuple[int, int]] | None
    output: Path | None
    frame: bytes
    listen: tuple[str, int]
    broker: BrokerAddress
    url: str
    user: str
    profile: str | None
    allow_http: bool
    site: str | None
    zones: Sequence[tuple[str, tzinfo]]
    record: Path | None
    feed: str | None
    feed_user: str | None
    feed_seconds: float | None
    ca_file: Path | None
    gateways: Sequence[str] | None
    meters: Sequence[tuple[str, str]] | None
    pairs: bool
    device: tuple[str, str]
    singles: Sequence[int] | None
    seconds: float
    devices: Sequence[tuple[str, str]] | None
    xml_gateways: Sequence[tuple[GatewayName, Path]] | None
    xml_meters: Sequence[tuple[GatewayName, MeterId, str]] | None
    secret_file: Path | None
    networks: Sequence[Network] | None
    utc_offset: tzinfo
    weekday: str
    polls: bool
    relay: tuple[str, int] | None
    file: Path
    id: str
    base: str | None
    k_mode: str
    address_mode: str
    accept_rejected: bool
    what: str
    newest: int
    since: datetime | None
    until: datetime | None
    kinds: Sequence[str] | None
    heads: Sequence[Head] | None
