"""Draws the pictures of the demo posts and saves them the way each post asks for."""

import io
import random

import numpy as np
from PIL import Image, ImageChops, ImageEnhance

from mmsent.demo import scenes_any, scenes_negative, scenes_neutral, scenes_positive
from mmsent.demo.canvas import BLACK, WHITE, Canvas, Colour, hsv, mixed
from mmsent.demo.plan import ANY, Content, Post

_SCENES = {
    "positive": scenes_positive.SCENES,
    "negative": scenes_negative.SCENES,
    "neutral": scenes_neutral.SCENES,
}

#: Content that tells its class less strongly than this only tints or frames a scene for any mood.
FAINT_BELOW = 0.15

#: Pixels on the shorter side of a drawing; pictures are scaled down from it, which smooths edges.
_DRAWN = 400
_SHORTEST, _LONGEST = 48, 400
_RATIOS = (1.0, 1.0, 4 / 3, 4 / 3, 3 / 4, 3 / 2, 2 / 3, 16 / 9, 9 / 16)


def draw_picture(content: Content) -> Image.Image:
    """The picture of a content as RGB, larger than any post shows it."""
    draw = random.Random(content.source)
    ratio = draw.choice(_RATIOS) * draw.uniform(0.95, 1.05)
    width, height = max(1.0, ratio), max(1.0, 1 / ratio)
    canvas = Canvas(round(_DRAWN * width), round(_DRAWN * height), draw)
    if content.tells == ANY:
        draw.choice(scenes_any.SCENES)(canvas)
        image = _toned(canvas.image, draw.uniform(0.8, 1.2), draw.uniform(0.9, 1.1))
    elif content.strength < FAINT_BELOW:
        image = _faint(canvas, content)
    else:
        canvas.strength = (content.strength - FAINT_BELOW) / (1 - FAINT_BELOW)
        draw.choice(_SCENES[content.tells])(canvas)
        image = _toned(canvas.image, draw.uniform(0.75, 1.2), draw.uniform(0.85, 1.1))
    if draw.random() < 0.12:
        image = _captioned(image, draw)
    return _grained(image, draw)


def save_picture(post: Post) -> bytes:
    """The picture file of a post, at a size and quality that differ even between duplicates."""
    image = draw_picture(post.picture)
    save = random.Random(f"{post.source}:save")
    if post.picture_format.endswith(("png", "gif")):
        side = 120  # grain hardly compresses without loss
    elif post.group is None and save.random() < 0.05:
        side = save.randint(_SHORTEST, 100)
    else:
        side = round(save.triangular(100, _LONGEST, 200))
    scale = side / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return _encoded(image.resize(size, Image.Resampling.LANCZOS), post.picture_format, save)


def _encoded(image: Image.Image, picture_format: str, save: random.Random) -> bytes:
    """Bytes of ``image``.

    Raises
    ------
    ValueError
        If the format is none that a plan asks for.
    """
    stream = io.BytesIO()
    quality = save.randint(60, 90)
    if picture_format == "jpeg":
        image.save(stream, "JPEG", quality=quality, progressive=save.random() < 0.15)
    elif picture_format == "cmyk jpeg":
        image.convert("CMYK").save(stream, "JPEG", quality=quality)
    elif picture_format == "grey jpeg":
        image.convert("L").save(stream, "JPEG", quality=quality)
    elif picture_format == "palette gif":
        image.quantize(64).save(stream, "GIF")
    elif picture_format == "png":
        image.quantize(128).convert("RGB").save(stream, "PNG", optimize=True)
    elif picture_format == "rgba png":
        _with_clear_border(image.quantize(128).convert("RGB")).save(stream, "PNG", optimize=True)
    else:
        raise ValueError(f"unknown picture format {picture_format!r}")
    return stream.getvalue()


def _with_clear_border(image: Image.Image) -> Image.Image:
    """``image`` with an edge that is partly and then wholly transparent, as stickers have."""
    rows, columns = np.ogrid[: image.height, : image.width]
    edge = np.minimum(
        np.minimum(rows, image.height - 1 - rows), np.minimum(columns, image.width - 1 - columns)
    )
    image.putalpha(Image.fromarray(np.clip(edge * 32, 0, 255).astype(np.uint8)))
    return image


def _faint(canvas: Canvas, content: Content) -> Image.Image:
    """A scene for any mood with no more than a hint of the class."""
    draw = canvas.draw
    draw.choice(scenes_any.SCENES)(canvas)
    amount = 0.5 + content.strength / FAINT_BELOW * 0.5
    if content.tells == "positive":
        warm = _toned(canvas.image, 1 + 0.6 * amount, 1 + 0.2 * amount)
        return _tinted(warm, (255, 235, 170), 0.15 + 0.25 * amount)
    if content.tells == "negative":
        dull = _toned(canvas.image, 1 - 0.6 * amount, 1 - 0.5 * amount)
        return _tinted(dull, (150, 110, 110), 0.15 + 0.25 * amount)
    # Neutral: the scene becomes the picture of a news card, with headline and text below it.
    image = canvas.image.copy()
    card = Canvas(*image.size, draw)
    card.box(0, 0, card.w, card.h, WHITE)
    shown = 0.8 - 0.3 * amount
    card.image.paste(image.resize((card.w, round(card.h * shown))), (0, 0))
    ink = hsv(draw.random(), 0.2, 0.25)
    card.words(card.w * 0.05, card.h * (shown + 0.03), "Report", card.u * 0.07, ink)
    for row in range(2, 9):
        level = card.h * shown + row * card.u * 0.055
        card.box(card.w * 0.05, level, card.w * draw.uniform(0.7, 0.9), card.u * 0.018, (165,) * 3)
    return card.image


def _toned(image: Image.Image, saturation: float, brightness: float) -> Image.Image:
    return ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(saturation)).enhance(
        brightness
    )


def _tinted(image: Image.Image, colour: Colour, amount: float) -> Image.Image:
    """``image`` as seen through coloured glass; ``amount`` from 0 to 1."""
    glass = Image.new("RGB", image.size, mixed(WHITE, colour, amount))
    return ImageChops.multiply(image, glass)


def _captioned(image: Image.Image, draw: random.Random) -> Image.Image:
    """``image`` with a bar of text, as reposted pictures often have; the words say nothing."""
    canvas = Canvas(*image.size, draw)
    canvas.image.paste(image)
    height = canvas.u * 0.11
    y = draw.choice([0.0, canvas.h - height])
    ground, ink = draw.choice([(BLACK, WHITE), (WHITE, BLACK)])
    canvas.box(0, y, canvas.w, height, ground)
    words = draw.choice(
        ["me on a monday", "tag someone", "that moment when", "seen today", "so..."]
    )
    canvas.words(canvas.w * 0.05, y + height * 0.12, words, height * 0.62, ink)
    return canvas.image


def _grained(image: Image.Image, draw: random.Random) -> Image.Image:
    """``image`` with the grain and the shaded corners of a photograph, each time as strong."""
    noise = np.random.default_rng(draw.getrandbits(64))
    rows, columns = np.ogrid[-1 : 1 : image.height * 1j, -1 : 1 : image.width * 1j]
    shade = 1 - draw.uniform(0, 0.18) * (rows**2 + columns**2)
    grain = noise.standard_normal((image.height, image.width), dtype=np.float32)
    grain *= np.float32(draw.uniform(1, 9))
    pixels = np.array(image, dtype=np.float32)
    pixels *= shade.astype(np.float32)[..., None]
    pixels += grain[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))
