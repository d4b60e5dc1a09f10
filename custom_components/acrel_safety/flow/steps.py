"""What all steps of the flow for a device share: what is known so far, and how a form is shown."""

from collections.abc import Mapping

import probatio
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.data_entry_flow import AbortFlow

from ..aioacrel.points import Model
from ..const import CONF_SAME_AS, CONF_UNIT_ID
from .device_forms import Catalogue, device_schema
from .drafts import Draft, Upload
from .ending import CHANGED_MEANWHILE, abort_if_closed
from .explain import FlowError
from .link_forms import FormData
from .same_as import with_same_as
from .selector_texts import FlowTexts

type Stored = tuple[str, FormData]


def stored(subentry: ConfigSubentry) -> Stored:
    """Return what a dialog about a device would change."""
    return subentry.title, dict(subentry.data)


def in_place(entry: ConfigEntry, unit_id: int, *, but: str | None = None) -> ConfigSubentry | None:
    """Return the device with a unit id, also one of which no more is known."""
    return next(
        (
            subentry
            for subentry in entry.subentries.values()
            if subentry.subentry_id != but
            and (subentry.data.get(CONF_UNIT_ID) == unit_id or subentry.unique_id == str(unit_id))
        ),
        None,
    )


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
        self._former: Stored | None = None
        self._tried_on: FormData | None = None
        """The link on which the device was tried."""

    @property
    def _unit_id(self) -> int:
        unit_id: int = self._device[CONF_UNIT_ID]
        return unit_id

    def _device_in_place(self) -> ConfigSubentry | None:
        """Return another device on this link with the same unit id; also one of which no more is known."""
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        return in_place(self._get_entry(), self._unit_id, but=own)

    def _abort_if_changed(self) -> None:
        """Raise AbortFlow if another dialog changed the device or the link since this one began or asked the device.

        Nothing may be waited for between this and saving.
        """
        abort_if_closed(self.hass.config_entries.subentries, self.flow_id)
        is_same_link = self._tried_on in (None, dict(self._get_entry().data))
        is_same_device = self.source == SOURCE_USER or self._former == stored(self._get_reconfigure_subentry())
        if not (is_same_link and is_same_device):
            raise AbortFlow(CHANGED_MEANWHILE)

    def _with_same_as(self, schema: probatio.Schema) -> probatio.Schema:
        """Ask, too, whether this is a device that another entry has, reached by a further way."""
        subentry = None if self.source == SOURCE_USER else self._get_reconfigure_subentry()
        return with_same_as(
            self.hass,
            schema,
            self._texts,
            entry=self._get_entry(),
            model=self._model,
            subentry_id=None if subentry is None else subentry.subentry_id,
            stored=None if subentry is None else subentry.data.get(CONF_SAME_AS),
            serial=self._serial_number(),
        )

    def _serial_number(self) -> str:
        """Return the number that is printed on the device; empty where that is not known."""
        return ""

    def _show_device(self, error: FlowError | None = None) -> SubentryFlowResult:
        return self._show(
            "by_hand" if self.source == SOURCE_USER else "reconfigure",
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
