"""Reads profiles: those built in by id, and a user's own file. A file that is not sound is refused as a whole."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import AcrelError
from ..foreign import python_says
from ..readings import PointKey
from ..texts import Said, phrase
from ..userfiles import read_text
from .profile import Call, CloudCommand, Confidence, Electric, Form, Frame, Meaning, MeterType, Profile, Timers
from .spelling import PLACE, WHOLE

PROFILES = ("acrelcloud-1000", "acrelcloud-6000", "acrel-ems")
"""Those built in, the best known first."""
_NEEDED = ("login", "logout", "sites", "meters")
"""Calls without which there is no account."""
_LARGEST = 256 * 1024
MOST_OWN = 32
"""Files of a user's folder."""
_LOCKOUT = 30.0
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]{0,127}")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{0,64}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VERSION = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,15})?")
_POINT = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,31})@([0-9]{1,3})")
_MOST_PAGE = 1000
_DEEPEST = 4


class ProfileError(AcrelError):
    """A profile of a cloud that is not usable."""

    key = "bad_cloud_profile"


_own: dict[str, Profile] = {}
"""Those of the user's folder, as it was read last, by id."""


def known_profiles() -> list[str]:
    """Return the ids of all profiles that are known: those built in, the best known first, then the user's own."""
    return [*PROFILES, *_own]


def profile(name: str) -> Profile:
    """Return a profile that is known, by id. Raises ProfileError."""
    if name in PROFILES:
        return _builtin(name)
    if name not in _own:
        raise ProfileError(file=name, detail=phrase("profile_unknown", known=", ".join(known_profiles())))
    return _own[name]


def read_profiles(folder: Path | None = None) -> list[AcrelError]:
    """Read those built in, and a user's own in a folder, now: in an event loop nothing may wait for a disk.

    Returns what is wrong with files of the folder; none of these is known from now on, nor any that is gone.
    """
    for name in PROFILES:
        _builtin(name)
    found: dict[str, Profile] = {}
    wrong: list[AcrelError] = []
    for path in sorted(folder.glob("*.toml"))[:MOST_OWN] if folder is not None else ():
        try:
            one = profile_of_file(path)
            if one.id in (*PROFILES, *found):
                wrong.append(ProfileError(file=path.name, detail=phrase("profile_twice", name=one.id)))
            else:
                found[one.id] = one
        except AcrelError as error:
            wrong.append(error)
    # Somebody may be looking meanwhile: what stays is there at any moment.
    _own.update(found)
    for gone in _own.keys() - found.keys():
        del _own[gone]
    return wrong


def profile_of_file(path: Path) -> Profile:
    """Return a user's own profile. Raises AcrelError. Blocks: use a thread."""
    return profile_of_text(read_text(path, _LARGEST), path.name)


def profile_of_text(text: str, name: str) -> Profile:
    """Return what a file says; what it is `like` is taken from that profile. Raises ProfileError."""
    try:
        return _profile(_completed(tomllib.loads(text), name))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(file=name, detail=python_says(error)) from None
    except RecursionError:
        raise ProfileError(file=name, detail=phrase("profile_too_large")) from None
    except _UnsoundError as error:
        raise ProfileError(file=name, detail=error.reason) from None
    except KeyError as error:
        raise ProfileError(file=name, detail=phrase("profile_lacks", name=str(error.args[0])[:64])) from None
    except (TypeError, ValueError, AttributeError) as error:
        raise ProfileError(file=name, detail=python_says(error)) from None


@cache
def _builtin(name: str) -> Profile:
    return profile_of_text(files(__package__).joinpath("profiles", f"{name}.toml").read_text("utf-8"), f"{name}.toml")


class _UnsoundError(Exception):
    def __init__(self, reason: Said) -> None:
        super().__init__(reason)
        self.reason = reason


