"""Several devices that are saved at once, each of them whole or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..aioacrel.alarms.ownerlimits import OwnerLimit
from ..aioacrel.alarms.sayings import headed
from ..aioacrel.journal.entry import Kind as Entry
from ..aioacrel.points import Model
from ..aioacrel.problems import Problem
from ..aioacrel.readings import DEVICE_CIRCUIT
from ..aioacrel.sheet import LIMITS, Column, SheetRow
from ..aioacrel.texts import phrase
from ..aioacrel.vocabulary import Kind
from ..const import CONF_CIRCUIT_NAMES, CONF_LIMITS, CONF_RATINGS, SUBENTRY_DEVICE
from ..desk import desk_of
from ..devices import board_of, register_device, register_hub
from ..hubs import hub_of
from ..kinds import is_enabled_by_default
from ..ownersettings import limits_of, name_of
from .steps import in_place

_ACTIVE_ENERGY = frozenset({"Wh", "kWh", "MWh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A device as the user wants it."""

    unit_id: int
    model: Model
    title: str
    area_id: str | None
    data: Mapping[str, Any]

    @property
    def measured(self) -> Mapping[str, Sequence[Column]]:
        """By circuit, which limits there is something to compare with."""
        return {
            circuit: [
                column
                for column in LIMITS
                if any(OwnerLimit(family=column.value, circuit=circuit, limit=1.0).codes_in(self.model, circuit))
            ]
            for circuit in self.model.circuits
            if circuit != DEVICE_CIRCUIT
        }

    @property
    def rows(self) -> list[SheetRow]:
        """What stands in the table of circuits before anybody filled it in."""
        return [SheetRow(line=0, unit=str(self.unit_id), circuit=circuit) for circuit in self.measured]

    def energy(self, language: str) -> str | None:
        """Return the name of the entity that the Energy dashboard wants, if there is one."""
        return next(
            (
                point.quantity.name(language)
                for point in self.model.points.values()
                if point.quantity.kind is Kind.ENERGY
                and point.quantity.unit in _ACTIVE_ENERGY
                and is_enabled_by_default(self.model, point, Platform.SENSOR)
            ),
            None,
        )

    def filled_in(self, rows: Iterable[SheetRow]) -> tuple[str, dict[str, Any]]:
        """Return name and data of the device with what the table says of its circuits.

        A device with one circuit is that circuit to its owner: the name is the device's.
        """
        own = [row for row in rows if row.unit == str(self.unit_id)]
        names = {row.circuit: row.name for row in own if row.name}
        title = self.title
        if len(self.measured) == 1:
            title, names = next(iter(names.values()), title), {}
        parts: dict[str, Mapping[str, Any]] = {
            CONF_CIRCUIT_NAMES: names,
            CONF_RATINGS: {row.circuit: row.rated_current for row in own if row.rated_current is not None},
            CONF_LIMITS: {
                name_of(limit): limit.written()
                for row in own
                for limit in (
                    OwnerLimit(family=column.value, circuit=row.circuit, limit=value)
                    for column, value in row.limits.items()
                )
            },
        }
        return title, {**self.data, **{key: part for key, part in parts.items() if part}}


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of several devices: those saved, by the name each got, and what is in the place of each other."""

    saved: list[tuple[str, Wanted]] = field(default_factory=list)
    refused: list[tuple[Wanted, str]] = field(default_factory=list)


@callback
def save_all(hass: HomeAssistant, entry: ConfigEntry, wanted: Iterable[Wanted], rows: Sequence[SheetRow]) -> Outcome:
    """Save all devices whose places are free."""
    outcome = Outcome()
    for device in wanted:
        if (other := in_place(entry, device.unit_id)) is not None:
            outcome.refused.append((device, other.title))
            continue
        title, data = device.filled_in(rows)
        subentry = ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type=SUBENTRY_DEVICE,
            title=title,
            unique_id=str(device.unit_id),
        )
        hass.config_entries.async_add_subentry(entry, subentry)
        outcome.saved.append((title, device))
        if device.area_id is not None:
            _put_into_area(hass, entry, subentry, device)
        if entry.state is ConfigEntryState.LOADED:
            _put_down(hass, entry, subentry)
    return outcome


def _put_into_area(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, wanted: Wanted) -> None:
    """Register the device now: where it stands is kept nowhere but in the registry."""
    hub_id = register_hub(hass, entry, hub_of(hass, entry).kind)
    registered = register_device(hass, entry, subentry, wanted.model, hub_id)
    dr.async_get(hass).async_update_device(registered.id, area_id=wanted.area_id)


def _put_down(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry) -> None:
    """Put the limits into the record, as whenever they are set."""
    board = board_of(hass, entry, subentry)
    ratings = subentry.data.get(CONF_RATINGS, {})
    for limit in limits_of(subentry).values():
        written = {**limit.written(), "rated_current": ratings.get(limit.circuit)}
        what = phrase("told_with_value", cause=phrase(f"family_{limit.family}"), value=f"{limit.limit:g}")
        said = headed(limit.level, what).text(hass.config.language)
        # Who fills in a form is not told to it.
        desk_of(hass).note(Entry.LIMIT, board, written, "", said)


def listed(problem: Problem, language: str) -> str:
    """Return what is wrong with a table of circuits, with row and column as the table calls them."""
    finding = problem.sentence(language)
    if problem.line is None:
        return finding
    if not problem.column:
        return phrase("in_row", line=problem.line, finding=finding).text(language)
    column = Column(problem.column).label
    return phrase("in_cell", line=problem.line, column=column, finding=finding).text(language)
