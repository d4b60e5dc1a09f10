"""The picture of the last hour in a notification: who gets it, and what is on it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from PIL import Image
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.lasthour import picture_of
from custom_components.acrel_safety.lasthour.drawing import drawn
from custom_components.acrel_safety.lasthour.past import HOUR
from tests.integration.alarm_rigs import Fired, leak, leaky
from tests.integration.conftest import CabinetMaker, LinkMaker

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEGIN = NOW - HOUR
BLUE, VERMILION = (0, 114, 178), (213, 94, 0)
LEAKAGE = "sensor.adw300_1_residual_current"


def at(minutes: float, value: float | None) -> tuple[datetime, float | None]:
    """Return a step of a course."""
    return BEGIN + timedelta(minutes=minutes), value


def columns(picture: bytes | None, colour: tuple[int, int, int]) -> Sequence[Sequence[int]]:
    """Return by column how far down there is anything of a colour."""
    assert picture is not None
    image = Image.open(BytesIO(picture))
    assert (image.format, image.size) == ("PNG", (720, 360))
    return [[y for y in range(360) if image.getpixel((x, y)) == colour] for x in range(720)]


def test_what_was_above_the_limit_is_above_its_line_and_a_gap_is_a_gap() -> None:
    course = [at(-5, 20.0), at(20, None), at(30, 600.0), at(45, 20.0)]
    picture = drawn(course, 300.0, "mA", (BEGIN, NOW), UTC)
    value, limit = columns(picture, BLUE), columns(picture, VERMILION)
    # The field begins at 84 and is 616 wide: ten minutes are 103 columns.
    line = next(ys[0] for ys in limit[300:] if len(ys) > 1)
    assert value[150][0] > line
    assert all(not ys for ys in value[84 + 215 : 84 + 300])
    assert value[84 + 400][0] < line
    assert value[84 + 550][0] > line
    assert picture is not None
    assert len(picture) < 20_000


@pytest.mark.parametrize("values", [[0.0], [230.0, 150.0], [-5.0, 5.0], [1e9, 1e-9], [300.0]])
@pytest.mark.parametrize("unit", ["mA", "kΩ", None])
def test_whatever_was_measured_can_be_drawn(values: list[float], unit: str | None) -> None:
    picture = drawn([at(10 * number, value) for number, value in enumerate(values)], 300.0, unit, (BEGIN, NOW), UTC)
    assert any(columns(picture, BLUE))
    assert any(columns(picture, VERMILION))


def test_of_what_was_never_measured_there_is_no_picture() -> None:
    assert drawn([], 300.0, "mA", (BEGIN, NOW), UTC) is None
    assert drawn([at(0, None)], 300.0, "mA", (BEGIN, NOW), UTC) is None


async def test_who_is_logged_in_or_has_the_signed_address_gets_it_and_nobody_else(
    recorder_mock: object,
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    del recorder_mock  # before anything else: it makes the recorder
    rig, fired = await leaky(cabinet_of, link_to), Fired(hass)
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    signed = (await fired.next())["app"]["image"]
    await fired.end()
    await rig.until(LEAKAGE, lambda state: state.state == "600")
    await async_wait_recording_done(hass)
    stands = desk_of(hass).alarms.standing()
    plain, _, signature = signed.partition("?")
    assert plain.endswith(f"/{stands[0].occurrence}")
    anybody, owner = await hass_client_no_auth(), await hass_client()
    for client, path, status in (
        (anybody, signed, 200),
        (owner, plain, 200),
        (anybody, plain, 401),
        (anybody, f"{plain}0?{signature}", 401),
        (owner, f"{plain}0", 404),
    ):
        answer = await client.get(path)
        assert answer.status == status, path
        if status == 200:
            assert answer.content_type == "image/png"
            assert any(columns(await answer.read(), BLUE))
    # Its history is in the unit in which it is shown, and the limit is in mA.
    shown_in = {"unit_of_measurement": "A"}
    er.async_get(hass).async_update_entity_options(LEAKAGE, "sensor", shown_in)
    await rig.until(LEAKAGE, lambda state: state.attributes["unit_of_measurement"] == "A")
    assert picture_of(hass, stands) is None
    assert (await owner.get(plain)).status == 404
