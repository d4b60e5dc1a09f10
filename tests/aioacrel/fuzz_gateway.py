"""A fuzz target for atheris: bytes become what a broker hands over, on topics of each dialect, for a known meter.

.venv/bin/python tests/aioacrel/fuzz_gateway.py -runs=1000000
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["custom_components.acrel_safety.aioacrel.gateway"]):
    from custom_components.acrel_safety.aioacrel.gateway import numbers, overseas, platform
    from custom_components.acrel_safety.aioacrel.gateway.answering import answer_to
    from custom_components.acrel_safety.aioacrel.gateway.errors import PayloadError
    from custom_components.acrel_safety.aioacrel.gateway.messages import Answer, Report
    from custom_components.acrel_safety.aioacrel.gateway.options import CHINA
    from custom_components.acrel_safety.aioacrel.gateway.overseas import Scaling
    from custom_components.acrel_safety.aioacrel.gateway.payload import document_of
    from custom_components.acrel_safety.aioacrel.gateway.topics import Dialect, topic_of
    from custom_components.acrel_safety.aioacrel.reporting.codes import MOST_EXTRAS, Codebook
from custom_components.acrel_safety.aioacrel.models import ModelLibrary

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CODEBOOK = Codebook(ModelLibrary().get("dtsy1352"), origin="gateway")
TOPICS = (
    "sys/dev/key=/1",
    "data/up/key=/1",
    "indicate/dev/key=/1",
    "/gw/acrelHW/null/data/1",
    "platform/acrel/meter/json-v2/analog/0000",
)


def one_input(data: bytes) -> None:
    """Read the bytes as a message on each kind of topic, and as a topic."""
    topic_of(data.decode("utf-8", "replace"))
    for payload in (data, b"{" + data):
        try:
            document = document_of(payload, "0123456789abcdef")
        except PayloadError:
            continue
        for text in TOPICS:
            topic = topic_of(text)
            if topic is None:
                raise ValueError(text)
            if topic.dialect is Dialect.PLATFORM:
                message = platform.message_of(topic, document)
            elif topic.dialect is Dialect.OVERSEAS:
                message = overseas.message_of(topic, document, CHINA, lambda _: Scaling())
            else:
                message = numbers.message_of(document)
            answer_to(topic, message, CHINA, NOW)
            if isinstance(message, Report | Answer):
                for record in message.records:
                    CODEBOOK.take(record.values, record.channel, NOW)
        if len(CODEBOOK.extras) > MOST_EXTRAS:
            raise ValueError("it remembers too much")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
