"""The steps that ask for a gateway that speaks MQTT: by hand, or one that spoke on Home Assistant's broker."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from homeassistant.components import mqtt
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlowResult
from homeassistant.const import CONF_NAME, CONF_TYPE
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo

from ..aioacrel.gateway.topics import topic_of
from ..aioacrel.masking import masked
from ..const import CONF_SERIAL, TYPE_GATEWAY
from ..hubs.uplink_strangers import title_of
from ..markdown import plain
from ..turns import turn
from .ending import ends_clearly
from .entry_steps import EntrySteps
from .explain import FlowError, FormError
from .gateway_forms import check_gateway_serial, gateway_data, gateway_form, gateway_schema, gateway_title
from .link_forms import FormData
from .selector_texts import FlowTexts


class GatewaySteps(EntrySteps):
    """Ask for a gateway; nothing is asked of it, and it is answered only when it is known."""

    def __init__(self) -> None:
        """Begin without a gateway that spoke."""
        super().__init__()
        self._spoke: str | None = None

    @ends_clearly
    async def async_step_mqtt(self, discovery_info: MqttServiceInfo) -> ConfigFlowResult:
        """Take a gateway that spoke; what the broker kept may be of one that is long gone."""
        topic = None if discovery_info.retain else topic_of(discovery_info.topic, frozenset())
        if topic is None or not topic.serial:
            return self.async_abort(reason="no_gateway")
        if self._gateway_in_place(topic.serial):
            return self.async_abort(reason="gateway_configured")
        self._spoke = topic.serial
        # It tells no serial number, also where it is ignored.
        await self.async_set_unique_id(f"mqtt_{sha256(topic.serial.encode()).hexdigest()[:16]}")
        self._abort_if_unique_id_configured()
        texts = await FlowTexts.load(self.hass)
        self.context["title_placeholders"] = title_of(texts("card", "mqtt"), topic.serial, "MQTT")
        return await self.async_step_mqtt_gateway()

    @ends_clearly
    async def async_step_mqtt_gateway(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for a gateway and what has to be known of it."""
        if not await mqtt.async_wait_for_mqtt_client(self.hass):
            return self.async_abort(reason="mqtt_missing")
        error: FlowError | None = None
        if user_input is not None:
            try:
                return await self._take_gateway(user_input)
            except FormError as wrong:
                error = wrong.error
        elif self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            user_input = {CONF_NAME: entry.title, **gateway_form(entry.data)}
        serial = self._known_serial
        return self.async_show_form(
            step_id="mqtt_gateway",
            data_schema=self.add_suggested_values_to_schema(gateway_schema(asks_serial=serial is None), user_input),
            errors=error.errors() if error else None,
            description_placeholders={
                "serial": plain(masked(serial)) if serial is not None else "…",
                **(error.placeholders if error else {}),
            },
        )

    @property
    def _known_serial(self) -> str | None:
        """The gateway that this is about, where it is no question."""
        if self.source == SOURCE_RECONFIGURE:
            serial = self._get_reconfigure_entry().data.get(CONF_SERIAL)
            return serial if isinstance(serial, str) else None
        return self._spoke

    async def _take_gateway(self, form: FormData) -> ConfigFlowResult:
        """Save a gateway. Raises FormError."""
        serial = self._known_serial or check_gateway_serial(form[CONF_SERIAL])
        data, name = gateway_data(form, serial), form.get(CONF_NAME, "").strip()
        if self.source != SOURCE_RECONFIGURE:
            texts = await FlowTexts.load(self.hass)
            # Another dialog may have been faster. Nothing is waited for from here on: one more would come between.
            if (title := self._gateway_in_place(serial)) is not None:
                if self._spoke is not None:
                    raise AbortFlow("gateway_configured")
                raise FormError("gateway_taken", at=CONF_SERIAL, name=title)
            title = name or gateway_title(texts("link", TYPE_GATEWAY), serial)
            return self.async_create_entry(title=title, data=data)
        entry = self._get_reconfigure_entry()
        async with turn(self.hass, entry.entry_id):
            return self._save(entry, data, name)

    def _gateway_in_place(self, serial: str) -> str | None:
        """Return what the entry of a gateway is called."""
        mine = self._get_reconfigure_entry().entry_id if self.source == SOURCE_RECONFIGURE else None
        return next(
            (
                entry.title
                for entry in self._async_current_entries(include_ignore=False)
                if entry.entry_id != mine and _is_gateway(entry.data, serial)
            ),
            None,
        )


def _is_gateway(data: Mapping[str, Any], serial: str) -> bool:
    return data.get(CONF_TYPE) == TYPE_GATEWAY and data.get(CONF_SERIAL) == serial
