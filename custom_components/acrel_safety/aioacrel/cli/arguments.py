"""What can be typed: the commands and their options."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from .. import __version__
from ..modbus.framing import BROADCAST_UNIT, Framing
from ..texts import phrase
from ..uplink.moment import WeekdayRule
from ..uplink.server import DEFAULT_PORT
from . import typed
from .cloudarguments import add_cloud, unfit
from .exits import explained
from .language import in_language
from .options import Options
from .parser import Parser, helping
from .xmlarguments import add_secret, add_xml

_PROGRAM = "acrel"
_ABOUT = (
    "Read Acrel electrical-safety devices over Modbus, check register tables, plan reads.",
    "Nothing is written to a device but by `acrel operate … --confirm`.",
)
_LINK_HELP = (
    "tcp://host:port, rtu+tcp://host:port or serial:///dev/ttyUSB0?baudrate=9600&parity=N&stopbits=1"
    " (the query may follow the others too and tells the serial line behind a gateway)"
)
_MODEL_HELP = "model id as `acrel models` lists them, or the path of a .toml model file"
_RECORD_HELP = "the record's database (*.db); it may be in use"

type _Add = Callable[..., argparse.ArgumentParser]


def parse(argv: Sequence[str], language: str) -> Options:
    """Return what was asked for; wrong usage and `--help` end in SystemExit, as argparse does."""
    parser = _parser(language)
    options = parser.parse_args(argv, namespace=Options(argv=argv))
    if getattr(options, "unit", None) == BROADCAST_UNIT and options.link.framing is Framing.RTU:
        parser.error(f"argument --unit: {phrase('typed_to_all').text(language)}")
    if options.command == "scan" and set(options.units) == {BROADCAST_UNIT} and options.link.framing is Framing.RTU:
        parser.error(f"argument --units: {phrase('typed_to_all').text(language)}")
    if options.command == "cloud" and (wrong := unfit(options)) is not None:
        parser.error(f"argument {wrong[0]}: {wrong[1].text(language)}")
    return options


def _parser(language: str) -> argparse.ArgumentParser:
    parser = Parser(
        language=language,
        prog=_PROGRAM,
        description="\n".join(in_language("help", line, language) for line in _ABOUT),
        epilog=explained(language),
    )
    command = partial(_command, language)
    version = f"{_PROGRAM} {__version__}"
    parser.add_argument("--version", action="version", version=version, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_models(command(commands.add_parser, "models", "list the device models, or all that one of them has"))
    _add_plan(command(commands.add_parser, "plan", "show which reads fetch a model's quantities"))
    _add_read(command(commands.add_parser, "read", "read a device once: alarms and safety first"))
    _add_watch(command(commands.add_parser, "watch", "show a device's values until Ctrl-C"))
    _add_operate(command(commands.add_parser, "operate", "give a device one command, and see whether it was done"))
    _add_scan(command(commands.add_parser, "scan", "find out which units answer as which model"))
    _add_dump(command(commands.add_parser, "dump", "save raw registers as a fixture for tests"))
    _add_uplink(command(commands.add_parser, "uplink", "take the calls of 4G devices until Ctrl-C"))
    _add_gateway(command(commands.add_parser, "gateway", "take what gateways report to a broker of MQTT until Ctrl-C"))
    _add_frame(
        command(
            commands.add_parser, "frame", "explain a frame of a 4G device or of Modbus RTU, or a message of a gateway"
        )
    )
    _add_blocks(command(commands.add_parser, "blocks", "choose what a 4G device uploads: changes its configuration"))
    add_cloud(
        command(commands.add_parser, "cloud", "list what an account at the maker's cloud shows; nothing is changed")
    )
    add_xml(command(commands.add_parser, "xml", "take the calls of XML gateways until Ctrl-C"))
    table = _group(commands.add_parser, "table", "check, import and export register tables", language)
    _add_check(command(table, "check", "say what is wrong with a table", prefix="table "))
    _add_import(command(table, "import", "make a model file of a table", prefix="table "))
    _add_export(command(table, "export", "make a table of a model", prefix="table "))
    log = _group(commands.add_parser, "log", "show, verify and export the record of what happened", language)
    _add_log_show(command(log, "show", "show the newest entries of a record", prefix="log "))
    _add_log_verify(command(log, "verify", "find out whether a record was changed", prefix="log "))
    _add_log_export(command(log, "export", "make CSV of a record, or JSON lines", prefix="log "))
    return parser


def _group(add: _Add, name: str, summary: str, language: str) -> _Add:
    parser = add(name, language=language, help=helping(summary, language))
    return parser.add_subparsers(dest="command", required=True, metavar="ACTION").add_parser


def _command(language: str, add: _Add, name: str, summary: str, prefix: str = "") -> argparse.ArgumentParser:
    said = in_language("help", summary, language)
    parser = add(
        name,
        language=language,
        help=helping(summary, language),
        description=f"{said[0].upper()}{said[1:]}{in_language('help', '.', language)}",
        epilog=explained(language),
    )
    parser.set_defaults(command=prefix + name)
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON for programs")
    parser.add_argument("--verbose", action="store_true", help="tell on stderr what happens on the link")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder with your own model files")
    return parser


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="?", metavar="M", help=f"{_MODEL_HELP}: list its quantities")


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="M", help=_MODEL_HELP)
    _add_codes(parser)
    parser.add_argument("--baudrate", type=typed.whole(300, 1_000_000), metavar="B", help="of the line")
    parser.add_argument("--parity", type=str.upper, choices=("N", "E", "O"), help="of the line")
    parser.add_argument("--stopbits", type=typed.whole(1, 2), metavar="{1,2}", help="of the line")
    parser.add_argument(
        "--turnaround-ms",
        type=typed.number(zero=True),
        default=20.0,
        metavar="T",
        help="time the device and the gateway take to answer, in ms (default: 20)",
    )


def _add_read(parser: argparse.ArgumentParser) -> None:
    _add_link(parser)
    _add_unit(parser)
    parser.add_argument("--model", required=True, metavar="M", help=_MODEL_HELP)
    _add_codes(parser)
    parser.add_argument(
        "--all",
        action="store_true",
        dest="everything",
        help="show every quantity, not the alarms, safety quantities and totals alone",
    )
    _add_ratios(parser)


def _add_watch(parser: argparse.ArgumentParser) -> None:
    _add_read(parser)
    parser.add_argument(
        "--interval",
        type=typed.number(zero=True),
        default=2.0,
        metavar="S",
        help="seconds from poll to poll (default: 2)",
    )
    parser.add_argument("--count", type=typed.whole(1), metavar="N", help="end after so many polls")
    parser.add_argument(
        "--statistics",
        action="store_true",
        help="with --json: add the time and the link statistics to each line",
    )


def _add_operate(parser: argparse.ArgumentParser) -> None:
    _add_link(parser)
    _add_unit(parser)
    parser.add_argument("--model", required=True, metavar="M", help=_MODEL_HELP)
    parser.add_argument(
        "code",
        metavar="CODE",
        help="such as FORRLYOFF, FORRLYON, FORRLYREL, DO1ON, DO1OFF@1, or a setting, such as LgHighVal02",
    )
    parser.add_argument("--circuit", metavar="C", help="where several circuits have it; as CODE@C")
    parser.add_argument("--value", metavar="V", help="of a setting: what it is to be")
    parser.add_argument(
        "--confirm", action="store_true", dest="is_confirmed", help="send it; without this nothing is sent"
    )


def _add_scan(parser: argparse.ArgumentParser) -> None:
    _add_link(parser)
    parser.add_argument(
        "--units",
        type=typed.units,
        default=typed.units("1-247"),
        metavar="LIST",
        help="unit ids, such as 1-20 or 1,3,7-9 (default: 1-247)",
    )
    parser.add_argument(
        "--both-framings",
        action="store_true",
        help="when nobody answers in the framing of LINK, ask again in the other one (tcp:// or rtu+tcp://)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        dest="everything",
        help="tell of every model what speaks for it and against it",
    )


def _add_dump(parser: argparse.ArgumentParser) -> None:
    _add_link(parser)
    _add_unit(parser)
    parser.add_argument("--model", metavar="M", help=f"{_MODEL_HELP}; without it, each that fits is taken")
    parser.add_argument(
        "--range",
        dest="ranges",
        type=typed.registers,
        nargs="+",
        action="extend",
        metavar="FIRST-LAST",
        help="registers to read, such as 0x0-0x3F or 100-120",
    )
    _add_output(parser, "FILE")


def _add_listen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen",
        type=typed.listening,
        default=typed.listening(f"127.0.0.1:{DEFAULT_PORT}"),
        metavar="HOST:PORT",
        help=f"the one address and port devices call (default: 127.0.0.1:{DEFAULT_PORT})",
    )


def _add_blocks(parser: argparse.ArgumentParser) -> None:
    _add_listen(parser)
    parser.add_argument(
        "--device", type=typed.device, required=True, metavar="SERIAL=M", help="the device; its model lists the blocks"
    )
    parser.add_argument(
        "--single",
        dest="singles",
        type=typed.register,
        action="append",
        metavar="REGISTER",
        help="a register, such as 0x1001, whose change is to be uploaded at once; may be given up to eight times",
    )
    parser.add_argument(
        "--seconds",
        type=typed.number(),
        default=3600.0,
        metavar="N",
        help="how long an upload is waited for, before and after (default: 3600)",
    )
    parser.add_argument(
        "--confirm", action="store_true", dest="is_confirmed", help="send it; without this nothing is sent"
    )


def _add_uplink(parser: argparse.ArgumentParser) -> None:
    _add_listen(parser)
    parser.add_argument(
        "--device",
        dest="devices",
        type=typed.device,
        action="append",
        metavar="SERIAL=M",
        help="a device that is known, and its model; others are listed and nothing is made of what they send",
    )
    parser.add_argument("--poll", action="store_true", dest="polls", help="ask between the uploads, too: costs data")
    parser.add_argument(
        "--network",
        dest="networks",
        type=typed.network,
        action="append",
        metavar="NET",
        help="take connections from this network only, such as 10.0.0.0/8; may be given several times",
    )
    parser.add_argument(
        "--relay",
        type=typed.server,
        metavar="HOST:PORT",
        help="pass on what named devices send to this server, too: it learns all of it; nothing comes back from there",
    )
    parser.add_argument(
        "--utc-offset",
        type=typed.utc_offset,
        default=typed.utc_offset("+08:00"),
        metavar="HH:MM",
        help="the time devices are told (default: +08:00, as the vendor's server tells it)",
    )
    parser.add_argument(
        "--weekday",
        choices=[rule.value for rule in WeekdayRule],
        default=WeekdayRule.MONDAY_1.value,
        help="how devices are told the weekday (default: monday_1)",
    )
    parser.add_argument("--count", type=typed.whole(1), metavar="N", help="end after so many events")


def _add_gateway(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "broker",
        type=typed.broker,
        metavar="BROKER",
        help="mqtt://[USER@]HOST[:PORT] or mqtts://…; the password stands in ACREL_MQTT_PASSWORD, or is asked for",
    )
    parser.add_argument(
        "--device",
        dest="meters",
        type=typed.meter,
        action="append",
        metavar="SERIAL=M",
        help="a meter that is known, behind whichever gateway, and its model; others are listed",
    )
    parser.add_argument(
        "--gateway",
        dest="gateways",
        type=typed.gateway,
        action="append",
        metavar="SERIAL",
        help="a gateway that is answered, so that it reports; may be given several times",
    )
    parser.add_argument("--pair", action="store_true", dest="pairs", help="answer every gateway, to see what it has")
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="with mqtts://: who signs the broker's certificate"
    )
    parser.add_argument(
        "--utc-offset",
        type=typed.utc_offset,
        default=typed.utc_offset("+08:00"),
        metavar="HH:MM",
        help="the time gateways are told (default: +08:00, as the vendor's server tells it)",
    )
    parser.add_argument("--count", type=typed.whole(1), metavar="N", help="end after so many events")


def _add_frame(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "frame",
        type=typed.hexadecimal,
        nargs="+",
        action=typed.Joined,
        metavar="HEX",
        help="its bytes, such as '7B 7B 94 BE EF 7D 7D' or 010300000001840A; of a gateway, its JSON",
    )
    add_secret(parser)


def _add_check(parser: argparse.ArgumentParser) -> None:
    _add_file(parser, "12-column register table (CSV) or model file (TOML)")
    _add_k_mode(parser)
    _add_address_mode(parser)


def _add_import(parser: argparse.ArgumentParser) -> None:
    _add_file(parser, "12-column register table (CSV)")
    parser.add_argument("--id", type=typed.model_id, required=True, metavar="ID", help="id of the new model")
    parser.add_argument(
        "--base",
        metavar="M",
        help="model whose quantities get their addresses from the table"
        " (default: the built-in model of that id, if it waits for one)",
    )
    parser.add_argument("--accept-rejected", action="store_true", help="do without the rows that have errors")
    _add_k_mode(parser)
    _add_address_mode(parser)
    _add_output(parser, "OUT.toml")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="MODEL", help=_MODEL_HELP)
    _add_output(parser, "OUT.csv")


def _add_log_show(parser: argparse.ArgumentParser) -> None:
    _add_file(parser, _RECORD_HELP)
    parser.add_argument(
        "--newest", type=typed.whole(1, 100_000), default=50, metavar="N", help="show at most so many (default: 50)"
    )
    _add_wanted(parser)


def _add_log_verify(parser: argparse.ArgumentParser) -> None:
    _add_file(parser, _RECORD_HELP)
    parser.add_argument(
        "--head",
        dest="heads",
        type=typed.head,
        action="append",
        metavar="N:HASH",
        help="a head that was kept elsewhere, such as in an export or a log; may be given several times",
    )


def _add_log_export(parser: argparse.ArgumentParser) -> None:
    _add_file(parser, _RECORD_HELP)
    _add_wanted(parser)
    _add_output(parser, "OUT.csv")


def _add_wanted(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=typed.moment, metavar="TIME", help="only entries of this time or later")
    parser.add_argument("--until", type=typed.moment, metavar="TIME", help="only entries before this time")
    parser.add_argument(
        "--kind",
        dest="kinds",
        type=typed.kinds,
        action="extend",
        metavar="K,...",
        help="only entries of these kinds, such as alarm,acknowledge",
    )


def _add_link(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("link", type=typed.link, metavar="LINK", help=_LINK_HELP)
    parser.add_argument("--timeout", type=typed.number(), metavar="S", help="longest wait for an answer, in seconds")


def _add_unit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unit", type=typed.whole(0, typed.LAST_UNIT), required=True, metavar="N", help="unit id")


def _add_codes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--codes",
        type=typed.codes,
        action="extend",
        metavar="C,...",
        help="only these quantities, such as Lg,TempA; Lg@3 means circuit 3 alone",
    )


def _add_ratios(parser: argparse.ArgumentParser) -> None:
    for ratio, name in (("--pt", "voltage"), ("--ct", "current")):
        parser.add_argument(
            ratio,
            type=typed.number(),
            metavar="X",
            help=f"ratio of the {name} transformers, for models whose values are multiplied with it",
        )
    parser.add_argument(
        "--no-probe",
        action="store_false",
        dest="probe",
        help="read even when the unit does not answer the way the model does",
    )


def _add_k_mode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--k-mode",
        choices=("auto", "decimals", "multiplier"),
        default="auto",
        help="what column k of the table means (default: auto)",
    )


def _add_address_mode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--address-mode",
        choices=("auto", "as_written", "hex", "data_model", "from_one"),
        default="auto",
        help="how addresses without 0x or H are written: decimal as written, hexadecimal, numbers of the Modbus data"
        " model (40001 is register 0), counted from one (default: auto)",
    )


def _add_file(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=what)


def _add_output(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("-o", "--output", type=Path, metavar=name, help="where to save (default: print)")
