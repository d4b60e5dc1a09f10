"""What all steps of the flow for a device share: what is known so far, and how a form is shown."""

from collections.abc import Mapping

import probatio
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)

from ..aioacrel.points import Model
from ..const import CONF_UNIT_ID
from .device_forms import Catalogue, device_schema
from .drafts import Draft, Upload
from .explain import FlowError
from .link_forms import FormData
from .selector_texts import FlowTexts


class DeviceSteps(ConfigSubentryFlow):
    """The device as far as it is known, and the forms that several steps show."""

    _texts: FlowTexts
    _catalogue: Catalogue
    _model: Model
    """The model the device will have, known once the first form was accepted."""

    def __init__(self) -> None:
        """Begin with empty forms."""
        self._device: FormData = {}
        self._table: FormData = {}
        self._settings: FormData = {}
        self._upload: Upload | None = None
        self._draft: Draft | None = None
        self._asks_overwrite = False
        self._wants_look = False

    @property
    def _unit_id(self) -> int:
        unit_id: int = self._device[CONF_UNIT_ID]
        return unit_id

    def _device_in_place(self) -> ConfigSubentry | None:
        """Return another device on this link with the same unit id."""
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        return next(
            (
                subentry
                for subentry in self._get_entry().subentries.values()
                if subentry.data[CONF_UNIT_ID] == self._unit_id and subentry.subentry_id != own
            ),
            None,
        )

    def _show_device(self, error: FlowError | None = None) -> SubentryFlowResult:
        return self._show(
            "user" if self.source == SOURCE_USER else "reconfigure",
            device_schema(self._catalogue, self._texts),
            self._device,
            error,
        )

    def _show(
        self,
        step_id: str,
        schema: probatio.Schema,
        values: FormData,
        error: FlowError | None = None,
        **placeholders: str,
    ) -> SubentryFlowResult:
        """Show a form with what was entered before, and an error with its list."""
        texts: Mapping[str, str] = error.placeholders if error else {}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors=error.errors() if error else None,
            description_placeholders={
                "entry": self._get_entry().title,
                "listing": error.listing if error else "",
                **texts,
                # Last, because they may stand in Markdown: in an error nothing is escaped.
                **placeholders,
            },
        )
