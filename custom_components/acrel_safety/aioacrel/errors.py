"""Everything this library raises: one tree, so that nothing raw from below leaks out.

Every error carries a stable `key` and the `placeholders` of its text, so that a user interface can say it in the user's
language; `str(error)` is the English sentence. The sentences stand in `texts`, section `errors`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from .addresses import without_password
from .texts import Sayable, phrase, said, say

if TYPE_CHECKING:
    from .problems import Problem


class AcrelError(Sayable, Exception):
    """Base of all errors of this library."""

    key: ClassVar[str]
    needs_login: ClassVar[bool] = False
    """Whether somebody has to log in anew: to try again with the same password may lock the account."""
    is_declined: ClassVar[bool] = False
    """Whether it says of an order that it was not taken: what shows later is somebody else's doing."""
    is_of_server: ClassVar[bool] = False
    """Whether somebody says it who passes orders on, and not the device: that is no proof of what became of one."""

    def __init__(self, **placeholders: object) -> None:
        """Take the values of the placeholders in the sentence."""
        self._values = placeholders
        super().__init__(placeholders)

    @property
    def values(self) -> Mapping[str, object]:
        """The values of the placeholders as they were given, phrases in no language yet."""
        return self._values

    @property
    def placeholders(self) -> Mapping[str, str]:
        """The values of the placeholders, reasons among them in English."""
        return self.placeholders_in("en")

    def placeholders_in(self, language: str) -> Mapping[str, str]:
        """Return the values of the placeholders, reasons among them in the given language (`en`, `zh`)."""
        return {name: said(value, language) for name, value in self._values.items()}

    def text(self, language: str = "en") -> str:
        """Return the sentence in a language."""
        return say(f"errors.{self.key}", language, **self._values)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.text()


class AddressFormError(AcrelError):
    """A link address (`tcp://host:port`, ...) that cannot be understood."""

    key = "bad_link_address"

    def __init__(self, *, found: str, detail: Sayable) -> None:
        """Keep what was typed, without a password, and why it cannot be understood."""
        super().__init__(found=without_password(found), detail=detail)


class ListenError(AcrelError):
    """The port that devices are to call cannot be had."""

    key = "cannot_listen"


class LinkError(AcrelError):
    """Something on the way to the device failed; the request may be tried again later."""


class LinkUnreachableError(LinkError):
    """The gateway or serial port could not be opened, or the connection was lost."""

    key = "link_unreachable"


class LinkTakenError(LinkUnreachableError):
    """Somebody else's requests kept the shared connection busy for so long that nothing was sent."""


class LinkClosedError(LinkUnreachableError):
    """Whoever shares the connection out closed it: nothing was sent. Another one is asked for (`modbus/lent.py`)."""


class DeviceAwayError(LinkUnreachableError):
    """The device has not called in, or has hung up: nothing was sent."""


class WrongPeerError(LinkUnreachableError):
    """Something else than this kind of Modbus was heard at the address: nothing can be asked there."""

    key = "wrong_peer"


class NoAnswerError(LinkError):
    """The unit did not answer in time."""

    key = "no_answer"


class UnheardError(NoAnswerError):
    """The gateway answered in place of the unit, which it does not hear or has no way to."""

    key = "no_answer_gateway"

    def __init__(self, refusal: RefusedError) -> None:
        """Take what the gateway said."""
        super().__init__(**{name: refusal.values[name] for name in ("unit", "code", "meaning", "advice")})


class NotSentError(LinkError):
    """Nothing left for the device: what was to be written was certainly not carried out."""

    key = "not_sent"

    def __init__(self, *, unit: int, reason: LinkError) -> None:
        """Keep why."""
        self.reason = reason
        super().__init__(unit=unit, reason=reason)


class BadAnswerError(LinkError):
    """An answer arrived that does not belong to the request; it was thrown away."""

    key = "bad_answer"


class OrderDeclinedError(LinkError):
    """The device says that it does not take an order."""

    key = "order_declined"
    is_declined = True


