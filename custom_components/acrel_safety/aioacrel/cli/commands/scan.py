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
from ...texts import Phrase, phrase, said
from .. import advice, selecting
from ..exits import Exit
from ..language import Word
from ..options import Options
from ..output import Cell, Column, Console, Json, table
from ..progress import progress
from ..session import open_link

_COLUMNS = (
    Column("UNIT ID", is_right=True),
    Column("FITS MODEL"),
    Column("WHAT IT IS", gives_way=True),
    Column("NOTE", gives_way=True),
)
_DOUBTS = (
    Column("UNIT ID", is_right=True),
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
_VERDICTS = {Verdict.FITS: Word("yes"), Verdict.DOUBTFUL: Word("perhaps"), Verdict.NO: Word("no")}


def command(options: Options, console: Console) -> int:
    """Ask every unit for one register, those that answer for what the models' probes want."""
    models = [model for model in selecting.library(options).usable() if not model.needs_table]
    done = asyncio.run(search_link(options, options.link, models, console))
    other = advice.other_link(options.link)
    if not done.answering and options.both_framings and other is not None and not done.gateway_says:
        asking = phrase("scan_other_framing", link=done.address, count=len(options.units), other=other)
        console.note(asking.text(options.language))
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

    def under_way(unit_id: int, found: int) -> str:
        return phrase("scan_under_way", unit=unit_id, found=found).text(options.language)

    async with open_link(address) as link:
        with progress(console, len(options.units)) as show:
            return await search(
                OwnLink(link, address),
                options.units,
                models,
                unit_timeout=options.timeout,
                thorough=options.everything,
                show=lambda done, unit_id, found: show(done, under_way(unit_id, found)),
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
    language = options.language
    if done.found:
        console.show(table(_COLUMNS, [_row(unit, language) for unit in done.found], language=language))
    doubts = [
        _doubt(unit, candidate, language)
        for unit in done.found
        if options.everything or not unit.models
        for candidate in _worth_telling(options, unit)
    ]
    if doubts:
        console.lines([""])
        console.show(table(_DOUBTS, doubts, language=language))
        console.lines([""])
    told = phrase("scan_answering", count=len(done.answering), asked=len(options.units))
    if done.address != options.link:
        told = phrase("scan_answering_over", answering=told, link=done.address)
    console.lines([told.text(language)])


def _row(unit: Found, language: str) -> tuple[Cell, ...]:
    title = unit.models[0].title(language) if len(unit.models) == 1 else ""
    return str(unit.unit_id), _named(unit.models) or _unnamed(unit).text(language), title, said(unit.remark, language)


def _named(models: Sequence[Model]) -> str:
    return ", ".join(model.id for model in models)


def _unnamed(unit: Found) -> Word:
    """Say what is known of a unit that fits no model in every check."""
    if any(candidate.verdict is Verdict.DOUBTFUL for candidate in unit.candidates):
        return Word("none for sure")
    return Word("none known") if unit.candidates else Word("not asked")


def _doubt(unit: Found, candidate: Candidate, language: str) -> tuple[Cell, ...]:
    return (
        str(unit.unit_id),
        candidate.model.id,
        _VERDICTS[candidate.verdict].text(language),
        "; ".join(said(one, language) for one in candidate.speaks_for),
        "; ".join(said(one, language) for one in candidate.speaks_against),
        "; ".join(said(one, language) for one in candidate.unclear),
    )


def _worth_telling(options: Options, unit: Found) -> list[Candidate]:
    """Return the candidates for which something speaks, or all that were asked for."""
    return [found for found in unit.candidates if options.everything or found.verdict is not Verdict.NO]


def _say_what_to_do(options: Options, console: Console, done: Search) -> None:
    language = options.language
    if done.trouble is not None:
        console.note(phrase("scan_ends_early", trouble=done.trouble).text(language))
        if isinstance(done.trouble, WrongPeerError):
            return
    if done.tries_for >= _LONG:
        console.note(phrase("scan_gateway_tries", seconds=f"{done.tries_for:.1f}").text(language))
    if done.answering:
        return
    if (heard := _heard(options, done)) is not None:
        console.note(heard.text(language))
    console.note(advice.WHAT_TO_CHECK.text(language))
    if not (done.gateway_says or done.heard):
        for line in advice.other_framing(options):
            console.note(line if not options.both_framings else phrase("scan_neither").text(language))


def _heard(options: Options, done: Search) -> Phrase | None:
    """Say what was heard in place of an answer, or how long one was waited for."""
    if done.gateway_says:
        return phrase("scan_gateway_says", meaning=done.gateway_says)
    if done.heard:
        return phrase("scan_heard", heard=done.heard)
    if options.timeout is None and done.longest:
        return phrase("scan_waited", seconds=f"{done.longest:.2g}", longer=f"{_LONGER:g}")
    return None
