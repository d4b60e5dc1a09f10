"""What is wrong with a user's file: where, what was found, what is allowed; in English and Chinese.

A problem is found in a model file or a register table, so it names line and column. Its sentence comes from one table
here, in both languages, because the same problem is shown by the command line and by Home Assistant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .phrases import Said, filled, said


class Severity(StrEnum):
    """Whether the row or file can be used all the same."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding; `key` names its sentence in `SENTENCES`, `found` is what stands in the file.

    What is said in words, not in the syntax of the file, is a phrase: it is rendered in the sentence's language.
    """

    key: str
    line: int | None = None
    column: str = ""
    found: Said = ""
    allowed: Said = ""
    severity: Severity = Severity.ERROR
    details: Mapping[str, Said] = field(default_factory=dict)

    def sentence(self, language: str = "en") -> str:
        """Return what is wrong and what to do, without the place."""
        own = {"found": shorten(said(self.found, language)), "allowed": self.allowed, "column": self.column}
        return filled(SENTENCES[self.key], {**own, **self.details}, language)

    def text(self, language: str = "en") -> str:
        """Return the place and the sentence, the way compilers do: `line: column: sentence`."""
        place = f"{self.line}: " if self.line is not None else " "
        column = f"{shorten(self.column)}: " if self.column else ""
        mark = (
            {"en": "warning: ", "zh": "警告："}[language if language == "zh" else "en"]
            if self.severity is Severity.WARNING
            else ""
        )
        return f"{place}{mark}{column}{self.sentence(language)}"


def shorten(found: str, limit: int = 60) -> str:
    """Keep what a hostile file can put into a message short and on one line."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in found).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


