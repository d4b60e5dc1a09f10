"""What is typed after an option, and how each text becomes a value."""

import argparse
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import AddressFormError
from ..journal import BadHeadError, Head, Kind
from ..modbus.link import LinkAddress
from ..models.entry import MODEL_ID
from ..registers import LAST_REGISTER
from ..reporting.fields import is_serial as is_topic_serial
from ..texts import Sayable, phrase
from ..uplink.fields import is_serial
from ..uplink.limits import Network

LAST_UNIT = 255
LAST_PORT = 65535
_MOST_MINUTES = 14 * 60
MOST_BYTES = 1 << 16
"""Of frames that are to be explained."""


class WrongValueError(argparse.ArgumentTypeError):
    """What was typed is no value of the option: what is wrong with it is said in the user's language."""

    def __init__(self, said: Sayable) -> None:
        """Take what is wrong."""
        self.said = said
        super().__init__(str(said))


def link(text: str) -> LinkAddress:
    """Read where the link is."""
    try:
        return LinkAddress.parse(text)
    except AddressFormError as error:
        raise WrongValueError(error) from None


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers within limits."""

    def read(text: str) -> int:
        allowed = phrase("interval", low=low, high=high) if high is not None else phrase("or_more", low=low)
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < low or (high is not None and value > high):
            raise WrongValueError(phrase("typed_unfit", found=text, allowed=allowed))
        return value

    return read


def number(*, zero: bool = False) -> Callable[[str], float]:
    """Return a reader of numbers above zero, or of zero too."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and (value > 0 or (zero and value == 0))):
            allowed = phrase("or_more", low=0) if zero else phrase("above_zero")
            raise WrongValueError(phrase("typed_unfit", found=text, allowed=allowed))
        return value

    return read


def units(text: str) -> Sequence[int]:
    """Read `1-20` or `1,3,7-9`; each unit once, in the order given."""
    named: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last <= LAST_UNIT:
            raise WrongValueError(phrase("typed_no_units", found=text, last=LAST_UNIT))
        named.update(dict.fromkeys(range(first, last + 1)))
    return tuple(named)


def model_id(text: str) -> str:
    """Read the id of a model, in any case."""
    wanted = text.strip().lower()
    if not MODEL_ID.fullmatch(wanted):
        raise WrongValueError(phrase("typed_no_model_id", found=text, allowed=phrase("model_id")))
    return wanted


def codes(text: str) -> Sequence[str]:
    """Read `Lg,TempA@1`."""
    named = [code.strip() for code in text.split(",") if code.strip()]
    if not named:
        raise WrongValueError(phrase("typed_no_codes", found=text))
    return named


def registers(text: str) -> tuple[int, int]:
    """Read `0x0-0x3F`, `100-120`, `003Fh` (first and last register)."""
    first, _, last = text.partition("-")
    low = _register(first)
    high = _register(last) if last else low
    if low is None or high is None or not low <= high <= LAST_REGISTER:
        raise WrongValueError(phrase("typed_no_registers", found=text))
    return low, high


def moment(text: str) -> datetime:
    """Read a date or a time; where no zone is named, that of this machine is meant."""
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError, OverflowError, OSError:
        raise WrongValueError(phrase("typed_no_time", found=text)) from None


def zone(text: str) -> tuple[str, tzinfo]:
    """Read a zone (`Europe/Berlin`), or that of a site (`10100001=Europe/Berlin`); without one it is of all sites."""
    site, _, name = text.rpartition("=")
    try:
        return site.strip(), ZoneInfo(name.strip())
    except ValueError, OSError, ZoneInfoNotFoundError:
        raise WrongValueError(phrase("typed_no_zone", found=text)) from None


def head(text: str) -> Head:
    """Read the head of a record."""
    try:
        return Head.parse(text)
    except BadHeadError as error:
        raise WrongValueError(error) from None


def kinds(text: str) -> Sequence[str]:
    """Read `alarm,acknowledge`; a kind of a newer version is one too."""
    named = [kind.strip().lower() for kind in text.split(",") if kind.strip()]
    if not named or not all(re.fullmatch(r"[a-z0-9_]+", kind) for kind in named):
        raise WrongValueError(phrase("typed_no_kinds", found=text, allowed=", ".join(Kind)))
    return named


