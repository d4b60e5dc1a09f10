"""The step that asks for the port that an XML gateway calls, and tries to have it."""

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlowResult
from homeassistant.const import CONF_NAME

from ..hubs.xml import strangers_of
from .ending import ends_clearly
from .explain import FlowError, FormError
from .link_forms import FormData
from .selector_texts import FlowTexts
from .uplink_steps import UplinkSteps, addresses_of
from .xml_forms import called, gateway_data, gateway_form, gateway_schema


class XmlSteps(UplinkSteps):
    """Ask for the port; it is had for a moment before it is saved."""

    @ends_clearly
    async def async_step_xml_gateway(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask where the gateway calls, and how it proves itself."""
        error: FlowError | None = None
        entry = self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None
        if user_input is not None:
            try:
                data = gateway_data(user_input, {} if entry is None else entry.data)
                return await self._take_port(data, user_input.get(CONF_NAME, "").strip())
            except FormError as wrong:
                error = wrong.error
        elif entry is not None:
            user_input = {CONF_NAME: entry.title, **gateway_form(entry.data)}
        texts = await FlowTexts.load(self.hass)
        schema = gateway_schema(await addresses_of(self.hass), texts)
        return self.async_show_form(
            step_id="xml_gateway",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=error.errors() if error else None,
            description_placeholders={
                "called": "" if entry is None else called(strangers_of(entry), texts),
                **(error.placeholders if error else {}),
            },
        )
