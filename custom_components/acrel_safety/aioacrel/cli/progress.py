"""How far a long command is, on a terminal's last line; nothing where nobody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from .output import Console

type Show = Callable[[int, str], None]
"""Takes how much is done and what is under way."""


@contextmanager
def progress(console: Console, total: int) -> Iterator[Show]:
    """Draw a bar beside the results and leave no trace of it."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    bar = Progress(*columns, console=console.side, transient=True, disable=not console.side.is_terminal)
    with bar:
        task = bar.add_task("", total=total)
        yield lambda done, text: bar.update(task, completed=done, description=text)
