"""Repair issues: what only the user can mend, raised once and withdrawn when it is mended."""

from collections.abc import Collection, Mapping
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
from .const import DOMAIN
from .markdown import plain, problem_list, quoted

_MOST_IN_AN_ISSUE = 5
"""Problems of a file that are shown; the first ones are mended first."""


LINK_BROKEN = "link_broken"
"""What can be wrong with a link as a whole; also the key of its text."""


class Issue(StrEnum):
    """What can be wrong with a device; also the key of its text."""

    WRONG_DEVICE = "wrong_device"
    DEAD_METER = "dead_meter"
    TABLE_MISSING = "register_table_missing"
    MODEL_FILE_BROKEN = "model_file_broken"
    MODEL_FILE_MISSING = "model_file_missing"
    STORED_BROKEN = "device_broken"


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
        {"device": subentry.title, "problems": problems},
    )


@callback
def raise_link_issue(hass: HomeAssistant, entry: ConfigEntry, problems: str) -> None:
    """Raise the issue of a link whose stored settings cannot be used, and withdraw those of its devices."""
    forget_former_issues(hass, entry, ())
    _create(hass, entry, link_issue_id(entry), LINK_BROKEN, {"link": entry.title, "problems": problems})


@callback
def forget_link_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the issue of a link that can be used."""
    ir.async_delete_issue(hass, DOMAIN, link_issue_id(entry))


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
    """Withdraw the issues of a device that is well."""
    for issue in Issue:
        if issue is not but:
            ir.async_delete_issue(hass, DOMAIN, issue_id(entry, subentry, issue))


@callback
def forget_former_issues(hass: HomeAssistant, entry: ConfigEntry, subentries: Collection[str]) -> None:
    """Withdraw the issues of devices that are no longer on the link."""
    for domain, identifier in list(ir.async_get(hass).issues):
        owner, _, rest = identifier.partition("_")
        if domain == DOMAIN and owner == entry.entry_id and rest.partition("_")[0] not in subentries:
            ir.async_delete_issue(hass, domain, identifier)
