"""What people are told of an operation: what became of it, where it stands, and what has to be known of it."""

from dataclasses import dataclass

from ..control.outcome import Outcome, Reason, Result
from ..errors import AcrelError
from ..points import Effect, Model
from ..readings import PointKey, Value
from ..texts import Phrase, phrase
from .orders import shown

_OUTPUTS = (Effect.OUTPUT_ON, Effect.OUTPUT_OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One command to one device, and what is known of it."""

    model: Model
    key: PointKey
    wanted: Value | None
    """What a setting is to be; a command has none."""
    outcome: Outcome
    value: Value | None = None
    """What a setting was read as last."""
    trouble: AcrelError | None = None
    """Why nothing could be read."""

    @property
    def position(self) -> str | None:
        """The position that was read last, in a word that stays the same for programs."""
        operation = self.model.operations.get(self.key)
        if operation is None or self.outcome.position is None:
            return None
        if operation.effect in _OUTPUTS:
            return "on" if self.outcome.position else "off"
        return "closed" if self.outcome.position else "open"

    def sentence(self, language: str) -> str:
        """Return what it is, what became of it, and where it stands."""
        operation = self.model.operations.get(self.key)
        names = self.model.points[self.key].quantity if operation is None else operation
        name, outcome = names.name(language), self._became(language)
        if self.outcome.reason is Reason.BAD_VALUE:  # nobody was asked
            return phrase("operation_told", key=self.key, name=name, outcome=outcome).text(language)
        told = phrase("operation_told_where", key=self.key, name=name, outcome=outcome, where=self._where())
        return told.text(language)

    def warnings(self, language: str) -> list[str]:
        """Return what has to be known: of what was not sent, or was not done, nothing follows."""
        operation = self.model.operations.get(self.key)
        lines = []
        if self.outcome.reason is Reason.NOT_CONFIRMED and self.trouble is not None:
            lines.append(phrase("operation_unread", error=self.trouble).text(language))
        if self.outcome.result is Result.UNKNOWN:
            lines.append(phrase("look_first").text(language))
        warning = "" if operation is None else operation.warning(language)
        if not warning:
            return lines
        if self.outcome.result is Result.CONFIRMED:
            lines.append(warning)
        elif self.outcome.reason is Reason.NOT_CONFIRMED:
            lines.append(phrase("warning_before", warning=warning).text(language))
        elif self.outcome.result in (Result.UNKNOWN, Result.UNVERIFIED):
            lines.append(phrase("warning_perhaps", warning=warning).text(language))
        return lines

    def _became(self, language: str) -> str:
        if self.outcome.reason is not Reason.NOT_CONFIRMED:
            return self.outcome.text(language)
        if self.wanted is None:
            return phrase("operation_would").text(language)
        value = shown(self.model.points[self.key], self.wanted)
        return phrase("operation_would_set", value=value).text(language)

    def _where(self) -> Phrase:
        if self.key not in self.model.operations:
            value = shown(self.model.points[self.key], self.value)
            return phrase("value_is", value=value) if value else phrase("value_not_known")
        match self.position:
            case "open":
                return phrase("position_open")
            case "closed":
                return phrase("position_closed")
            case "on":
                return phrase("position_on")
            case "off":
                return phrase("position_off")
            case _:
                return phrase("position_not_known")
