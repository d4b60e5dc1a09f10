"""What the system says about a link that cannot be opened becomes a sentence of its own."""

import errno
from socket import gaierror

import pytest

from custom_components.acrel_safety.aioacrel.errors import LinkUnreachableError
from custom_components.acrel_safety.flow.explain import explain
from custom_components.acrel_safety.flow.selector_texts import FlowTexts


@pytest.mark.parametrize(
    ("cause", "key"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "host_unreachable"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "host_unreachable"),
        (gaierror(-2, "Name or service not known"), "host_unknown"),
        (OSError(errno.ECONNREFUSED, "Connection refused"), "connection_refused"),
        (OSError(errno.ENOENT, "No such file or directory"), "port_missing"),
        (OSError(errno.ENXIO, "No such device or address"), "port_missing"),
        (OSError(errno.EACCES, "Permission denied"), "port_denied"),
        (OSError(errno.EBUSY, "Device or resource busy"), "port_busy"),
        (OSError(errno.EAGAIN, "Could not exclusively lock port"), "port_busy"),
        (TimeoutError(), "connect_timeout"),
        (ValueError("anything else"), "link_unreachable"),
    ],
)
def test_each_reason_for_a_closed_link_has_its_own_sentence(cause: Exception, key: str) -> None:
    # The reason lies several layers below what the library raises.
    between = ConnectionError("could not connect")
    between.__cause__ = cause
    error = LinkUnreachableError(link="tcp://10.0.0.7:502", detail="anything")
    error.__cause__ = between
    assert explain(error, FlowTexts("en", {})).key == key
