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
from ..texts import phrase
from .options import Options

WHAT_TO_CHECK = phrase("advise_wiring")
WHAT_IS_SLOW = phrase("advise_timeout")
_WHICH_MODEL = phrase("advise_printed_model")
_OTHER = {Transport.TCP: Transport.RTU_OVER_TCP, Transport.RTU_OVER_TCP: Transport.TCP}
_KIND = {Transport.TCP: phrase("perhaps_tcp"), Transport.RTU_OVER_TCP: phrase("perhaps_rtu_over_tcp")}


def on_error(options: Options, error: AcrelError) -> list[str]:
    """Return what to try after an error; nothing when the error says it itself."""
    if isinstance(error, UnheardError):
        return []
    if isinstance(error, WrongDeviceError) and not isinstance(error, DeadMeterError):
        return [_WHICH_MODEL.text(options.language)]
    if isinstance(error, (NoAnswerError, BadAnswerError)):
        return [WHAT_TO_CHECK.text(options.language), *other_framing(options)]
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
    kind, command = _KIND[other.transport], _command(options, other)
    return [phrase("try_other_framing", host=options.link.host, kind=kind, command=command).text(options.language)]


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
