"""Scenarios by name: what goes wrong in the circuit, in the instrument or on the link."""

from dataclasses import dataclass, field

# A unit is in exactly one scenario at a time; "normal" ends it. Heat fades and energy stays, as in
# a real cabinet.
type Option = float | int | bool | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a scenario is and which options it takes."""

    meaning: str
    options: frozenset[str] = frozenset()
    # A link scenario leaves the circuit alone and changes how the unit answers.
    link: bool = False


SCENARIOS: dict[str, Kind] = {
    "normal": Kind(meaning="ordinary operation, breaker closed"),
    "leak": Kind(
        meaning="residual current above the alarm value, or insulation below it",
        options=frozenset({"ma", "kohm", "circuit"}),
    ),
    "overheat": Kind(
        meaning="a bad joint heats one conductor above the limit within minutes",
        options=frozenset({"celsius", "conductor"}),
    ),
    "overload": Kind(
        meaning="current above the limit, heat follows with its square",
        options=frozenset({"factor"}),
    ),
    "undervoltage": Kind(meaning="mains voltage sags", options=frozenset({"factor"})),
    "trip": Kind(meaning="breaker open and kept open: no current, no leakage, no power"),
    "relay": Kind(
        meaning="the relay of a prepaid meter sticks; travel_s: moves so late; falls_back_s: moves back after so long",
        options=frozenset({"travel_s", "falls_back_s"}),
    ),
    "sensor_break": Kind(
        meaning="sensor wire broken; reported by the fault bit where the device has one",
        options=frozenset({"circuit", "short", "wire"}),
    ),
    "arc": Kind(
        meaning="arcs on an outgoing circuit of an arc detector: so many that it alarms, or as many as asked",
        options=frozenset({"circuit", "per_second"}),
    ),
    "silent": Kind(meaning="the unit does not answer", link=True),
    "slow": Kind(meaning="the unit answers late", options=frozenset({"delay_s"}), link=True),
    "exception": Kind(
        meaning="every request is answered with a Modbus exception",
        options=frozenset({"code"}),
        link=True,
    ),
    "limited": Kind(
        meaning="reads of more than so many registers are refused (how: 2, 3, 4), not answered (silent) or cut (short)",
        options=frozenset({"most", "how"}),
        link=True,
    ),
    "filled": Kind(meaning="registers that are printed nowhere are answered, with 0", link=True),
    "dead": Kind(
        meaning="the meter is dead and the gateway answers in its place: every register holds the same word",
        options=frozenset({"word"}),
        link=True,
    ),
    "wrong_model": Kind(meaning="another model answers at this unit id", options=frozenset({"model"}), link=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario that was chosen, with its options."""

    name: str = "normal"
    options: dict[str, Option] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse names and options that do not exist."""
        kind = SCENARIOS.get(self.name)
        if kind is None:
            raise ValueError(f"no scenario {self.name!r}; there are: {', '.join(SCENARIOS)}")
        unknown = sorted(set(self.options) - kind.options)
        if unknown:
            allowed = ", ".join(sorted(kind.options)) or "none"
            raise ValueError(f"scenario {self.name!r} has no option {', '.join(unknown)}; allowed: {allowed}")

    @property
    def link(self) -> bool:
        """Whether only the link is affected."""
        return SCENARIOS[self.name].link

    def number(self, option: str, default: float) -> float:
        """Return a numeric option."""
        value = self.options.get(option, default)
        try:
            return float(value)
        except ValueError as error:
            raise ValueError(f"option {option} of scenario {self.name!r} must be a number, not {value!r}") from error

    def whole(self, option: str, default: int, low: int, high: int) -> int:
        """Return a whole-number option within bounds."""
        value = self.number(option, default)
        if value != int(value) or not low <= value <= high:
            raise ValueError(
                f"option {option} of scenario {self.name!r} must be a whole number {low}-{high}, not {value:g}"
            )
        return int(value)

    def flag(self, option: str) -> bool:
        """Return a yes/no option."""
        return bool(self.options.get(option, False))
