"""Give the demo its dashboards: the page that comes with the integration, and one made by hand for this cabinet.

The second shows beyond the first what only the cabinet's owner knows: gauges, energy, every value at a glance. Only
Home Assistant's own cards are used. Which entity shows what comes from the registry, limits come from the instruments
themselves.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from demo.api import Json, Socket
from demo.inventory import Entity, Inventory, instrument
from demo.site import SITE, Instrument

PATH: Final = "electrical-safety"
TITLE: Final = "Electrical safety"
OVERVIEW: Final = "overview"
CABINET: Final = "cabinet-figures"
CABINET_TITLE: Final = "Cabinet in figures"
CIRCUITS: Final = "circuits"
PAGE: Json = {"strategy": {"type": "custom:acrel-safety"}}

_LOOPS = tuple(str(number) for number in range(1, 13))
_OWN_NAME: Json = {"type": "entity"}
_DEVICE_NAME: Json = {"type": "device"}
_HALF: Json = {"columns": 6}
_THIRD: Json = {"columns": 4}
_FULL: Json = {"columns": "full"}

# Meters of the cabinet's feeders, each with the code of what it took in.
METERS: Mapping[int, str] = {1: "EPI", 2: "EPI", 3: "EPI", 5: "EP", 6: "EP"}


class Dashboard:
    """The configuration of the dashboard made by hand."""

    def __init__(self, inventory: Inventory, states: Mapping[str, Json]) -> None:
        """Take the entities and their present states by entity id."""
        self._inventory = inventory
        self._states = states

    def config(self) -> Json:
        """Return it as Home Assistant stores it."""
        return {"title": CABINET_TITLE, "views": [self._overview(), self._circuits()]}

    # -- First view: what matters -----------------------------------------------------------------

    def _overview(self) -> Json:
        sections = [
            self._residual_current(),
            self._temperatures(),
            self._socket_circuits(),
            self._insulation(),
            self._power(),
            self._energy(),
        ]
        return {
            "title": "Overview",
            "path": OVERVIEW,
            "icon": "mdi:gauge",
            "type": "sections",
            "max_columns": 3,
            "header": {"card": self._summary(), "layout": "responsive"},
            "sections": sections,
        }

    def _summary(self) -> Json:
        links, own = len({shown.link for shown in SITE}), [shown for shown in SITE if shown.same_as is None]
        content = f"# {CABINET_TITLE}\nA simulated cabinet: {len(own)} instruments on {links} links."
        return {"type": "markdown", "text_only": True, "content": content}

    def _residual_current(self) -> Json:
        watched = [self._inventory.get(unit, "Lg") for unit in (1, 7, 10)]
        alarms: Mapping[int | str, str] = {1: "LgHighVal02", 7: "DOC_Rated residual current"}
        warnings: Mapping[int | str, str] = {7: "DOC_Pre-warning value"}
        gauges = [
            self._gauge(
                entity,
                red=self._number(entity.place.unit, alarms.get(entity.place.unit)),
                yellow=self._number(entity.place.unit, warnings.get(entity.place.unit)),
            )
            for entity in watched
        ]
        history = _history(watched, {entity.entity_id: _DEVICE_NAME for entity in watched})
        return _section("Residual current", "mdi:current-ac", [*gauges, history])

    def _socket_circuits(self) -> Json:
        tiles = []
        for loop in _LOOPS:
            entity = self._inventory.get(8, "Lg", loop)
            limit = self._number(8, "LgHighVal02", loop)
            bar: Json = {"type": "bar-gauge", "min": 0, "max": limit or 300}
            tiles.append({**_tile(entity, name=_DEVICE_NAME), "features": [bar], "features_position": "inline"})
        return _section(f"{instrument(8).name}: residual current", "mdi:power-socket-de", tiles, columns=2)

    def _temperatures(self) -> Json:
        conductors = [self._inventory.get(1, f"Temp{conductor}") for conductor in "ABCN"]
        names = {entity.entity_id: _without(entity.name, " conductor temperature") for entity in conductors}
        tiles = [_tile(entity, name=names[entity.entity_id], color="deep-orange") for entity in conductors]
        history = _history(conductors, names)
        return _section(f"{instrument(1).name}: conductor temperature", "mdi:thermometer-lines", [*tiles, history])

    def _power(self) -> Json:
        get = self._inventory.get
        shares: Json = {
            "type": "distribution",
            "entities": [{"entity": get(unit, "P").entity_id, "name": _DEVICE_NAME} for unit in METERS],
        }
        colors = {"U": "blue", "I": "amber", "P": "purple"}
        supply = [get(1, code) for code in ("Ua", "Ia", "Ub", "Ib", "Uc", "Ic", "P")]
        tiles = [
            _tile(
                entity,
                name=_without(entity.name, "Total ", " voltage", " current"),
                color=colors[entity.place.code[0]],
            )
            for entity in supply
        ]
        subtitle: Json = {"type": "heading", "heading": instrument(1).name, "heading_style": "subtitle"}
        return _section("Active power", "mdi:transmission-tower", [shares, subtitle, *tiles])

    def _insulation(self) -> Json:
        get = self._inventory.get
        resistance = get(9, "IsnRShow")
        gauge = {**self._gauge(resistance), "name": _OWN_NAME, "max": 1000, "grid_options": {"columns": 6, "rows": 2}}
        tiles = [_tile(get(9, code), name=_without(get(9, code).name, "Transformer ")) for code in ("I", "Temp")]
        history = {**_history([resistance], {}), "grid_options": {"columns": 12, "rows": 4}}
        return _section(f"{instrument(9).name}: insulation", "mdi:hospital-building", [gauge, *tiles, history])

    def _energy(self) -> Json:
        bars: Json = {
            "type": "statistics-graph",
            "chart_type": "bar",
            "period": "hour",
            "days_to_show": 1,
            "stat_types": ["change"],
            "entities": [
                {"entity": self._inventory.get(unit, code).entity_id, "name": instrument(unit).name}
                for unit, code in METERS.items()
            ],
            "grid_options": _FULL,
        }
        go: Json = {"action": "navigate", "navigation_path": "/energy"}
        section = _section("Imported energy by hour", "mdi:lightning-bolt", [bars], columns=2)
        section["cards"][0]["tap_action"] = go
        return section

    # -- Second view: every circuit -----------------------------------------------------------------

    def _circuits(self) -> Json:
        return {
            "title": "Circuits",
            "path": CIRCUITS,
            "icon": "mdi:format-list-bulleted",
            "type": "masonry",
            "cards": [self._values(shown) for shown in SITE if self._inventory.of_unit(shown.unit)],
        }

    def _values(self, shown: Instrument) -> Json:
        """Show all that an instrument says about its circuits, and not what it says about itself."""
        sensors = [
            entity
            for entity in self._inventory.of_unit(shown.unit)
            if entity.domain == "sensor" and entity.category is None
        ]
        name = _OWN_NAME if len({entity.place.circuit for entity in sensors}) == 1 else [_DEVICE_NAME, _OWN_NAME]
        return {
            "type": "entities",
            "title": f"{shown.name} ({shown.model.upper()})",
            "state_color": False,
            "entities": [{"entity": entity.entity_id, "name": name} for entity in sensors],
        }

    # -- Parts --------------------------------------------------------------------------------------

    def _gauge(self, entity: Entity, *, red: float | None = None, yellow: float | None = None) -> Json:
        card: Json = {
            "type": "gauge",
            "entity": entity.entity_id,
            "name": _DEVICE_NAME,
            "needle": False,
            "min": 0,
            "max": red or 300,
            "grid_options": _THIRD,
        }
        if red:
            card["max"] = round(red * 4 / 3)
            card["needle"] = True
            card["severity"] = {"green": 0, "yellow": yellow or red * 0.8, "red": red}
        return card

    def _number(self, unit: int | str, code: str | None, circuit: str = "1") -> float | None:
        """Return the present value of an instrument's setting."""
        if code is None or (entity := self._inventory.find(unit, code, circuit)) is None:
            return None
        try:
            return float(self._states[entity.entity_id]["state"])
        except ValueError:
            return None


