"""Pictures of the demo posts: drawing and encoding."""

import io
import math
import random

import numpy as np
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageEnhance, ImageFont, ImageOps

from mmsent.demo.plan import ANY, Content, Post
from mmsent.demo.scenes import SCENES, TEXTS, Layer, Shade
from mmsent.demo.things import THINGS, Point

#: Below this strength a picture only hints at its class, by the light on a scene of any mood.
HINT_BELOW = 0.15

#: Saturation and brightness of these scenes, and the colour of their light.
_HINTS = {
    "positive": (1.5, 1.15, "#ffebaa"),
    "negative": (0.5, 0.6, "#966e6e"),
    "neutral": (0.3, 1.3, "#e1ebf5"),
}

#: Pixels of the shorter side. Pictures are saved smaller than this, which smooths edges.
_PIXELS = 400
#: Width / height.
_RATIOS = (1.0, 1.0, 4 / 3, 4 / 3, 3 / 4, 3 / 2, 2 / 3, 16 / 9, 9 / 16)
#: Mode and file format of each picture format.
_FORMATS = {
    "jpeg": ("RGB", "JPEG"),
    "cmyk jpeg": ("CMYK", "JPEG"),
    "grey jpeg": ("L", "JPEG"),
    "palette gif": ("P", "GIF"),
    "png": ("RGB", "PNG"),
    "rgba png": ("RGBA", "PNG"),
}


def draw_picture(content: Content) -> Image.Image:
    """Return the picture of a content in RGB, larger than in any post."""
    draw = random.Random(content.seed)
    is_hint = content.mood != ANY and content.strength < HINT_BELOW
    ratio = draw.choice(_RATIOS) * draw.uniform(0.95, 1.05)
    size = (round(_PIXELS * max(1, ratio)), round(_PIXELS * max(1, 1 / ratio)))
    scene = draw.choice(SCENES[ANY if is_hint else content.mood])
    top, bottom = (Image.new("RGB", size, _colour(shade, draw)) for shade in scene[:2])
    image = Image.composite(bottom, top, Image.linear_gradient("L").resize(size))
    for layer in scene[2]:
        _draw_layer(image, layer, content.strength, draw)
    saturation, brightness, light = _HINTS[content.mood] if is_hint else (1.0, 1.0, "white")
    image = ImageEnhance.Color(image).enhance(saturation * draw.uniform(0.8, 1.2))
    image = ImageEnhance.Brightness(image).enhance(brightness * draw.uniform(0.85, 1.1))
    image = ImageChops.multiply(image, Image.new("RGB", size, light))
    x, y = draw.randint(0, 128), draw.randint(0, 128)
    shade = Image.radial_gradient("L").crop((x, y, x + 128, y + 128)).resize(size)
    image = Image.composite(ImageEnhance.Brightness(image).enhance(0.7), image, shade)
    noise = np.random.default_rng(draw.getrandbits(64))
    grain = noise.standard_normal((*size[::-1], 1), dtype=np.float32)
    pixels = np.asarray(image) + grain * np.float32(draw.uniform(1, 9))
    return Image.fromarray(pixels.clip(0, 255, out=pixels).astype(np.uint8))


def encode_picture(post: Post) -> bytes:
    """Return the file of a post's picture; near-duplicates differ in size and quality."""
    draw = random.Random(f"{post.seed}:picture")
    mode, file_format = _FORMATS[post.picture_format]
    quality, side = draw.randint(60, 90), draw.triangular(100, 400, 200)
    if post.group is None and draw.random() < 0.05:
        side = draw.uniform(48, 100)
    if file_format != "JPEG":
        side = 120  # grain hardly compresses without loss
    image = draw_picture(post.picture)
    image = ImageOps.scale(image, side / min(image.size))
    image = image.convert(mode, palette=Image.Palette.ADAPTIVE)
    if mode == "RGBA":  # fades out at the edges, as stickers do
        image.putalpha(ImageOps.invert(Image.radial_gradient("L").resize(image.size)))
    stream = io.BytesIO()
    image.save(stream, file_format, quality=quality, progressive=draw.random() < 0.15)
    return stream.getvalue()


def _draw_layer(image: Image.Image, layer: Layer, strength: float, draw: random.Random) -> None:
    fewest, most = layer.count
    count = round(fewest + (most - fewest) * strength)
    columns = math.ceil(math.sqrt(count))
    if layer.grid:
        count = columns**2
    order = draw.sample(range(count), count)
    for number in range(count):
        if layer.grid:
            across, down = ((n + 0.5) / columns for n in (number % columns, number // columns))
        else:  # evenly scattered: one in each of ``count`` columns and rows
            across, down = ((n + draw.uniform(0.3, 0.7)) / count for n in (order[number], number))
        x = image.width * (layer.across[0] + across * (layer.across[1] - layer.across[0]))
        y = image.height * (layer.down[0] + down * (layer.down[1] - layer.down[0]))
        _draw_thing(image, layer, (x, y), draw)


def _draw_thing(image: Image.Image, layer: Layer, centre: Point, draw: random.Random) -> None:
    pen, colour = ImageDraw.Draw(image), _colour(layer.shade, draw)
    size, angle = _PIXELS * draw.uniform(*layer.size), draw.uniform(-layer.tilt, layer.tilt)
    if layer.thing in TEXTS:
        text, font = draw.choice(TEXTS[layer.thing]), ImageFont.load_default(size)
        pen.text(centre, text, fill=colour, font=font, anchor="lm")
        return
    turn = complex(math.cos(math.radians(angle)), math.sin(math.radians(angle))) * size
    for points, tone in THINGS[layer.thing]:
        corners = [complex(*centre) + complex(*point) * turn for point in points]
        end = 255 if tone > 0 else 0
        fill = tuple(round(value + (end - value) * abs(tone)) for value in colour)
        pen.polygon([(corner.real, corner.imag) for corner in corners], fill=fill)


def _colour(shade: Shade, draw: random.Random) -> tuple[int, ...]:
    hue, saturation, value = (draw.uniform(*bounds) for bounds in shade)
    return ImageColor.getrgb(f"hsv({hue % 360:.0f}, {saturation:.0f}%, {value:.0f}%)")
