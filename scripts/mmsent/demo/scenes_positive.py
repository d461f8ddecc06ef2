"""Scenes that tell a good mood: sun, flowers, parties, smiles."""

import math

from mmsent.demo.canvas import WHITE, Canvas, Colour, hsv, mixed


def _sunny_sky(canvas: Canvas) -> None:
    """Sky with a sun, and now and then a rainbow."""
    blue = hsv(canvas.among(0.52, 0.6), canvas.among(0.4, 0.75), 0.8 + 0.2 * canvas.strength)
    canvas.gradient(blue, mixed(blue, (255, 245, 210), 0.75), 0.8)
    x, y = canvas.w * canvas.among(0.1, 0.9), canvas.h * canvas.among(0.08, 0.3)
    radius = canvas.u * canvas.among(0.06, 0.13)
    yellow = hsv(canvas.among(0.11, 0.16), 0.75, 1.0)
    canvas.glow(x, y, radius * 5, (255, 250, 200), 0.5 + 0.4 * canvas.strength)
    if canvas.draw.random() < 0.6:
        for ray in range(12):
            turn = ray / 12 * 2 * math.pi
            cosine, sine = math.cos(turn), math.sin(turn)
            near, far = radius * 1.25, radius * canvas.among(1.6, 2.0)
            canvas.stroke(
                [(x + cosine * near, y + sine * near), (x + cosine * far, y + sine * far)],
                yellow,
                radius * 0.12,
            )
    canvas.disc(x, y, radius, yellow)
    if canvas.draw.random() < 0.25 * canvas.strength:
        centre, reach = canvas.w * canvas.among(0.3, 0.7), canvas.u * canvas.among(0.5, 0.7)
        for band in range(6):
            size = reach - band * canvas.u * 0.018
            span = (centre - size, canvas.h * 0.7 - size, centre + size, canvas.h * 0.7 + size)
            width = max(2, round(canvas.u * 0.02))
            canvas.pen.arc(span, 180, 360, fill=hsv(band / 7.5, 0.55, 1.0), width=width)
    for _ in range(canvas.draw.randint(0, 4)):
        canvas.cloud(
            canvas.w * canvas.draw.random(),
            canvas.h * canvas.among(0.08, 0.35),
            canvas.u * canvas.among(0.15, 0.35),
            WHITE,
        )


def meadow(canvas: Canvas) -> None:
    """Flowers on green hills under the sun."""
    _sunny_sky(canvas)
    green = canvas.among(0.24, 0.36)
    level = canvas.among(0.5, 0.68)
    for layer in range(canvas.draw.randint(2, 3)):
        canvas.hills(level + layer * 0.1, 0.08, hsv(green, 0.55 + 0.1 * layer, 0.8 - 0.12 * layer))
    for _ in range(round(canvas.among(4, 10) + 22 * canvas.strength)):
        depth = canvas.draw.random()
        x, y = canvas.w * canvas.draw.random(), canvas.h * (level + 0.15 + 0.3 * depth)
        size = canvas.u * (0.03 + 0.09 * depth)
        canvas.stroke([(x, y), (x, y + size)], hsv(green, 0.8, 0.45), size * 0.1)
        canvas.flower(x, y, size, hsv(canvas.among(-0.15, 0.17), canvas.among(0.4, 0.9), 1.0))


def beach(canvas: Canvas) -> None:
    """Sand, sea and a sunshade."""
    _sunny_sky(canvas)
    shore = canvas.among(0.45, 0.58)
    canvas.box(0, canvas.h * shore, canvas.w, canvas.h, hsv(canvas.among(0.48, 0.56), 0.7, 0.85))
    canvas.hills(shore + canvas.among(0.14, 0.2), 0.04, hsv(0.12, 0.32, 0.97))
    for _ in range(canvas.draw.randint(1, 3)):
        x, y = canvas.w * canvas.among(0.12, 0.88), canvas.h * canvas.among(0.55, 0.75)
        size, hue = canvas.u * canvas.among(0.15, 0.26), canvas.draw.random()
        canvas.stroke([(x, y), (x, y + size * 1.1)], (120, 90, 60), size * 0.05)
        for part in range(6):
            colour = hsv(hue, 0.75, 0.95) if part % 2 else WHITE
            span = (x - size, y - size * 0.7, x + size, y + size * 0.7)
            canvas.pen.pieslice(span, 180 + part * 30, 210 + part * 30, fill=colour)
        towel = hsv(hue + 0.4, 0.6, 0.95)
        canvas.box(x + size * 0.3, y + size * 1.1, size, size * 0.25, towel)
    if canvas.draw.random() < 0.5:
        x, y = canvas.w * canvas.among(0.2, 0.8), canvas.h * (shore + 0.06)
        size = canvas.u * canvas.among(0.06, 0.12)
        canvas.area([(x - size, y), (x + size, y), (x, y + size * 0.4)], (150, 90, 50))
        canvas.area([(x, y - size * 0.1), (x, y - size * 2), (x + size, y - size * 0.1)], WHITE)


