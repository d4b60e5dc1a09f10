"""What all dialogs about an entry share: nothing is saved twice, over somebody else's change, or after the end."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    UnknownEntry,
)
from homeassistant.data_entry_flow import AbortFlow

from ..const import DOMAIN
from .ending import CHANGED_MEANWHILE, abort_if_closed
from .link_forms import FormData, former_title, free_title, is_same_place
from .selector_texts import FlowTexts
from .trial import LinkData

_FAILED = (ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY)


class EntrySteps(ConfigFlow):
    """What is known of the entry when the dialog begins, and how it is saved at its end."""

    def __init__(self) -> None:
        """Begin without an entry."""
        self._former: tuple[str, FormData] | None = None

    def _save(self, entry: ConfigEntry, data: LinkData, name: str, **more: Any) -> ConfigFlowResult:  # noqa: ANN401 - as it is
        """Save a changed link, and `more` of its entry; nothing is waited for here, so that no other comes between."""
        abort_if_closed(self.hass.config_entries.flow, self.flow_id)
        self._abort_if_changed(entry)
        self._abort_if_taken(data)
        return self._update(entry, data, title=_new_title(entry, data, name), **more)

    def _update(self, entry: ConfigEntry, data: Mapping[str, Any], **more: Any) -> ConfigFlowResult:  # noqa: ANN401 - as it is
        """Store what was changed, and have the link loaded anew: it does so by itself where it listens to changes."""
        is_same = dict(entry.data) == dict(data)
        result = self.async_update_and_abort(entry, data=data, **more)
        if entry.state in _FAILED or (is_same and self.source == SOURCE_REAUTH):
            # It has given up, or was refused what is right by now.
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return result

    def _abort_if_taken(self, data: LinkData) -> None:
        """Raise AbortFlow if another entry has this gateway or port, under whatever name."""
        mine = self._get_reconfigure_entry().entry_id if self.source == SOURCE_RECONFIGURE else None
        for entry in self._async_current_entries(include_ignore=False):
            if entry.entry_id != mine and is_same_place(entry.data, data):
                raise AbortFlow("already_configured")

    def _abort_if_changed(self, entry: ConfigEntry) -> None:
        """Raise AbortFlow if the link was removed, or changed by another dialog, since this one began."""
        if self._former != (self._get_reconfigure_entry().title, dict(entry.data)):
            raise AbortFlow(CHANGED_MEANWHILE)

    def _free_title(self, kind: str, texts: FlowTexts) -> str:
        """Return what a link without a name is called: not by its address, which its entities would keep for ever."""
        return free_title(
            texts("link", kind), {entry.title for entry in self.hass.config_entries.async_entries(DOMAIN)}
        )

    @asynccontextmanager
    async def _out_of_the_way(self, entry: ConfigEntry, *, is_needed: bool) -> AsyncGenerator[None]:
        """Take the entry off its place while other settings are tried in the same place, and put it back.

        One connection cannot serve two sets of line settings, many a gateway takes one connection only, and what comes
        too late for one of two who ask the same unit would be taken by the other. An entry waiting to retry counts: it
        would come back with its old settings meanwhile.
        """
        is_in_the_way = is_needed and entry.state in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY)
        unloaded = is_in_the_way and await self.hass.config_entries.async_unload(entry.entry_id)
        try:
            yield
        finally:
            if unloaded and entry.state is ConfigEntryState.NOT_LOADED and not entry.disabled_by:
                with suppress(UnknownEntry):  # removed meanwhile
                    await self.hass.config_entries.async_setup(entry.entry_id)


def _new_title(entry: ConfigEntry, data: LinkData, name: str) -> str:
    """Return the title after a change; one that was the address follows it, unless the user gave another."""
    if name not in ("", entry.title):
        return name
    return former_title(data) if entry.title == former_title(entry.data) else entry.title
