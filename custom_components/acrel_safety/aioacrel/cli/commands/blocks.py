"""`acrel blocks`: has a 4G device upload the blocks that its model file lists; only with --confirm."""

import asyncio
from contextlib import suppress

from ...texts import Phrase, phrase
from ...uplink.events import Event, EventKind
from ...uplink.messages import SelectBlocks
from ...uplink.selection import Chosen, choose_blocks, selection_of
from ...uplink.server import UplinkServer
from .. import selecting
from ..exits import Exit
from ..options import Options
from ..output import Console
from .uplink import said_of

_EXITS = {Chosen.CONFIRMED: Exit.DONE, Chosen.UNVERIFIED: Exit.INCOMPLETE, Chosen.REFUSED: Exit.FAILED}

_SAID = {
    Chosen.CONFIRMED: phrase("blocks_confirmed"),
    Chosen.UNVERIFIED: phrase("blocks_unverified"),
    Chosen.REFUSED: phrase("blocks_away"),
}


def command(options: Options, console: Console) -> int:
    """Say what it means and, if that is confirmed, wait for the device, send it once and say what came of it."""
    serial, model = options.device
    selection = selection_of(selecting.find_model(options, model), options.singles or ())
    if isinstance(selection, Phrase):
        console.note(selection.text(options.language))
        return Exit.FAILED
    frame = selection.frame().encoded().hex(" ").upper()
    language = options.language
    console.note(phrase("blocks_warning").text(language))
    if options.is_confirmed:
        chosen = asyncio.run(_choose(options, console, serial, selection))
        said = _SAID[chosen].text(language)
    else:
        chosen, said = Chosen.REFUSED, phrase("blocks_not_confirmed").text(language)
    if console.as_json:
        console.json({"outcome": chosen, "frame": frame})
        console.note(said)
    else:
        console.lines([frame, said])
    return _EXITS[chosen]


async def _choose(options: Options, console: Console, serial: str, selection: SelectBlocks) -> Chosen:
    """Wait until the device has called in and uploaded, or its time is over, and send it."""
    came = asyncio.Event()

    def told(event: Event) -> None:
        console.note(said_of(event).text(options.language))
        if event.kind is EventKind.LOGIN:
            came.set()

    server = UplinkServer(on_event=told)
    station = server.expect(serial)
    uploaded = asyncio.Event()
    leave = station.join(lambda upload: uploaded.set(), lambda: None)
    await server.start(*options.listen)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(options.seconds):
                await came.wait()
                # What it uploads now is what tells afterwards that it uploads something else.
                await uploaded.wait()
        return await choose_blocks(station, selection, is_confirmed=options.is_confirmed, seconds=options.seconds)
    finally:
        leave()
        await server.stop()
