"""Texts of files in the Markdown of a form or an issue, as they are: nothing in them is taken for markup."""

import re
from collections.abc import Sequence

from .aioacrel.problems import Problem, flat
from .aioacrel.texts import phrase

_MARKUP = frozenset("\\`*_{}[]<>#|~!$&@")
_LIVE = re.compile(r"://|(?<=www)\.|^[-+=](?=\s|[-+=]|$)|(?<=^\d)[.)]|(?<=^\d\d)[.)]", re.IGNORECASE)
"""What the frontend makes a link or a list of, although it has no signs around it."""


def problem_list(problems: Sequence[Problem], language: str, *, most: int) -> str:
    """Return findings as a list, in the order of the file; of those after the first `most` only how many they are."""
    shown = [plain(problem.text(language)) for problem in problems[:most]]
    if left_out := len(problems) - len(shown):
        shown.append(phrase("and_more", count=left_out).text(language))
    return "\n".join(f"- {finding}" for finding in shown)


def plain(text: str) -> str:
    """Return text of unknown origin so that Markdown shows it as it is, on one line."""
    marked = "".join(f"\\{char}" if char in _MARKUP else char for char in flat(text))
    return _LIVE.sub(r"\\\g<0>", marked)


def quoted(text: str) -> str:
    """Return text of unknown origin as it may stand between backticks, where nothing can be escaped."""
    return flat(text).replace("`", "'")
