"""The steps that ask for settings, show what the device says now, and save it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import HomeAssistantError

from ..aioacrel.errors import AcrelError, FileProblemsError
from ..aioacrel.points import Model
from ..aioacrel.problems import Problem, flat
from ..aioacrel.readings import PointKey
from ..aioacrel.table import ChoiceKind
from ..const import CONF_UNIT_ID, DOMAIN, LOGGER, MODEL_FOLDER
from ..hubs.errors import LinkInUseError
from ..markdown import plain
from ..model_files import model_library
from ..ownersettings import KEPT
from ..turns import MODEL_FILES, turn
from .control_forms import allowed_changes, kept_control
from .device_forms import (
    CONF_ADDRESS_MODE,
    CONF_K_MODE,
    CONF_NEXT,
    CONF_ORDER,
    CONF_OVERWRITE,
    NEXT_BACK,
    NEXT_SAVE,
    check_settings,
    device_data,
    look_schema,
    ratios_of,
    settings_schema,
)
from .drafts import Draft, would_replace
from .ending import ends_clearly
from .explain import MOST_IN_A_FORM, FlowError, FormError, explain, form_list
from .link_forms import FormData
from .preview import Column, read_rows, render, rows_of
from .same_as import as_said, is_further_way, with_ratios
from .selector_texts import FlowTexts
from .steps import DeviceSteps, stored
from .trial import ask_unit, in_turn, is_link_proven


class LookSteps(DeviceSteps):
    """What comes after the model is known; the last of these steps is the only one that saves."""

    @ends_clearly
    async def async_step_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the model leaves to the user."""
        if user_input is None:
            return self._show_settings()
        self._settings = with_ratios(self.hass, user_input)
        try:
            check_settings(self._unit_id, self._model, self._settings)
        except FormError as wrong:
            return self._show_settings(wrong.error)
        if self._draft is not None:
            return await self.async_step_preview()
        if self._wants_look:
            return await self.async_step_confirm()
        return await self._finish({})

    def _show_settings(self, error: FlowError | None = None) -> SubentryFlowResult:
        model, texts = self._model, self._texts
        notes = [
            plain(model.title(texts.language)),
            texts("assurance", model.evidence),
            plain(model.notes.get(texts.language) or model.notes.get("en", "")),
        ]
        return self._show(
            "settings",
            self._with_same_as(settings_schema(model)),
            self._settings,
            error,
            model=flat(model.name),  # stands in the title, where nothing is markup
            notes="\n\n".join(note for note in notes if note),
        )

    @ends_clearly
    async def async_step_preview(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Show what the device says, read with the imported file."""
        return await self._step_look("preview", user_input)

    @ends_clearly
    async def async_step_confirm(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Show what the device says, read as a model that nothing else can confirm."""
        return await self._step_look("confirm", user_input)

    async def _step_look(self, step_id: str, user_input: FormData | None) -> SubentryFlowResult:
        wrong: FlowError | None = None
        if user_input is not None:
            if user_input[CONF_NEXT] == NEXT_BACK:
                return self._show_device()
            if user_input[CONF_NEXT] == NEXT_SAVE:
                try:
                    return await self._finish(user_input)
                except FormError as error:
                    wrong = error.error
        table = ""
        try:
            table = await self._look()
        except FormError as error:
            wrong = error.error
        except (AcrelError, LinkInUseError) as error:
            wrong = explain(error, self._texts, is_link_proven=is_link_proven(self._get_entry()))
        return self._show(
            step_id,
            look_schema(
                address_modes=self._draft.address_modes if self._draft else (),
                asks_k=self._asks(ChoiceKind.FACTOR),
                asks_order=self._asks(ChoiceKind.ORDER),
                may_save=bool(table),
            ),
            {key: value for key, value in (user_input or {}).items() if key != CONF_NEXT},
            wrong,
            model=plain(self._model.name) if step_id == "preview" else flat(self._model.name),
            unit=str(self._unit_id),
            table=table,
            listing=form_list(self._draft.warnings, self._texts.language) if self._draft else "",
        )

    def _asks(self, kind: ChoiceKind) -> bool:
        return self._draft is not None and bool(self._draft.asks(kind))

    async def _look(self) -> str:
        """Return a table of what the device says now."""
        # A table may have ten thousand rows: too many to sort while everybody else waits.
        columns, rows = await self.hass.async_add_executor_job(_what_to_show, self._model, self._draft, self._texts)
        self._tried_on = dict(self._get_entry().data)
        read = partial(read_rows, columns=columns, rows=rows, turn=in_turn(self.hass, self._tried_on))
        dump = await ask_unit(self.hass, self._tried_on, self._unit_id, read)
        if not any(dump.registers.values()):
            raise FormError("nothing_read", unit=self._unit_id)
        ratios = ratios_of(self._settings)
        return render(columns, rows, dump, ratios, self._texts, is_table=self._draft is not None)

    # -- Save -------------------------------------------------------------------------------------

    async def _finish(self, answers: FormData) -> SubentryFlowResult:
        """Save the device, and its model file if there is one: both or neither. Raises FormError, AbortFlow."""
        if self._draft is None:
            return self._save_device(self._model)
        draft = await self._decide(self._draft, answers)
        async with turn(self.hass, MODEL_FILES):
            take_back = await self._write(draft)
            result: SubentryFlowResult | None = None
            try:
                result = self._save_device(draft.model)
            finally:
                if result is None:
                    await self.hass.async_add_executor_job(take_back)
        return result

    def _save_device(self, model: Model) -> SubentryFlowResult:
        """Save the device; nothing is waited for here, so that no other dialog comes between. Raises AbortFlow."""
        self._abort_if_changed()
        if self._device_in_place() is not None:
            raise AbortFlow("already_configured")
        data = as_said(self.hass, self._settings, device_data(self._unit_id, model, self._settings), CONF_UNIT_ID)
        title = self._device.get(CONF_NAME, "").strip() or flat(f"{model.name} {self._unit_id}")
        if self.source == SOURCE_USER:
            self._reload_users_of(model, but=self._get_entry().entry_id)
            if not is_further_way(self._settings):
                data |= allowed_changes({}, data)
            return self.async_create_entry(title=title, data=data, unique_id=str(self._unit_id))
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        if not is_further_way(self._settings):
            data |= {key: subentry.data[key] for key in KEPT if key in subentry.data}
            data |= kept_control(subentry.data, data)
            data |= allowed_changes(subentry.data, data)
        # What changes the entry reloads it; a new file under the old name does not change the entry.
        is_changed = stored(subentry) != (title, data)
        self._reload_users_of(model, but=entry.entry_id if is_changed else None)
        return self.async_update_and_abort(entry, subentry, title=title, data=data, unique_id=str(self._unit_id))

    async def _decide(self, draft: Draft, answers: FormData) -> Draft:
        """Return the draft with the user's answers. Raises FormError."""
        for kind, field in (
            (ChoiceKind.ADDRESS, CONF_ADDRESS_MODE),
            (ChoiceKind.FACTOR, CONF_K_MODE),
            (ChoiceKind.ORDER, CONF_ORDER),
        ):
            if draft.asks(kind) and field not in answers:
                raise FormError("choose", at=field)
        decide = partial(
            draft.decided,
            k_mode=answers.get(CONF_K_MODE),
            order=answers.get(CONF_ORDER),
            address_mode=answers.get(CONF_ADDRESS_MODE),
        )
        try:
            decided = await self.hass.async_add_executor_job(decide)
        except FileProblemsError as error:
            raise _rows_lost(error.problems) from None
        known = {problem.line for problem in draft.rejected}
        if lost := [problem for problem in decided.rejected if problem.line not in known]:
            raise _rows_lost(lost)
        return decided

    async def _write(self, draft: Draft) -> Callable[[], None]:
        """Write the model file and return what takes that back; nothing is kept of it if that fails."""
        library = model_library(self.hass)
        if not self._table.get(CONF_OVERWRITE) and await self.hass.async_add_executor_job(
            would_replace, library, draft
        ):
            # Another dialog was faster.
            raise FormError("model_exists", id=draft.model.id)
        folder = Path(self.hass.config.path(MODEL_FOLDER))
        try:
            return await self.hass.async_add_executor_job(draft.save, folder)
        except (OSError, HomeAssistantError) as error:
            LOGGER.warning("The model file %s could not be saved: %s", draft.model.id, error)
            raise FormError("cannot_write", folder=folder) from error

    def _reload_users_of(self, model: Model, *, but: str | None) -> None:
        """Let the devices that were read with the former file of a model be read with the new one."""
        if self._draft is None:
            return
        for entry in self.hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False):
            if entry.entry_id != but and any(
                subentry.data.get(CONF_MODEL) == model.id for subentry in entry.subentries.values()
            ):
                self.hass.config_entries.async_schedule_reload(entry.entry_id)


def _rows_lost(problems: Sequence[Problem]) -> FormError:
    """Return the refusal to use addresses in a way that was not looked at with the rows it loses."""
    lines = sorted({problem.line for problem in problems if problem.line is not None})
    shown = ", ".join(map(str, lines[:MOST_IN_A_FORM]))
    return FormError("rows_lost", at=CONF_ADDRESS_MODE, lines=shown)


def _what_to_show(model: Model, draft: Draft | None, texts: FlowTexts) -> tuple[list[Column], list[PointKey]]:
    """Return the ways to understand the registers, and the points worth comparing."""
    if draft is None:
        return [Column(heading=texts("preview", "value"), model=model)], rows_of(model)
    doubtful = {key for kind in ChoiceKind for key in draft.asks(kind)}
    return draft.columns(texts), rows_of(model, doubtful)
