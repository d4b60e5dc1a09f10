"""How much data a SIM card carried: by day and month, also over a restart."""

from datetime import date

import pytest

from custom_components.acrel_safety.aioacrel.uplink.volume import Volume


def test_days_and_months_are_counted_each() -> None:
    volume = Volume(date(2026, 11, 29))
    seen = []
    for day in (date(2026, 11, 29), date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 1)):
        volume.add(100, day)
        seen.append((volume.today, volume.month, volume.total))
    assert seen == [(100, 100, 100), (200, 200, 200), (100, 300, 300), (100, 100, 400)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 11, 29), (150, 250, 350)), (date(2026, 11, 30), (50, 250, 350)), (date(2026, 12, 1), (50, 50, 350))],
)
def test_what_was_kept_counts_as_far_as_it_is_of_today(day: date, expected: tuple[int, int, int]) -> None:
    former = Volume(date(2026, 11, 29), 100, 200, 300)
    volume = Volume(day)
    volume.add(50, day)
    volume.restore(former.kept())
    assert (volume.today, volume.month, volume.total) == expected


@pytest.mark.parametrize("kept", [{}, {"day": "soon"}, {"day": "2026-11-29", "today": -1, "month": 0, "total": 0}])
def test_what_was_kept_and_makes_no_sense_counts_for_nothing(kept: dict[str, object]) -> None:
    volume = Volume(date(2026, 11, 29), 1, 2, 3)
    volume.restore(kept)
    assert (volume.today, volume.month, volume.total) == (1, 2, 3)