def _completed(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a file with all that it says is like in another one; calls taken over are only as sure as it says."""
    like = tree["profile"].get("like")
    if like is None:
        return tree
    if like not in PROFILES or name.removesuffix(".toml") == like:
        raise _UnsoundError(phrase("profile_unknown", known=", ".join(PROFILES)))
    base = tomllib.loads(files(__package__).joinpath("profiles", f"{like}.toml").read_text("utf-8"))
    if "like" in base["profile"]:
        raise _UnsoundError(phrase("profile_unknown", known=", ".join(PROFILES)))
    assumed = tree["profile"].get("assumed", Confidence.LOW.value)
    for call in base["calls"].values():
        call["confidence"] = assumed
    for command in base.get("commands", []):
        command["confidence"] = assumed
    base["profile"].pop("hosts", None)
    return _merged(base, tree, 0)


def _merged(base: dict[str, Any], more: dict[str, Any], depth: int) -> dict[str, Any]:
    both = dict(base)
    for key, value in more.items():
        # What a call takes is said as a whole, so that a call can take less.
        is_tree = isinstance(value, dict) and isinstance(both.get(key), dict) and key not in ("params", "fixed")
        both[key] = _merged(both[key], value, depth + 1) if is_tree and depth < _DEEPEST else value
    return both


def _profile(tree: Mapping[str, Any]) -> Profile:
    about, server, login, lists = tree["profile"], tree["server"], tree["login"], tree["lists"]
    calls = {name: _call(name, said) for name, said in tree["calls"].items()}
    logs = {name: str(call) for name, call in tree.get("control_logs", {}).items()}
    commands = [_command(said) for said in tree.get("commands", [])]
    timers = {kind: _timers(kind, said) for kind, said in tree.get("timers", {}).items()}
    named = {*_NEEDED, *logs.values(), *(one.call for one in commands), *(one.call for one in timers.values())}
    if missing := named - calls.keys():
        raise _UnsoundError(phrase("profile_no_call", name=min(missing)))
    return Profile(
        id=_fits(_ID, about["id"]),
        titles=_texts(about["title"]),
        notes=_texts(about.get("note", {})),
        confidence=Confidence(about["confidence"]),
        source=str(about["source"]),
        hosts=[str(host) for host in about.get("hosts", [])],
        prefix=_fits(_PREFIX, server["prefix"]),
        version=_fits(_VERSION, server.get("version", "")),
        stale_after=float(server["stale_hours"]) * 3600,
        login_form=Form(login["form"]),
        encrypted_form=Form(login.get("encrypted_form", "")),
        proof_form=Form(login.get("proof_form", "")),
        frame=_frame(tree.get("frame", {})),
        calls=calls,
        codes={int(number): Meaning(meaning) for number, meaning in tree["codes"].items()},
        meter_types={kind: _meter_type(kind, said, logs) for kind, said in tree["meters"].items()},
        meter_lists=[str(asked) for asked in lists["meters"]],
        commands=commands,
        timers=timers,
        leakage=_points(tree["fields"]["leakage"]),
        temperatures=_points(tree["fields"]["temperatures"]),
        leakage_history=_points(tree["fields"]["leakage_history"]),
        electric={kind: _electric(kind, said) for kind, said in tree.get("electric", {}).items()},
        fed=[_point(found) for found in tree.get("feed", {}).get("points", [])],
        alarms=_points(tree["alarms"]["points"]),
        recoveries=frozenset(map(str, tree["alarms"]["recoveries"])),
        levels=_texts(tree["alarms"].get("levels", {})),
        control_logs=logs,
        results=_results(tree.get("results", {})),
    )


def _call(name: str, said: Mapping[str, Any]) -> Call:
    path, method, body = _fits(_PATH, said["path"]), str(said["method"]), str(said.get("body", "form"))
    if method not in ("GET", "POST") or body not in ("form", "json") or "//" in path:
        raise _UnsoundError(phrase("profile_bad_call", name=name))
    if said.get("lists") and WHOLE in said.get("fields", {}):
        raise _UnsoundError(phrase("profile_bad_call", name=name))
    size = int(said.get("page_size", 0))
    if not 0 <= size <= _MOST_PAGE:
        raise _UnsoundError(phrase("profile_bad_call", name=name))
    return Call(
        name=name,
        method=method,
        path=path,
        versioned=bool(said.get("versioned", True)),
        body=body,
        params=_texts(said.get("params", {})),
        fixed=_texts(said.get("fixed", {})),
        page_size=size,
        lists=[str(place) for place in said.get("lists", [])],
        fields={_place(ours): _place(theirs, is_theirs=True) for ours, theirs in said.get("fields", {}).items()},
        confidence=Confidence(said["confidence"]),
        source=str(said["source"]),
    )


def _frame(said: Mapping[str, Any]) -> Frame:
    known = {field.name for field in fields_of(Frame)}
    if odd := said.keys() - known:
        raise _UnsoundError(phrase("profile_bad_word", found=min(odd)[:64]))
    words = {name: _fits(_WORD, word) for name, word in said.items()}
    return Frame(**words | ({"unauthorised": words["unauthorised"].lower()} if "unauthorised" in words else {}))


def _place(text: object, *, is_theirs: bool = False) -> str:
    if text == WHOLE and not is_theirs:
        return WHOLE
    place = _fits(PLACE, text)
    if place.endswith("[]") or (is_theirs and "[]" in place):
        raise _UnsoundError(phrase("profile_bad_word", found=place))
    return place


def _meter_type(kind: str, said: Mapping[str, Any], logs: Mapping[str, str]) -> MeterType:
    log = str(said.get("control_log", ""))
    if log and log not in logs:
        raise _UnsoundError(phrase("profile_no_call", name=log))
    position = _point(said["position"]) if "position" in said else None
    return MeterType(
        kind=kind, model=_fits(_ID, said["model"]), name=str(said["name"]), control_log=log, position=position
    )


def _command(said: Mapping[str, Any]) -> CloudCommand:
    return CloudCommand(
        kind=str(said["meter"]),
        key=_point(said["key"]),
        call=str(said["call"]),
        type=str(said["type"]),
        value=str(said["value"]),
        lockout=float(said.get("lockout", _LOCKOUT)),
        needs_proof=bool(said.get("needs_proof", False)),
        confidence=Confidence(said["confidence"]),
        note=str(said.get("note", "")),
    )


def _timers(kind: str, said: Mapping[str, Any]) -> Timers:
    return Timers(
        kind=kind,
        call=str(said["call"]),
        type=str(said["type"]),
        cancel=str(said["cancel"]),
        once=str(said["once"]),
        daily=str(said["daily"]),
        lockout=float(said.get("lockout", _LOCKOUT)),
    )


def _results(said: Mapping[str, Any]) -> Mapping[str, bool]:
    done, failed = ([str(word) for word in said.get(name, [])] for name in ("done", "failed"))
    if both := {*done} & {*failed}:
        raise _UnsoundError(phrase("profile_bad_word", found=min(both)[:64]))
    return dict.fromkeys(done, True) | dict.fromkeys(failed, False)


def _electric(kind: str, said: Mapping[str, Any]) -> Electric:
    return Electric(kind=kind, phases=str(said["phases"]), codes=_points(said["codes"]))


def _points(said: Mapping[str, Any]) -> Mapping[str, PointKey]:
    return {str(name): _point(point) for name, point in said.items()}


def _point(text: object) -> PointKey:
    found = _POINT.fullmatch(str(text))
    if found is None:
        raise _UnsoundError(phrase("profile_bad_point", found=str(text)[:64]))
    return PointKey(found[2], found[1])


def _fits(shape: re.Pattern[str], text: object) -> str:
    if not isinstance(text, str) or not shape.fullmatch(text):
        raise _UnsoundError(phrase("profile_bad_word", found=str(text)[:64]))
    return text


def _texts(said: Mapping[str, Any]) -> Mapping[str, str]:
    return {str(name): str(text) for name, text in said.items()}


def known_for(host: str) -> Sequence[str]:
    """Return the ids of the profiles that fit a host best, best first; all of them, whatever the host."""
    return sorted(known_profiles(), key=lambda name: host not in profile(name).hosts)
