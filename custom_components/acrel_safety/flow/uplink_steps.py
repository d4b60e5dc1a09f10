"""The step that asks for the port that 4G devices call, and tries to have it."""

from errno import EACCES, EADDRINUSE

from homeassistant.components.network import async_get_adapters
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlowResult
from homeassistant.const import CONF_NAME, CONF_PORT, CONF_TYPE
from homeassistant.core import HomeAssistant

from ..aioacrel.errors import ListenError
from ..aioacrel.uplink.server import UplinkServer
from ..const import CONF_LISTEN
from ..hubs.uplink import listen
from ..hubs.uplink_data import EVERYWHERE
from ..turns import turn
from .ending import ends_clearly
from .entry_steps import EntrySteps
from .explain import FlowError, FormError
from .link_forms import FormData, is_same_place
from .selector_texts import FlowTexts
from .trial import LinkData
from .uplink_forms import uplink_data, uplink_form, uplink_schema


class UplinkSteps(EntrySteps):
    """Ask for the port; it is had for a moment before it is saved."""

    @ends_clearly
    async def async_step_uplink(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask where 4G devices call."""
        error: FlowError | None = None
        if user_input is not None:
            try:
                return await self._take_uplink(user_input)
            except FormError as wrong:
                error = wrong.error
        elif self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            user_input = {CONF_NAME: entry.title, **uplink_form(entry.data)}
        schema = uplink_schema(await addresses_of(self.hass), await FlowTexts.load(self.hass))
        return self.async_show_form(
            step_id="uplink",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=error.errors() if error else None,
            description_placeholders={**(error.placeholders if error else {})},
        )

    async def _take_uplink(self, form: FormData) -> ConfigFlowResult:
        """Save a port that can be had. Raises FormError."""
        return await self._take_port(uplink_data(form), form.get(CONF_NAME, "").strip())

    async def _take_port(self, data: LinkData, name: str) -> ConfigFlowResult:
        """Save a port that can be had, whoever calls it. Raises FormError."""
        self._refuse_taken(data)
        if self.source != SOURCE_RECONFIGURE:
            texts = await FlowTexts.load(self.hass)
            await _try(data)
            # Another dialog may have been faster. Nothing is waited for from here on: one more would come between.
            self._refuse_taken(data)
            return self.async_create_entry(title=name or self._free_title(data[CONF_TYPE], texts), data=data)
        entry = self._get_reconfigure_entry()
        async with turn(self.hass, entry.entry_id):
            self._abort_if_changed(entry)
            if all(entry.data.get(key) == data[key] for key in (CONF_LISTEN, CONF_PORT)):
                # It is this entry that has the port, or will have it again.
                return self._save(entry, data, name)
            async with self._out_of_the_way(entry, is_needed=is_same_place(entry.data, data)):
                await _try(data)
                return self._save(entry, data, name)

    def _refuse_taken(self, data: LinkData) -> None:
        """Raise FormError if devices call this port for another entry, at whichever address."""
        mine = self._get_reconfigure_entry().entry_id if self.source == SOURCE_RECONFIGURE else None
        for entry in self._async_current_entries(include_ignore=False):
            if entry.entry_id != mine and is_same_place(entry.data, data):
                raise FormError("listen_taken", at=CONF_PORT, port=data[CONF_PORT], name=entry.title)


async def _try(data: LinkData) -> None:
    """Have the port for a moment. Raises FormError."""
    server = UplinkServer()
    try:
        await listen(server, data)
    except ListenError as error:
        number = error.__cause__.errno if isinstance(error.__cause__, OSError) else None
        port, detail = data[CONF_PORT], error.placeholders["detail"]
        if number == EADDRINUSE:
            raise FormError("listen_busy", at=CONF_PORT, port=port) from error
        if number == EACCES:
            raise FormError("listen_denied", at=CONF_PORT, port=port) from error
        if number is None and data[CONF_LISTEN] != EVERYWHERE:
            # asyncio tells an address that is none of this machine's so.
            raise FormError("listen_elsewhere", at=CONF_LISTEN, address=data[CONF_LISTEN]) from error
        raise FormError("cannot_listen", host=data[CONF_LISTEN], port=port, detail=detail) from error
    finally:
        await server.stop()


async def addresses_of(hass: HomeAssistant) -> list[str]:
    """Return the addresses of this machine."""
    return [
        found["address"]
        for adapter in await async_get_adapters(hass)
        if adapter["enabled"] or adapter["ipv4"]
        for found in [*adapter["ipv4"], *adapter["ipv6"]]
    ]
