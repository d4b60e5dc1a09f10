"""Addresses of clouds as people type them: encrypted unless somebody allowed otherwise, and nothing half understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress, shown
from custom_components.acrel_safety.aioacrel.cloud.errors import CloudAddressError, PlainHttpError


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("cloud.example", "https://cloud.example/SubstationWEBV2/"),
        (" HTTPS://Cloud.Example/ ", "https://cloud.example/SubstationWEBV2/"),
        ("cloud.example:8443", "https://cloud.example:8443/SubstationWEBV2/"),
        ("https://cloud.example:443", "https://cloud.example/SubstationWEBV2/"),
        ("http://192.0.2.7:8090", "http://192.0.2.7:8090/SubstationWEBV2/"),
        ("https://cloud.example/acrel/", "https://cloud.example/acrel/SubstationWEBV2/"),
        ("https://cloud.example/SubstationWEBV2/", "https://cloud.example/SubstationWEBV2/"),
        ("https://cloud.example/acrel/SubstationWEBV2", "https://cloud.example/acrel/SubstationWEBV2/"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443/SubstationWEBV2/"),
        ("https://bücher.example", "https://xn--bcher-kva.example/SubstationWEBV2/"),
    ],
)
def test_what_is_typed_is_understood(typed: str, base: str) -> None:
    found = CloudAddress.parse(typed, allow_http=True)
    assert found.base("SubstationWEBV2") == base
    assert CloudAddress.parse(str(found), allow_http=True) == found


def test_plain_http_has_to_be_allowed_for_the_host() -> None:
    with pytest.raises(PlainHttpError, match="allow plain HTTP for this host"):
        CloudAddress.parse("http://cloud.example")
    assert not CloudAddress.parse("http://cloud.example", allow_http=True).is_secure
    assert CloudAddress.parse("cloud.example", allow_http=True).is_secure


@pytest.mark.parametrize(
    "typed",
    [
        *("", "https://", "ftp://cloud.example", "file:///etc/passwd", "cloud.example:0", "cloud.example:99999"),
        *("cloud.example?x=1", "cloud.example#x", "cloud..example", "cloud.example/../x", "cloud.example/a b"),
        *("https://olga:pass-word@cloud.example", "olga@cloud.example", "cloud.example\n", "-x.example", "x" * 400),
        *("https://cloud.example/%2e%2e/x", "javascript:alert(1)", "https://[::1", "https://cloud.example:port"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(typed: str) -> None:
    if typed.endswith("\n"):
        typed = f"a{typed}b"
    with pytest.raises(CloudAddressError) as refused:
        CloudAddress.parse(typed, allow_http=True)
    for language in ("en", "zh"):
        assert "pass-word" not in refused.value.text(language)
        assert "olga" not in refused.value.text(language)


@pytest.mark.parametrize("typed", ["https://cloud.example/#/login", "cloud.example/index.html?id=7"])
def test_of_an_address_copied_from_a_browser_it_is_said_what_is_too_much(typed: str) -> None:
    with pytest.raises(CloudAddressError, match=r"behind \? or #"):
        CloudAddress.parse(typed)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_is_refused(typed: str) -> None:
    try:
        found = CloudAddress.parse(typed, allow_http=True)
    except CloudAddressError:
        return
    assert found.host
    assert CloudAddress.parse(str(found), allow_http=True) == found


def test_what_stands_before_an_at_sign_is_not_shown() -> None:
    assert shown("https://olga:secret@cloud.example/x?token=1") == "https://***@cloud.example/x"
