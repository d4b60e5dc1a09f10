"""What comes back on a serial line? Asked once over the port itself, when nothing that fits ever came.

The transport of the shared link throws away what is no answer of the unit that was asked: an echo, bytes of another
baud rate, another unit's answer. Here they are looked at.
"""

import asyncio
from contextlib import suppress

import serialx
from modbus_connection import ModbusSerialParams

from ..foreign import is_port_taken
from .examine import LISTEN_SECONDS, Ear, Heard, Question, Speech
from .framing import Framing

_SPEECHES = {
    Speech.RTU: Speech.ECHOES,
    **dict.fromkeys((Speech.MBAP, Speech.TEXT, Speech.CHATTER, Speech.NOISE), Speech.GARBLED),
}
"""What is called otherwise on a line: a right answer is one that the line is known by."""
CLOSE_SECONDS = 1.0
"""How long it is waited for the port to be given back."""
TRY_AGAIN_SECONDS = 0.05
"""Between two tries to open a port that is taken."""


async def examine_line(line: ModbusSerialParams, question: Question, seconds: float) -> Heard:
    """Find out what comes back for a request; it is waited for `seconds`."""
    ear = Ear()
    try:
        async with asyncio.timeout(seconds):
            transport = await _opened(line, ear)
    except OSError, ValueError, serialx.SerialException:
        return Heard(Speech.UNREACHABLE)
    try:
        # Another program's requests may be heard as well: what came before ours says nothing.
        before = len(await ear.hear(LISTEN_SECONDS))
        transport.write(question.wire(Framing.RTU))
        asked = asyncio.get_running_loop().time()
        data = (await ear.hear(seconds))[before:]
        heard = question.heard(data, Framing.RTU)
        took = max(0.0, (ear.first_at or asked) - asked)
        return Heard(_SPEECHES.get(heard, heard), question.code(data, Framing.RTU), took)
    finally:
        transport.abort()
        # Who opens the port next finds it free.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await ear.ended.wait()


async def _opened(line: ModbusSerialParams, ear: Ear) -> asyncio.Transport:
    """Open the port; who had it before may take a moment to give it back.

    Raises OSError, ValueError or SerialException.
    """
    while True:
        try:
            transport, _ = await serialx.create_serial_connection(
                asyncio.get_running_loop(),
                lambda: ear,
                line.device,
                line.baudrate,
                parity=serialx.Parity(line.parity),
                stopbits=serialx.StopBits(line.stopbits),
                byte_size=line.bytesize,
            )
        except OSError as error:
            if not is_port_taken(error):
                raise
            await asyncio.sleep(TRY_AGAIN_SECONDS)
        else:
            return transport
