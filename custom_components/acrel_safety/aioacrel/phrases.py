"""Short reasons inside an error's sentence, in English and Chinese: what a register holds, why a change failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Phrase:
    """One reason; `key` names its wording in `PHRASES`."""

    key: str
    details: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Return the wording in a language."""
        wordings = PHRASES[self.key]
        return (wordings.get(language) or wordings["en"]).format_map(self.details)

    def __str__(self) -> str:
        """Return the English wording."""
        return self.text()


def phrase(key: str, **details: object) -> Phrase:
    """Return a reason with what is filled into its wording."""
    return Phrase(key, {name: str(value) for name, value in details.items()})


PHRASES: Mapping[str, Mapping[str, str]] = {
    # Why a unit is not the model it is taken for
    "register_missing": {"en": "register {address}h does not exist", "zh": "寄存器 {address}h 不存在"},
    "register_unexpected": {
        "en": "register {address}h exists, which this model does not have",
        "zh": "存在寄存器 {address}h，而该型号没有此寄存器",
    },
    "register_no_unit_id": {
        "en": "register {address}h should hold the unit id, it holds {found}",
        "zh": "寄存器 {address}h 应为从站地址，实际为 {found}",
    },
    "register_holds": {"en": "register {address}h holds {found}h", "zh": "寄存器 {address}h 的值为 {found}h"},
    # Why a setting was not changed
    "read_only": {"en": "{model} does not allow this setting to be changed", "zh": "{model} 不允许更改此设置"},
    "no_number": {"en": "'{value}' is not a number", "zh": "“{value}”不是数字"},
    "not_exact": {
        "en": "{value} cannot be set exactly; the step is {step}",
        "zh": "无法精确设置为 {value}；步长为 {step}",
    },
}
