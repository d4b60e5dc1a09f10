"""A fuzz target for atheris: bytes become what a gateway's connection brings, XML, and what is encrypted.

.venv/bin/python tests/aioacrel/fuzz_xmlgateway.py -runs=1000000
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

from custom_components.acrel_safety.aioacrel.models import ModelLibrary

with atheris.instrument_imports(include=["custom_components.acrel_safety.aioacrel.xmlgateway"]):
    from custom_components.acrel_safety.aioacrel.xmlgateway.cipher import MOST_INFLATED, Cipher, inflated
    from custom_components.acrel_safety.aioacrel.xmlgateway.frames import Frame, FrameKind, FrameStream
    from custom_components.acrel_safety.aioacrel.xmlgateway.markup import MarkupError
    from custom_components.acrel_safety.aioacrel.xmlgateway.messages import Report, message_of, resent_answer
    from custom_components.acrel_safety.aioacrel.xmlgateway.passing import passed_of
    from custom_components.acrel_safety.aioacrel.xmlgateway.values import MOST_EXTRAS, ReportDecoder

CIPHER = Cipher("0123456789abcdef")
MODEL = ModelLibrary().get("dtsy1352")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
LONGEST = 256


def one_input(data: bytes) -> None:
    """Read the bytes in every way there is; whatever is read has to be written as it was."""
    streams(data)
    if CIPHER.opened(CIPHER.sealed(data)) != data:
        raise ValueError(f"{data.hex()} is something else once it was encrypted")
    CIPHER.opened(data)
    if len(inflated(data) or b"") > MOST_INFLATED:
        raise ValueError(f"{data.hex()} blows up")
    passed = passed_of(data)
    if passed is not None and passed_of(passed.encoded()) != passed:
        raise ValueError(f"{data.hex()} was passed through wrongly")
    for start in (b"", b"<root><data>", b'<root><data><meter id="01001">'):
        markup(start + data)


def markup(data: bytes) -> None:
    """Read XML, and what a report in it says."""
    try:
        message = message_of(data)
        if not isinstance(message, Report):
            return
    except MarkupError:
        return
    message_of(resent_answer(message))
    decoder = ReportDecoder(MODEL)
    for meter in message.meters:
        decoder.take(meter, NOW)
    if len(decoder.extras) > MOST_EXTRAS:
        raise ValueError(f"{data.hex()} grows")


def streams(data: bytes) -> None:
    """Feed the bytes whole and one by one: the same frames, and never more kept than one."""
    data += Frame(FrameKind.HEARTBEAT).encoded()
    whole, cut = FrameStream(LONGEST), FrameStream(LONGEST)
    frames = list(whole.feed(data))
    pieces = [frame for byte in data for frame in cut.feed(bytes([byte]))]
    if frames != pieces or max(whole.pending, cut.pending) > LONGEST + len(Frame(FrameKind.LOGIN).encoded()):
        raise ValueError(f"{data.hex()} depends on how it is cut")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