def _section(heading: str, icon: str, cards: Iterable[Json], columns: int = 1) -> Json:
    title: Json = {"type": "heading", "heading": heading, "icon": icon}
    return {"type": "grid", "column_span": columns, "cards": [title, *cards]}


def _tile(entity: Entity, *, name: object, **more: object) -> Json:
    return {"type": "tile", "entity": entity.entity_id, "name": name, "vertical": False, **more}


def _history(entities: Iterable[Entity], names: Mapping[str, object]) -> Json:
    return {
        "type": "history-graph",
        "hours_to_show": 24,
        "entities": [
            {"entity": entity.entity_id, "name": names.get(entity.entity_id, _OWN_NAME)} for entity in entities
        ],
        "grid_options": _FULL,
    }


def _without(name: str, *parts: str) -> str:
    """Leave out of a name what its heading says already."""
    for part in parts:
        name = name.replace(part, "")
    return name[:1].upper() + name[1:]


async def create_dashboards(socket: Socket, inventory: Inventory) -> None:
    """Create both dashboards and make the shipped page the first one. Raises DemoError."""
    states = {state["entity_id"]: state for state in await socket.ask("get_states")}
    made = Dashboard(inventory, states).config()
    for path, title, icon, config in (
        (PATH, TITLE, "mdi:shield-home", PAGE),
        (CABINET, CABINET_TITLE, "mdi:gauge", made),
    ):
        await socket.ask(
            "lovelace/dashboards/create",
            url_path=path,
            title=title,
            icon=icon,
            mode="storage",
            show_in_sidebar=True,
            require_admin=False,
        )
        await socket.ask("lovelace/config/save", url_path=path, config=config)
    await socket.ask("frontend/set_system_data", key="core", value={"default_panel": PATH})


async def set_up_energy(socket: Socket, inventory: Inventory) -> None:
    """Tell the energy dashboard which meters there are: each feeder of the cabinet has its own supply."""
    sources = [
        {
            "type": "grid",
            "name": instrument(unit).name,
            "stat_energy_from": inventory.get(unit, code).entity_id,
            "stat_energy_to": None,
            "stat_rate": inventory.get(unit, "P").entity_id,
            "cost_adjustment_day": 0,
        }
        for unit, code in METERS.items()
    ]
    devices = [
        {
            "name": instrument(unit).name,
            "stat_consumption": inventory.get(unit, code).entity_id,
            "stat_rate": inventory.get(unit, "P").entity_id,
        }
        for unit, code in METERS.items()
    ]
    await socket.ask("energy/save_prefs", energy_sources=sources, device_consumption=devices)
