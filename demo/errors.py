"""What can go wrong in the demo, with a text for the person in front of it."""


class DemoError(Exception):
    """The demo cannot go on; the text says why and, where there is one, the remedy."""
