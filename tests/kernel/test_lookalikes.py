"""Skeletons: confusable names share one, numbered names do not."""

from trackflow_web.kernel.lookalikes import skeleton


def test_numbered_names_differ():
    names = [f"user{number}" for number in range(100)]
    assert len({skeleton(name) for name in names}) == len(names)


def test_confusable_names_share_a_skeleton():
    assert len({skeleton(name) for name in ("Bob 5", "8ob s", "ВоЬ-5", "b0b$")}) == 1
