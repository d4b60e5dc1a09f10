"""Residual currents and temperatures that rose at once and stay: their owner is asked, once for all of a device.

That is no hazard: a new appliance does it. What grows slowly is an alarm, and not asked about here.
"""

from collections.abc import Mapping, Sequence

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.growths import Question
from .aioacrel.problems import flat
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.texts import library_language
from .const import DOMAIN, LOGGER
from .markdown import plain

LEVEL_CHANGED = "level_changed"
"""Also the key of its text."""
_MOST = 10
"""Values that are listed."""


def issue_id(board: Board) -> str:
    """Return the id of the question about a device."""
    return f"{board.link}_{board.identity}_{LEVEL_CHANGED}"


@callback
def tell_questions(hass: HomeAssistant, board: Board, questions: Sequence[Question]) -> bool:
    """Ask, ask for more, or withdraw the question; returns whether that was news."""
    identifier = issue_id(board)
    known = ir.async_get(hass).async_get_issue(DOMAIN, identifier)
    texts = placeholders(hass, board, questions)
    if known is not None and known.active and questions and known.translation_placeholders == texts:
        return False
    if not questions:
        if known is not None:
            ir.async_delete_issue(hass, DOMAIN, identifier)
        return known is not None
    LOGGER.info("%s: %d values rose at once and stay", board.name, len(questions))
    ir.async_create_issue(
        hass,
        DOMAIN,
        identifier,
        data={"identity": board.identity},
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=LEVEL_CHANGED,
        translation_placeholders={**texts},
    )
    return True


def placeholders(hass: HomeAssistant, board: Board, questions: Sequence[Question]) -> Mapping[str, str]:
    """Return what the texts of the question need."""
    language = library_language(hass.config.language)
    lines = []
    for question in questions[:_MOST]:
        circuit = question.key.circuit
        where = "" if circuit == DEVICE_CIRCUIT else f"{board.circuit_name(circuit)}: "
        lines.append(f"- {plain(f'{where}{question.name.text(language)}: {question.text(language)}')}")
    if len(questions) > _MOST:
        lines.append(f"- … {len(questions) - _MOST}")
    return {"device": flat(board.name), "values": "\n".join(lines)}
