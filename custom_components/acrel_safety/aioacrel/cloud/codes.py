"""What becomes of a number that a server answers with: an error of ours, and the sentence of it."""

from collections.abc import Callable, Mapping

from ..texts import Phrase, phrase
from .errors import (
    AccountDisabledError,
    AccountError,
    CloudBusyError,
    CloudError,
    LicenceError,
    NotPermittedError,
    ProofNoneError,
    ProofWrongError,
    ServerSaysError,
    SiteGoneError,
)
from .profile import Meaning

CLOUD_CODES: Mapping[int, str] = {
    1: "cloud_code_1",
    410: "cloud_code_410",
    411: "cloud_code_411",
    430: "cloud_code_430",
    437: "cloud_code_437",
}
"""Numbers of which no more is known than what they say."""


def error_of(code: int, meaning: Meaning, *, host: str, call: str) -> CloudError | ProofNoneError | ProofWrongError:
    """Return the error that a number means. What the server says beside it may hold anything and is never quoted."""
    made: Mapping[Meaning, Callable[[], CloudError | ProofNoneError | ProofWrongError]] = {
        Meaning.LOGIN: lambda: AccountError(host=host),
        Meaning.DISABLED: lambda: AccountDisabledError(host=host),
        Meaning.LICENCE: lambda: LicenceError(host=host, detail=phrase("cloud_licence"), code=code),
        Meaning.HOSTING: lambda: LicenceError(host=host, detail=phrase("cloud_hosting"), code=code),
        Meaning.PERMISSION: lambda: NotPermittedError(host=host, call=call, code=code),
        Meaning.SITE: lambda: SiteGoneError(host=host, code=code),
        Meaning.PROOF_MISSING: lambda: ProofNoneError(host=host, detail=phrase("proof_missing")),
        Meaning.PROOF_NONE: lambda: ProofNoneError(host=host, detail=phrase("proof_not_set_up")),
        Meaning.PROOF_WRONG: lambda: ProofWrongError(host=host),
        Meaning.BUSY: lambda: CloudBusyError(host=host, detail=phrase("cloud_own_error", code=code)),
        Meaning.REQUEST: lambda: ServerSaysError(host=host, code=code, detail=phrase("cloud_request", call=call)),
    }
    if (error := made.get(meaning)) is not None:
        return error()
    return ServerSaysError(host=host, code=code, detail=_meant(code))


def _meant(code: int) -> Phrase:
    known = CLOUD_CODES.get(code)
    return phrase("cloud_code_unknown") if known is None else phrase(known)