def hexadecimal(text: str) -> bytes:
    """Read bytes as they are printed: with or without gaps, 0x, commas and colons; or JSON as it is."""
    if text.lstrip().startswith("{"):
        return text.strip().encode()
    digits = re.sub(r"0[xX]|[\s,:;-]", "", text)
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise WrongValueError(phrase("typed_no_bytes", most=MOST_BYTES)) from None


def listening(text: str) -> tuple[str, int]:
    """Read `127.0.0.1:7000` or `[::1]:7000`."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
        number = int(port)
    except ValueError:
        number = -1
    if not 0 <= number <= LAST_PORT:
        raise WrongValueError(phrase("typed_no_listening", found=text))
    return host, number


def server(text: str) -> tuple[str, int]:
    """Read `cloud.example:7000` or `[::1]:7000`."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= LAST_PORT:
        raise WrongValueError(phrase("typed_no_server", found=text))
    return host, int(port)


def device(text: str) -> tuple[str, str]:
    """Read `SERIAL=MODEL`."""
    serial, _, model = text.partition("=")
    if not is_serial(serial) or not model:
        raise WrongValueError(phrase("typed_no_device", found=text, allowed="20251118000042=ddsy1352"))
    return serial, model


def network(text: str) -> Network:
    """Read `10.0.0.0/8`."""
    try:
        return ip_network(text)
    except ValueError:
        raise WrongValueError(phrase("typed_no_network", found=text)) from None


def utc_offset(text: str) -> tzinfo:
    """Read `+08:00` or `8`."""
    match = re.fullmatch(r"([+-]?)(\d{1,2})(?::(\d\d))?", text)
    minutes = 60 * int(match[2]) + int(match[3] or 0) if match else _MOST_MINUTES + 1
    if match is None or minutes > _MOST_MINUTES:
        raise WrongValueError(phrase("typed_no_offset", found=text))
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


class Joined(argparse.Action):
    """Puts together bytes that were typed as several words."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        """Keep all of them as one."""
        del option_string
        data = b"".join(part for part in values or () if isinstance(part, bytes))
        if len(data) > MOST_BYTES:
            parser.error(f"argument {self.metavar}: {len(data)} bytes; allowed: {MOST_BYTES}")
        setattr(namespace, self.dest, data)


def register(text: str) -> int:
    """Read one register: `0x1001`, `4097` or `1001h`."""
    if (found := _register(text)) is None:
        raise WrongValueError(phrase("typed_no_register", found=text))
    return found


def _register(text: str) -> int | None:
    number = text.strip().lower()
    if not re.fullmatch(r"\d{1,9}|0x[0-9a-f]{1,9}|[0-9a-f]{1,9}h", number):
        return None
    is_hex = number.startswith("0x") or number.endswith("h")
    return int(number.removesuffix("h"), 16 if is_hex else 10)


MQTT_PORT, MQTTS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker of MQTT is; a password is never typed."""

    host: str
    port: int
    is_secure: bool
    user: str | None


def broker(text: str) -> BrokerAddress:
    """Read `mqtt://[USER@]HOST[:PORT]` or `mqtts://…`."""
    try:
        found = urlsplit(text)
        port = found.port
    except ValueError:
        raise WrongValueError(phrase("typed_no_broker_at_all")) from None
    if found.password is not None:
        raise WrongValueError(phrase("typed_password"))
    is_secure = found.scheme == "mqtts"
    if found.scheme not in ("mqtt", "mqtts") or not found.hostname or found.path.strip("/") or found.query:
        raise WrongValueError(phrase("typed_no_broker", found=text))
    return BrokerAddress(found.hostname, port or (MQTTS_PORT if is_secure else MQTT_PORT), is_secure, found.username)


def meter(text: str) -> tuple[str, str]:
    """Read `SERIAL=MODEL` of a meter behind a gateway."""
    serial, _, model = text.partition("=")
    if not is_topic_serial(serial) or not model:
        raise WrongValueError(phrase("typed_no_meter", found=text))
    return serial, model


def gateway(text: str) -> str:
    """Read the serial number of a gateway."""
    if not is_topic_serial(text):
        raise WrongValueError(phrase("typed_no_serial", found=text))
    return text
