"""Repairs: every issue is mended outside, so its flow looks again whether it is."""

from contextlib import suppress

import probatio
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import OperationNotAllowed, UnknownEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


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


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that mends an issue."""
    return LookAgainFlow()
