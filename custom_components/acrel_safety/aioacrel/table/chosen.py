"""One usable row under the choices made so far: its point, its warnings, and what other answers would give."""

from dataclasses import replace
from fractions import Fraction

from ..models.entry import Entry
from ..problems import Problem, Severity
from ..readings import PointKey
from ..registers import Layout, Order, RegisterType
from .choices import Choice, ChoiceKind
from .columns import place_of
from .factor import KMeaning, KMode, decimal_text, factor, meaning
from .merge import make_point, quantity_of
from .row import LAYOUTS, NORMAL_CODES, TableRow
from .units import fit

_LONG_BITS = 32
_SUSPECT_CODES = {16: 0, 32: 1, 64: 0}
"""Order codes, by bits, that no Acrel manual seen uses. For 32 bits the code is also a generator's default."""


class ChosenRow:
    """A row with the factor and byte order that hold for it."""

    def __init__(
        self,
        row: TableRow,
        key: PointKey,
        base: Entry | None,
        *,
        k_mode: KMode,
        uses_multipliers: bool,
        order: Order | None,
        is_address_decided: bool,
    ) -> None:
        """Take the file's modes and the user's order for this point, if any.

        Raises ValueError when the type has no such order in a table.
        """
        codes = {layout.order: code for code, layout in LAYOUTS[row.type].items()}
        if order is not None and order not in codes:
            message = f"{key}: '{order}' is no order of {row.type} in a table"
            raise ValueError(message)
        self._row, self._key, self._base = row, key, base
        quantity = quantity_of(row, base)
        self._wanted_unit = quantity.unit
        self._fit = fit(quantity, row.unit)
        self._quantity = quantity.in_unit(self._fit.unit)
        self._endian = row.endian if order is None else codes[order]
        self._layout = LAYOUTS[row.type][self._endian]
        self._is_order_decided = order is not None
        self._is_address_decided = is_address_decided
        self._is_k_decided = k_mode is not KMode.AUTO
        # A yes or no has no factor.
        is_bit = row.type is RegisterType.BIT
        self._factor = Fraction(1) if is_bit else factor(row.k, row.dcm, k_mode, uses_multipliers=uses_multipliers)
        self._is_k_ambiguous = not is_bit and meaning(row.k, row.dcm) is KMeaning.AMBIGUOUS
        self._is_order_doubtful = row.endian == _SUSPECT_CODES.get(row.type.bits)

    def point(self) -> Entry:
        """Return the point as it stands; what is not confirmed is noted in it."""
        doubts = []
        if self._row.readings and not self._is_address_decided:
            doubts.append(f"address {self._row.written} not confirmed")
        if self._is_order_doubtful and not self._is_order_decided:
            doubts.append(f"endian {self._row.endian} not confirmed")
        if self._is_k_ambiguous and not self._is_k_decided:
            doubts.append(f"k {_text(self._row.k)} not confirmed")
        return self._made(self._layout, self._factor, ", ".join(doubts))

    def warnings(self) -> list[Problem]:
        """Return what to tell about the row."""
        row, found = self._row, []
        if row.readings and not self._is_address_decided:
            found += self._address_warnings()
        if self._is_order_doubtful and not self._is_order_decided:
            key = "order_by_default" if row.type.bits == _LONG_BITS else "order_swapped"
            found.append(self._warning(key, "endian", str(row.endian)))
        if self._is_k_ambiguous and not self._is_k_decided:
            found.append(self._warning("k_ambiguous", "k", _text(row.k), taken=_text(self._factor)))
        if self._fit.factor != 1:
            taken = self._fit.unit or "1"
            found.append(self._warning("unit_converted", "unit", row.unit, taken=taken))
        if self._fit.is_foreign:
            usual = self._wanted_unit or ""
            found.append(self._warning("unit_differs", "unit", row.unit, usual=usual))
        return found

    def choices(self) -> list[Choice]:
        """Return the questions about this row, answered or not."""
        asked = []
        if self._row.readings:
            asked.append(self._address_choice())
        if self._is_order_doubtful:
            asked.append(self._order_choice())
        if self._is_k_ambiguous:
            asked.append(self._factor_choice())
        return asked

    def _address_warnings(self) -> list[Problem]:
        """Return a warning for each reading beside the usual one."""
        row = self._row
        usual, *others = row.readings.items()
        return [
            self._warning(
                f"address_{mode}",
                "reg_add",
                row.written,
                usual=place_of(usual[1]),
                other=place_of(other),
                taken=place_of(row.address),
            )
            for mode, other in others
            if other != usual[1]
        ]

    def _address_choice(self) -> Choice:
        addresses = dict.fromkeys((*self._row.readings.values(), self._row.address))
        return self._choice(
            ChoiceKind.ADDRESS,
            f"register {place_of(self._row.address)}",
            {
                f"register {place_of(address)}": self._made(
                    self._layout, self._factor, row=replace(self._row, address=address)
                )
                for address in addresses
            },
            is_decided=self._is_address_decided,
        )

    def _order_choice(self) -> Choice:
        kind = self._row.type
        codes = {NORMAL_CODES[kind], self._row.endian, self._endian}
        layouts = {f"endian {code}": LAYOUTS[kind][code] for code in sorted(codes)}
        return self._choice(
            ChoiceKind.ORDER,
            f"endian {self._endian}",
            {label: self._made(layout, self._factor) for label, layout in layouts.items()},
            is_decided=self._is_order_decided,
        )

    def _factor_choice(self) -> Choice:
        factors = [Fraction(1), self._row.k or Fraction(1)]
        return self._choice(
            ChoiceKind.FACTOR,
            f"factor {_text(self._factor)}",
            {f"factor {_text(number)}": self._made(self._layout, number) for number in factors},
            is_decided=self._is_k_decided,
        )

    def _choice(self, kind: ChoiceKind, chosen: str, alternatives: dict[str, Entry], *, is_decided: bool) -> Choice:
        return Choice(
            kind=kind,
            key=self._key,
            line=self._row.line,
            chosen=chosen,
            is_decided=is_decided,
            alternatives=alternatives,
        )

    def _made(self, layout: Layout, factor: Fraction, note: str = "", *, row: TableRow | None = None) -> Entry:
        return make_point(
            row or self._row,
            self._key,
            self._base,
            quantity=self._quantity,
            layout=layout,
            scale=factor * self._fit.factor / 10**self._row.dcm,
            note=note,
        )

    def _warning(self, key: str, column: str, found: str, **details: str) -> Problem:
        return Problem(
            key=key,
            line=self._row.line,
            column=column,
            found=found,
            severity=Severity.WARNING,
            details=details,
        )


def _text(number: Fraction | None) -> str:
    return "" if number is None else decimal_text(number) or str(number)
