"""What a host seems to be that does not answer as its profile says, by a few marks: nothing secret is sent for it."""

from collections.abc import Mapping

from ..texts import Phrase, phrase

_LOOKED_AT = 64 * 1024
_ASP = (b"/home/newlogin", b"/ajax/", b".ashx", b".aspx", b"__viewstate")
"""AcrelCloud-3000 and the old prepaid cloud: only these route names are public."""
_IOT = (b"/basic/prepayment", b"/basic/currency", b'"errorcode"', b'"errormsg"')
_IOT_HOSTS = ("iot.acrel-eem.com", "iot.acrel.cn")
_PREPAID_HOSTS = ("yun.acrel-eem.com",)
_ENVIRONMENT_HOSTS = ("hb.acrelcloud.cn",)
_KIN = b"substationwebv2"
SEEMING = (
    *("seems_iot", "seems_prepaid", "seems_environment", "seems_asp", "seems_kin", "seems_page", "seems_unknown"),
)
"""What it may be, the surest first."""


def seems_to_be(host: str, headers: Mapping[str, str], body: bytes) -> Phrase:
    """Return what answered, of its name, headers and the beginning of its page."""
    start = body[:_LOOKED_AT].lower()
    named = {name.lower(): value.lower() for name, value in headers.items()}
    is_asp = "x-aspnet-version" in named or "asp.net" in named.get("x-powered-by", "")
    fits = (
        host in _IOT_HOSTS or any(mark in start for mark in _IOT),
        host in _PREPAID_HOSTS,
        host in _ENVIRONMENT_HOSTS,
        is_asp or any(mark in start for mark in _ASP),
        _KIN in start,
        start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"),
        True,
    )
    return phrase(next(name for name, is_it in zip(SEEMING, fits, strict=True) if is_it))
