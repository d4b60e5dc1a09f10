"""What the outcome of a read teaches about what lies between the points, and about its length."""

from ..registers import RegisterMap
from ..registers.blocks import Block, gaps_in
from .learnt import BACK_OFF, Learnt
from .trials import SHORT_SECONDS


def note_recovered(learnt: Learnt, registers: RegisterMap, block: Block, now: float) -> bool:
    """Note that all parts of a read were answered, but not the read; return whether its length is the reason.

    It is, if no read as long was ever answered; else what it read on the way.
    """
    if learnt.note_too_long(block.read.count, now + SHORT_SECONDS):
        return True
    suspect_gaps(learnt, registers, block, now)
    return False


def suspect_gaps(learnt: Learnt, registers: RegisterMap, block: Block, now: float) -> None:
    """Read no more through registers that nobody wants, if nobody said that they exist."""
    if not (gaps := gaps_in(block)):
        return
    if crossed := [border for border in learnt.crossed if border.is_in(block.read)]:
        # Perhaps it is one of them alone: each is tried again.
        learnt.close(crossed, now + BACK_OFF[1])
    elif not registers.ranges:
        learnt.note_hole(gaps, now)