class RefusedError(LinkError):
    """The unit (or the gateway for it) answered with a Modbus exception code."""

    key = "refused"

    def __init__(self, *, unit: int, address: int, count: int, code: int) -> None:
        """Name the request and the exception code (Modbus Application Protocol V1.1b3, section 7)."""
        self.code = code
        self.address = address
        self.count = count
        super().__init__(
            unit=unit,
            address=f"{address:04X}h",
            last=f"{address + count - 1:04X}h",
            code=f"{code:02d}",
            meaning=phrase(EXCEPTION_MEANINGS.get(code, "exception_undefined")),
            advice=phrase(EXCEPTION_ADVICE.get(code, "advise_undefined")),
        )

    @property
    def is_illegal_address(self) -> bool:
        """Whether at least one register of the request does not exist."""
        return self.code == ILLEGAL_ADDRESS

    @property
    def is_illegal_function(self) -> bool:
        """Whether the unit does not know the function code."""
        return self.code == ILLEGAL_FUNCTION

    @property
    def is_busy(self) -> bool:
        """Whether the unit asks to come back later (codes 05 and 06)."""
        return self.code in (ACKNOWLEDGE, BUSY)

    @property
    def is_gateway(self) -> bool:
        """Whether the gateway, not the unit, refused (codes 0A and 0B)."""
        return self.code in (GATEWAY_PATH, GATEWAY_TARGET)


ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
ACKNOWLEDGE, BUSY, MEMORY_PARITY, GATEWAY_PATH, GATEWAY_TARGET = 5, 6, 8, 10, 11
EXCEPTION_MEANINGS: Mapping[int, str] = {
    ILLEGAL_FUNCTION: "illegal_function",
    ILLEGAL_ADDRESS: "illegal_address",
    ILLEGAL_VALUE: "illegal_value",
    DEVICE_FAILURE: "device_failure",
    ACKNOWLEDGE: "acknowledged",
    BUSY: "busy",
    MEMORY_PARITY: "memory_parity",
    GATEWAY_PATH: "gateway_path",
    GATEWAY_TARGET: "gateway_target",
}
EXCEPTION_ADVICE: Mapping[int, str] = {
    ILLEGAL_FUNCTION: "advise_function",
    ILLEGAL_ADDRESS: "advise_model",
    ILLEGAL_VALUE: "advise_model",
    DEVICE_FAILURE: "advise_failure",
    ACKNOWLEDGE: "advise_busy",
    BUSY: "advise_busy",
    MEMORY_PARITY: "advise_failure",
    GATEWAY_PATH: "advise_path",
    GATEWAY_TARGET: "advise_target",
}


class WrongDeviceError(AcrelError):
    """The unit answers, but not as the chosen model does."""

    key = "wrong_device"

    is_blank = False
    """Whether all that was answered is one word over and over: perhaps it is no meter's answer at all."""


class DeadMeterError(WrongDeviceError):
    """Something answers for the unit, most likely a gateway, but no meter does: it says one word over and over."""

    key = "dead_meter"


class SettingError(AcrelError):
    """A change of a setting was not carried out as asked."""


class SettingRefusedError(SettingError):
    """The change was refused before anything was sent."""

    key = "setting_refused"


class SettingOutOfRangeError(SettingRefusedError):
    """The value lies outside the limits of the model file."""

    key = "setting_out_of_range"


class SettingUnconfirmedError(SettingError):
    """The change was sent once, but the value read back is another one, or none could be read."""

    key = "setting_unconfirmed"


class CommandRefusedError(AcrelError):
    """An operation was refused before anything was sent."""

    key = "command_refused"
    is_unproved: ClassVar[bool] = False
    """Whether who passes it on did not take what was to prove that it may go."""


class UnknownModelError(AcrelError):
    """No model file has this id."""

    key = "unknown_model"


class MissingTableError(AcrelError):
    """The register addresses of this model are not public: the user's table is needed."""

    key = "register_table_missing"


class NotWritableError(AcrelError, ValueError):
    """A model holds something that a model file has no words for."""

    key = "not_writable"


class FileProblemsError(AcrelError):
    """A model file or register table is not usable; `problems` says where and how to mend it."""

    key = "file_problems"

    def __init__(self, *, file: str, problems: Sequence[Problem]) -> None:
        """Keep all problems, so that one look shows them all."""
        self.file = file
        self.problems = tuple(problems)
        super().__init__(file=file, count=len(self.problems))

    @property
    def lines(self) -> Sequence[str]:
        """One line per problem, in English."""
        return self.lines_in("en")

    def lines_in(self, language: str) -> Sequence[str]:
        """Return one line per problem, in a language."""
        return [f"{self.file}:{problem.text(language)}" for problem in self.problems]

    def __str__(self) -> str:
        """One line per problem, in English."""
        return "\n".join(self.lines)


class AlarmRefusedError(AcrelError):
    """Nothing was done to an alarm, and why."""

    key = "alarm_refused"


class UnknownAlarmError(AcrelError):
    """There is no such alarm, or what was meant is over already."""

    key = "unknown_alarm"


class LimitFormError(AcrelError, ValueError):
    """Something that is to be an owner's limit is none."""

    key = "bad_limit"
