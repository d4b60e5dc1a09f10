"""The steps that look for instruments on a link, and ask what each of those picked is; nothing is saved here."""

import asyncio
from datetime import datetime
from typing import override

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_call_later

from ..aioacrel.errors import AcrelError
from ..aioacrel.modbus.found import Found, Search
from ..aioacrel.problems import flat
from ..const import CONF_UNIT_ID
from ..hubs.errors import LinkInUseError
from ..model_files import model_library
from ..turns import turn
from .circuit_steps import CircuitSteps
from .control_forms import allowed_changes
from .device_forms import device_data
from .ending import ends_clearly
from .explain import FlowError, FormError, explain
from .findings import notes, why
from .link_forms import FormData
from .search_forms import (
    CONF_AREA,
    CONF_INSTRUMENTS,
    CONF_UNITS,
    LEAVE_OUT,
    first_model,
    found_schema,
    instrument_schema,
    left,
    read_units,
    search_schema,
)
from .several import Wanted
from .trial import is_link_proven, probe_device, search_link

BUSY_SECONDS = 2.0
"""So long another dialog about the same link is waited for."""
AGAIN_SECONDS = 2.0
"""After so long a dialog that did not ask for what was found is told again that there is something."""
MOST_TELLINGS = 30
"""A dialog that did not ask by then was left; opened anew it asks by itself."""


