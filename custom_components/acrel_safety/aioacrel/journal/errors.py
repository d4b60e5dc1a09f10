"""What can be wrong with a record, and with what is to be put into it."""

from ..errors import AcrelError


class JournalError(AcrelError):
    """Something about the record failed."""


class JournalInUseError(JournalError):
    """Another program writes this record."""

    key = "journal_in_use"


class JournalTooNewError(JournalError):
    """A newer version wrote this record; it is left as it is."""

    key = "journal_too_new"


class NotAJournalError(JournalError):
    """The file is something else; it is left as it is."""

    key = "not_a_journal"


class JournalUnreadableError(JournalError):
    """The record cannot be read."""

    key = "journal_unreadable"


class JournalTroubleError(JournalError):
    """At the moment the record cannot be written: what is to be put down waits in memory."""


class JournalUnwritableError(JournalTroubleError):
    """The system or another program does not let the record be written."""

    key = "journal_unwritable"


class JournalFullError(JournalTroubleError):
    """There is no space left for the record."""

    key = "journal_full"


class EntryLostError(JournalError):
    """An entry waited in memory until there were too many, or until the end; how many were lost is put down."""

    key = "entry_lost"


class JournalClosedError(JournalError):
    """The record was closed before."""

    key = "journal_closed"


class UnfitEntryError(JournalError):
    """What is to be put down is no JSON, or more than an entry may hold."""

    key = "entry_unfit"


class BadHeadError(JournalError):
    """What was given as the head of a record is none."""

    key = "bad_head"
