"""A fuzz target for atheris: bytes become what a connection brings, a frame's body, and Modbus that is passed through.

.venv/bin/python tests/aioacrel/fuzz_uplink.py -runs=1000000
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["custom_components.acrel_safety.aioacrel.uplink"]):
    from custom_components.acrel_safety.aioacrel.uplink.frames import LONGEST, Frame, frame_of
    from custom_components.acrel_safety.aioacrel.uplink.messages import Sender, message_of, sender_of
    from custom_components.acrel_safety.aioacrel.uplink.rtu import rtu_of
    from custom_components.acrel_safety.aioacrel.uplink.stream import FrameStream

TAIL = Frame(0x94).encoded()


def one_input(data: bytes) -> None:
    """Read the bytes in every way there is; whatever is read has to be written as it was."""
    streams(data)
    if not data:
        return
    frame = Frame(data[0], data[1:])
    if frame_of(frame.encoded()) != frame:
        raise ValueError(f"{data.hex()} is another frame")
    for sender in Sender:
        if message_of(frame, sender).frame() != frame:
            raise ValueError(f"{data.hex()} was read wrongly")
    sender_of(frame)
    found = rtu_of(data)
    if found is not None and found.encoded() != data:
        raise ValueError(f"{data.hex()} is another Modbus frame")


def streams(data: bytes) -> None:
    """Feed the bytes whole and one by one: the same frames, and never more kept than one."""
    whole, cut = FrameStream(), FrameStream()
    frames = list(whole.feed(data + TAIL))
    pieces = [frame for byte in data + TAIL for frame in cut.feed(bytes([byte]))]
    if frames != pieces or max(whole.pending, cut.pending) > LONGEST:
        raise ValueError(f"{data.hex()} depends on how it is cut")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
