"""Scenes that fit any mood: landscapes, streets, meals, patterns."""

import math

from mmsent.demo.canvas import BLACK, WHITE, Canvas, hsv, mixed


def mountains(canvas: Canvas) -> None:
    """Ridges behind one another, sometimes above a lake."""
    hue = canvas.among(0.5, 0.68)
    canvas.gradient(hsv(hue, canvas.among(0.15, 0.4), 0.8), hsv(hue, 0.12, 0.88))
    layers = canvas.draw.randint(2, 4)
    for layer in range(layers):
        level = 0.3 + 0.35 * layer / layers
        points, x = [(0.0, float(canvas.h))], 0.0
        while x < canvas.w * 1.1:
            points.append((x, canvas.h * (level + canvas.among(-0.12, 0.14))))
            x += canvas.u * canvas.among(0.1, 0.28)
        colour = hsv(hue - 0.05 * layer, 0.2 + 0.08 * layer, 0.68 - 0.13 * layer)
        canvas.area([*points, (x, float(canvas.h))], colour)
    if canvas.draw.random() < 0.5:
        canvas.box(0, canvas.h * 0.8, canvas.w, canvas.h, hsv(hue, 0.35, canvas.among(0.5, 0.7)))
    for _ in range(canvas.draw.choice([0, 3, 8])):
        x, y = canvas.w * canvas.draw.random(), canvas.h * canvas.among(0.7, 0.95)
        size, green = canvas.u * canvas.among(0.06, 0.14), hsv(0.37, 0.4, canvas.among(0.25, 0.45))
        canvas.area([(x - size * 0.35, y), (x, y - size), (x + size * 0.35, y)], green)


def skyline(canvas: Canvas) -> None:
    """Buildings with windows."""
    hue, value = canvas.among(0.5, 1.1), canvas.among(0.5, 0.9)
    canvas.gradient(hsv(hue, 0.3, value), hsv(hue + 0.1, 0.15, value))
    x = -canvas.u * 0.05
    while x < canvas.w:
        width, height = canvas.u * canvas.among(0.1, 0.24), canvas.h * canvas.among(0.25, 0.75)
        colour = hsv(canvas.draw.random(), canvas.among(0.05, 0.3), canvas.among(0.3, 0.65))
        canvas.box(x, canvas.h - height, width, height, colour)
        columns = canvas.draw.randint(2, 4)
        step = width / columns
        for row in range(int(height / step)):
            for column in range(columns):
                lit = (225, 205, 150) if canvas.draw.random() < 0.3 else mixed(colour, BLACK, 0.25)
                left, top = x + step * (column + 0.25), canvas.h - height + step * (row + 0.4)
                canvas.box(left, top, step * 0.5, step * 0.5, lit)
        x += width * canvas.among(0.9, 1.3)


def shapes(canvas: Canvas) -> None:
    """Discs, boxes and triangles in muted colours."""
    hue = canvas.draw.random()
    canvas.gradient(hsv(hue, 0.2, canvas.among(0.5, 0.85)), hsv(hue, 0.25, canvas.among(0.5, 0.85)))
    for _ in range(canvas.draw.randint(8, 26)):
        x, y = canvas.w * canvas.draw.random(), canvas.h * canvas.draw.random()
        size = canvas.u * canvas.among(0.04, 0.2)
        colour = hsv(hue + canvas.among(-0.3, 0.3), canvas.among(0.15, 0.6), canvas.among(0.3, 0.9))
        kind = canvas.draw.randrange(3)
        if kind == 0:
            canvas.disc(x, y, size, colour)
        elif kind == 1:
            canvas.box(x, y, size * 1.4, size * canvas.among(0.6, 1.6), colour)
        else:
            turns = [canvas.among(0, 6.3) for _ in range(3)]
            canvas.area([(x + math.cos(t) * size, y + math.sin(t) * size) for t in turns], colour)


def pattern(canvas: Canvas) -> None:
    """Stripes, patchwork or rings, as on cloth."""
    hue, other = canvas.draw.random(), canvas.among(0.1, 0.4)
    one = hsv(hue, canvas.among(0.2, 0.5), canvas.among(0.7, 0.85))
    two = hsv(hue + other, canvas.among(0.1, 0.5), canvas.among(0.4, 0.55))
    canvas.box(0, 0, canvas.w, canvas.h, one)
    step = canvas.u * canvas.among(0.06, 0.16)
    kind = canvas.draw.choice(["stripes", "checks", "rings"])
    count = int((canvas.w + canvas.h) / step) + 2
    lean = canvas.among(-1, 1) * canvas.h
    x, y = canvas.w * canvas.draw.random(), canvas.h * canvas.draw.random()
    for number in range(count):
        if kind == "stripes":
            left = number * step * 2 - canvas.h
            canvas.stroke([(left, 0), (left + lean, canvas.h)], two, step * canvas.among(0.7, 1.0))
        elif kind == "checks":
            for row in range(number % 2, count, 2):
                shade = mixed(two, one, canvas.among(-0.4, 0.8))
                canvas.box(number * step, row * step, step, step, shade)
        else:
            canvas.disc(x, y, (count - number) * step, two if number % 2 else one)


