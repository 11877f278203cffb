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


def test_greys_of_16_bits_keep_their_brightness():
    target = io.BytesIO()
    Image.new("I;16", (30, 20), 100 * 257).save(target, "PNG")
    images.check(target.getvalue(), "cover", most_bytes=MOST)
    shown = Image.open(io.BytesIO(images.squares(target.getvalue(), (16,))[16]))
    assert abs(shown.convert("L").getpixel((8, 8)) - 100) <= 2


def test_inks_of_printing_become_the_colours_that_they_print():
    target = io.BytesIO()
    Image.new("CMYK", (30, 20), (255, 0, 255, 0)).save(target, "JPEG")
    shown = Image.open(io.BytesIO(images.squares(target.getvalue(), (16,))[16])).convert("RGB")
    red, green, blue = shown.getpixel((8, 8))
    assert (red < 10, green > 245, blue < 10) == (True, True, True)


def test_a_picture_is_turned_as_its_camera_was_held_and_loses_where_it_was_taken():
    upright = Image.new("RGB", (60, 60), "blue")
    upright.paste("red", (0, 0, 60, 20))
    told = Image.Exif()
    told[0x0112] = 6  # the top is at the right
    told.get_ifd(0x8825)[1] = "N"
    target = io.BytesIO()
    upright.save(target, "JPEG", exif=told)
    shown = Image.open(io.BytesIO(images.squares(target.getvalue(), (60,))[60]))
    assert shown.convert("RGB").getpixel((55, 30))[0] > 200
    assert shown.convert("RGB").getpixel((5, 30))[2] > 200
    assert not shown.getexif()


def test_only_the_first_frame_of_an_animated_webp_is_shown():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "WEBP", save_all=True, append_images=frames[1:])
    images.check(target.getvalue(), "cover", most_bytes=MOST)
    shown = Image.open(io.BytesIO(images.squares(target.getvalue(), (16,))[16]))
    assert getattr(shown, "n_frames", 1) == 1
    assert shown.convert("RGB").getpixel((8, 8))[0] > 200


def test_a_webp_with_a_larger_frame_than_its_canvas_is_rejected():
    target = io.BytesIO()
    Image.new("RGB", (3000, 3000), "red").save(target, "WEBP", lossless=True, method=0)
    size = (9).to_bytes(3, "little")
    canvas = b"VP8X" + (10).to_bytes(4, "little") + bytes(4) + size + size
    chunks = b"WEBP" + canvas + target.getvalue()[12:]
    lying = b"RIFF" + len(chunks).to_bytes(4, "little") + chunks
    with pytest.raises(Invalid):
        images.check(lying, "cover", most_bytes=MOST)
