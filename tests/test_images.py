"""Reading images: whatever a file named .jpg contains is read right or refused with a reason."""

import errno
import io
import re
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, features

from mmsent.data import images
from mmsent.data.images import UnreadableImageError, read_image
from mmsent.data.index import IMAGE_COLUMNS, index_images

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def halves(left=RED, right=BLUE, size=(40, 20)):
    """An image of two colours side by side."""
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


def noise(size=(40, 30)):
    values = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def turned(orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    return exif


def animation(colours=(RED, BLUE, WHITE)):
    first, *others = [Image.new("RGB", (16, 16), colour) for colour in colours]
    return saved(first, "GIF", save_all=True, append_images=others)


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "7.jpg"
        path.write_bytes(content)
        return read_image(path)

    return read


@pytest.fixture
def row(tmp_path):
    def row(content):
        path = tmp_path / "7.jpg"
        path.write_bytes(content)
        index = index_images(path.parent, {path.stem: path.name})
        assert list(index.columns) == IMAGE_COLUMNS
        assert len(index) == 1
        return index.loc[0]

    return row


def near(pixel, colour):
    return max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 12


def test_a_jpeg_is_read_as_it_is(read, row):
    picture = read(saved(halves(), "JPEG", quality=95))
    assert (picture.format, picture.mode, picture.notes) == ("JPEG", "RGB", [])
    assert picture.rgb.size == (40, 20)
    assert near(picture.rgb.getpixel((5, 10)), RED)
    assert near(picture.rgb.getpixel((35, 10)), BLUE)
    found = row(saved(halves(), "JPEG"))
    assert (found["guid"], found["file"], found["note"], found["problem"]) == ("7", "7.jpg", "", "")


def test_cmyk_keeps_its_colours(read, row):
    content = saved(halves().convert("CMYK"), "JPEG", quality=95)
    picture = read(content)
    assert (picture.mode, picture.rgb.mode) == ("CMYK", "RGB")
    assert near(picture.rgb.getpixel((5, 10)), RED)
    assert near(picture.rgb.getpixel((35, 10)), BLUE)
    assert row(content)["note"] == "mode CMYK converted to RGB"


#: Grey levels from black to white, in 16 bits; the mean is 127.5 of 255 in every mode.
RAMP = np.linspace(0, 65535, 256)[None, :].repeat(16, axis=0)


def grey(mode):
    """The levels of the ramp in a mode of Pillow, for a PNG or a TIFF file."""
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(grey("RGB"), srgb, lab, outputMode="LAB")
    eight = Image.fromarray((RAMP / 257).astype(np.uint8))
    return eight.convert("LA").convert(mode) if mode == "PA" else eight.convert(mode)


IN_MODES = {
    **{mode: (grey(mode), "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA")},
    **{mode: (grey(mode), "TIFF") for mode in ("CMYK", "YCbCr", "LAB", "PA")},
    "I;16": (Image.fromarray(RAMP.astype(np.uint16)), "PNG"),
    "I;16 TIFF": (Image.fromarray(RAMP.astype(np.uint16)), "TIFF"),
    "I of 8 bits": (Image.fromarray((RAMP / 257).astype(np.int32)), "TIFF"),
    "I of 16 bits": (Image.fromarray(RAMP.astype(np.int32)), "TIFF"),
    "I of 31 bits": (Image.fromarray((RAMP * 32767).astype(np.int32)), "TIFF"),
    "F to 1": (Image.fromarray((RAMP / 65535).astype(np.float32)), "TIFF"),
    "F to 255": (Image.fromarray((RAMP / 257).astype(np.float32)), "TIFF"),
    "F to 65535": (Image.fromarray(RAMP.astype(np.float32)), "TIFF"),
}


@pytest.mark.parametrize("name", IN_MODES)
def test_an_image_of_any_mode_keeps_its_grey_levels(read, name):
    image, kind = IN_MODES[name]
    picture = read(saved(image, kind))
    assert (picture.mode, picture.rgb.mode) == (name.split()[0], "RGB")
    levels = np.asarray(picture.rgb, dtype=float)
    assert abs(levels.mean() - 127.5) < 1.5
    # In each half, so that no mode passes that only has the right mean.
    assert levels[:, :128].mean() < 75
    assert levels[:, 128:].mean() > 180


@pytest.mark.parametrize("name", ["L", "P", "RGB", "I;16"])
def test_the_transparent_level_of_an_image_shows_white_and_no_other_does(read, name):
    image, kind = IN_MODES[name]
    key = {"I;16": 0, "RGB": (0, 0, 0)}.get(name, image.getpixel((0, 0)))
    levels = np.asarray(read(saved(image, kind, transparency=key)).rgb)[0, :, 0]
    assert levels[0] == 255
    assert abs(levels[1:].mean() - 128) < 1.5


def exif_block(*entries, size=None):
    """An EXIF segment of entries (tag, type, count, value of four bytes, bytes behind)."""
    start = b"Exif\0\0II*\0" + struct.pack("<I", 8)
    count = struct.pack("<H", len(entries) if size is None else size)
    return start + count + b"".join(entries) + struct.pack("<I", 0)


TURNED = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)
DOUBLE_MODEL = struct.pack("<HHII", 0x110, 12, 1, 38)


