"""Repair issues: what only the user can mend, raised once and withdrawn when it is mended."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.errors import (
    AcrelError,
    DeadMeterError,
    FileProblemsError,
    MissingTableError,
    UnknownModelError,
    WrongDeviceError,
)
from .aioacrel.problems import flat
from .aioacrel.texts import Phrase, library_language, phrase
from .const import DOMAIN
from .markdown import plain, problem_list, quoted

_MOST_IN_AN_ISSUE = 5
"""Problems of a file that are shown; the first ones are mended first."""
_MOST_ALARMS = 10
RECORD_TROUBLE = "record_trouble"
"""What can be wrong with the record; also the key of its text."""

HAZARDS_OVERDUE = "hazards_overdue"
"""Hazards that nobody saw to in time; also the key of its text."""

LINK_BROKEN = "link_broken"
"""What can be wrong with a link as a whole; also the key of its text."""
LINK_UNUSABLE = "link_unusable"
"""Likewise, of a link that can be connected to, but not used: something else answers there."""
CLOUD = "cloud_"
"""What the names of all begin with that can be wrong with an account; its owner may ignore each."""
CLOUD_HTTP, CLOUD_NEW = f"{CLOUD}http", f"{CLOUD}new_devices"
"""Two of them."""
PUSH_FROM_OUTSIDE = "push_from_outside"
"""Likewise, of an address that a platform sends to."""


class Issue(StrEnum):
    """What can be wrong with a device; also the key of its text."""

    WRONG_DEVICE = "wrong_device"
    DEAD_METER = "dead_meter"
    TABLE_MISSING = "register_table_missing"
    MODEL_FILE_BROKEN = "model_file_broken"
    MODEL_FILE_MISSING = "model_file_missing"
    STORED_BROKEN = "device_broken"
    INCOMPLETE = "device_incomplete"
    ALARMS_UNREAD = "alarms_unread"
    UNWATCHED = "unwatched"
    UNREPORTED = "unreported"
    WAY_REFUSED = "way_refused"


_FOUND_ELSEWHERE = frozenset(
    {Issue.INCOMPLETE, Issue.ALARMS_UNREAD, Issue.UNWATCHED, Issue.UNREPORTED, Issue.WAY_REFUSED}
)
"""Those that say nothing of a device's file."""
_ISSUES: Mapping[type[AcrelError], Issue] = {
    WrongDeviceError: Issue.WRONG_DEVICE,
    DeadMeterError: Issue.DEAD_METER,
    MissingTableError: Issue.TABLE_MISSING,
    FileProblemsError: Issue.MODEL_FILE_BROKEN,
    UnknownModelError: Issue.MODEL_FILE_MISSING,
}


def issue_id(entry: ConfigEntry, subentry: ConfigSubentry, issue: Issue) -> str:
    """Return the id of an issue of one device."""
    return f"{entry.entry_id}_{subentry.subentry_id}_{issue}"


def link_issue_id(entry: ConfigEntry) -> str:
    """Return the id of the issue of a link as a whole."""
    return f"{entry.entry_id}_{LINK_BROKEN}"


@callback
def raise_issue(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, error: AcrelError) -> None:
    """Raise the issue an error stands for, and withdraw the others of the device."""
    issue = _ISSUES.get(type(error))
    if issue is None:
        return
    language = hass.config.language
    said = error.placeholders_in(language)
    between_backticks = isinstance(error, (FileProblemsError, UnknownModelError))
    placeholders = {name: (quoted if between_backticks else plain)(text) for name, text in said.items()}
    placeholders["device"] = flat(subentry.title)  # stands in titles, where nothing is markup
    if isinstance(error, FileProblemsError):
        placeholders["problems"] = problem_list(error.problems, language, most=_MOST_IN_AN_ISSUE)
    forget_issues(hass, entry, subentry, but=issue)
    _create(hass, entry, issue_id(entry, subentry, issue), issue, placeholders)


@callback
def raise_stored_issue(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, problems: str) -> None:
    """Raise the issue of a device whose stored settings cannot be used, and withdraw the others."""
    forget_issues(hass, entry, subentry, but=Issue.STORED_BROKEN)
    _create(
        hass,
        entry,
        issue_id(entry, subentry, Issue.STORED_BROKEN),
        Issue.STORED_BROKEN,
        {"device": flat(subentry.title), "problems": problems},
    )


@callback
def raise_incomplete_issue(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, missing: Collection[str]
) -> None:
    """Raise the issue of a device that is read, but of which something is not stored that its model needs."""
    placeholders = {"device": flat(subentry.title), "missing": ", ".join(missing).upper()}
    _create(hass, entry, issue_id(entry, subentry, Issue.INCOMPLETE), Issue.INCOMPLETE, placeholders)