class SearchSteps(CircuitSteps):
    """Find, pick, and say of each what it is; the last step saves all of them."""

    def __init__(self) -> None:
        """Begin before a search."""
        super().__init__()
        self._asked: FormData = {}
        self._units: list[int] = []
        self._looking: asyncio.Task[Search] | None = None
        self._stop_telling: CALLBACK_TYPE | None = None
        self._tellings = 0
        self._search: Search | None = None
        self._picked: list[Found] = []
        """Those of which is to be said what they are, the present one first."""
        self._count = 0

    # -- Look -------------------------------------------------------------------------------------

    @ends_clearly
    async def async_step_search(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask which units are to be asked."""
        if user_input is None:
            return self._show_search()
        self._asked = user_input
        entry = self._get_entry()
        try:
            self._units = left(read_units(user_input[CONF_UNITS], entry.data[CONF_TYPE]), self._taken())
            await self._wait_for_link()
        except FormError as wrong:
            return self._show_search(wrong.error)
        return await self.async_step_searching()

    async def _wait_for_link(self) -> None:
        """Wait a moment for a search whose dialog was just closed. Raises FormError if another one goes on."""
        try:
            async with asyncio.timeout(BUSY_SECONDS), turn(self.hass, self._get_entry().entry_id):
                return
        except TimeoutError as error:
            raise FormError("link_busy") from error

    @ends_clearly
    async def async_step_searching(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Show how far the search is; who closes the dialog ends it."""
        if self._looking is None:
            self._tried_on = dict(self._get_entry().data)
            self._looking = self.hass.async_create_task(self._look_for(), "acrel search", eager_start=False)
        if self._looking.done():
            self._tell_again()
            return self.async_show_progress_done(next_step_id="found")
        return self.async_show_progress(
            step_id="searching",
            progress_action="searching",
            progress_task=self._looking,
            description_placeholders={
                "entry": self._get_entry().title,
                "count": str(len(self._units)),
                "first": str(self._units[0]),
                "last": str(self._units[-1]),
            },
        )

    @callback
    def _tell_again(self, now: datetime | None = None) -> None:
        """Tell the dialog again and again that the search is over: one that came to listen too late waits for ever."""
        self._end_telling()
        self._tellings = 0 if now is None else self._tellings + 1
        if now is not None:
            self.async_notify_flow_changed()
        if self._tellings < MOST_TELLINGS:
            self._stop_telling = async_call_later(self.hass, AGAIN_SECONDS, self._tell_again)

    @callback
    def _end_telling(self) -> None:
        if self._stop_telling is not None:
            self._stop_telling()
            self._stop_telling = None

    @callback
    @override
    def async_remove(self) -> None:
        """End with the dialog."""
        self._end_telling()

    async def _look_for(self) -> Search:
        models = [model for model in self._catalogue.models.values() if not model.needs_table]
        entry = self._get_entry()

        def show(done: int, _unit_id: int, _found: int) -> None:
            self.async_update_progress(min(1.0, done / len(self._units)))

        # One search at a time: of two guards for one unit each would take the other's late answer for its own.
        async with turn(self.hass, entry.entry_id):
            return await search_link(self.hass, dict(entry.data), self._units, models, show)

    def _taken(self) -> dict[int, str]:
        return {
            subentry.data[CONF_UNIT_ID]: subentry.title
            for subentry in self._get_entry().subentries.values()
            if CONF_UNIT_ID in subentry.data
        }

    def _show_search(self, error: FlowError | None = None) -> SubentryFlowResult:
        return self._show("search", search_schema(), self._asked, error)

    # -- Pick -------------------------------------------------------------------------------------

    @ends_clearly
    async def async_step_found(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Show what answers, and ask which of it is to be added."""
        looking, self._looking = self._looking, None
        self._end_telling()
        if looking is not None:
            try:
                self._search = await looking
            except (AcrelError, LinkInUseError) as error:
                is_proven = is_link_proven(self._get_entry())
                return self._show_search(explain(error, self._texts, is_link_proven=is_proven))
        search = self._search
        if search is None or not search.answering:
            listing = notes(search, (), self._texts) if search is not None else ""
            return self._show_search(FormError.with_list("nothing_found", listing).error)
        if user_input is None:
            return self._show_found(search)
        wanted = set(user_input[CONF_INSTRUMENTS])
        self._picked = [unit for unit in search.answering if str(unit.unit_id) in wanted]
        if not self._picked:
            return self._show_found(search, FormError("pick_one", at=CONF_INSTRUMENTS).error)
        self._count, self._wanted = len(self._picked), []
        return self._show_instrument()

    def _show_found(self, search: Search, error: FlowError | None = None) -> SubentryFlowResult:
        taken = [f"{name} ({unit_id})" for unit_id, name in self._taken().items()]
        return self._show(
            "found",
            found_schema(search.answering, self._texts),
            {},
            error,
            count=str(len(search.answering)),
            asked=str(len(search.asked)),
            notes=notes(search, taken, self._texts),
        )

    # -- Say what each is -------------------------------------------------------------------------

    @ends_clearly
    async def async_step_instrument(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask what one of those picked is, what it is called, and where it stands."""
        if user_input is None:
            return self._show_instrument()
        unit = self._picked[0]
        self._device, self._settings = {**user_input, CONF_UNIT_ID: unit.unit_id}, {}
        try:
            return await self._take_instrument(unit)
        except FormError as wrong:
            return self._show_instrument(wrong.error)
        except (AcrelError, LinkInUseError) as error:
            is_proven = is_link_proven(self._get_entry())
            return self._show_instrument(explain(error, self._texts, is_link_proven=is_proven))

    async def _take_instrument(self, unit: Found) -> SubentryFlowResult:
        if (model_id := self._device.get(CONF_MODEL)) is None:
            raise FormError("model_needed", at=CONF_MODEL)
        if model_id == LEAVE_OUT:
            return await self._go_on()
        self._model = await self.hass.async_add_executor_job(model_library(self.hass).get, model_id)
        if model_id not in {model.id for model in unit.models}:
            await probe_device(self.hass, self._get_entry().data, unit.unit_id, self._model)
        self._wants_look = not self._model.registers.probes
        if self._model.registers.asks_ratios:
            return await self.async_step_settings()
        if self._wants_look:
            return await self.async_step_confirm()
        return await self._finish({})

    def _show_device(self, error: FlowError | None = None) -> SubentryFlowResult:
        """Show the form in which a unit gets its model: by hand, or that of the one picked."""
        return self._show_instrument(error) if self._picked else super()._show_device(error)

    def _show_instrument(self, error: FlowError | None = None) -> SubentryFlowResult:
        unit = self._picked[0]
        values = self._device if self._device.get(CONF_UNIT_ID) == unit.unit_id else first_model(unit)
        return self._show(
            "instrument",
            instrument_schema(unit, self._catalogue, self._texts),
            values,
            error,
            unit=str(unit.unit_id),
            number=str(self._count - len(self._picked) + 1),
            count=str(self._count),
            findings=why(unit, self._texts),
        )

    async def _finish(self, answers: FormData) -> SubentryFlowResult:
        """Keep one of several; by hand, save it. Raises FormError, AbortFlow."""
        if not self._picked:
            return await super()._finish(answers)
        model = self._model
        data = device_data(self._unit_id, model, self._settings)
        self._wanted.append(
            Wanted(
                unit_id=self._unit_id,
                model=model,
                title=flat(self._device.get(CONF_NAME, "")) or flat(f"{model.name} {self._unit_id}"),
                area_id=self._device.get(CONF_AREA),
                data={**data, **allowed_changes({}, data)},
            )
        )
        return await self._go_on()

    async def _go_on(self) -> SubentryFlowResult:
        """Ask about the next one, or, after the last, about all circuits."""
        del self._picked[0]
        if self._picked:
            return self._show_instrument()
        if not self._wanted:
            return self._show_search(FormError("all_left_out").error)
        return await self.async_step_circuits()
