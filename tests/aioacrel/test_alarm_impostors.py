"""Somebody calls in the name of a device that is there: an alarm until a person knows, whatever the device says."""

from tests.aioacrel.alarm_rigs import Plant


def test_a_second_login_is_held_until_it_is_acknowledged_and_the_next_one_is_news_again() -> None:
    plant = Plant()
    board = plant.add("Box", "my_aafd", calls=True)
    board.quiet()
    assert (board.safety(), plant.standing()) == ("safe", {})
    board.watch.note_second_login("203.0.113.7")
    (found,) = plant.alarms.standing()
    assert (found.level, found.detail, board.safety()) == ("alarm", "203.0.113.7", "alarm")
    assert found.name == "Somebody else calls in its name: it is cloned, or somebody pretends to be it"
    plant.pass_(86_400)
    board.quiet()
    assert plant.standing() == {"second_login": "unacknowledged"}
    plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
    assert (board.safety(), plant.standing()) == ("safe", {})
    board.watch.note_second_login("203.0.113.8")
    (again,) = plant.alarms.standing()
    assert (again.detail, again.occurrence != found.occurrence) == ("203.0.113.8", True)


def test_a_restart_acknowledges_nothing_and_forgets_no_address() -> None:
    plant = Plant()
    board = plant.add("Box", "my_aafd", calls=True)
    board.quiet()
    board.watch.note_second_login("203.0.113.7")
    kept = plant.alarms.kept()
    after = Plant()
    after.alarms.restore(kept)
    after.add("Box", "my_aafd", calls=True).quiet()
    (found,) = after.alarms.standing()
    assert (found.word, found.detail) == ("unacknowledged", "203.0.113.7")


def test_a_device_on_a_line_has_no_such_alarm() -> None:
    board = Plant().add("Box", "my_aafd")
    board.watch.note_second_login("203.0.113.7")
    assert all(key.rule != "second_login" for key in board.watch.alarms)
