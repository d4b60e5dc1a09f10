"""What to try when nothing answers: neither the device nor the gateway can tell why."""

import shlex
from dataclasses import replace

from ..errors import (
    AcrelError,
    AddressFormError,
    BadAnswerError,
    DeadMeterError,
    NoAnswerError,
    UnheardError,
    WrongDeviceError,
)
from ..modbus.link import LinkAddress, Transport
from .options import Options

WHAT_TO_CHECK = (
    "Check unit id, baud rate, parity and the wires A and B. What is slow needs a longer --timeout."
    " Many gateways serve one program at a time: close others, Home Assistant too."
)
WHAT_IS_SLOW = "An answer that takes longer is waited for with a longer --timeout, such as --timeout 10"
WHICH_MODEL = "Choose the model that is printed on the device; `acrel scan` says which ones fit what it answers"
_OTHER = {Transport.TCP: Transport.RTU_OVER_TCP, Transport.RTU_OVER_TCP: Transport.TCP}
_KIND = {
    Transport.TCP: "it may be a gateway that speaks Modbus TCP",
    Transport.RTU_OVER_TCP: "it may be a serial server that passes bytes on (RTU over TCP)",
}


def on_error(options: Options, error: AcrelError) -> list[str]:
    """Return what to try after an error; nothing when the error says it itself."""
    if isinstance(error, UnheardError):
        return []
    if isinstance(error, WrongDeviceError) and not isinstance(error, DeadMeterError):
        return [WHICH_MODEL]
    if isinstance(error, (NoAnswerError, BadAnswerError)):
        return [WHAT_TO_CHECK, *other_framing(options)]
    return []


def other_link(address: LinkAddress) -> LinkAddress | None:
    """Return the same place in the other framing; None for a serial port."""
    other = _OTHER.get(address.transport)
    return replace(address, transport=other) if other is not None else None


def other_framing(options: Options) -> list[str]:
    """Return the command that asks in the other framing."""
    other = other_link(options.link)
    if other is None:
        return []
    return [f"{options.link.host} takes connections: {_KIND[other.transport]}. Try: {_command(options, other)}"]


def _command(options: Options, other: LinkAddress) -> str:
    """Return what was typed, with another link."""
    words = [_moved(word, options.link, other) for word in options.argv]
    return shlex.join(["acrel", *words])


def _moved(word: str, link: LinkAddress, other: LinkAddress) -> str:
    scheme = f"{link.transport}://"
    try:
        is_link = word.strip().startswith(scheme) and LinkAddress.parse(word) == link
    except AddressFormError:
        return word
    return f"{other.transport}://{word.strip().removeprefix(scheme)}" if is_link else word
