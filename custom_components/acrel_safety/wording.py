"""What people are told of alarms: where, what, how much and since when, in Home Assistant's language."""

from collections.abc import Sequence

from homeassistant.util import dt as dt_util

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.levels import Safety
from .aioacrel.alarms.sayings import headed, over_with_figures, with_figures
from .aioacrel.alarms.standing import Standing
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.texts import Sayable, phrase
from .const import DOMAIN

_MOST = 5
"""Alarms that one text names; a phone shows few lines."""


def title_of(standing: Standing, language: str) -> str:
    """Return the level and the place: board and circuit."""
    return headed(standing.level, place_of(standing)).text(language)


def place_of(standing: Standing) -> str:
    """Return board and circuit as their owner calls them; a mere number of the only circuit says nothing."""
    circuit = "" if standing.circuit_name == standing.circuit else standing.circuit_name
    return " · ".join(filter(None, (standing.board.name, circuit)))


def place_named(board: Board, circuit: str) -> str:
    """Return the same of a circuit of a device."""
    name = "" if circuit == DEVICE_CIRCUIT else board.circuit_name(circuit)
    return " · ".join(filter(None, (board.name, "" if name == circuit else name)))


def cut_off_tag(board: Board, circuit: str) -> str:
    """Return the tag of the one notification about switching a circuit off."""
    return f"{DOMAIN}_cut_{board.identity}_{circuit}"


def figured(standing: Standing) -> Sayable:
    """Return what is wrong, with the figures; of what is over the worst there was, and what is there now."""
    cause, limit, unit = standing.alarm.name, standing.limit, standing.unit
    if standing.is_over:
        return over_with_figures(cause, standing.worst_value, standing.value, limit, unit)
    return with_figures(cause, standing.value, limit, unit)


def sentence_of(standing: Standing, language: str) -> str:
    """Return what is wrong, with the figures, and since when."""
    said = figured(standing)
    if standing.since is None:
        return said.text(language)
    since = dt_util.as_local(standing.since).strftime("%Y-%m-%d %H:%M")
    return phrase("told_since", what=said, since=since).text(language)


def message_of(alarms: Sequence[Standing], language: str) -> str:
    """Return one line per alarm of one board; of one that is not on the first one's circuit it says where it is."""
    lines = [_line(standing, alarms[0], language) for standing in named(alarms)]
    if more := len(alarms) - len(lines):
        lines.append(phrase("and_more", count=more).text(language))
    return "\n".join(lines)


def named(alarms: Sequence[Standing]) -> Sequence[Standing]:
    """Return those of some alarms that a message names."""
    return alarms[:_MOST]


def summary_of(alarms: Sequence[Standing], word: Safety, language: str) -> str:
    """Return in a sentence how it stands with all of them."""
    if alarms:
        new = sum(not standing.alarm.facts.is_acknowledged for standing in alarms)
        return phrase("summary_alarms", count=len(alarms), new=new).text(language)
    return (phrase("summary_safe") if word is Safety.SAFE else phrase("summary_unseen")).text(language)


def _line(standing: Standing, first: Standing, language: str) -> str:
    said = sentence_of(standing, language)
    if standing.level is not first.level:
        # The title has the level of the first.
        said = headed(standing.level, said).text(language)
    if standing.circuit == first.circuit:
        return said
    return f"{standing.circuit_name or standing.board.name}: {said}"
