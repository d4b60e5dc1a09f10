"""Tokens, tags, rights and evidence, whatever order things come in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.control.caller import AUTOMATION, Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.choice import falls_back_when
from custom_components.acrel_safety.aioacrel.control.evidence import Contact, Disputed, Evidence, Proof, Threshold
from custom_components.acrel_safety.aioacrel.control.named import Doubt, doubt_about, evidence_of
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Drive, Policy
from custom_components.acrel_safety.aioacrel.control.rights import Right, Rights, user
from custom_components.acrel_safety.aioacrel.control.tags import Tag, Tags
from custom_components.acrel_safety.aioacrel.control.tokens import LONGEST, SHORTEST, Selection, Tokens
from custom_components.acrel_safety.aioacrel.points import Effect
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.texts import LANGUAGES, texts
from tests.aioacrel.control_rigs import ADMIN, CALLERS, USER
from tests.aioacrel.rigs import model

KEYS = [PointKey("1", "RLYOFF"), PointKey("1", "RLYON"), PointKey("2", "RLYOFF")]
PEOPLE = [ADMIN, USER, AUTOMATION]
CIRCUITS = st.sampled_from(["0", "1", "2"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


# -- tokens -----------------------------------------------------------------------------------------------------------

steps = st.lists(
    st.one_of(
        st.tuples(st.just("select"), st.sampled_from(KEYS), st.sampled_from(PEOPLE), st.floats(-5, 100)),
        st.tuples(st.just("use"), st.sampled_from(KEYS), st.sampled_from(PEOPLE), st.integers(0, 30)),
        st.tuples(st.just("wait"), st.none(), st.none(), st.floats(0, 20)),
    ),
    max_size=40,
)


@given(steps)
def test_a_token_is_good_once_in_its_time_for_what_and_whom_it_was_given(
    steps: list[tuple[str, PointKey, Caller, float]],
) -> None:
    now = [1000.0]
    tokens = Tokens(lambda: now[0])
    given_out: list[tuple[Selection, float]] = []
    used: set[str] = set()
    for what, key, caller, number in steps:
        match what:
            case "select":
                selection = tokens.select(key, caller, seconds=number)
                assert SHORTEST - 1e-6 <= selection.until - now[0] <= LONGEST + 1e-6
                given_out.append((selection, now[0]))
            case "wait":
                now[0] += number
            case _ if given_out:
                selection, since = given_out[int(number) % len(given_out)]
                found = tokens.use(selection.token, key, caller)
                if isinstance(found, Selection):
                    assert (found.key, found.caller) == (key, caller)
                    assert now[0] < since + LONGEST + 1e-6
                    assert found.token not in used
                used.add(selection.token)


def test_selecting_anew_ends_what_was_selected_before() -> None:
    tokens = Tokens(lambda: 0.0)
    first, second = tokens.select(KEYS[0], ADMIN), tokens.select(KEYS[0], ADMIN)
    assert tokens.use(first.token, KEYS[0], ADMIN) is Reason.TOKEN_UNKNOWN
    assert tokens.use(second.token, KEYS[0], ADMIN) is second
    assert tokens.use("é", KEYS[0], ADMIN) is Reason.TOKEN_UNKNOWN


def test_a_token_ends() -> None:
    now = [0.0]
    tokens = Tokens(lambda: now[0])
    selection = tokens.select(KEYS[0], ADMIN, seconds=10)
    now[0] = 10.0
    assert tokens.use(selection.token, KEYS[0], ADMIN) is Reason.TOKEN_EXPIRED


# -- tags -------------------------------------------------------------------------------------------------------------

TAGGERS = Rights({"administrators": frozenset(Right), user("user"): frozenset({Right.TAGS})})


@given(st.lists(st.tuples(CIRCUITS, st.sampled_from([ADMIN, USER])), max_size=8), st.data())
def test_all_tags_must_go_and_only_who_hung_it_or_an_administrator_takes_one_off(
    hung: list[tuple[str, Caller]], data: st.DataObject
) -> None:
    tags = Tags()
    there = [tag for circuit, by in hung if isinstance(tag := tags.hang(circuit, by, TAGGERS, "work"), Tag)]
    assert len(there) == len(hung)
    again = Tags()
    again.restore(tags.kept())
    assert again.all == tags.all
    for tag in data.draw(st.permutations(there)):
        assert tag in tags.on(tag.circuit)
        assert tag in tags.on("0")
        assert (tag in tags.on("1")) is (tag.circuit in ("0", "1"))
        for caller in (AUTOMATION, CALLERS["request"], USER):
            if caller.id != tag.by or caller is AUTOMATION:
                assert tags.remove(tag.id, caller) is Reason.NO_RIGHT
        assert tags.remove(tag.id, ADMIN) == tag
        assert tags.remove(tag.id, ADMIN) is None
    assert tags.all == ()


def test_who_hung_a_tag_takes_it_off_and_only_persons_with_the_right_hang_one() -> None:
    tags = Tags()
    assert tags.hang("1", AUTOMATION, Rights({"automations": frozenset(Right)}), "x") is Reason.NO_RIGHT
    assert tags.hang("1", USER, Rights(), "x") is Reason.NO_RIGHT
    tag = tags.hang("1", USER, TAGGERS, "x" * 1000)
    assert isinstance(tag, Tag)
    assert (len(tag.reason), tag.name, tag.time.tzinfo) == (200, "Uwe", UTC)
    assert tags.remove(tag.id, USER) == tag


@given(JSON)
def test_a_tag_that_cannot_be_read_any_more_hangs_on_the_whole_device(kept: object) -> None:
    tags = Tags()
    tags.restore(kept)
    assert bool(tags.all) is (kept is not None and kept != [])
    assert all(tag in tags.on("0") for tag in tags.all)


# -- rights -----------------------------------------------------------------------------------------------------------


@given(JSON)
def test_what_cannot_be_understood_gives_no_right(kept: object) -> None:
    rights = Rights.restored(kept)
    given_away = set(rights.kept())
    assert given_away <= ({str(name) for name in kept} if isinstance(kept, Mapping) else set())


def test_nobody_may_anything_by_default_and_the_usual_grant_lets_automations_open_only() -> None:
    assert not any(Rights().may(caller, right) for caller in CALLERS.values() for right in Right)
    usual = Rights.restored(Rights.usual().kept())
    assert {right for right in Right if usual.may(AUTOMATION, right)} == {Right.OFF}
    assert all(usual.may(ADMIN, right) for right in Right)
    nobody = Caller(kind=CallerKind.PERSON)
    assert not any(usual.may(who, right) for who in (USER, CALLERS["request"], nobody) for right in Right)


# -- what an output does, and what tells a position -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drive", "on", "off"),
    [
        (None, Effect.OUTPUT_ON, Effect.OUTPUT_OFF),
        (Drive.SHUNT_TRIP, Effect.OPEN, Effect.NOTHING),
        (Drive.CONTACTOR, Effect.CLOSE, Effect.OPEN),
        (Drive.BREAKING_CONTACTOR, Effect.OPEN, Effect.CLOSE),
        (Drive.SIGNAL, Effect.NOTHING, Effect.NOTHING),
    ],
)
def test_what_an_output_does_is_the_owners_to_say(drive: Drive | None, on: Effect, off: Effect) -> None:
    policy = Policy(drives={} if drive is None else {PointKey("1", "DO1"): drive})
    operations = model("adw300").operations
    assert policy.effect(operations[PointKey("1", "DO1ON")]) is on
    assert policy.effect(operations[PointKey("1", "DO1OFF")]) is off
    assert policy.effect(operations[PointKey("1", "DO2ON")]) is Effect.OUTPUT_ON


@pytest.mark.parametrize(
    ("output", "contact", "mode", "position"),
    [
        (False, True, "level", True),
        (True, False, "level", False),
        (True, True, "level", None),
        (False, False, "level", None),
        (None, False, "level", None),
        (True, None, "level", None),
        # A pulse is over when it is looked at: what the contact says is all there is.
        (False, False, "pulse", False),
        (True, True, "pulse", True),
    ],
)
def test_output_and_contact_both_have_to_show_a_position(
    *, output: bool | None, contact: bool | None, mode: str, position: bool | None
) -> None:
    """Of a contactor that its output holds open."""
    adw300, now = model("adw300"), datetime.now(UTC)
    policy = Policy(
        drives={PointKey("1", "DO1"): Drive.BREAKING_CONTACTOR}, evidence={"1": Contact(key=PointKey("1", "DI1"))}
    )
    values = {"DO1": output, "DI1": contact, "DOC_DO1 mode": mode}
    readings = {
        PointKey("1", code): Reading(value, Quality.GOOD, now) for code, value in values.items() if value is not None
    }
    for code in ("DO1ON", "DO1OFF"):
        operation = adw300.operations[PointKey("1", code)]
        proof = Proof(
            adw300.points,
            operation.shows,
            positions=[],
            effect=policy.effect(operation),
            evidence=policy.evidence_at("1"),
            told=partial(policy.told, operation),
            falls_back_when=falls_back_when(adw300.operations, operation),
        )
        assert proof.position(readings) is position
        assert proof.nearest(readings) is contact


def test_one_contact_tells_of_no_more_than_one_output() -> None:
    contact, one, other = Contact(key=PointKey("1", "DI1")), PointKey("1", "DO1"), PointKey("1", "DO2")
    for drive in Drive:
        policy = Policy(drives={one: Drive.CONTACTOR, other: drive}, evidence={"1": contact})
        found = policy.evidence_at("1")
        assert found == (contact if drive is Drive.SIGNAL else Disputed(key=contact.key))
        assert found is not None
        assert found.position({contact.key: Reading(True, Quality.GOOD, datetime.now(UTC))}) is (
            found == contact or None
        )


DI1, UA, DO1 = (PointKey("1", code) for code in ("DI1", "Ua", "DO1"))


@pytest.mark.parametrize(
    ("evidence", "doubt"),
    [
        ({"1": Contact(key=DI1)}, None),
        ({"1": Threshold(key=UA, above=180, below=20)}, None),
        ({}, None),
        # One contact for two circuits, also where it is read the other way round.
        ({"1": Contact(key=DI1), "2": Contact(key=DI1, closed=False)}, Doubt.SHARED),
        ({"1": Contact(key=PointKey("1", "DI99"))}, Doubt.LOST),
        ({"1": Threshold(key=PointKey("7", "Ua"), above=180, below=20)}, Doubt.LOST),
        # What a model of now shows is of another kind.
        ({"1": Contact(key=UA)}, Doubt.LOST),
        ({"1": Threshold(key=DI1, above=180, below=20)}, Doubt.LOST),
    ],
)
def test_what_is_named_tells_only_what_is_beyond_doubt(evidence: dict[str, Evidence], doubt: Doubt | None) -> None:
    policy, adw300 = Policy(drives={DO1: Drive.CONTACTOR}, evidence=evidence), model("adw300")
    assert doubt_about(policy, adw300, "1") is doubt
    found = evidence_of(policy, adw300, "1")
    assert isinstance(found, Disputed) is (doubt is not None)
    assert doubt is not None or found == evidence.get("1")


def said(value: Value | None, quality: Quality = Quality.GOOD) -> Mapping[PointKey, Reading]:
    return {PointKey("1", "X"): Reading(value, quality, datetime.now(UTC))}


@pytest.mark.parametrize(
    ("value", "quality", "contact", "threshold"),
    [
        (True, Quality.GOOD, True, None),
        (False, Quality.GOOD, False, None),
        (230.0, Quality.GOOD, None, True),
        (0.0, Quality.GOOD, None, False),
        (100.0, Quality.GOOD, None, None),
        (float("nan"), Quality.GOOD, None, None),
        (None, Quality.NO_ANSWER, None, None),
        (230.0, Quality.HELD, None, None),
        ("open", Quality.GOOD, None, None),
    ],
)
def test_what_is_not_known_is_no_position(
    value: Value | None, quality: Quality, *, contact: bool | None, threshold: bool | None
) -> None:
    key = PointKey("1", "X")
    assert Contact(key=key).position(said(value, quality)) is contact
    assert Contact(key=key, closed=False).position(said(value, quality)) is (None if contact is None else not contact)
    assert Threshold(key=key, above=180, below=50).position(said(value, quality)) is threshold
    assert Threshold(key=key, above=50, below=180).position(said(value, quality)) is None
    assert Contact(key=key).position({}) is None


# -- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_result_and_reason_has_a_text_and_no_text_is_too_many(language: str) -> None:
    known = texts(language)
    for section, words in (("results", Result), ("reasons", Reason)):
        assert {key for key in known if key.startswith(f"{section}.")} == {f"{section}.{word}" for word in words}
    assert Outcome(result=Result.FAILED, reason=Reason.STUCK, detail="x").text(language).endswith(("(x)", "（x）"))