@callback
def tell_unread_alarms(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, names: Sequence[str]) -> None:
    """Raise the issue of alarms that cannot be read, by name; withdraw it when there are none."""
    identifier = issue_id(entry, subentry, Issue.ALARMS_UNREAD)
    if not names:
        ir.async_delete_issue(hass, DOMAIN, identifier)
        return
    shown = [plain(name) for name in names[:_MOST_ALARMS]]
    if left_out := len(names) - len(shown):
        shown.append(phrase("and_more", count=left_out).text(library_language(hass.config.language)))
    placeholders = {"device": flat(subentry.title), "alarms": "\n".join(f"- {name}" for name in shown)}
    _create(hass, entry, identifier, Issue.ALARMS_UNREAD, placeholders)


@callback
def tell_way_refused(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, why: str | None, leads_to: str
) -> None:
    """Raise the issue of a further way that cannot be taken to its device; None withdraws it."""
    identifier = issue_id(entry, subentry, Issue.WAY_REFUSED)
    if why is None:
        ir.async_delete_issue(hass, DOMAIN, identifier)
        return
    placeholders = {"way": flat(subentry.title), "device": flat(leads_to)}
    _create(hass, entry, identifier, f"way_{why}", placeholders)


@callback
def raise_link_issue(hass: HomeAssistant, entry: ConfigEntry, problems: str) -> None:
    """Raise the issue of a link whose stored settings cannot be used, and withdraw those of its devices."""
    forget_former_issues(hass, entry, ())
    _create(hass, entry, link_issue_id(entry), LINK_BROKEN, {"link": flat(entry.title), "problems": problems})


@callback
def forget_link_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the issue of a link that can be used."""
    ir.async_delete_issue(hass, DOMAIN, link_issue_id(entry))


@callback
def tell_link_trouble(hass: HomeAssistant, entry: ConfigEntry, trouble: Phrase | None) -> None:
    """Raise the issue of a link on which something else than its devices answers; withdraw it when that is over."""
    identifier = f"{entry.entry_id}_{LINK_UNUSABLE}"
    if trouble is None:
        ir.async_delete_issue(hass, DOMAIN, identifier)
        return
    placeholders = {"link": flat(entry.title), "detail": plain(trouble.text(library_language(hass.config.language)))}
    _create(hass, entry, identifier, LINK_UNUSABLE, placeholders)


@callback
def tell_overdue_hazards(hass: HomeAssistant, entry: ConfigEntry, summaries: Sequence[str]) -> None:
    """Raise the issue of hazards that are overdue, by name; withdraw it when there are none."""
    identifier = f"{entry.entry_id}_{HAZARDS_OVERDUE}"
    if not summaries:
        ir.async_delete_issue(hass, DOMAIN, identifier)
        return
    shown = [plain(summary) for summary in summaries[:_MOST_ALARMS]]
    if left_out := len(summaries) - len(shown):
        shown.append(phrase("and_more", count=left_out).text(library_language(hass.config.language)))
    ir.async_create_issue(
        hass,
        DOMAIN,
        identifier,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=HAZARDS_OVERDUE,
        translation_placeholders={"link": flat(entry.title), "hazards": "\n".join(f"- {name}" for name in shown)},
    )


def _create(
    hass: HomeAssistant, entry: ConfigEntry, identifier: str, key: str, placeholders: Mapping[str, str]
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        identifier,
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key=key,
        translation_placeholders={**placeholders},
    )


@callback
def forget_issues(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, *, but: Issue | None = None
) -> None:
    """Withdraw the issues of a device that is well.

    What is missing of it is found at set-up alone, and whether its alarms are read one by one; what has none is well.
    """
    for issue in Issue:
        if issue not in (but, *_FOUND_ELSEWHERE):
            ir.async_delete_issue(hass, DOMAIN, issue_id(entry, subentry, issue))


@callback
def forget_former_issues(
    hass: HomeAssistant, entry: ConfigEntry, subentries: Collection[str], *, and_of_link: bool = True
) -> None:
    """Withdraw the issues of devices that are no longer on the link, and those that its set-up finds anew.

    What is wrong with the link itself is left to who looks at it, unless `and_of_link`.
    """
    left = () if and_of_link else (LINK_UNUSABLE, CLOUD, PUSH_FROM_OUTSIDE)
    kept = tuple(f"{entry.entry_id}_{key}" for key in left)
    for domain, identifier in list(ir.async_get(hass).issues):
        owner, _, rest = identifier.partition("_")
        subentry_id, _, issue = rest.partition("_")
        is_over = subentry_id not in subentries or issue == Issue.INCOMPLETE
        if domain == DOMAIN and owner == entry.entry_id and is_over and not identifier.startswith(kept):
            ir.async_delete_issue(hass, domain, identifier)


@callback
def tell_record_trouble(hass: HomeAssistant, error: AcrelError | None) -> None:
    """Raise the issue of a record that cannot be written, or withdraw it."""
    if error is None:
        ir.async_delete_issue(hass, DOMAIN, RECORD_TROUBLE)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        RECORD_TROUBLE,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=RECORD_TROUBLE,
        translation_placeholders={"error": plain(error.text(library_language(hass.config.language)))},
    )