def test_a_broken_tag_leaves_the_orientation_in_force(read, row):
    content = saved(halves(), "JPEG", exif=exif_block(DOUBLE_MODEL, TURNED) + struct.pack("<d", 1))
    picture = read(content)
    assert picture.rgb.size == (20, 40)
    assert near(picture.rgb.getpixel((10, 5)), RED)
    assert row(content)["note"] == ""


def test_exif_that_cannot_be_read_is_noted_and_the_image_used(row):
    found = row(saved(halves(), "JPEG", exif=exif_block(TURNED, size=9)))
    assert (found["width"], found["height"], found["problem"]) == (20, 40, "")
    assert "EXIF not wholly readable: Corrupt EXIF data" in found["note"]


def test_a_jpeg_of_several_images_is_not_called_animated(row):
    content = saved(halves(), "MPO", save_all=True, append_images=[halves(BLUE, RED)])
    note = row(content)["note"]
    assert "several images: the first of 2 frames is used" in note
    assert "animated" not in note


def test_transparent_pixels_show_white_whatever_colour_they_hide(read):
    layered = halves().convert("RGBA")
    layered.putalpha(Image.new("L", layered.size, 0))
    assert read(saved(layered, "PNG")).rgb.getpixel((5, 10)) == WHITE
    half = Image.new("RGBA", (8, 8), (*BLUE, 128))
    assert near(read(saved(half, "PNG")).rgb.getpixel((4, 4)), (127, 127, 255))
    assert read(saved(Image.new("LA", (8, 8), (0, 0)), "PNG")).rgb.getpixel((4, 4)) == WHITE
    palette = halves().quantize(2)
    picture = read(saved(palette, "PNG", transparency=palette.getpixel((5, 10))))
    assert picture.mode == "P"
    assert picture.rgb.getpixel((5, 10)) == WHITE
    assert near(picture.rgb.getpixel((35, 10)), BLUE)


def test_of_an_animation_the_first_frame_is_used_and_it_is_noted(read, row):
    assert near(read(animation()).rgb.getpixel((8, 8)), RED)
    note = row(animation())["note"]
    assert note.startswith("GIF named .jpg; ")
    assert "animated: the first of 3 frames" in note


@pytest.mark.parametrize(
    ("image", "kind"), [(halves(), "JPEG"), (halves(), "PNG"), (halves().convert("RGBA"), "PNG")]
)
def test_an_image_is_turned_as_its_exif_says(read, row, image, kind):
    # 6: the camera was held upright, so what is stored left is shown at the top.
    content = saved(image, kind, exif=turned(6))
    picture = read(content)
    assert picture.rgb.size == (20, 40)
    assert near(picture.rgb.getpixel((10, 5)), RED)
    assert near(picture.rgb.getpixel((10, 35)), BLUE)
    assert (row(content)["width"], row(content)["height"]) == (20, 40)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "not in a known format"),
        (b"\xff\xd8\xff", "not in a known format"),
        (saved(noise((64, 64)), "JPEG")[:1200], "truncated"),
        (saved(noise(), "PNG")[:900], "cannot be decoded"),
        (saved(noise(), "GIF")[:-200], "cannot be decoded"),
    ],
)
def test_what_is_no_whole_image_is_refused_and_indexed_with_the_reason(read, row, content, message):
    with pytest.raises(UnreadableImageError, match=message):
        read(content)
    found = row(content)
    assert found["problem"].startswith("image ")
    assert message in found["problem"]
    assert (found["width"], found["height"], found["phash"], found["note"]) == (0, 0, "", "")
    assert found["bytes"] == len(content)


