"""A device that measures what can be dangerous, and of which nothing can be an alarm: its owner is told.

The usual limits are proposed there; one click sets them.
"""

from collections.abc import Iterator, Mapping, Sequence

import probatio
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.alarms.ownerlimits import Of, OwnerLimit
from .aioacrel.alarms.proposals import proposals
from .aioacrel.alarms.rules import circuits_of
from .aioacrel.alarms.sayings import headed
from .aioacrel.points import Model
from .aioacrel.problems import flat
from .aioacrel.readings import PointKey
from .aioacrel.texts import library_language, phrase
from .const import DOMAIN
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .issues import Issue, issue_id
from .limitsetting import RATED_CURRENT, async_take_limits
from .markdown import plain

_RATED = "rated_current"
UNREADABLE = "unwatched_unreadable"
"""Where what it measures lies in registers that nobody published; also the key of its text."""


@callback
def tell_unwatched(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, model: Model | None) -> None:
    """Raise the issue of a device that measures a danger and has neither alarm nor limit; None withdraws it."""
    identifier = issue_id(entry, subentry, Issue.UNWATCHED)
    if model is None:
        ir.async_delete_issue(hass, DOMAIN, identifier)
        return
    is_readable = bool(usual_limits(model))
    ir.async_create_issue(
        hass,
        DOMAIN,
        identifier,
        data={"entry_id": entry.entry_id, "subentry_id": subentry.subentry_id},
        is_fixable=is_readable,
        severity=ir.IssueSeverity.WARNING,
        translation_key=Issue.UNWATCHED if is_readable else UNREADABLE,
        translation_placeholders={"device": flat(subentry.title)},
    )


def usual_limits(model: Model) -> Sequence[OwnerLimit]:
    """Return the usual limits for what can be read of a model."""
    return [limit for limit in proposals(model) if any(_compared(model, limit))]


def _compared(model: Model, limit: OwnerLimit) -> Iterator[PointKey]:
    """Yield what of a model is compared with a limit, and can be read."""
    for circuit in circuits_of(model):
        for code in limit.codes_in(model, circuit):
            yield from (key for key in limit.keys_for(model, circuit, code) if key in model.readable)


class UnwatchedFlow(RepairsFlow):
    """Proposes the usual limits, and sets them."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, float] | None = None) -> RepairsFlowResult:
        """Show the limits; then take them."""
        coordinator = self._coordinator
        if coordinator is None or coordinator.watch is None or not coordinator.watch.is_unwatched:
            return self.async_abort(reason="over")
        limits = usual_limits(coordinator.device.model)
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema(_fields(limits)),
                description_placeholders={
                    "device": flat(coordinator.subentry.title),
                    "limits": _listed(coordinator.device.model, limits, self.hass.config.language),
                },
            )
        rated = user_input.get(_RATED)
        taken = [limit for limit in limits if limit.of is not Of.RATING or rated is not None]
        await async_take_limits(self.hass, coordinator.config_entry, coordinator.subentry, taken, rated)
        return self.async_create_entry(data={})

    @property
    def _coordinator(self) -> AcrelCoordinator | None:
        """The device, as long as it is loaded."""
        data = self.data or {}
        entry: AcrelConfigEntry | None = self.hass.config_entries.async_get_entry(str(data.get("entry_id")))
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.coordinators.get(str(data.get("subentry_id")))


def _fields(limits: Sequence[OwnerLimit]) -> Mapping[probatio.Marker, object]:
    """Return the fields of the form: the rated current, where something is compared with it."""
    if all(limit.of is not Of.RATING for limit in limits):
        return {}
    if all(limit.of is Of.RATING for limit in limits):
        return {probatio.Required(_RATED): RATED_CURRENT}
    return {probatio.Optional(_RATED): RATED_CURRENT}


def _listed(model: Model, limits: Sequence[OwnerLimit], language: str) -> str:
    """Return the limits as a list; those of several circuits are alike."""
    lines = (_line(model, limit, library_language(language)) for limit in limits if limit.of is not Of.RATING)
    return "\n".join(f"- {plain(line)}" for line in dict.fromkeys(lines))


def _line(model: Model, limit: OwnerLimit, language: str) -> str:
    family = phrase(f"family_{limit.family}")
    what = phrase("spread_too_large", quantity=family) if limit.of is Of.SPREAD else family
    unit = model.points[next(_compared(model, limit))].quantity.unit
    value = f"{limit.limit:g} {unit or ''}".rstrip()
    return headed(limit.level, phrase("told_with_value", cause=what, value=value)).text(language)
