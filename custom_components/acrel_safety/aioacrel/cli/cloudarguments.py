"""What `acrel cloud` is told."""

import argparse
from pathlib import Path

from ..cloud.profile_reader import PROFILES
from ..texts import Phrase, phrase
from .options import Options
from .typed import number, zone


def add_cloud(parser: argparse.ArgumentParser) -> None:
    """Add its options. Whether an address is one is said with the other errors, in the user's language."""
    parser.add_argument(
        "url", metavar="URL", help="host, host:port or https://host:port/path; without a scheme it is HTTPS"
    )
    parser.add_argument(
        "--user",
        required=True,
        metavar="U",
        help="whose account it is; the password stands in ACREL_PASSWORD, or is asked for",
    )
    parser.add_argument(
        "--profile",
        metavar="P",
        help=f"which generation it is: {', '.join(PROFILES)}, or a .toml file of your own; of a host that is known it"
        " needs not be said",
    )
    parser.add_argument(
        "--allow-http",
        action="store_true",
        dest="allow_http",
        help="also without encryption: everybody on the way can read the password then",
    )
    parser.add_argument("--site", metavar="ID", help="one site alone")
    parser.add_argument(
        "--zone",
        type=zone,
        action="append",
        default=[],
        dest="zones",
        metavar="[ID=]ZONE",
        help="zone of the server's times, as Europe/Berlin, or that of one site (default: China's); may be repeated",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="save what was said as JSON, with names, serials, places and tokens replaced",
    )
    parser.add_argument(
        "--feed",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="hear what the server's broker tells of all points instead: wss://host:port/path, or as the vendor's pages"
        " do where nothing is said",
    )
    parser.add_argument(
        "--feed-user",
        dest="feed_user",
        metavar="U",
        help="the broker's account; its password stands in ACREL_FEED_PASSWORD, or is asked for",
    )
    parser.add_argument(
        "--seconds",
        type=number(),
        dest="feed_seconds",
        metavar="N",
        help="with --feed: so long (default: until Ctrl-C)",
    )
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="with --feed: who signs the broker's certificate")


def unfit(options: Options) -> tuple[str, Phrase] | None:
    """Return what was typed in vain, and why: some options are for the feed, one is for anything else."""
    if options.feed is not None:
        return ("--record", phrase("typed_nothing_saved")) if options.record is not None else None
    of_feed = {
        "--feed-user": options.feed_user,
        "--seconds": options.feed_seconds,
        "--ca-file": options.ca_file,
    }
    typed = [name for name, value in of_feed.items() if value is not None]
    return (typed[0], phrase("typed_only_with_feed")) if typed else None
