"""The steps that import a register table or model file."""

from functools import partial

from homeassistant.config_entries import SubentryFlowResult

from ..aioacrel.errors import AcrelError
from ..markdown import plain
from ..model_files import model_library
from .device_forms import CONF_BASE, CONF_FILE, CONF_MODEL_ID, CONF_OVERWRITE, table_schema
from .drafts import Draft, is_model_id, read_draft, take_upload, would_replace
from .ending import ends_clearly
from .explain import FlowError, FormError, explain, form_list
from .link_forms import FormData
from .look_steps import LookSteps


class TableSteps(LookSteps):
    """Make a model of the user's file, and show what is wrong with it. Nothing is saved here."""

    @ends_clearly
    async def async_step_table(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for a register table or model file."""
        if user_input is None:
            return self._show_table()
        file_id = user_input.pop(CONF_FILE, None)
        self._table = user_input
        try:
            if file_id is not None:
                self._upload = await self.hass.async_add_executor_job(take_upload, self.hass, file_id)
            self._draft = await self._read_table()
        except FormError as wrong:
            return self._show_table(wrong.error)
        except AcrelError as error:
            self._upload = None
            return self._show_table(explain(error, self._texts))
        self._model = self._draft.model
        if self._draft.rejected:
            return await self.async_step_rejected()
        return await self.async_step_settings()

    async def _read_table(self) -> Draft:
        if self._upload is None:
            raise FormError("upload_gone", at=CONF_FILE)
        model_id = self._table.get(CONF_MODEL_ID, "").strip()
        if model_id and not is_model_id(model_id):
            raise FormError("bad_model_id", at=CONF_MODEL_ID)
        draft = await self.hass.async_add_executor_job(
            partial(
                read_draft,
                self._upload,
                model_id=model_id,
                base=self._catalogue.bases.get(self._table[CONF_BASE]),
            )
        )
        if not self._table.get(CONF_OVERWRITE) and await self.hass.async_add_executor_job(
            would_replace, model_library(self.hass), draft
        ):
            self._asks_overwrite = True
            raise FormError("model_exists", at=CONF_MODEL_ID, id=draft.model.id)
        return draft

    def _show_table(self, error: FlowError | None = None) -> SubentryFlowResult:
        upload = self._upload
        return self._show(
            "table",
            table_schema(
                self._catalogue.bases,
                self._texts,
                has_upload=upload is not None,
                asks_overwrite=self._asks_overwrite,
            ),
            self._table,
            error,
            upload=self._texts("preview", "upload", name=plain(upload.file)) if upload else "",
        )

    @ends_clearly
    async def async_step_rejected(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Show each row that cannot be used, before the others are."""
        rejected = self._draft.rejected if self._draft else ()
        self._upload = None
        return self.async_show_menu(
            step_id="rejected",
            menu_options=["settings", "table"],
            description_placeholders={
                "count": str(len(rejected)),
                "listing": form_list(rejected, self._texts.language),
            },
        )
