"""What goes wrong with a cloud account, each with its own sentence; nothing secret is in any of them."""

from typing import ClassVar

from ..errors import AcrelError, CommandRefusedError, DeviceAwayError, LinkError, LinkUnreachableError, NotSentError
from ..texts import Said


class CloudError(LinkError):
    """Base of what a cloud account cannot do; reading may be tried again later."""

    key: ClassVar[str] = "cloud_failed"
    is_of_server = True


class CloudUnreachableError(CloudError, LinkUnreachableError):
    """The host cannot be reached, or did not answer in time; its certificate may be the cause."""

    key = "cloud_unreachable"

    is_of_call: bool = False
    """Whether it may be of this call alone: nothing came in time, or half of it."""


class CloudBusyError(CloudError):
    """The server wants to be left alone for a while, or has an error of its own (500, 5000, HTTP 429 and 5xx)."""

    key = "cloud_busy"

    retry_after: float | None = None
    """Seconds for which it wants to be left alone, where it says so."""


class ForeignCloudError(CloudError):
    """The host answers, but not as this profile says: a web page, another generation, another product."""

    key = "cloud_foreign"


class UnfitAnswerError(CloudError):
    """An answer has another shape than is known, or is too large; nothing of it was believed."""

    key = "cloud_answer_unfit"


class PlainHttpError(AcrelError):
    """The address is not encrypted, and nobody allowed that for this host."""

    key = "cloud_plain_http"


class CloudAddressError(AcrelError):
    """What was typed is no address of a cloud."""

    key = "bad_cloud_address"


class AccountError(CloudError):
    """Somebody has to log in anew: wrong password, account disabled, login not accepted any more."""

    key = "cloud_login_refused"
    needs_login = True


class AccountDisabledError(AccountError):
    """The account was disabled (335)."""

    key = "cloud_account_disabled"


class LicenceError(CloudError):
    """The licence of the whole server is over (600), or the hosting of the organisation (392, 396)."""

    key = "cloud_licence_over"
    is_declined = True


class NotPermittedError(CloudError):
    """The account may not do this (147, 364, 363)."""

    key = "cloud_not_permitted"
    is_declined = True


class SiteGoneError(CloudError):
    """The account has no access to this site, or there is none such (348, 372, 368)."""

    key = "cloud_site_gone"
    is_declined = True


class ServerSaysError(CloudError):
    """Any other number that a server answered with; `code` says which."""

    key = "cloud_says"

    @property
    def code(self) -> int:
        """The number."""
        return int(str(self.values["code"]))


class ProofError(CommandRefusedError):
    """The server's second step was not passed: nothing was sent to the device."""

    key = "cloud_proof_failed"
    is_unproved = True


class ProofWrongError(ProofError):
    """The second password or the code from the phone was wrong (415): it is not tried again by itself."""

    key = "cloud_proof_wrong"


class ProofNoneError(ProofError):
    """No second password is set up at the server (416), or none was given (414)."""

    key = "cloud_proof_none"


class CommandDeclinedError(CloudError):
    """The server answered the command itself with a refusal: it had left, so whether it was carried out is not said."""

    key = "cloud_command_declined"
    is_declined = True


class CommandNotSentError(NotSentError):
    """Nothing of a command left: it was certainly not carried out."""

    key = "cloud_not_sent"

    def __init__(self, *, host: str, reason: Said) -> None:
        """Keep why."""
        LinkError.__init__(self, host=host, reason=reason)
        self.reason = self


class NotStoredError(AcrelError):
    """Values of before could not be stored now; what was fetched is stored later."""

    key = "cloud_history_not_stored"


class PushClockError(LinkError):
    """What a platform sends by itself is of later than now: one of two clocks is wrong."""

    key = "cloud_push_clock"


class CloudClockError(CloudError):
    """What the server says is of later than now: its clock or ours is wrong, or it writes times of another zone."""

    key = "cloud_clock"


class CloudAwayError(DeviceAwayError):
    """The server says that it does not hear the device."""


class CloudSilentError(CloudError):
    """The server heard nothing new of the device for so long; it was asked again and again."""

    key = "cloud_nothing_new"


class FeedAddressError(AcrelError):
    """What was typed is no address of a broker of MQTT by WebSocket."""

    key = "bad_feed_address"


class PlainFeedError(AcrelError):
    """The address of a broker is not encrypted, and nobody allowed that for its host."""

    key = "cloud_feed_plain"


class FeedError(CloudError):
    """What a feed cannot do; polling is not touched by it."""

    key = "cloud_feed_failed"


class FeedUnreachableError(FeedError, LinkUnreachableError):
    """There is no connection to the broker of a feed."""

    key = "cloud_feed_unreachable"


class FeedRefusedError(FeedError):
    """The broker of a feed does not accept its account, or does not let it hear a site: trying again does not help."""

    key = "cloud_feed_refused"


class FeedOffError(FeedError):
    """The server says that it publishes nothing."""

    key = "cloud_feed_off"
