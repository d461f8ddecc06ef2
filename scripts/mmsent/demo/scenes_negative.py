"""Scenes that tell a bad mood: storms, fires, cracks, tears."""

import math

from mmsent.demo.canvas import BLACK, Canvas, Point, hsv, mixed


def storm(canvas: Canvas) -> None:
    """Rain, dark clouds and lightning."""
    hue = canvas.among(0.55, 0.7)
    canvas.gradient(
        hsv(hue, 0.3, 0.32 - 0.15 * canvas.strength), hsv(hue, 0.2, 0.55 - 0.2 * canvas.strength)
    )
    for _ in range(canvas.draw.randint(6, 12)):
        x, y = canvas.w * canvas.draw.random(), canvas.h * canvas.among(0.0, 0.28)
        grey = hsv(hue, 0.15, canvas.among(0.15, 0.4))
        canvas.cloud(x, y, canvas.u * canvas.among(0.35, 0.7), grey)
    canvas.soften(canvas.u * 0.012)
    canvas.hills(canvas.among(0.75, 0.88), 0.06, hsv(hue, 0.2, canvas.among(0.08, 0.18)))
    if canvas.draw.random() < 0.4 + 0.5 * canvas.strength:
        x, y = canvas.w * canvas.among(0.15, 0.85), canvas.h * 0.2
        bolt: list[Point] = [(x, y)]
        while y < canvas.h * 0.8:
            x, y = x + canvas.u * canvas.among(-0.09, 0.09), y + canvas.h * canvas.among(0.05, 0.12)
            bolt.append((x, y))
        canvas.glow(x, y, canvas.u * 0.5, (190, 190, 255), 0.35)
        canvas.stroke(bolt, (245, 240, 210), canvas.u * 0.014)
    lean = canvas.among(-0.5, 0.5)
    for _ in range(round(60 + 160 * canvas.strength)):
        x, y = canvas.w * canvas.among(-0.1, 1.1), canvas.h * canvas.draw.random()
        length = canvas.u * canvas.among(0.03, 0.08)
        canvas.stroke([(x, y), (x + lean * length, y + length)], (140, 150, 165), 1)


def tears(canvas: Canvas) -> None:
    """A sad or angry face on a dull ground."""
    hue = canvas.draw.choice([0.0, 0.6, 0.65])
    value = 0.62 - 0.3 * canvas.strength
    canvas.gradient(hsv(hue, canvas.among(0.2, 0.6), value), hsv(hue, 0.3, value * 0.6))
    x, y = canvas.w * canvas.among(0.3, 0.7), canvas.h * canvas.among(0.4, 0.6)
    radius = canvas.u * canvas.among(0.22, 0.38)
    skin = hsv(
        canvas.draw.choice([0.02, 0.12, 0.6]), canvas.among(0.2, 0.6), canvas.among(0.6, 0.85)
    )
    canvas.face(x, y, radius, -0.4 - 0.6 * canvas.strength, skin)
    if canvas.draw.random() < 0.7:
        for side in canvas.draw.choice([(-1,), (1,), (-1, 1)]):
            for drop in range(canvas.draw.randint(1, 3)):
                below = y + radius * (0.05 + 0.25 * drop)
                tear = (110, 170, 225)
                centre = x + side * radius * 0.4
                canvas.disc(centre, below, radius * 0.07, tear, 1.4)
                tip = below - radius * 0.22
                canvas.area(
                    [
                        (centre, tip),
                        (centre - radius * 0.06, below),
                        (centre + radius * 0.06, below),
                    ],
                    tear,
                )
    if canvas.draw.random() < 0.5:
        for _ in range(80):
            left, top = canvas.w * canvas.draw.random(), canvas.h * canvas.draw.random()
            canvas.stroke([(left, top), (left, top + canvas.u * 0.05)], hsv(hue, 0.2, value), 1)


def cracks(canvas: Canvas) -> None:
    """Shattered glass or broken ground."""
    hue, value = canvas.draw.choice([0.0, 0.08, 0.58]), canvas.among(0.25, 0.55)
    canvas.gradient(hsv(hue, 0.25, value), hsv(hue, 0.3, value * 0.5))
    light = hsv(hue, 0.1, 0.9) if value < 0.4 else hsv(hue, 0.3, 0.08)
    x, y = canvas.w * canvas.among(0.25, 0.75), canvas.h * canvas.among(0.25, 0.75)
    rays = canvas.draw.randint(8, 12) + round(8 * canvas.strength)
    turns = sorted(canvas.among(0, 2 * math.pi) for _ in range(rays))
    reach = math.hypot(canvas.w, canvas.h)
    rings = [canvas.u * 0.09 * 1.7**ring for ring in range(canvas.draw.randint(2, 4))]
    corners: list[list[Point]] = []
    for turn in turns:
        points: list[Point] = [(x, y)]
        for away in (*rings, reach):
            bent = turn + canvas.among(-0.08, 0.08)
            points.append((x + math.cos(bent) * away, y + math.sin(bent) * away))
        corners.append(points)
        canvas.stroke(points, light, canvas.u * canvas.among(0.004, 0.012))
    for one, two in zip(corners, corners[1:] + corners[:1], strict=True):
        for ring in range(1, len(rings) + 1):
            if canvas.draw.random() < 0.75:
                canvas.stroke([one[ring], two[ring]], light, canvas.u * 0.005)
        if canvas.draw.random() < 0.3:
            canvas.area([(x, y), one[1], two[1]], mixed(light, BLACK, 0.6))
    canvas.disc(x, y, canvas.u * canvas.among(0.01, 0.06), BLACK)


