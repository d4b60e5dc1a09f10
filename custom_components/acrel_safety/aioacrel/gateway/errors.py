"""What is wrong with a gateway or with what it sends, for the owner to read."""

from ..errors import AcrelError, LinkError, NotSentError
from ..texts import Said


class PayloadError(AcrelError):
    """A message that cannot be read; `detail` says why."""

    key = "gateway_payload"


class NoBrokerError(AcrelError):
    """Whoever carries the messages cannot do so now."""

    key = "gateway_no_broker"


class AnswerNotSentError(AcrelError):
    """An answer, without which the gateway does not report, could not be published."""

    key = "gateway_not_answered"


class NotPublishedError(NotSentError):
    """An order was not published: it was certainly not carried out."""

    key = "gateway_not_published"

    def __init__(self, *, serial: str, reason: Said) -> None:
        """Keep which meter (as it may be shown), and why."""
        LinkError.__init__(self, serial=serial, reason=reason)
        self.reason = self


class PublishedPerhapsError(LinkError):
    """Nobody knows whether an order left."""

    key = "gateway_published_perhaps"