def shelf(canvas: Canvas) -> None:
    """Books on shelves."""
    wood = hsv(canvas.among(0.05, 0.1), canvas.among(0.3, 0.55), canvas.among(0.35, 0.6))
    canvas.box(0, 0, canvas.w, canvas.h, mixed(wood, BLACK, 0.35))
    rows = canvas.draw.randint(2, 4)
    height = canvas.h / rows
    for row in range(rows):
        x, floor = canvas.w * canvas.among(0.0, 0.1), (row + 0.92) * height
        while x < canvas.w:
            width, tall = canvas.u * canvas.among(0.02, 0.06), height * canvas.among(0.5, 0.8)
            colour = hsv(canvas.draw.random(), canvas.among(0.2, 0.6), canvas.among(0.3, 0.8))
            canvas.box(x, floor - tall, width, tall, colour)
            canvas.box(x, floor - tall * 0.8, width, tall * 0.08, mixed(colour, WHITE, 0.5))
            x += width * canvas.draw.choice([1.08, 1.08, 1.08, 2.2])
        canvas.box(0, floor, canvas.w, height * 0.08, wood)


def road(canvas: Canvas) -> None:
    """Cars on a road."""
    canvas.gradient(hsv(0.57, canvas.among(0.05, 0.35), 0.82), hsv(0.57, 0.1, 0.88))
    canvas.hills(0.45, 0.05, hsv(canvas.among(0.2, 0.4), canvas.among(0.15, 0.4), 0.5))
    top = canvas.h * canvas.among(0.55, 0.65)
    canvas.box(0, top, canvas.w, canvas.h, hsv(0.6, 0.04, canvas.among(0.35, 0.5)))
    for number in range(9):
        canvas.box(canvas.w * number / 8, top + (canvas.h - top) * 0.5, canvas.w * 0.06, 4, WHITE)
    for _ in range(canvas.draw.randint(1, 4)):
        x, y = canvas.w * canvas.among(0.1, 0.9), canvas.h * canvas.among(0.66, 0.9)
        size = canvas.u * canvas.among(0.1, 0.2)
        colour = hsv(canvas.draw.random(), canvas.among(0.1, 0.7), canvas.among(0.35, 0.85))
        roof = y - size * 0.5
        cabin = [(x - size * 0.6, y), (x - size * 0.3, roof), (x + size * 0.4, roof)]
        canvas.area([*cabin, (x + size * 0.7, y)], mixed(colour, (190, 215, 230), 0.5))
        canvas.box(x - size, y - size * 0.1, size * 2, size * 0.4, colour)
        for side in (-0.6, 0.6):
            canvas.disc(x + side * size, y + size * 0.3, size * 0.2, (30, 30, 32))
            canvas.disc(x + side * size, y + size * 0.3, size * 0.1, (150, 150, 155))


def meal(canvas: Canvas) -> None:
    """A plate on a table."""
    table = hsv(canvas.among(0.04, 0.12), canvas.among(0.15, 0.5), canvas.among(0.4, 0.75))
    canvas.gradient(table, mixed(table, BLACK, 0.2))
    for number in range(5):
        level = canvas.h * (number + canvas.draw.random()) / 5
        canvas.stroke([(0, level), (canvas.w, level)], mixed(table, BLACK, 0.15), 2)
    x, y = canvas.w * canvas.among(0.35, 0.65), canvas.h * canvas.among(0.42, 0.6)
    radius = canvas.u * canvas.among(0.28, 0.4)
    canvas.disc(x + 6, y + 8, radius, mixed(table, BLACK, 0.45))
    canvas.disc(x, y, radius, (228, 228, 226))
    canvas.disc(x, y, radius * 0.75, (214, 214, 212))
    for _ in range(canvas.draw.randint(10, 28)):
        turn, away = canvas.among(0, 6.3), radius * 0.55 * canvas.draw.random() ** 0.5
        colour = hsv(canvas.among(0.0, 0.33), canvas.among(0.4, 0.75), canvas.among(0.4, 0.8))
        centre = (x + math.cos(turn) * away, y + math.sin(turn) * away)
        canvas.disc(*centre, radius * canvas.among(0.06, 0.16), colour, canvas.among(0.6, 1.3))
    for side in (-1, 1):
        left = x + side * radius * 1.25
        canvas.stroke(
            [(left, y - radius * 0.7), (left, y + radius * 0.7)], (170, 172, 176), radius * 0.06
        )


def portrait(canvas: Canvas) -> None:
    """Somebody with an ordinary face."""
    hue = canvas.draw.random()
    canvas.gradient(hsv(hue, 0.25, canvas.among(0.5, 0.9)), hsv(hue, 0.2, canvas.among(0.4, 0.8)))
    x, y = canvas.w * canvas.among(0.3, 0.7), canvas.h * canvas.among(0.4, 0.52)
    radius = canvas.u * canvas.among(0.2, 0.32)
    shirt = hsv(canvas.draw.random(), canvas.among(0.2, 0.6), canvas.among(0.3, 0.8))
    canvas.disc(x, y + radius * 2.1, radius * 1.5, shirt)
    hair = hsv(canvas.among(0.0, 0.12), canvas.among(0.2, 0.6), canvas.among(0.1, 0.6))
    canvas.disc(x, y - radius * 0.25, radius * 1.15, hair)
    skin = hsv(canvas.among(0.05, 0.1), canvas.among(0.3, 0.55), canvas.among(0.45, 0.95))
    canvas.face(x, y, radius, canvas.among(-0.15, 0.3), skin)


SCENES = (mountains, skyline, shapes, pattern, shelf, road, meal, portrait)
