"""What the owner of a device says of operating it, as stored beside the device. What is not said is not allowed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from .aioacrel.control.policy import Drive, Policy
from .aioacrel.control.rights import ADMINISTRATORS, AUTOMATIONS, Right, Rights, user
from .aioacrel.readings import PointKey
from .byitself import CUT_ALONE, is_sound, reclosing_of, ties_of
from .byitself import written as written_by_itself
from .checked import UnfitError
from .const import CONF_CONTROL
from .controlevidence import EVIDENCE, evidence_of, is_sound_evidence, written_evidence

ENABLED, MAY_CLOSE, RIGHTS, CRITICAL, DRIVES = "enabled", "may_close", "rights", "critical", "drives"
REMOTE_LEVEL = "remote_level"
_USER = user("")
_MOST = 1000


def policy_of(subentry: ConfigSubentry) -> Policy:
    """Return the owner's word about a device that was found sound; by default nothing is allowed to anybody."""
    return _policy_in(subentry.data.get(CONF_CONTROL, {}))


def _policy_in(stored: Mapping[str, Any]) -> Policy:
    return Policy(
        is_enabled=stored.get(ENABLED) is True,
        may_close=stored.get(MAY_CLOSE) is True,
        rights=Rights.restored(stored.get(RIGHTS)),
        critical=frozenset(stored.get(CRITICAL, ())),
        drives={key_of(name): Drive(drive) for name, drive in stored.get(DRIVES, {}).items()},
        evidence=evidence_of(stored.get(EVIDENCE, {})),
        reclosing=reclosing_of(stored),
        ties=ties_of(stored),
        remote_level=stored.get(REMOTE_LEVEL),
        may_cut_alone=stored.get(CUT_ALONE) is True,
    )


def policy_now(entry: ConfigEntry, subentry_id: str) -> Policy:
    """Return the owner's word at this moment: it may have been withdrawn, or the device removed."""
    subentry = entry.subentries.get(subentry_id)
    return Policy() if subentry is None else policy_of(subentry)


def written(policy: Policy) -> Mapping[str, Any]:
    """Return it as it is stored; nothing where it allows nothing and says nothing."""
    if policy == Policy():
        return {}
    return {
        ENABLED: policy.is_enabled,
        MAY_CLOSE: policy.may_close,
        RIGHTS: {name: [*map(str, rights)] for name, rights in policy.rights.kept().items()},
        CRITICAL: sorted(policy.critical),
        DRIVES: {name_of(key): str(drive) for key, drive in policy.drives.items()},
        **({EVIDENCE: written_evidence(policy.evidence)} if policy.evidence else {}),
        **({} if policy.remote_level is None else {REMOTE_LEVEL: policy.remote_level}),
        **written_by_itself(policy),
    }


def with_settings_right(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a device whose settings may be changed: by administrators, unless somebody may already.

    What is stored and not understood stays as it is.
    """
    try:
        sound_control(data.get(CONF_CONTROL, {}))
    except UnfitError:
        return {**data}
    policy = _policy_in(data.get(CONF_CONTROL, {}))
    given = policy.rights.given
    if any(Right.SETTINGS in rights for rights in given.values()):
        return {**data}
    given = {**given, ADMINISTRATORS: {*given.get(ADMINISTRATORS, ()), Right.SETTINGS}}
    return {**data, CONF_CONTROL: written(replace(policy, rights=Rights(given)))}


def name_of(key: PointKey) -> str:
    """Return how a point is written in what is stored."""
    return f"{key.circuit}/{key.code}"


def key_of(name: str) -> PointKey:
    """Return the point that is written so."""
    circuit, _, code = name.partition("/")
    return PointKey(circuit, code)


def sound_control(value: object) -> object:
    """Check what is stored of operating a device; a word that is not understood is not taken for another."""
    if not isinstance(value, Mapping) or not all(_is_sound(name, part) for name, part in value.items()):
        raise UnfitError("bad_control", value, "")
    return value


def _is_sound(name: object, part: Any) -> bool:  # noqa: ANN401 - anything may be stored
    if name in (ENABLED, MAY_CLOSE, REMOTE_LEVEL):
        return _is_number(part) if name == REMOTE_LEVEL else isinstance(part, bool)
    if name == CRITICAL:
        return _are_among(part, None)
    if name == RIGHTS:
        return _is_table(part) and all(_is_grantee(who) and _are_among(what, Right) for who, what in part.items())
    if name == DRIVES:
        return _is_table(part) and all("/" in output and _are_among([drive], Drive) for output, drive in part.items())
    if name == EVIDENCE:
        return is_sound_evidence(part)
    # What a later version says may forbid what is allowed here.
    return is_sound(name, part)


def _is_number(part: object) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool) and isfinite(part)


def _is_table(part: object) -> bool:
    return isinstance(part, Mapping) and len(part) <= _MOST and all(isinstance(name, str) for name in part)


def _is_grantee(who: str) -> bool:
    return who in (ADMINISTRATORS, AUTOMATIONS) or (who.startswith(_USER) and who != _USER)


def _are_among(part: object, words: Iterable[str] | None) -> bool:
    if not isinstance(part, list | tuple) or len(part) > _MOST or not all(isinstance(word, str) for word in part):
        return False
    return words is None or {*part} <= {*map(str, words)}
