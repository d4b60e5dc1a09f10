"""`acrel scan`: which units answer on a link, and as which models."""

import asyncio
from collections.abc import Sequence

from ...errors import WrongPeerError
from ...modbus.fitting import Candidate, Verdict
from ...modbus.found import Found, Search
from ...modbus.link import LinkAddress
from ...modbus.searched import OwnLink
from ...modbus.searching import search
from ...points import Model
from ...texts import said
from .. import advice, selecting
from ..exits import Exit
from ..options import Options
from ..output import Cell, Column, Console, Json, table
from ..progress import progress
from ..session import open_link

_COLUMNS = (
    Column("UNIT", is_right=True),
    Column("FITS MODEL"),
    Column("WHAT IT IS", gives_way=True),
    Column("NOTE", gives_way=True),
)
_DOUBTS = (
    Column("UNIT", is_right=True),
    Column("MODEL"),
    Column("FITS"),
    Column("SPEAKS FOR IT", gives_way=True),
    Column("SPEAKS AGAINST IT", gives_way=True),
    Column("UNCLEAR", gives_way=True),
)
_LONG = 1.0
"""Seconds; a gateway that tries for longer is worth a word."""
_LONGER = 10.0
"""Seconds; hardly a gateway gives up later."""
_VERDICTS = {Verdict.FITS: "yes", Verdict.DOUBTFUL: "perhaps", Verdict.NO: "no"}


def command(options: Options, console: Console) -> int:
    """Ask every unit for one register, those that answer for what the models' probes want."""
    models = [model for model in selecting.library(options).usable() if not model.needs_table]
    done = asyncio.run(search_link(options, options.link, models, console))
    other = advice.other_link(options.link)
    if not done.answering and options.both_framings and other is not None and not done.gateway_says:
        console.note(f"{done.address}: 0 of {len(options.units)} units answer; asking in the other framing, {other}")
        again = asyncio.run(search_link(options, other, models, console))
        done = again if again.answering else done
    if console.as_json:
        console.json(_as_json(options, done))
    else:
        _show(options, console, done)
    _say_what_to_do(options, console, done)
    if not done.answering:
        return Exit.FAILED
    return Exit.INCOMPLETE if done.trouble is not None else Exit.DONE


async def search_link(options: Options, address: LinkAddress, models: Sequence[Model], console: Console) -> Search:
    """Open a link and ask all units there. Raises as `search` does."""
    async with open_link(address) as link:
        with progress(console, len(options.units)) as show:
            return await search(
                OwnLink(link, address),
                options.units,
                models,
                unit_timeout=options.timeout,
                thorough=options.everything,
                show=lambda done, unit_id, found: show(done, f"unit {unit_id}, {found} found"),
            )


def _candidate(candidate: Candidate) -> Json:
    return {
        "model": candidate.model.id,
        "fits": candidate.verdict is Verdict.FITS,
        "for": [str(said) for said in candidate.speaks_for],
        "against": [str(said) for said in candidate.speaks_against],
        "unclear": [str(said) for said in candidate.unclear],
    }


def _as_json(options: Options, done: Search) -> Json:
    found = {unit.unit_id for unit in done.found}
    return {
        "link": str(done.address),
        "units": [
            {
                "unit": unit.unit_id,
                "models": [model.id for model in unit.models],
                "candidates": [_candidate(candidate) for candidate in _worth_telling(options, unit)],
                "remark": str(unit.remark),
            }
            for unit in done.found
        ],
        "silent": [unit for unit in done.asked if unit not in found],
    }


def _show(options: Options, console: Console, done: Search) -> None:
    if done.found:
        console.show(table(_COLUMNS, [_row(unit, options.language) for unit in done.found]))
    doubts = [
        _doubt(unit, candidate, options.language)
        for unit in done.found
        if options.everything or not unit.models
        for candidate in _worth_telling(options, unit)
    ]
    if doubts:
        console.lines([""])
        console.show(table(_DOUBTS, doubts))
        console.lines([""])
    over = f" over {done.address}" if done.address != options.link else ""
    console.lines([f"{len(done.answering)} of {len(options.units)} units answer{over}"])


def _row(unit: Found, language: str) -> tuple[Cell, ...]:
    title = unit.models[0].title(language) if len(unit.models) == 1 else ""
    return str(unit.unit_id), _named(unit.models) or _unnamed(unit), title, said(unit.remark, language)


def _named(models: Sequence[Model]) -> str:
    return ", ".join(model.id for model in models)


def _unnamed(unit: Found) -> str:
    """Say what is known of a unit that fits no model in every check."""
    if any(candidate.verdict is Verdict.DOUBTFUL for candidate in unit.candidates):
        return "none for sure"
    return "none known" if unit.candidates else "not asked"


def _doubt(unit: Found, candidate: Candidate, language: str) -> tuple[Cell, ...]:
    return (
        str(unit.unit_id),
        candidate.model.id,
        _VERDICTS[candidate.verdict],
        "; ".join(said(one, language) for one in candidate.speaks_for),
        "; ".join(said(one, language) for one in candidate.speaks_against),
        "; ".join(said(one, language) for one in candidate.unclear),
    )


def _worth_telling(options: Options, unit: Found) -> list[Candidate]:
    """Return the candidates for which something speaks, or all that were asked for."""
    return [found for found in unit.candidates if options.everything or found.verdict is not Verdict.NO]


def _say_what_to_do(options: Options, console: Console, done: Search) -> None:
    if done.trouble is not None:
        console.note(f"The scan ends early: {done.trouble}")
        if isinstance(done.trouble, WrongPeerError):
            return
    if done.tries_for >= _LONG:
        console.note(
            f"The gateway tries a unit that is not there for about {done.tries_for:.1f} s, and serves nobody else"
            " meanwhile: list only units that are there in the programs that poll it"
        )
    if done.answering:
        return
    if done.gateway_says:
        console.note(f"The gateway answers, but for none of these units: it says '{done.gateway_says}'")
    elif done.heard:
        console.note(f"Something answers: {done.heard}")
    elif options.timeout is None and done.longest:
        console.note(
            f"Each unit was given {done.longest:.2g} s. If device or gateway may be slower, ask for longer:"
            f" --timeout {_LONGER:g}"
        )
    console.note(advice.WHAT_TO_CHECK)
    if not (done.gateway_says or done.heard):
        for line in advice.other_framing(options):
            console.note(line if not options.both_framings else "Neither framing brought an answer")
