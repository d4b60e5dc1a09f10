"""Secrets of gateways: read from a file, since what is typed can be read by everybody on the machine."""

from pathlib import Path

from ..errors import AcrelError
from ..xmlgateway.cipher import SECRET_SIZE, is_secret

_MOST = 1024


class BadSecretError(AcrelError):
    """A file that holds no secret of a gateway."""

    key = "bad_secret"


def secret_in(file: Path) -> str:
    """Return the secret in a file. Raises BadSecretError, OSError."""
    with file.open("rb") as opened:
        text = opened.read(_MOST).decode("ascii", "replace").strip()
    if not is_secret(text):
        raise BadSecretError(file=file, count=SECRET_SIZE)
    return text
