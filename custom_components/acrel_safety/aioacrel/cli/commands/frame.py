"""`acrel frame`: what the bytes of a 4G or Modbus RTU frame say; nothing is asked and nothing sent."""

from ...texts import phrase
from ..exits import Exit
from ..explaining import explained
from ..options import Options
from ..output import Console


def command(options: Options, console: Console) -> int:
    """Explain each frame in the bytes that were typed."""
    frames, outside = explained(options.frame)
    for index, (document, lines) in enumerate(frames):
        if console.as_json:
            console.json(document)
        else:
            console.lines([*([""] if index else []), *(line.text(options.language) for line in lines)])
    if outside:
        console.note(phrase("frame_outside", count=outside).text(options.language))
    return Exit.INCOMPLETE if outside else Exit.DONE
