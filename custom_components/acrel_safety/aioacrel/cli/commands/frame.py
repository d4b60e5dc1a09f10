"""`acrel frame`: what the bytes of a 4G, gateway or Modbus RTU frame say; nothing is asked and nothing sent."""

from ...texts import phrase
from ...xmlgateway.cipher import Cipher
from ..exits import Exit
from ..explaining import explained
from ..options import Options
from ..output import Console
from ..secretfile import secret_in


def command(options: Options, console: Console) -> int:
    """Explain each frame in the bytes that were typed."""
    cipher = None if options.secret_file is None else Cipher(secret_in(options.secret_file))
    frames, outside = explained(options.frame, cipher)
    for index, (document, lines) in enumerate(frames):
        if console.as_json:
            console.json(document)
        else:
            console.lines([*([""] if index else []), *(line.text(options.language) for line in lines)])
    if outside:
        console.note(phrase("frame_outside", count=outside).text(options.language))
    return Exit.INCOMPLETE if outside else Exit.DONE