def fire(canvas: Canvas) -> None:
    """Houses on fire under a dark red sky."""
    canvas.gradient(
        hsv(0.0, 0.6, 0.12), hsv(canvas.among(0.0, 0.05), 0.75, 0.3 + 0.3 * canvas.strength)
    )
    ground = canvas.h * canvas.among(0.82, 0.92)
    x = -canvas.u * 0.05
    while x < canvas.w:
        width, height = canvas.u * canvas.among(0.15, 0.3), canvas.u * canvas.among(0.2, 0.5)
        canvas.glow(
            x + width / 2, ground - height, canvas.u * 0.4, (230, 90, 20), 0.6 * canvas.strength
        )
        if canvas.draw.random() < 0.4 + 0.5 * canvas.strength:
            _flames(canvas, x, ground - height * 0.9, width)
        canvas.box(x, ground - height, width, height, (22, 14, 14))
        for column in range(2):
            for row in range(2):
                glass = canvas.draw.choice([(250, 150, 40), (40, 20, 20), (210, 70, 20)])
                left = x + width * (0.15 + 0.45 * column)
                canvas.box(
                    left, ground - height * (0.85 - 0.4 * row), width * 0.22, height * 0.2, glass
                )
        x += width * canvas.among(1.0, 1.3)
    canvas.box(0, ground, canvas.w, canvas.h, (15, 10, 10))
    for _ in range(canvas.draw.randint(4, 9)):
        left, top = canvas.w * canvas.draw.random(), canvas.h * canvas.among(0.05, 0.3)
        canvas.glow(left, top, canvas.u * canvas.among(0.15, 0.35), (45, 40, 40), 0.8)


def _flames(canvas: Canvas, x: float, y: float, width: float) -> None:
    """Flames from a base line of ``width`` pixels upwards."""
    for colour, reach in (((200, 50, 15), 1.2), ((245, 130, 25), 0.8), ((255, 215, 90), 0.45)):
        points: list[Point] = [(x, y)]
        for step in range(1, 8):
            tall = reach if step % 2 else reach * 0.4
            points.append((x + width * step / 8, y - width * tall * canvas.among(0.6, 1.1)))
        canvas.area([*points, (x + width, y)], colour)


def dead_tree(canvas: Canvas) -> None:
    """A bare tree on a grey field, and often graves."""
    hue, value = canvas.among(0.0, 0.7), 0.62 - 0.3 * canvas.strength
    canvas.gradient(hsv(hue, 0.12, value), hsv(hue, 0.1, value * 1.2))
    canvas.glow(
        canvas.w * canvas.draw.random(), canvas.h * 0.2, canvas.u * 0.3, (200, 195, 180), 0.4
    )
    level = canvas.among(0.75, 0.85)
    canvas.hills(level, 0.05, hsv(canvas.among(0.0, 0.15), 0.2, value * 0.45))
    dark = (24, 20, 20)
    for _ in range(canvas.draw.choice([1, 1, 2])):
        x = canvas.w * canvas.among(0.15, 0.85)
        _branch(canvas, (x, canvas.h * (level + 0.06)), -math.pi / 2, canvas.u * 0.2, 6)
    for _ in range(canvas.draw.choice([0, 2, 3, 5])):
        x, y = canvas.w * canvas.among(0.05, 0.95), canvas.h * canvas.among(level, 0.9)
        size = canvas.u * canvas.among(0.08, 0.14)
        grey = mixed(dark, (120, 120, 125), canvas.draw.random())
        if canvas.draw.random() < 0.5:
            canvas.box(x - size * 0.08, y - size, size * 0.16, size, grey)
            canvas.box(x - size * 0.3, y - size * 0.75, size * 0.6, size * 0.15, grey)
        else:
            canvas.disc(x, y - size * 0.6, size * 0.3, grey)
            canvas.box(x - size * 0.3, y - size * 0.6, size * 0.6, size * 0.6, grey)


def _branch(canvas: Canvas, start: Point, turn: float, length: float, levels: int) -> None:
    end = (start[0] + math.cos(turn) * length, start[1] + math.sin(turn) * length)
    canvas.stroke([start, end], (24, 20, 20), length * 0.11)
    if levels > 1:
        for side in (-1, 1):
            bent = turn + side * canvas.among(0.2, 0.65)
            _branch(canvas, end, bent, length * canvas.among(0.6, 0.82), levels - 1)


def broken_heart(canvas: Canvas) -> None:
    """A heart split by a zigzag on a dark ground."""
    hue = canvas.draw.choice([0.95, 0.0, 0.65, 0.75])
    value = 0.5 - 0.3 * canvas.strength
    canvas.gradient(hsv(hue, 0.35, value), hsv(hue, 0.4, value * 0.5))
    x, y = canvas.w * canvas.among(0.35, 0.65), canvas.h * canvas.among(0.42, 0.58)
    size = canvas.u * canvas.among(0.45, 0.75)
    canvas.heart(x, y, size, hsv(canvas.among(-0.04, 0.02), canvas.among(0.5, 0.9), 0.65))
    zigzag: list[Point] = []
    for step in range(9):
        side = 1 if step % 2 else -1
        across = side * size * canvas.among(0.03, 0.09)
        zigzag.append((x + across, y - size * 0.42 + size * step / 8 * 1.05))
    canvas.stroke(zigzag, hsv(hue, 0.4, value * 0.5), size * canvas.among(0.04, 0.08))
    for _ in range(canvas.draw.randint(0, 6)):
        left, top = x + size * canvas.among(-0.7, 0.7), y + size * canvas.among(0.4, 0.65)
        piece = size * 0.06
        colour = hsv(0.0, 0.7, canvas.among(0.3, 0.6))
        canvas.area([(left, top), (left + piece, top + piece * 0.4), (left, top + piece)], colour)


SCENES = (storm, tears, cracks, fire, dead_tree, broken_heart)
