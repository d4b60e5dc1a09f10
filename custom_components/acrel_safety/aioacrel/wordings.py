"""The wordings of all phrases, in English and Chinese."""

from collections.abc import Mapping

REASONS: Mapping[str, Mapping[str, str]] = {
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
    # Why a link cannot be used
    "hangs_up": {
        "en": "it closes the connection after each answer; set it to keep connections open",
        "zh": "每次应答后即关闭连接；请将其设为保持连接",
    },
    # Why a setting was not changed
    "read_only": {"en": "{model} does not allow this setting to be changed", "zh": "{model} 不允许更改此设置"},
    "changes_not_allowed": {
        "en": "changes are not allowed for this device; allow them in its settings",
        "zh": "未允许更改此设备的设置；请先在设备选项中允许",
    },
    "nothing_read": {"en": "nothing that means anything", "zh": "无有效内容"},
    "no_number": {"en": "'{value}' is not a number", "zh": "“{value}”不是数字"},
    "not_exact": {
        "en": "{value} cannot be set exactly; the step is {step}",
        "zh": "无法精确设置为 {value}；步长为 {step}",
    },
}

IN_FILES: Mapping[str, Mapping[str, str]] = {
    # Sizes and parts of a file
    "characters": {"en": "{count} characters", "zh": "{count} 个字符"},
    "bytes": {"en": "{count} bytes", "zh": "{count} 字节"},
    "rows": {"en": "{count} rows", "zh": "{count} 行"},
    "more_rows": {"en": "> {count} rows", "zh": "超过 {count} 行"},
    "byte": {"en": "byte {byte}", "zh": "字节 {byte}"},
    "tab": {"en": "tab", "zh": "制表符"},
    # Values of any kind
    "number": {"en": "a number", "zh": "数字"},
    "number_not_0": {"en": "a number other than 0", "zh": "0 以外的数字"},
    "very_large": {"en": "a very large number", "zh": "极大的数字"},
    "whole_number": {"en": "a whole number from {low} to {high}", "zh": "{low} 至 {high} 的整数"},
    "whole_numbers": {"en": "a list of numbers from {low} to {high}", "zh": "列表，各项为 {low} 至 {high} 的整数"},
    "interval": {"en": "{low} to {high}", "zh": "{low} 至 {high}"},
    "lowest_highest": {"en": "[lowest, highest]", "zh": "[最小值, 最大值]"},
    "spans": {
        "en": "[[first, last], …] with numbers from 0 to {high}",
        "zh": "[[起始, 结束], …]，均为 0 至 {high} 的整数",
    },
    "true_or_false": {"en": "true or false", "zh": "true 或 false"},
    "quoted_text": {"en": 'text in "quotes"', "zh": '带引号的文本 "…"'},
    "texts": {"en": 'a list of texts ["…", "…"]', "zh": '文本列表 ["…", "…"]'},
    "table": {"en": "a table {{ … }}", "zh": "表 {{ … }}"},
    "tables": {"en": "tables headed [[{key}]]", "zh": "以 [[{key}]] 开头的表"},
    "pair": {"en": "{key} = {value}", "zh": "{key} = {value}"},
    # Parts of a model file
    "model_table": {
        "en": "[model] with id, name, title, evidence and source",
        "zh": "[model]，其中包含 id、name、title、evidence 和 source",
    },
    "model_id": {"en": "small letters, digits, - and _", "zh": "小写字母、数字、- 和 _"},
    "circuit_numbers": {"en": '"1" or "1-12"', "zh": '"1" 或 "1-12"'},
    "register_address": {"en": "the register's address", "zh": "寄存器地址"},
    "registers_from": {"en": "{address}h, {count} registers", "zh": "{address}h 起的 {count} 个寄存器"},
    "half_of_register": {"en": "high, low (with types u8 and s8)", "zh": "high, low（仅用于类型 u8 和 s8）"},
    "word_of_number": {
        "en": 'a raw number = "word_in_small_letters"',
        "zh": '原始值 = "由小写字母、数字和下划线组成的词"',
    },
    "codes_of_bits": {"en": '{{ 0 = "code of bit 0", … }}', "zh": '{{ 0 = "第 0 位的代码", … }}'},
    "code_of_bit": {
        "en": 'bit 0 to 15 = "code", or {{ code = "…", name = {{ … }} }}',
        "zh": '位号（0 至 15）= "代码"，或 {{ code = "…", name = {{ … }} }}',
    },
    "point": {"en": "the point {key}", "zh": "测点 {key}"},
    "number_point": {"en": "a point of the same registers that is a number", "zh": "同一寄存器表中的数值测点"},
    "yes_no_point": {"en": "a point of the same registers that is a yes or no", "zh": "同一寄存器表中的开关量测点"},
    "plain_point": {"en": "a point that refers to no other", "zh": "不引用其他测点的测点"},
    "plain_number": {"en": "a point that is a number", "zh": "数值测点"},
    "command_code": {
        "en": "a command of the vocabulary, such as RLYOFF, or DOC_ and the manual's text",
        "zh": "词汇表中的命令，如 RLYOFF，或 DOC_ 加说明书原文",
    },
    "values_to_write": {"en": "[first register, …]", "zh": "[第一个寄存器的值, …]"},
    "value_to_take": {"en": "the value the point must take", "zh": "该测点应达到的值"},
    "manual_and_page": {"en": "manual and page", "zh": "说明书及页码"},
}

