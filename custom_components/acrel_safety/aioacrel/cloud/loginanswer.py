"""What of the answer to a login is kept: who it is, and the version of the paths. The rest holds secrets: unread."""

import re

from .fields import at, identifier, text
from .records import Login

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,15}")


def login_of(data: object, fallback: str) -> Login | None:
    """Return what a login said; None where it named no version that can be one segment of a path."""
    if not isinstance(data, dict):
        return None
    said = at(data, "webAPIInfo.fVersion")
    version = fallback if said in (None, "") else text(said)
    if not _VERSION.fullmatch(version):
        return None
    return Login(
        version=version,
        user_id=identifier(data.get("userId")),
        user_name=text(data.get("username"), 64),
        organisation=text(data.get("fCoaccountNo"), 64),
    )
