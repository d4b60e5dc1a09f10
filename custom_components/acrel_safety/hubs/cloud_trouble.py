"""What only the owner of an account can mend becomes a repair when two polls in a row say so, and goes by itself.

Devices that the server lists and that are none here are told once: those that were left out when the owner chose last
are not new. What the owner ignored stays so when the account is loaded anew.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store

from ..aioacrel.cloud.alarmfeed import AlarmFeed
from ..aioacrel.cloud.errors import CloudClockError, LicenceError, NotPermittedError, SiteGoneError
from ..aioacrel.cloud.hub import CloudHub
from ..aioacrel.cloud.records import MeterKey
from ..aioacrel.errors import AcrelError
from ..aioacrel.problems import flat
from ..aioacrel.texts import library_language, phrase
from ..const import (
    CONF_CODE,
    CONF_FEED,
    CONF_FEED_PASSWORD,
    CONF_FEED_USER,
    CONF_SECOND_PASSWORD,
    CONF_SITE,
    DOMAIN,
    LOGGER,
)
from ..issues import CLOUD_HTTP, CLOUD_NEW
from ..markdown import plain
from .cloud_feed import CloudFeed

CLOUD_LICENCE, CLOUD_CLOCK, CLOUD_SITES = "cloud_licence", "cloud_clock_off", "cloud_sites"
CLOUD_GONE, CLOUD_LOG, CLOUD_SECOND = "cloud_gone_devices", "cloud_log_unread", "cloud_second_wrong"
CLOUD_FEED, CLOUD_OTHER = "cloud_feed_refused", "cloud_other_devices"
"""What can be wrong with an account; also the keys of their texts."""
_ALL = (
    CLOUD_LICENCE,
    CLOUD_CLOCK,
    CLOUD_SITES,
    CLOUD_HTTP,
    CLOUD_NEW,
    CLOUD_GONE,
    CLOUD_OTHER,
    CLOUD_LOG,
    CLOUD_SECOND,
    CLOUD_FEED,
)
_WARNINGS = frozenset({CLOUD_HTTP, CLOUD_NEW, CLOUD_FEED})
_AT_ONCE = frozenset({CLOUD_HTTP, CLOUD_NEW, CLOUD_SECOND})
_OF_SETTINGS: Mapping[str, tuple[str, ...]] = {
    CLOUD_SECOND: (CONF_SECOND_PASSWORD,),
    CLOUD_FEED: (CONF_FEED, CONF_FEED_USER, CONF_FEED_PASSWORD),
}
"""Those that are about settings: once these are others, what was ignored is over."""
_MOST_NAMED = 10
_VERSION = 1


class CloudTrouble:
    """Follows one account."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, hub: CloudHub, log: AlarmFeed, feed: CloudFeed | None
    ) -> None:
        """Take the account, who reads its log, and who hears its feed; it is followed from `async_start` on."""
        self._hass = hass
        self._entry = entry
        self._hub = hub
        self._log = log
        self._feed = feed
        self._store = known_store(hass, entry)
        self._known: set[str] | None = None
        """Devices that were there when their owner chose last; None before the account was looked through since."""
        self._unseen: set[str] = set()
        """Sites that refused to be looked through then: what is in them is not new when they do not any more."""
        self._told_new: set[str] = set()
        self._before: set[str] = set()
        self._told: dict[str, tuple[str, Mapping[str, str]]] = {}
        """Repairs that are shown: their ids, and what is filled in."""
        self._before_load: dict[str, set[str]] = {}
        """The ids of those of before the account was loaded anew, of which nothing was said since."""
        self._settings = {what: self._settings_of(what) for what in _OF_SETTINGS}

    async def async_start(self) -> None:
        """Read what was known before, and say what is wrong."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - that nothing is known of before must not end the account
            LOGGER.warning("Which devices %s had before cannot be read", self._entry.title)
            stored = None
        known, unseen = _texts_in(stored, "codes"), _texts_in(stored, "unseen_sites")
        # Who added a device meanwhile saw which others there are.
        self._known = known
        if not all(map(self._is_known, self._own)):
            self._known = None
        self._unseen = unseen or set()
        self._take_up()
        self.look()

    @callback
    def _take_up(self) -> None:
        """Follow on what was told before the account was loaded anew, and ignored perhaps: it goes when it is over."""
        for domain, issue_id in list(ir.async_get(self._hass).issues):
            for what in _ALL if domain == DOMAIN else ():
                head = f"{self._entry.entry_id}_{what}"
                if issue_id == head or (what == CLOUD_NEW and issue_id.startswith(head)):
                    self._before_load.setdefault(what, set()).add(issue_id)

    @property
    def _own(self) -> set[MeterKey]:
        return {_key_of(one) for one in self._entry.subentries.values()}

    def _is_known(self, key: MeterKey) -> bool:
        """Whether a device was there before; a former version kept codes alone."""
        return self._known is not None and (_kept_as(key) in self._known or key.code in self._known)

    @callback
    def refused(self, error: AcrelError) -> None:
        """Say why it could not begin, where that is for its owner to mend: Home Assistant tries again meanwhile."""
        if isinstance(error, LicenceError):
            language = library_language(self._hass.config.language)
            self._tell(CLOUD_LICENCE, {"detail": plain(error.text(language))})
            del self._told[CLOUD_LICENCE]

    async def async_end(self) -> None:
        """Follow it no more, and leave nothing behind but what is known."""
        for what in [*self._told, *self._before_load]:
            is_of_before = what in self._settings and self._settings[what] != self._settings_of(what)
            if self._is_ignored(what) and not is_of_before:
                # Withdrawn it would come back as if nobody had seen it.
                self._told.pop(what, None)
            else:
                self._withdraw(what)
        if self._known is not None:
            await self._store.async_save(self._kept())

    def _kept(self) -> dict[str, object]:
        return {"codes": sorted(self._known or ()), "unseen_sites": sorted(self._unseen)}

    @callback
    def look(self) -> None:
        """Look at what the latest poll said; one that failed says of nothing that it is over."""
        found = {**self._of_account(), **self._of_devices()}
        has_failed = self._hub.trouble is not None
        for what in _ALL:
            if what not in found:
                if not has_failed and not self._is_untried(what):
                    self._withdraw(what)
            elif what in self._before or what in _AT_ONCE:
                self._tell(what, found[what])
        self._before = {*found, *(self._before if has_failed else ())}

    def _settings_of(self, what: str) -> tuple[object, ...]:
        """Return the settings that a repair is about."""
        return tuple(self._entry.data.get(key) for key in _OF_SETTINGS[what])

    def _is_untried(self, what: str) -> bool:
        """Whether nobody knows yet if what was wrong before is wrong still."""
        if what not in self._before_load:
            return False
        if what == CLOUD_SECOND:
            return CONF_SECOND_PASSWORD in self._entry.data
        if what == CLOUD_NEW:
            return not self._hub.is_looked_through
        return what == CLOUD_FEED and self._feed is not None and self._feed.is_untried

    def _of_account(self) -> dict[str, Mapping[str, str]]:
        hub, language = self._hub, library_language(self._hass.config.language)
        found: dict[str, Mapping[str, str]] = {}
        if not hub.account.address.is_secure:
            found[CLOUD_HTTP] = {}
        if hub.orders.is_stored_wrong:
            found[CLOUD_SECOND] = {}
        if isinstance(hub.trouble, LicenceError):
            found[CLOUD_LICENCE] = {"detail": plain(hub.trouble.text(language))}
        # Where the lists fail as well it is the server, unless it says no to the log.
        if self._log.trouble is not None and (hub.trouble is None or self._log.trouble.is_declined):
            found[CLOUD_LOG] = {"detail": plain(self._log.trouble.text(language))}
        if self._feed is not None and (refusal := self._feed.refusal) is not None:
            found[CLOUD_FEED] = {"detail": plain(refusal.text(language))}
        clocks = [source.trouble for source in hub.sources if isinstance(source.trouble, CloudClockError)]
        if clocks:
            found[CLOUD_CLOCK] = {"detail": plain(clocks[0].text(language))}
        elif (behind := hub.behind) is not None:
            detail = phrase("cloud_behind", host=hub.host, hours=f"{behind.total_seconds() / 3600:.1f}")
            found[CLOUD_CLOCK] = {"detail": plain(detail.text(language))}
        return found

    def _of_devices(self) -> dict[str, Mapping[str, str]]:
        hub, language = self._hub, library_language(self._hass.config.language)
        found: dict[str, Mapping[str, str]] = {}
        titles = {_key_of(one): one.title for one in self._entry.subentries.values()}
        refused = {
            site: error
            for site, error in hub.site_troubles.items()
            if isinstance(error, SiteGoneError | NotPermittedError)
        }
        shut = [source for source in hub.sources if source.site in refused]
        if shut:
            detail = plain(refused[shut[0].site].text(language))
            found[CLOUD_SITES] = {"devices": self._named(titles.get(one.key, "") for one in shut), "detail": detail}
        gone = [
            titles.get(source.key, "")
            for source in hub.sources
            if hub.hears(source.site) and source.known.meter is None and source.is_asked and not source.is_other
        ]
        if gone:
            found[CLOUD_GONE] = {"devices": self._named(gone)}
        doubts = [(source.key, doubt) for source in hub.sources if (doubt := source.recognition.doubt) is not None]
        if doubts:
            names = self._named(titles.get(key, "") for key, _ in doubts)
            found[CLOUD_OTHER] = {"devices": names, "detail": plain(doubts[0][1].text(language))}
        if new := self._new():
            found[CLOUD_NEW] = {"devices": self._named(new.values())}
        return found

    def _new(self) -> Mapping[str, str]:
        """Return the devices of a known type that are none here and were not there before, with their names."""
        hub = self._hub
        if not hub.is_looked_through:
            return {}
        if self._known is None:
            self._known = {_kept_as(key) for key in (*hub.meters, *self._own)}
            self._unseen = set(hub.site_troubles)
            self._store.async_delay_save(self._kept, 1.0)
        if opened := self._unseen - hub.site_troubles.keys():
            self._known |= {_kept_as(key) for key in hub.meters if key.site in opened}
            self._unseen -= opened
        found = {
            _kept_as(key): meter.name or key.code
            for key, meter in hub.unwatched().items()
            if not self._is_known(key) and hub.profile.model_of(meter.kind) is not None
        }
        if found.keys() - self._told_new and self._is_ignored(CLOUD_NEW):
            # Those that were ignored are not told once more with another.
            self._known |= self._told_new
            found = {code: name for code, name in found.items() if code not in self._told_new}
        self._told_new = set(found)
        return found

    def _named(self, names: Iterable[str]) -> str:
        shown = [plain(flat(name)) for name in names]
        more = len(shown) - _MOST_NAMED
        language = library_language(self._hass.config.language)
        others = [phrase("and_more", count=more).text(language)] if more > 0 else []
        return ", ".join([*shown[:_MOST_NAMED], *others])

    def _tell(self, what: str, filled: Mapping[str, str]) -> None:
        # One that its owner ignored is told again when it is about something else.
        about = sha256(filled.get("devices", "").encode()).hexdigest()[:8] if what == CLOUD_NEW else ""
        issue_id = f"{self._entry.entry_id}_{what}{about}"
        if self._told.get(what) == (issue_id, filled) or (what == CLOUD_CLOCK and what in self._told):
            # By how much a clock is wrong is another number with each poll, and no news.
            return
        if what in self._told and self._told[what][0] != issue_id:
            self._withdraw(what)
        for other in self._before_load.pop(what, set()) - {issue_id}:
            ir.async_delete_issue(self._hass, DOMAIN, other)
        self._told[what] = issue_id, filled
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING if what in _WARNINGS else ir.IssueSeverity.ERROR,
            translation_key=what,
            translation_placeholders={"link": flat(self._entry.title), **filled},
        )

    def _is_ignored(self, what: str) -> bool:
        issues = ir.async_get(self._hass)
        found = [issues.async_get_issue(DOMAIN, issue_id) for issue_id in self._ids(what)]
        return any(issue is not None and issue.dismissed_version is not None for issue in found)

    def _ids(self, what: str) -> set[str]:
        told = {self._told[what][0]} if what in self._told else set()
        return told | self._before_load.get(what, set())

    def _withdraw(self, what: str) -> None:
        for issue_id in self._ids(what) or {f"{self._entry.entry_id}_{what}"}:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        self._told.pop(what, None)
        self._before_load.pop(what, None)


def _key_of(subentry: ConfigSubentry) -> MeterKey:
    return MeterKey(str(subentry.data.get(CONF_SITE)), str(subentry.data.get(CONF_CODE)))


def _kept_as(key: MeterKey) -> str:
    return f"{key.site}/{key.code}"


def _texts_in(stored: object, key: str) -> set[str] | None:
    """Return texts of a file that a person may have edited; None where there are none."""
    found = stored.get(key) if isinstance(stored, Mapping) else None
    return {one for one in found if isinstance(one, str)} if isinstance(found, list) else None


def known_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, object]]:
    """Return where it is kept which devices an account had."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.cloud_devices")