SENTENCES: Mapping[str, Mapping[str, str]] = {
    # Files as a whole
    "too_large": {
        "en": "the file has {found}; allowed: {allowed}. Split it or remove what is not a register table",
        "zh": "文件过大：{found}；允许：{allowed}。请拆分文件或删除无关内容",
    },
    "not_utf8": {
        "en": "the file is not UTF-8 text ({found}); save it as UTF-8 and try again",
        "zh": "文件不是 UTF-8 文本（{found}）；请另存为 UTF-8 后重试",
    },
    "unreadable": {"en": "the file cannot be read: {found}", "zh": "无法读取文件：{found}"},
    "not_toml": {
        "en": "not valid TOML: {found}; see docs/model-file.md",
        "zh": "不是有效的 TOML：{found}；参见 docs/model-file.md",
    },
    "no_points": {
        "en": "no usable row or point is left; a table needs at least one",
        "zh": "没有可用的行或测点；至少需要一个",
    },
    "too_many_points": {
        "en": "{found} more points would be more than a file may hold; allowed: {allowed}",
        "zh": "再增加 {found} 个测点将超出文件允许的数量；允许：{allowed}",
    },
    # Model files
    "missing": {"en": "missing; add it: {allowed}", "zh": "缺少；请补充：{allowed}"},
    "unknown_word": {
        "en": "'{found}' is not known here; allowed: {allowed}",
        "zh": "此处不认识“{found}”；允许：{allowed}",
    },
    "wrong_type": {"en": "found {found}; allowed: {allowed}", "zh": "发现：{found}；允许：{allowed}"},
    "out_of_range": {
        "en": "found {found}; allowed: {allowed}",
        "zh": "发现：{found}；允许：{allowed}",
    },
    "id_differs": {
        "en": "the id is '{found}', but the file is named '{allowed}.toml'; make both the same",
        "zh": "id 为“{found}”，而文件名为“{allowed}.toml”；请改为一致",
    },
    "past_end": {
        "en": "{found} would end past register 65535 (FFFFh); check address, type and stride",
        "zh": "{found}：末尾超出寄存器 65535（FFFFh）；请检查地址、类型和步长",
    },
    "bad_order": {
        "en": "order '{found}' does not fit this type; allowed: {allowed}",
        "zh": "字节序“{found}”与该类型不符；允许：{allowed}",
    },
    "bad_circuits": {
        "en": '\'{found}\' names no circuits; allowed: a number or a range such as "1" or "1-12"',
        "zh": '“{found}”不是回路编号；允许：数字或范围，如 "1" 或 "1-12"',
    },
    "duplicate_point": {
        "en": "{found} is already defined; keep one of the two",
        "zh": "{found} 已有定义；请只保留一个",
    },
    "unknown_code": {
        "en": "'{found}' is not in the vocabulary; use a code of it, or DOC_ and the manual's text",
        "zh": "词汇表中没有“{found}”；请使用其中的代码，或 DOC_ 加说明书原文",
    },
    "over_border": {
        "en": "{found} crosses a border of [read] ranges; a value must lie within one range",
        "zh": "{found} 跨越 [read] ranges 的边界；一个值必须位于同一范围内",
    },
    "no_evidence": {
        "en": "a change of {found} needs `source` (manual and page) beside its limits",
        "zh": "允许修改 {found} 时，须在限值旁注明 source（说明书及页码）",
    },
    "forbidden": {
        "en": "{found} touches registers that [read] never forbids; change one of the two",
        "zh": "{found} 涉及 [read] never 禁止访问的寄存器；请修改其中之一",
    },
    "differs_in_fallback": {
        "en": "{found} is a yes or no or a word in one register map and not in another; make both the same",
        "zh": "{found} 在一个寄存器表中是开关量或文字，在另一个中却不是；请改为一致",
    },
    "bad_placeholder": {
        "en": "'{found}' needs `repeat` and one of the placeholders {{n}}, {{nn}}, {{address}} in the code",
        "zh": "“{found}”需要 repeat，且代码中应有占位符 {{n}}、{{nn}} 或 {{address}} 之一",
    },
    # Register tables
    "bad_header": {
        "en": "column {column} of the header is '{found}'; allowed: {allowed}",
        "zh": "表头第 {column} 列是“{found}”；应为：{allowed}",
    },
    "too_few_columns": {
        "en": "the row has {found} columns; allowed: 12",
        "zh": "该行只有 {found} 列；应为 12 列",
    },
    "repaired_unit": {
        "en": "the row has 11 columns; the unit was missing and is taken as empty",
        "zh": "该行只有 11 列；缺少单位，按空处理",
    },
    "broken_quoting": {
        "en": "the quoting of the row is broken: {found}",
        "zh": "该行引号不完整：{found}",
    },
    "bad_address": {
        "en": "'{found}' is not a register address; allowed: {allowed}",
        "zh": "“{found}”不是寄存器地址；允许：{allowed}",
    },
    "bad_reg_type": {
        "en": "'{found}' is not a data type; allowed: {allowed}",
        "zh": "“{found}”不是数据类型；允许：{allowed}",
    },
    "bad_endian": {
        "en": "order code '{found}' does not fit type {type}; allowed: {allowed}",
        "zh": "端序 {found} 与类型 {type} 不符；允许：{allowed}",
    },
    "bad_function": {
        "en": "read function '{found}'; allowed: {allowed}",
        "zh": "读功能码“{found}”；允许：{allowed}",
    },
    "duplicate_code": {
        "en": "{found} appears again in this circuit (first in line {first}); the first one is kept",
        "zh": "{found} 在该回路中重复（首次在第 {first} 行）；保留第一个",
    },
    "group_assumed": {
        "en": "group '{found}' is not a circuit number; circuit {taken} is assumed",
        "zh": "组号“{found}”不是回路号；按回路 {taken} 处理",
    },
    "group_from_name": {
        "en": "the circuit was taken from the name '{found}': circuit {taken}",
        "zh": "回路号取自名称“{found}”：回路 {taken}",
    },
    "ambiguous_circuit": {
        "en": "'{found}' may mean several circuits or none; kept as it is in circuit {taken}",
        "zh": "“{found}”的回路含义不明确；原样保留在回路 {taken}",
    },
    "empty_name": {
        "en": "the point has no name; it is kept as '{taken}'",
        "zh": "测点没有名称；以“{taken}”保留",
    },
    "calc_not_empty": {
        "en": "calc holds '{found}'; its meaning is not known and it is not applied",
        "zh": "calc 列为“{found}”；含义不明，未予应用",
    },
    "bad_decimals": {
        "en": "decimals '{found}' cannot be read; 0 is taken",
        "zh": "小数位“{found}”无法识别；按 0 处理",
    },
    "order_by_default": {
        "en": "order code 1 on a 32-bit value is often a generator's default, not a fact: compare both values with "
        "the device's display",
        "zh": "32 位数据的端序 1 往往是生成工具的默认值而非事实：请与设备显示对照两种结果",
    },
    "k_ambiguous": {
        "en": "k = {found} may be a number of decimals or a multiplier; factor {taken} is used: compare both "
        "values with the device's display and choose k_mode",
        "zh": "k = {found} 可能是小数位数，也可能是倍率；现按系数 {taken} 处理：请与设备显示对照后选择 k_mode",
    },
    "overlap": {
        "en": "{found} shares registers with line {first}; check address and type",
        "zh": "{found} 与第 {first} 行共用寄存器；请检查地址和类型",
    },
    "wrong_separator": {
        "en": "the columns are separated by '{found}'; save the file as CSV with commas",
        "zh": "列分隔符为“{found}”；请另存为逗号分隔的 CSV 文件",
    },
    "read_as_gb18030": {
        "en": "the file is not UTF-8 and was read as GB18030: check the names, and better save it as UTF-8",
        "zh": "文件不是 UTF-8，已按 GB18030 读取：请检查名称，建议另存为 UTF-8",
    },
    "name_too_long": {
        "en": "the name has {length} characters; allowed: {allowed}",
        "zh": "名称有 {length} 个字符；允许：{allowed}",
    },
    "bad_k": {
        "en": "k '{found}' is not a usable number; factor 1 is taken",
        "zh": "k“{found}”不是可用的数字；按系数 1 处理",
    },
    "bit_decimals": {
        "en": "a bit field has no decimals; '{found}' is not applied",
        "zh": "位数据没有小数位；“{found}”未予应用",
    },
    "bad_unit": {
        "en": "'{found}' is not a unit; it is taken as empty (a unit has at most {longest} characters)",
        "zh": "“{found}”不是单位；按空处理（单位最多 {longest} 个字符）",
    },
    "unit_converted": {
        "en": "the unit is {found}; values are converted to {taken}, as everywhere else",
        "zh": "单位为 {found}；数值统一换算为 {taken}",
    },
    "unit_differs": {
        "en": "the unit is {found}, usual is {usual}: correct the unit, or expect a value that cannot be compared "
        "with others",
        "zh": "单位为 {found}，通常为 {usual}：请更正单位，否则数值无法与其他设备比较",
    },
    "ambiguous_name": {
        "en": "'{found}' is the name of several quantities ({codes}); it is kept as it is: write the code instead",
        "zh": "“{found}”是多个量的名称（{codes}）；原样保留：请改写为代码",
    },
    "address_only_hex": {
        "en": "'{found}' can only be hexadecimal and is read so: register {taken}; better write 0x{found}",
        "zh": "“{found}”只能是十六进制，已按此读取：寄存器 {taken}；建议写作 0x{found}",
    },
    "address_only_data_model": {
        "en": "'{found}' can only be a number of the Modbus data model and is read so: register {taken}",
        "zh": "“{found}”只能是 Modbus 数据模型编号，已按此读取：寄存器 {taken}",
    },
    "address_hex": {
        "en": "'{found}' may be decimal (register {usual}) or hexadecimal without a mark (register {other}); "
        "{taken} is used: compare both with the device's display and choose address_mode",
        "zh": "“{found}”可能是十进制（寄存器 {usual}），也可能是未加标记的十六进制（寄存器 {other}）；"
        "现按 {taken} 处理：请与设备显示对照后选择 address_mode",
    },
    "address_data_model": {
        "en": "'{found}' may be an address (register {usual}) or a number of the Modbus data model, in which 40001 and "
        "30001 are register 0 (register {other}); {taken} is used: compare both with the device's display and choose "
        "address_mode",
        "zh": "“{found}”可能是地址（寄存器 {usual}），也可能是 Modbus 数据模型编号（40001、30001 即寄存器 0，"
        "则为寄存器 {other}）；现按 {taken} 处理：请与设备显示对照后选择 address_mode",
    },
    "address_from_one": {
        "en": "'{found}' may be counted from 0 (register {usual}) or, as the whole table looks, from 1 (register "
        "{other}); {taken} is used: compare both with the device's display and choose address_mode",
        "zh": "“{found}”可能从 0 起计（寄存器 {usual}），但从整张表看也可能从 1 起计（寄存器 {other}）；"
        "现按 {taken} 处理：请与设备显示对照后选择 address_mode",
    },
    "maybe_double": {
        "en": "{found} is a whole number of 64 bits in a table of floats: if the manual says 64-bit float (double), "
        "a table has no type for it and the value will be absurd: leave the row out",
        "zh": "表中其他数据为浮点数，而 {found} 为 64 位整数：若说明书写明是 64 位浮点数（double），"
        "寄存器表没有此类型，数值将不正确：请删去该行",
    },
    "scale_elsewhere": {
        "en": "'{found}' looks like a decimal point or scale of other values, which a table cannot say: values that "
        "depend on it are shown without it and may be wrong by powers of ten",
        "zh": "“{found}”像是其他数据的小数点或倍率，寄存器表无法表达：依赖它的数值未按其换算，可能相差若干个数量级",
    },
    "sign_elsewhere": {
        "en": "'{found}' looks like the sign of other values, which a table cannot say: values that depend on it are "
        "shown without it, export as import",
        "zh": "“{found}”像是其他数据的符号，寄存器表无法表达：依赖它的数值不带符号，反向会显示为正向",
    },
    "validity_elsewhere": {
        "en": "'{found}' looks as if it told whether other values are valid, which a table cannot say: they are shown "
        "while they are not valid too",
        "zh": "“{found}”像是表明其他数据是否有效，寄存器表无法表达：数据无效时仍会显示",
    },
    "ratio_elsewhere": {
        "en": "the table reads the ratio {found}, but cannot say which values have to be multiplied with it: none are; "
        "compare them with the device's display",
        "zh": "表中读取变比 {found}，但寄存器表无法表达哪些数值需乘以它：均未相乘；请与设备显示对照",
    },
    "order_swapped": {
        "en": "order code {found} swaps the bytes of this type, which no manual seen does (1 is the normal order "
        "here): compare both values with the device's display",
        "zh": "端序 {found} 会颠倒该类型的字节，已知说明书均未采用（此类型的正常端序为 1）：请与设备显示对照两种结果",
    },
}
