"""The step that makes a secret address for the IoT EMS platform to send to, and shows it."""

from homeassistant.components import webhook
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlowResult
from homeassistant.const import CONF_NAME, CONF_WEBHOOK_ID

from ..const import TYPE_PUSH
from ..turns import turn
from .ending import ends_clearly
from .entry_steps import EntrySteps
from .explain import FlowError, FormError
from .link_forms import FormData
from .push_forms import CONF_RENEW, address_of, push_data, push_form, push_schema
from .selector_texts import FlowTexts


class PushSteps(EntrySteps):
    """Ask who may send; the address is made when the dialog begins, and shown as long as it is open."""

    def __init__(self) -> None:
        """Begin without an address."""
        super().__init__()
        self._secret = ""

    @ends_clearly
    async def async_step_push(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Show the address, and ask what has to be known of what comes to it."""
        entry = self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None
        known = None if entry is None else entry.data.get(CONF_WEBHOOK_ID)
        self._secret = self._secret or (known if isinstance(known, str) and known else webhook.async_generate_id())
        texts = await FlowTexts.load(self.hass)
        error: FlowError | None = None
        if user_input is not None:
            try:
                return await self._take_push(user_input, texts)
            except FormError as wrong:
                error = wrong.error
        elif entry is not None:
            user_input = {CONF_NAME: entry.title, **push_form(entry.data)}
        address, note = address_of(self.hass, self._secret, texts)
        return self.async_show_form(
            step_id="push",
            data_schema=self.add_suggested_values_to_schema(push_schema(may_renew=entry is not None), user_input),
            errors=error.errors() if error else None,
            description_placeholders={
                "address": address,
                "note": f"\n\n{note}" if note else "",
                **(error.placeholders if error else {}),
            },
        )

    async def _take_push(self, form: FormData, texts: FlowTexts) -> ConfigFlowResult:
        """Save an address; a new one is shown before it is. Raises FormError."""
        name = form.get(CONF_NAME, "").strip()
        if self.source != SOURCE_RECONFIGURE:
            data = push_data(form, self._secret)
            return self.async_create_entry(title=name or self._free_title(TYPE_PUSH, texts), data=data)
        entry = self._get_reconfigure_entry()
        if form.get(CONF_RENEW) is True and self._secret == entry.data.get(CONF_WEBHOOK_ID):
            self._secret = webhook.async_generate_id()
            raise FormError("address_renewed")
        data = push_data(form, self._secret)
        async with turn(self.hass, entry.entry_id):
            return self._save(entry, data, name)
