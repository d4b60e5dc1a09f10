"""How servers of the family differ: what stays as it is set until a test changes it."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """One server's ways; the defaults are those of the vendor's app of 2020-21."""

    prefix: str = "SubstationWEBV2"
    version: str = "v5"
    says_version: bool = True
    """Whether the login answers with the version segment."""
    old_do: bool = False
    """Whether `DO` "1" trips an ARCM300T, and nothing closes it: as before November 2020."""
    codes: str = "number"
    """How the envelope's code is spelt: `number`, `text`, or `mixed` from call to call."""
    numbers: str = "plain"
    """How numbers in answers are spelt: `plain`; `text`: all as text; `number`: ids and codes as numbers, too."""
    json_strings: bool = True
    """Whether `meterCurrentValue` and `meterDetail` are JSON strings; else they are objects."""
    plain_leakage: bool = False
    """Whether the alarm of residual current is plain text under `electricLeakage`, as in older versions."""
    tells_serials: bool = False
    """Whether the details of a device tell its serial number; the app of 2021 reads none there."""
    logout_ends_all: bool = False
    """Whether a logout ends all logins of the user, and not only the one that asks for it."""
    encrypts_logins: bool = False
    """What `indexencryptAll` says; its effect was not seen, and there is none here."""
    token_s: float = 7200.0
    renews: bool = True
    """Whether a token that has run out is exchanged once, by code 700; else it is Unauthorized."""
    single_login: bool = False
    """Whether a login ends what the account was given before."""
    rate: tuple[int, float] | None = None
    """So many requests in so many seconds are answered; those beyond by HTTP 429."""
    retry_as_date: bool = False
    """Whether `Retry-After` is a date."""
    needs_proof: bool = True
    """Whether a command is refused (414) that no second password, or code, came before."""
    lockout_s: float = 30.0
    """Commands to a device that come sooner after each other are counted as too early …"""
    drops_early: bool = False
    """… and not carried out, if this is set. No code for that is known: the answer is as ever."""
    command_s: float = 0.0
    """Seconds from the answer to a command until the device acts; `Commands.hurry` does not wait for them."""
    filters_connected: bool = False
    """Whether `fIsdisconnnect` 0 lists those alone that are connected; else it lists all, as its sister call does."""
    prefixed_params: bool = False
    """Whether `fParamcode` of a day's values is spelt as it was asked for (`fIa`), not as in the table (`Ia`)."""
    feed: bool = False
    """Whether `sys/startOpenMqtt` says that there is a feed."""
    logs_newest_first: bool = True
    duplicates: bool = False
    """Whether the log of events has each entry twice."""
    disorder: bool = False
    """Whether the log of events is in no order."""
    keeps_s: float = 0.0
    """So many seconds an answer to a GET is given again to whoever asks the same, as servers do that are busy."""
    most_rows: int | None = None
    """No page of a list is longer, however many rows it is asked for …"""
    skips_as_asked: bool = False
    """… and what comes before a page is counted by what was asked for, not by what was given."""
    total: str = ""
    """Whether it tells beside a list how many rows there are (`right`), says something else (`wrong`), or nothing."""
    endless: bool = False
    """Whether each page of a list is the first, for ever."""
    extra: dict[str, object] = field(default_factory=dict)
    """Fields that nobody knows, added to every object that is data."""
