"""Repairs: what is mended outside is looked at again; what happened to a counter only its owner can say."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import probatio
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState, OperationNotAllowed, UnknownEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.growths import Question
from .aioacrel.readings import PointKey
from .aioacrel.totals import Answer, Held
from .const import DOMAIN
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .counters import COUNTERS_HELD, placeholders, settle
from .desk import desk_of
from .growthquestion import LEVEL_CHANGED
from .growthquestion import placeholders as level_placeholders
from .issues import Issue
from .unreportedflow import UnreportedFlow
from .unwatched import UnwatchedFlow


class LookAgainFlow(RepairsFlow):
    """Loads the link anew: files are read again, devices are asked again."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Say what to mend; then look whether the issue comes up again."""
        registry = ir.async_get(self.hass)
        issue = registry.async_get_issue(DOMAIN, self.issue_id)
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders=issue.translation_placeholders if issue else None,
            )
        entry_id = str((self.data or {})["entry_id"])
        with suppress(UnknownEntry, OperationNotAllowed):
            # Removed meanwhile, which withdraws the issue too; or not to be loaded before a restart.
            await self.hass.config_entries.async_reload(entry_id)
        if registry.async_get_issue(DOMAIN, self.issue_id) is not None:
            return self.async_abort(reason="still_there")
        return self.async_create_entry(data={})


class CounterFlow(RepairsFlow):
    """Asks the owner what happened to the counters that are held, and does what is said."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._held: Mapping[PointKey, Held] = {}

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show what is held, and ask."""
        coordinator = self._coordinator
        self._held = coordinator.device.held_counters() if coordinator is not None else {}
        if coordinator is None or not self._held:
            return self.async_abort(reason="over")
        return self.async_show_menu(
            step_id="init",
            menu_options=list(Answer),
            description_placeholders={**placeholders(coordinator, self._held)},
        )

    async def async_step_replaced(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Go on from the last value."""
        return await self._settle(Answer.REPLACED)

    async def async_step_right(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show what the meter says."""
        return await self._settle(Answer.RIGHT)

    async def async_step_fault(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Hold on."""
        return await self._settle(Answer.FAULT)

    async def _settle(self, answer: Answer) -> RepairsFlowResult:
        coordinator = self._coordinator
        if coordinator is None:
            return self.async_abort(reason="over")
        settle(coordinator, self._held, answer)
        # Not to be asked again after a power cut.
        await coordinator.config_entry.runtime_data.memory.async_write()
        if coordinator.device.held_counters():
            # What is held meanwhile, or says something else by now, was not answered.
            return await self.async_step_init()
        return self.async_create_entry(data={})

    @property
    def _coordinator(self) -> AcrelCoordinator | None:
        """The device, as long as it is loaded."""
        data = self.data or {}
        entry: AcrelConfigEntry | None = self.hass.config_entries.async_get_entry(str(data.get("entry_id")))
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.coordinators.get(str(data.get("subentry_id")))


class LevelFlow(RepairsFlow):
    """Asks the owner whether something new is on where a value rose at once and stays."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._board: Board | None = None
        self._shown: Sequence[Question] = ()

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show what rose, and ask."""
        identity = str((self.data or {}).get("identity"))
        asked = [(board, one) for board, one in desk_of(self.hass).alarms.questions() if board.identity == identity]
        if not asked:
            return self.async_abort(reason="over")
        self._board, self._shown = asked[0][0], [one for _, one in asked]
        return self.async_show_menu(
            step_id="init",
            menu_options=["new_appliance", "unknown"],
            description_placeholders={**level_placeholders(self.hass, self._board, self._shown)},
        )

    async def async_step_new_appliance(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Take the level for normal from that day on."""
        return self._answer(is_new_appliance=True)

    async def async_step_unknown(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask again if it goes on."""
        return self._answer(is_new_appliance=False)

    def _answer(self, *, is_new_appliance: bool) -> RepairsFlowResult:
        if self._board is None:
            return self.async_abort(reason="over")
        desk_of(self.hass).answer(self._board, self._shown, is_new_appliance=is_new_appliance)
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that mends an issue."""
    if issue_id.endswith(LEVEL_CHANGED):
        return LevelFlow()
    if issue_id.endswith(Issue.UNWATCHED):
        return UnwatchedFlow()
    if issue_id.endswith(Issue.UNREPORTED):
        return UnreportedFlow()
    return CounterFlow() if issue_id.endswith(COUNTERS_HELD) else LookAgainFlow()
