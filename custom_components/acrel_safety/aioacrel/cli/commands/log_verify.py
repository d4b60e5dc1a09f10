"""`acrel log verify`: whether a record is what was put down."""

from ...journal import Verification, verify
from ...texts import phrase
from ..exits import Exit
from ..options import Options
from ..output import Console


def command(options: Options, console: Console) -> int:
    """Look at the whole record; what is wrong is told, and what can be known at all."""
    found = verify(options.file, options.heads or ())
    if console.as_json:
        console.json(
            {
                "file": str(options.file),
                "whole": found.is_whole,
                "first": found.first,
                "count": found.count,
                "head": str(found.head),
                "findings": [
                    {
                        "fault": finding.fault,
                        "first": finding.first,
                        "last": finding.last,
                        "text": finding.said().text(options.language),
                    }
                    for finding in found.findings
                ],
                "rolled_back_to": found.rolled_back_to,
                "confirmed": [str(head) for head in found.confirmed],
                "unchecked": [str(head) for head in found.unchecked],
                "pruned": found.pruned,
                "rollbacks": found.rollbacks,
                "beginnings": found.beginnings,
                "lost": found.lost,
            }
        )
    else:
        console.lines(_lines(options, found))
    if found.is_whole:
        return Exit.DONE
    return Exit.INCOMPLETE if found.rolled_back_to is not None else Exit.FAILED


def _lines(options: Options, found: Verification) -> list[str]:
    said = [phrase("record_counted", path=options.file, count=found.count, first=found.first, head=found.head)]
    if found.pruned:
        said.append(phrase("record_pruned", last=found.pruned))
    said += [phrase("record_rolled_back", sequence=sequence) for sequence in found.rollbacks]
    said += [phrase("record_begun_anew", sequence=sequence) for sequence in found.beginnings]
    if found.lost:
        said.append(phrase("record_lost", count=found.lost))
    said += [phrase("record_unchecked", head=head) for head in found.unchecked]
    if not found.confirmed:
        said.append(phrase("record_without_head"))
    said += [finding.said() for finding in found.findings]
    if found.is_whole:
        said.append(phrase("record_whole"))
    return [each.text(options.language) for each in said]
