"""What can stand in the way of an entry, whichever way it is."""


class LinkInUseError(Exception):
    """Home Assistant uses the link with other line settings."""
