"""Pictures that people send: what is refused unseen, and what no picture can do."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from tests.support.pictures import picture
from trackflow_web.adapters import images
from trackflow_web.kernel.errors import Invalid

KINDS = ("PNG", "JPEG", "WEBP", "GIF")
MOST = 2 * 1024 * 1024


def test_an_oversized_file_is_rejected_unread():
    with pytest.raises(Invalid) as refusal:
        images.check(b"x" * (MOST + 1), "avatar", most_bytes=MOST)
    assert refusal.value.errors == {"avatar": "Choose a picture of up to 2 MB."}


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_of_every_format_is_known(kind):
    content = picture(kind, size=(300, 20))
    images.check(content, "cover", most_bytes=MOST)
    assert set(images.squares(content, (64,))) == {64}
    if kind == "WEBP":
        assert images._webp_size(content) == (300, 20)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"exact": True}])
def test_the_size_of_every_kind_of_webp_is_known(options):
    target = io.BytesIO()
    Image.new("RGBA", (123, 45), (10, 20, 30, 99)).save(target, "WEBP", **options)
    assert images._webp_size(target.getvalue()) == (123, 45)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_rejected_without_side_effects(kind):
    dice = random.Random(kind)
    for _ in range(150):
        content = bytearray(picture(kind, size=(16, 16)))
        for _ in range(dice.randint(1, 6)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        damaged = bytes(content[: dice.randrange(len(content)) + 1])
        try:
            images.check(damaged, "avatar", most_bytes=MOST)
            images.squares(damaged, (16,))
        except (Invalid, images.Unreadable):
            continue


def test_only_the_first_frame_is_shown():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    shown = Image.open(io.BytesIO(images.squares(target.getvalue(), (16,))[16]))
    assert getattr(shown, "n_frames", 1) == 1
    assert shown.convert("RGB").getpixel((8, 8))[0] > 200
