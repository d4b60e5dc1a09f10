"""Entities by which a setting of a device is changed: in the name of who asks, who needs the right to it."""

from typing import Any

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized

from .aioacrel.control.caller import Caller
from .aioacrel.errors import AcrelError, SettingRefusedError
from .aioacrel.journal.entry import Kind
from .aioacrel.readings import Value
from .aioacrel.texts import library_language, phrase
from .asking import AskedEntity
from .callers import async_caller
from .const import DOMAIN
from .deeds import Deed, What
from .desk import desk_of
from .devices import board_of
from .entity import AcrelEntity
from .logged import log_entry
from .vain import vain_of


class SettingEntity(AskedEntity, AcrelEntity):
    """A setting that may be changed. Its platform lets nothing wait between who asks and the act."""

    async def _async_change(self, value: Value) -> None:
        """Change the setting for who asks; what goes wrong is said in the user's language.

        The state follows from what was read back, never from what was asked for.
        """
        context = self.take_asker()
        caller: Caller | None = None
        try:
            if context is not None:
                # Whoever may only look at it is not one whom anything was given.
                caller = await async_caller(self.hass, context, [self.entity_id])
            await self.coordinator.device.change(self.point.key, value, caller)
        except Unauthorized:
            who = "" if context is None else context.user_id or ""
            self._put_down(value, None, What.UNAUTHORIZED, phrase("log_unauthorized").text(self._language), who)
            raise
        except AcrelError as error:
            is_refused = isinstance(error, SettingRefusedError)
            if not is_refused:
                # It may have been sent: what the device has now is to be seen soon.
                self.coordinator.device.hurry()
            what = What.SETTING_REFUSED if is_refused else What.SETTING_FAILED
            self._put_down(value, caller, what, error.text(self._language))
            kind = ServiceValidationError if is_refused else HomeAssistantError
            raise kind(
                translation_domain=DOMAIN,
                translation_key=error.key,
                translation_placeholders=self._placeholders(error),
            ) from error
        unit = self.point.quantity.unit
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        name = f"{self.point.quantity.name(self._language)} ({self.point.key})"
        self._put_down(value, caller, What.SETTING_CHANGED, f"{name}: {shown}{f' {unit}' if unit else ''}")

    @property
    def _language(self) -> str:
        return library_language(self.hass.config.language)

    @callback
    def _put_down(self, value: Value, caller: Caller | None, what: What, said: str, by_id: str = "") -> None:
        """Put down who changed it to what, or tried; of what came to nothing only so much a minute."""
        board = board_of(self.hass, self.coordinator.config_entry, self.coordinator.subentry)
        key, hass = self.point.key, self.hass
        named = {"by": "", "by_id": by_id} if caller is None else {}

        @callback
        def put_down(deed: Deed) -> None:
            data = {"site": board.site, "board": board.name, "circuit": key.circuit, **deed.plain(), **named}
            is_many = deed.what is What.REFUSED_OFTEN
            sentence = phrase("log_refused_often", count=deed.more).text(self._language) if is_many else said
            more = {} if is_many else {"value": value, "sentence": said}
            desk_of(hass).record.put_down(Kind.SETTING, {**data, **more})
            log_entry(hass, board, Kind.SETTING, sentence, "" if caller is None else caller.name)

        deed = Deed(what=what, board=board, circuit=key.circuit, caller=caller, code=key.code)
        who = by_id if caller is None else f"{caller.kind} {caller.id}"
        if not deed.is_vain or not vain_of(hass).is_one_more(who, deed, put_down):
            put_down(deed)

    def _placeholders(self, error: AcrelError) -> dict[str, str]:
        """Return what the error's text needs, with the entity's name instead of the point's."""
        name: Any = self.name
        placeholders = error.placeholders_in(self._language)
        return {**placeholders, "name": str(name)} if "name" in placeholders else {**placeholders}
