"""Profiles of clouds: those built in are sound, each call says how sure it is, and a broken file is refused whole."""

import os
import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel import cloud as profiles
from custom_components.acrel_safety.aioacrel.cloud.profile import Confidence, Form, Meaning
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import (
    PROFILES,
    ProfileError,
    known_for,
    profile,
    profile_of_file,
    profile_of_text,
    read_profiles,
)
from custom_components.acrel_safety.aioacrel.errors import AcrelError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import vocabulary

MINE = '[profile]\nid = "mine"\nlike = "acrelcloud-1000"\ntitle = { en = "Mine" }\nconfidence = "low"\nsource = "me"\n'


@pytest.mark.parametrize("name", PROFILES)
def test_each_profile_built_in_means_points_and_models_that_there_are(name: str) -> None:
    known = profile(name)
    assert known.id == name
    assert {"en", "zh"} <= known.titles.keys()
    assert {"en", "zh"} <= known.notes.keys()
    models = set(ModelLibrary().ids())
    assert {one.model for one in known.meter_types.values()} <= models
    points = [
        *known.leakage.values(),
        *known.temperatures.values(),
        *known.leakage_history.values(),
        *known.alarms.values(),
        *(command.key for command in known.commands),
        *(key for kind in known.electric.values() for key in kind.codes.values()),
    ]
    assert [key for key in points if vocabulary().find(key.code) is None] == []
    assert all(call.source for call in known.calls.values())
    assert known.codes[200] is Meaning.OK
    assert 0 < known.stale_after < 12 * 3600


def test_what_was_only_assumed_says_so() -> None:
    assert not profile("acrelcloud-1000").is_experimental
    safe, ems = profile("acrelcloud-6000"), profile("acrel-ems")
    assert safe.is_experimental
    assert {call.confidence for call in safe.calls.values()} == {Confidence.LOW}
    assert ems.calls["alarms"].confidence is Confidence.MEDIUM
    assert ems.calls["alarms"].params == {"site": "fSubid", "since": "startTime", "until": "endTime"}
    assert ems.calls["login"].confidence is Confidence.LOW
    assert safe.login_form is Form.PLAIN
    assert safe.encrypted_form is Form.UNKNOWN


def test_closing_an_arcm300t_has_to_be_proved_on_site_and_no_output_of_an_adw300_is_guessed() -> None:
    known = profile("acrelcloud-1000")
    switching = {PointKey("1", "RLYON"), PointKey("1", "RLYOFF")}
    assert {one.key for one in known.commands_of("1") if one.needs_proof} == switching
    assert not any(one.needs_proof for one in known.commands_of("3"))
    assert switching.isdisjoint(one.key for one in known.commands_of("2"))
    assert known.timers.keys() == {"3"}


def test_a_host_that_is_known_chooses_its_profile() -> None:
    assert known_for("safe.acrelcloud.cn")[0] == "acrelcloud-6000"
    assert known_for("www.acrelcloud.cn")[0] == "acrelcloud-1000"
    assert known_for("cloud.example")[0] == "acrelcloud-1000"


def test_a_new_generation_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE + '[server]\nversion = "v7"\n[calls.sites]\npath = "v7sites"\nconfidence = "high"\n')
    mine = profile_of_file(file)
    assert (mine.id, mine.version, mine.calls["sites"].path) == ("mine", "v7", "v7sites")
    assert mine.calls["sites"].confidence is Confidence.HIGH
    assert mine.calls["meters"].confidence is Confidence.LOW


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[profile",
        "[profile]\nid = 3",
        MINE.replace("acrelcloud-1000", "nobody"),
        MINE.replace('"mine"', '"../mine"'),
        MINE + '[calls.sites]\npath = "../../etc"\n',
        MINE + '[calls.sites]\npath = "a//b"\n',
        MINE + '[calls.sites]\nmethod = "DELETE"\n',
        MINE + "[calls.sites]\npage_size = 100000\n",
        MINE + '[server]\nprefix = "a/b"\n',
        MINE + '[fields.leakage]\nx = "Lg"\n',
        MINE + '[control_logs]\narcm = "nothing"\n',
        MINE + '[login]\nform = "rot13"\n',
        MINE + "x = " + "[" * 2000,
    ],
)
def test_a_file_that_is_not_sound_is_refused(text: str) -> None:
    with pytest.raises(ProfileError) as refused:
        profile_of_text(text, "mine.toml")
    assert "mine.toml" in refused.value.text("zh")


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_is_refused(text: str) -> None:
    with pytest.raises(ProfileError):
        profile_of_text(text, "any.toml")


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    for content in (b"#" * 300_000, b"\xff\xfe"):
        (tmp_path / "big.toml").write_bytes(content)
        with pytest.raises(AcrelError, match=r"big\.toml"):
            profile_of_file(tmp_path / "big.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    assert {error.key for error in read_profiles(tmp_path)} == {"file_problems"}
    assert read_profiles(tmp_path / "nowhere") == []
    with pytest.raises(ProfileError, match="acrel-ems"):
        profile("acrelcloud-9000")


def test_the_example_of_the_guide_is_a_profile() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "cloud.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    mine = profile_of_text(example, "mine.toml")
    assert (mine.prefix, mine.encrypted_form, mine.calls["sites"].path) == ("SubstationWEBV3", Form.MD5, "site/list")
    assert mine.calls["sites"].page_size == profile("acrelcloud-1000").calls["sites"].page_size


def test_what_a_profile_lacks_is_named() -> None:
    with pytest.raises(ProfileError, match="it lacks server"):
        profile_of_text(MINE.replace('like = "acrelcloud-1000"\n', ""), "mine.toml")
    whole = (files(profiles) / "profiles" / "acrelcloud-1000.toml").read_text("utf-8")
    with pytest.raises(ProfileError, match="logout"):
        profile_of_text(whole.replace("[calls.logout]", "[calls.leave]"), "mine.toml")