def balloons(canvas: Canvas) -> None:
    """Balloons and confetti."""
    hue = canvas.draw.random()
    canvas.gradient(hsv(hue, canvas.among(0.15, 0.5), 1.0), hsv(hue + 0.1, 0.15, 1.0))
    _confetti(canvas, round(20 + 90 * canvas.strength))
    for _ in range(canvas.draw.randint(3, 5) + round(6 * canvas.strength)):
        x, y = canvas.w * canvas.among(0.05, 0.95), canvas.h * canvas.among(0.1, 0.65)
        radius = canvas.u * canvas.among(0.07, 0.15)
        colour = hsv(canvas.draw.random(), canvas.among(0.65, 0.95), canvas.among(0.85, 1.0))
        sway = canvas.among(-0.4, 0.4) * radius
        line = [(x, y + radius), (x + sway, y + radius * 2.2), (x, y + radius * 3.6)]
        canvas.stroke(line, (130, 130, 140), radius * 0.05)
        knot, half = y + radius * 1.4, radius * 0.16
        canvas.area([(x, y + radius), (x - half, knot), (x + half, knot)], colour)
        canvas.disc(x, y, radius, colour, 1.2)
        canvas.disc(x - radius * 0.35, y - radius * 0.45, radius * 0.2, mixed(colour, WHITE, 0.7))


def _confetti(canvas: Canvas, pieces: int) -> None:
    for _ in range(pieces):
        x, y = canvas.w * canvas.draw.random(), canvas.h * canvas.draw.random()
        size = canvas.u * canvas.among(0.008, 0.022)
        canvas.box(x, y, size, size * canvas.among(0.4, 1.5), hsv(canvas.draw.random(), 0.7, 1.0))


def smiles(canvas: Canvas) -> None:
    """One or more smiling faces on a bright ground."""
    hue = canvas.draw.random()
    canvas.gradient(hsv(hue, canvas.among(0.2, 0.6), 1.0), hsv(hue, 0.2, 0.9))
    if canvas.draw.random() < 0.5:
        _confetti(canvas, round(40 * canvas.strength))
    count = canvas.draw.choice([1, 1, 2, 3])
    for number in range(count):
        radius = canvas.u * canvas.among(0.2, 0.36) / (1 + 0.35 * (count - 1))
        x = canvas.w * ((number + 0.5) / count + canvas.among(-0.08, 0.08))
        y = canvas.h * canvas.among(0.38, 0.62)
        skin = hsv(canvas.among(0.06, 0.15), canvas.among(0.3, 0.8), canvas.among(0.85, 1.0))
        canvas.face(x, y, radius, 0.45 + 0.55 * canvas.strength, skin)


def cake(canvas: Canvas) -> None:
    """A cake with burning candles."""
    hue = canvas.draw.random()
    wall: Colour = hsv(hue, canvas.among(0.1, 0.4), 0.97)
    canvas.gradient(wall, mixed(wall, WHITE, 0.5))
    if canvas.draw.random() < 0.5:
        _confetti(canvas, round(50 * canvas.strength))
    canvas.box(0, canvas.h * 0.82, canvas.w, canvas.h, hsv(canvas.among(0.05, 0.1), 0.4, 0.75))
    x, width = canvas.w * canvas.among(0.35, 0.65), canvas.u * canvas.among(0.5, 0.75)
    top = canvas.h * 0.86
    canvas.disc(x, top, width * 0.62, (240, 240, 245), 0.12)
    for _ in range(canvas.draw.randint(1, 3)):
        height = canvas.u * canvas.among(0.13, 0.18)
        top -= height
        colour = hsv(canvas.draw.random(), canvas.among(0.3, 0.6), 0.98)
        canvas.box(x - width / 2, top, width, height, colour)
        icing = mixed(colour, WHITE, 0.75)
        for drop in range(8):
            centre = x - width / 2 + (drop + 0.5) * width / 8
            canvas.disc(centre, top + height * 0.1, width / 15, icing, canvas.among(1.0, 2.0))
        width *= canvas.among(0.65, 0.8)
    candles = canvas.draw.randint(2, 6)
    for number in range(candles):
        centre = x + width * ((number + 0.5) / candles - 0.5)
        height = canvas.u * 0.09
        canvas.box(centre, top - height, width * 0.03, height, hsv(canvas.draw.random(), 0.6, 0.9))
        canvas.glow(
            centre, top - height * 1.2, height, (255, 240, 160), 0.5 + 0.4 * canvas.strength
        )
        canvas.disc(centre + width * 0.015, top - height * 1.2, height * 0.14, (255, 170, 40), 1.8)


def hearts(canvas: Canvas) -> None:
    """Hearts, and often a bunch of flowers, on a light ground."""
    hue = canvas.among(-0.12, 0.05)
    canvas.gradient(hsv(hue, canvas.among(0.08, 0.35), 1.0), hsv(hue + 0.05, 0.25, 0.98))
    for _ in range(canvas.draw.randint(2, 5) + round(8 * canvas.strength)):
        size = canvas.u * canvas.among(0.08, 0.3)
        colour = hsv(canvas.among(-0.12, 0.03), canvas.among(0.4, 0.9), canvas.among(0.85, 1.0))
        canvas.heart(canvas.w * canvas.draw.random(), canvas.h * canvas.draw.random(), size, colour)
    if canvas.draw.random() < 0.5:
        x, y = canvas.w * canvas.among(0.35, 0.65), canvas.h * canvas.among(0.75, 0.9)
        for _ in range(canvas.draw.randint(7, 14)):
            turn = canvas.among(-0.9, 0.9)
            reach = canvas.u * canvas.among(0.3, 0.55)
            end = (x + math.sin(turn) * reach, y - math.cos(turn) * reach)
            canvas.stroke([(x, y), end], (70, 140, 70), canvas.u * 0.012)
            colour = hsv(canvas.among(-0.2, 0.16), canvas.among(0.4, 0.9), 1.0)
            canvas.flower(*end, canvas.u * canvas.among(0.1, 0.18), colour)


SCENES = (meadow, beach, balloons, smiles, cake, hearts)