@pytest.mark.parametrize(
    ("kind", "options", "left"),
    [("JPEG", {}, 128), ("JPEG", {"exif": turned(3)}, 128), ("PNG", {}, 0), ("BMP", {}, None)],
)
def test_the_rows_of_a_damaged_image_that_can_be_decoded_are_read(read, row, kind, options, left):
    whole = saved(noise((64, 64)), kind, **options)
    content = whole[: int(0.7 * len(whole))]
    if left is None:
        with pytest.raises(UnreadableImageError, match="cannot be decoded"):
            read(content)
        return
    picture, pixels = read(content), np.asarray(read(whole).rgb).astype(int)
    decoded = np.asarray(picture.rgb).astype(int)
    if options:  # upside down
        decoded, pixels = decoded[::-1], pixels[::-1]
    assert (decoded[-8:] == left).all()
    assert np.abs(decoded[:32] - pixels[:32]).mean() < 2
    percent = int(re.search(r"; the upper (\d+) % of its rows can be$", picture.damage)[1])
    assert 50 <= percent < 90
    assert (decoded[int(64 * percent / 100) + 1 :] == left).all()
    found = row(content)
    assert found["problem"] == f"image {picture.damage}"
    assert (found["width"], found["height"]) == (64, 64)
    assert read(whole).damage == ""


def test_an_image_beyond_the_limit_is_refused_and_one_at_the_limit_is_not(read, monkeypatch):
    content = saved(noise((40, 30)), "PNG")
    monkeypatch.setattr(images, "MAXIMUM_PIXELS", 40 * 30)
    assert read(content).rgb.size == (40, 30)
    monkeypatch.setattr(images, "MAXIMUM_PIXELS", 40 * 30 - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnreadableImageError, match=r"40 x 30 pixels are more than 1,199"):
            read(content)


def test_the_index_keeps_the_order_and_continues_after_a_bad_file(tmp_path):
    blank, extremes = Image.new("RGB", (32, 32), BLUE), halves((0, 0, 0), WHITE)
    contents = {"10": b"", "9": saved(blank, "PNG"), "30": b"junk", "12": saved(extremes, "PNG")}
    for guid, content in contents.items():
        (tmp_path / f"{guid}.jpg").write_bytes(content)
    index = index_images(tmp_path, {guid: f"{guid}.jpg" for guid in contents}, threads=2)
    assert list(index["guid"]) == ["10", "9", "30", "12"]
    assert [bool(problem) for problem in index["problem"]] == [True, False, True, False]
    assert index["sha256"].nunique() == 4
    assert index["contrast"].tolist() == [0, 0, 0, 127.5]


GOOD = {
    "JPEG": saved(noise(), "JPEG", exif=turned(6)),
    "PNG": saved(noise().quantize(8), "PNG", transparency=0),
    "WEBP": saved(noise(), "WEBP"),
    "GIF": animation(),
    "TIFF": saved(noise((8, 8)), "TIFF"),
    **({"AVIF": saved(noise(), "AVIF")} if features.check("avif") else {}),
}


@pytest.mark.parametrize("kind", list(GOOD))
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    cut=st.floats(0, 1), flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4)
)
@example(cut=0.7, flips=[])
def test_a_damaged_image_never_stops_the_index(tmp_path_factory, kind, cut, flips):
    content = bytearray(GOOD[kind])
    for where, value in flips:
        content[int(where**3 * (len(content) - 1))] = value  # mostly in the head
    path = Path(tmp_path_factory.getbasetemp() / "8.jpg")
    path.write_bytes(content[: int(cut * len(content))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = index_images(path.parent, {path.stem: path.name}).loc[0]
    assert found["problem"] or found["phash"]
    assert (found["phash"] == "") == (found["width"] == 0)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "Input/output error"), MemoryError()])
def test_a_fault_of_the_machine_is_not_attributed_to_the_image(read, monkeypatch, fault):
    content = saved(noise(), "JPEG")

    def fails(*_):
        raise fault

    monkeypatch.setattr(Image.Image, "load", fails)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fails)
    with pytest.raises(type(fault)) as caught:
        read(content)
    assert caught.value is fault