FOREIGN: Mapping[str, Mapping[str, str]] = {
    # The English is the other program's own, by which the message is known again. The first that fits is taken.
    "toml_at": {
        "en": "{reason} (at line {line}, column {column})",
        "zh": "第 {line} 行第 {column} 列：{reason}",
    },
    "toml_at_end": {"en": "{reason} (at end of document)", "zh": "文件末尾：{reason}"},
    "toml_value": {"en": "Invalid value", "zh": "值无效"},
    "toml_statement": {"en": "Invalid statement", "zh": "语句无效"},
    "toml_after_statement": {
        "en": "Expected newline or end of document after a statement",
        "zh": "语句之后应换行或结束文件",
    },
    "toml_key": {"en": "Invalid initial character for a key part", "zh": "键名的首字符无效"},
    "toml_equals": {
        "en": "Expected '=' after a key in a key/value pair",
        "zh": "键名之后缺少 =",
    },
    "toml_table_end": {"en": "Expected ']' at the end of a table declaration", "zh": "表头末尾缺少 ]"},
    "toml_array_end": {"en": "Expected ']]' at the end of an array declaration", "zh": "表头末尾缺少 ]]"},
    "toml_expected": {"en": "Expected {found}", "zh": "此处应为 {found}"},
    "toml_array": {"en": "Unclosed array", "zh": "数组未闭合"},
    "toml_inline": {"en": "Unclosed inline table", "zh": "内联表未闭合"},
    "toml_string": {"en": "Unterminated string", "zh": "字符串缺少结束引号"},
    "toml_overwrite": {"en": "Cannot overwrite a value", "zh": "重复赋值"},
    "toml_twice": {"en": "Cannot declare {found} twice", "zh": "“{found}”重复声明"},
    "toml_duplicate": {"en": "Duplicate inline table key {found}", "zh": "内联表中“{found}”重复"},
    "toml_immutable": {"en": "Cannot mutate immutable namespace {found}", "zh": "“{found}”已有定义，不能再补充"},
    "toml_redefine": {"en": "Cannot redefine namespace {found}", "zh": "“{found}”已有定义，不能重新定义"},
    "toml_date": {"en": "Invalid date or datetime", "zh": "日期或时间无效"},
    "toml_hex": {"en": "Invalid hex value", "zh": "十六进制转义无效"},
    "toml_scalar": {"en": "Escaped character is not a Unicode scalar value", "zh": "转义字符不是有效的 Unicode 字符"},
    "toml_backslash": {"en": "Unescaped '\\' in a string", "zh": "字符串中的 \\ 未转义"},
    "toml_illegal": {"en": "Illegal character {found}", "zh": "非法字符“{found}”"},
    "toml_invalid": {"en": "Found invalid character {found}", "zh": "非法字符“{found}”"},
    "too_many_digits": {
        "en": "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; "
        "use sys.set_int_max_str_digits() to increase the limit",
        "zh": "数字有 {digits} 位，超过 {limit} 位的上限",
    },
    "too_deep": {"en": "maximum recursion depth exceeded", "zh": "嵌套层数过多"},
    "too_many_parts": {
        "en": "TOML key has more than the allowed {limit} parts",
        "zh": "键名超过允许的 {limit} 段",
    },
    "undecodable_byte": {
        "en": "'{codec}' codec can't decode byte {found} in position {position}: {reason}",
        "zh": "位置 {position} 的字节 {found} 无法按 {codec} 解码，{reason}",
    },
    "undecodable_bytes": {
        "en": "'{codec}' codec can't decode bytes in position {position}-{last}: {reason}",
        "zh": "位置 {position} 至 {last} 的字节无法按 {codec} 解码，{reason}",
    },
    "start_byte": {"en": "invalid start byte", "zh": "起始字节无效"},
    "continuation_byte": {"en": "invalid continuation byte", "zh": "后续字节无效"},
    "end_of_data": {"en": "unexpected end of data", "zh": "数据意外结束"},
    "csv_expected": {"en": "',' expected after '\"'", "zh": "结束引号之后应为逗号"},
    "csv_field": {"en": "field larger than field limit ({limit})", "zh": "字段超过 {limit} 个字符"},
    "no_such_file": {"en": "No such file or directory", "zh": "文件或目录不存在"},
    "no_permission": {"en": "Permission denied", "zh": "权限不足"},
    "is_directory": {"en": "Is a directory", "zh": "这是一个目录"},
    "input_output": {"en": "Input/output error", "zh": "输入/输出错误"},
}
"""What Python's parsers and the operating system say about a file; they do so in English only."""

UNKNOWN: Mapping[str, Mapping[str, str]] = {"foreign": {"en": "{message}", "zh": "“{message}”"}}
"""A message of another program that `FOREIGN` does not have."""

PHRASES: Mapping[str, Mapping[str, str]] = {**REASONS, **IN_FILES, **FOREIGN, **UNKNOWN}
