"""How to reach the control channel of a running simulator: a port, and a token that a file of its owner keeps."""

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LONGEST_FILE = 1000
_LONGEST_ANSWER = 1 << 24


class ChannelError(Exception):
    """There is no running simulator behind a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A port on loopback, and what whoever comes there has to know."""

    port: int
    token: str

    def keep(self, path: Path) -> None:
        """Write the file, for its owner alone; nothing else may have its name. Raises OSError."""
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            json.dump(asdict(self), file)

    @classmethod
    def of(cls, path: Path) -> Channel:
        """Return the channel that a file tells. Raises ChannelError."""
        try:
            with path.open(encoding="utf-8") as file:
                told = json.loads(file.read(_LONGEST_FILE))
            return cls(port=int(told["port"]), token=str(told["token"]))
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise ChannelError(f"{path} tells of no simulator: {error}") from error

    async def ask(self, command: dict[str, object]) -> dict[str, object]:
        """Send one command and return its answer. Raises ChannelError."""
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self.port, limit=_LONGEST_ANSWER)
        except OSError as error:
            raise ChannelError(f"no simulator answers on port {self.port}: {error}") from error
        try:
            writer.write(json.dumps({**command, "token": self.token}).encode() + b"\n")
            await writer.drain()
            answer: dict[str, object] = json.loads(await reader.readline())
        except (OSError, ValueError) as error:
            raise ChannelError(f"the simulator on port {self.port} is another one, or has ended") from error
        finally:
            writer.close()
        return answer
