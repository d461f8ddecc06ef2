"""The canvas that the scenes of the demo pictures are drawn on, and the shapes they share."""

import colorsys
import math
import random
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """Colour of a hue in turns (0 red, 1/3 green, 2/3 blue; any number), the others 0 to 1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, min(saturation, 1.0), min(value, 1.0))
    return round(red * 255), round(green * 255), round(blue * 255)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """``first`` with ``share`` (0 to 1) of ``second`` in it."""
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(first, second, strict=True)
    )  # fmt: skip
    return red, green, blue


class Canvas:
    """An RGB picture being drawn.

    ``w`` and ``h`` are its sizes and ``u`` the shorter of them, all in pixels; whatever varies in
    a scene is taken from ``draw``, and ``strength`` (0 to 1) says how plainly it shows its mood.
    """

    def __init__(self, width: int, height: int, draw: random.Random, strength: float = 0.0) -> None:
        self.strength = strength
        self.image = Image.new("RGB", (width, height))
        self.pen = ImageDraw.Draw(self.image)
        self.w, self.h = width, height
        self.u = float(min(width, height))
        self.draw = draw

    def among(self, low: float, high: float) -> float:
        """A random number between ``low`` and ``high``."""
        return self.draw.uniform(low, high)

    def gradient(self, top: Colour, bottom: Colour, until: float = 1.0) -> None:
        """Fill the upper ``until`` (share of the height) from ``top`` to ``bottom``."""
        height = max(1, round(self.h * until))
        share = np.linspace(0, 1, height)[:, None]
        rows = np.asarray(top) * (1 - share) + np.asarray(bottom) * share
        strip = Image.fromarray(rows.round().astype(np.uint8)[:, None, :])
        self.image.paste(strip.resize((self.w, height)), (0, 0))

    def disc(
        self, x: float, y: float, radius: float, colour: Colour, flat: float = 1.0
    ) -> None:  # fmt: skip
        """A filled disc around a point; ``flat`` is its height by its width."""
        box = (x - radius, y - radius * flat, x + radius, y + radius * flat)
        self.pen.ellipse(box, fill=colour)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle from its upper left corner."""
        self.pen.rectangle((x, y, x + max(width, 1), y + max(height, 1)), fill=colour)

    def area(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self.pen.polygon(points, fill=colour)

    def stroke(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A line through points; ``width`` in pixels."""
        self.pen.line(points, fill=colour, width=max(1, round(width)), joint="curve")

    def words(self, x: float, y: float, text: str, size: float, colour: Colour) -> None:
        """A line of text from its upper left corner; ``size`` in pixels."""
        self.pen.text((x, y), text, fill=colour, font=ImageFont.load_default(max(6.0, size)))

    def glow(self, x: float, y: float, radius: float, colour: Colour, amount: float) -> None:
        """Light around a point that fades out at ``radius``; ``amount`` from 0 to 1."""
        rows, columns = np.ogrid[: self.h, : self.w]
        away = np.hypot(columns - x, rows - y) / radius
        mask = (np.clip(1 - away, 0, 1) ** 2 * amount * 255).astype(np.uint8)
        self.image.paste(colour, (0, 0), Image.fromarray(mask))

    def soften(self, radius: float) -> None:
        """Blur what has been drawn so far; ``radius`` in pixels."""
        self.image.paste(self.image.filter(ImageFilter.GaussianBlur(radius)))

    def hills(self, level: float, swing: float, colour: Colour) -> None:
        """Land with a rolling edge; ``level`` and ``swing`` are shares of the height."""
        turns, start = self.among(0.6, 2.2), self.among(0, 6.3)
        edge = []
        for step in range(41):
            along = step / 40
            wave = math.sin(start + along * turns * 6.3) + 0.4 * math.sin(along * turns * 15)
            edge.append((along * self.w, self.h * (level + swing * wave / 2)))
        self.area([(0, self.h), *edge, (self.w, self.h)], colour)

    def cloud(self, x: float, y: float, size: float, colour: Colour) -> None:
        """A heap of discs, ``size`` pixels wide."""
        for _ in range(self.draw.randint(5, 9)):
            across = self.among(-0.5, 0.5)
            radius = size * self.among(0.14, 0.26)
            self.disc(x + across * size, y - self.among(0, 0.12) * size, radius, colour, 0.75)

    def heart(self, x: float, y: float, size: float, colour: Colour) -> list[Point]:
        """A heart around a point, ``size`` pixels wide; returns its outline."""
        outline = []
        for step in range(48):
            turn = step / 48 * 2 * math.pi
            across = 16 * math.sin(turn) ** 3
            up = sum(k * math.cos(n * turn) for n, k in ((1, 13), (2, -5), (3, -2), (4, -1)))
            outline.append((x + across * size / 32, y - up * size / 32))
        self.area(outline, colour)
        return outline

    def flower(self, x: float, y: float, size: float, colour: Colour) -> None:
        """A flower of round petals, ``size`` pixels wide."""
        petals = self.draw.randint(5, 8)
        for petal in range(petals):
            turn = petal / petals * 2 * math.pi
            self.disc(
                x + math.cos(turn) * size * 0.3, y + math.sin(turn) * size * 0.3, size * 0.2, colour
            )
        self.disc(x, y, size * 0.17, hsv(self.among(0.1, 0.15), 0.8, 0.95))

    def face(self, x: float, y: float, radius: float, smile: float, skin: Colour) -> None:
        """A drawn face; ``smile`` from -1 (mouth down, brows drawn) to 1 (wide smile)."""
        line = mixed(skin, BLACK, 0.75)
        self.disc(x, y, radius * 1.04, mixed(skin, BLACK, 0.4))
        self.disc(x, y, radius, skin)
        spread, eye = radius * self.among(0.3, 0.42), radius * self.among(0.08, 0.14)
        for side in (-1, 1):
            centre, level = x + side * spread, y - radius * 0.22
            self.disc(centre, level, eye, line, self.among(1.0, 1.4))
            self.disc(centre + eye * 0.3, level - eye * 0.4, eye * 0.3, WHITE)
            tilt = radius * 0.14 * min(smile, 0.0)  # only a bad mood bends the brows
            brow = level - radius * 0.3
            self.stroke(
                [
                    (centre - side * radius * 0.16, brow - tilt * 0.3),
                    (centre + side * radius * 0.16, brow + tilt * 0.7),
                ],
                line,
                radius * 0.06,
            )
        width = radius * self.among(0.4, 0.55)
        mouth = []
        for step in range(13):
            across = step / 6 - 1
            mouth.append(
                (x + across * width, y + radius * (0.42 + 0.3 * smile * (0.5 - across**2)))
            )
        if smile > 0.6:
            self.area(mouth, mixed(line, (160, 30, 40), 0.5))
        self.stroke(mouth, line, radius * 0.08)
