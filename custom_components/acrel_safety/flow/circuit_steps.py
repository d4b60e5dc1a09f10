"""The step that asks for names, ratings and limits of all circuits in one table, and saves several devices at once."""

from homeassistant.config_entries import SubentryFlowResult

from ..aioacrel.sheet import SheetRow, read_sheet, write_sheet
from ..aioacrel.texts import phrase
from ..markdown import plain
from .ending import abort_if_closed, ends_clearly
from .explain import MOST_IN_A_FORM, FlowError, FormError
from .link_forms import FormData
from .search_forms import CONF_TABLE, table_of_circuits_schema
from .several import Outcome, Wanted, listed, save_all
from .table_steps import TableSteps

BLUEPRINT = (
    "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url=https%3A%2F%2Fgithub.com%2Facrel-safety"
    "%2Facrel_safety%2Fblob%2Fmain%2Fblueprints%2Fautomation%2Facrel_safety%2Fnotify.yaml"
)
PAGE = "https://github.com/acrel-safety/acrel_safety/blob/main/docs/page.md"


class CircuitSteps(TableSteps):
    """What comes after it is known of each device what it is; the only step that saves several."""

    def __init__(self) -> None:
        """Begin without any."""
        super().__init__()
        self._wanted: list[Wanted] = []
        self._sheet: str | None = None

    @ends_clearly
    async def async_step_circuits(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for the table of circuits, then save all devices."""
        if user_input is None:
            return self._show_circuits()
        self._sheet = user_input.get(CONF_TABLE, "")
        sheet = read_sheet(self._sheet, {str(wanted.unit_id): wanted.measured for wanted in self._wanted})
        if sheet.problems:
            language = self._texts.language
            shown = [listed(problem, language) for problem in sheet.problems[:MOST_IN_A_FORM]]
            if left_out := len(sheet.problems) - len(shown):
                shown.append(phrase("and_more", count=left_out).text(language))
            listing = "\n".join(f"- {plain(line)}" for line in shown)
            return self._show_circuits(FormError.with_list("bad_circuits", listing, count=len(sheet.problems)).error)
        return self._save_several(sheet.rows)

    def _show_circuits(self, error: FlowError | None = None) -> SubentryFlowResult:
        if self._sheet is None:
            rows = [(row, wanted.title) for wanted in self._wanted for row in wanted.rows]
            self._sheet = write_sheet(rows, self._texts.language)
        return self._show(
            "circuits", table_of_circuits_schema(), {CONF_TABLE: self._sheet}, error, devices=str(len(self._wanted))
        )

    def _save_several(self, rows: tuple[SheetRow, ...]) -> SubentryFlowResult:
        """Save them all; nothing is waited for here, so that no other dialog comes between. Raises AbortFlow."""
        self._abort_if_changed()
        abort_if_closed(self.hass.config_entries.subentries, self.flow_id)
        outcome = save_all(self.hass, self._get_entry(), self._wanted, rows)
        placeholders = {
            "entry": plain(self._get_entry().title),
            "count": str(len(outcome.saved)),
            "refused": self._refused(outcome),
        }
        if not outcome.saved:
            return self.async_abort(reason="none_added", description_placeholders=placeholders)
        return self.async_abort(
            reason="added",
            description_placeholders={
                **placeholders,
                "names": ", ".join(plain(name) for name, _ in outcome.saved),
                "blueprint": BLUEPRINT,
                "page": PAGE,
                "energy": self._energy(outcome),
            },
        )

    def _refused(self, outcome: Outcome) -> str:
        return "\n".join(
            f"- {self._texts('adding', 'taken', name=plain(wanted.title), unit=wanted.unit_id, other=plain(other))}"
            for wanted, other in outcome.refused
        )

    def _energy(self, outcome: Outcome) -> str:
        """Say which entities the Energy dashboard wants, if any of them counts energy."""
        found = [(title, wanted.energy(self._texts.language)) for title, wanted in outcome.saved]
        shown = ", ".join(f"{plain(title)} {plain(name)}" for title, name in found if name is not None)
        if not shown:
            return self._texts("adding", "no_energy")
        return self._texts("adding", "energy", names=shown)
