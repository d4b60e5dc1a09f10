"""Reads in one go what a device may give in parts only: that it declines a read says nothing of each register in it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from ..errors import LinkError, LinkUnreachableError, RefusedError
from ..registers.blocks import Block, smaller
from .guard import GuardedUnit

type Ask = Callable[[Block], Awaitable[list[int]]]


async def read_in_parts(
    unit: GuardedUnit, blocks: Iterable[Block], ask: Ask
) -> AsyncIterator[tuple[Block, list[int] | RefusedError]]:
    """Yield the answer to each read, or of its parts, or why a single point is refused.

    A read is taken apart that is refused, or to which nothing fitting came while the unit was heard all the same: its
    longest answer may be shorter. Raises LinkError when the unit cannot be asked.
    """
    todo = list(blocks)
    while todo:
        block, heard = todo.pop(0), unit.figures.heard
        try:
            words: list[int] | RefusedError = await ask(block)
        except RefusedError as error:
            if error.is_gateway or error.is_busy:
                raise
            if parts := smaller(block):
                todo[:0] = parts
                continue
            words = error
        except LinkUnreachableError:
            raise
        except LinkError:
            parts = smaller(block)
            if not parts or unit.figures.heard == heard:
                raise
            todo[:0] = parts
            continue
        yield block, words
