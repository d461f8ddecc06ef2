"""Scenes that state facts: charts, documents, tables, products, maps."""

from mmsent.demo.canvas import BLACK, WHITE, Canvas, Colour, hsv, mixed

_TITLES = (
    "Results", "Overview", "Report", "Schedule", "Notice", "Figures", "Update", "Summary", "Table",
    "Agenda", "Minutes", "Forecast",
)  # fmt: skip


def _paper(canvas: Canvas) -> Colour:
    """A light, nearly colourless ground; returns its colour."""
    colour = hsv(canvas.draw.random(), canvas.among(0.0, 0.06), canvas.among(0.9, 1.0))
    canvas.box(0, 0, canvas.w, canvas.h, colour)
    return colour


def _ink(canvas: Canvas) -> Colour:
    return hsv(canvas.among(0.5, 0.7), canvas.among(0.2, 0.7), canvas.among(0.25, 0.6))


def _title(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    canvas.words(x, y, f"{canvas.draw.choice(_TITLES)} {canvas.draw.randint(1, 99)}", size, colour)


def _lines(canvas: Canvas, x: float, y: float, width: float, rows: int, colour: Colour) -> None:
    """Grey bars in place of running text, as small print looks from afar."""
    step = canvas.u * 0.045
    for row in range(rows):
        length = width * (canvas.among(0.3, 0.7) if row == rows - 1 else canvas.among(0.88, 1.0))
        canvas.box(x, y + row * step, length, step * 0.35, colour)


def chart(canvas: Canvas) -> None:
    """A bar, line or pie chart with a title and axes."""
    paper = _paper(canvas)
    ink, grey = _ink(canvas), mixed(paper, BLACK, 0.35)
    left, right, top, bottom = canvas.w * 0.12, canvas.w * 0.94, canvas.h * 0.2, canvas.h * 0.86
    _title(canvas, left, canvas.h * 0.05, canvas.u * 0.08, mixed(ink, BLACK, 0.4))
    kind = canvas.draw.choice(["bars", "bars", "line", "pie"])
    if kind == "pie":
        start, reach = 0.0, canvas.u * 0.32
        x, y = canvas.w * canvas.among(0.35, 0.6), canvas.h * 0.56
        cuts = sorted(canvas.among(20, 340) for _ in range(canvas.draw.randint(2, 4)))
        for number, end in enumerate([*cuts, 360.0]):
            shade = mixed(ink, WHITE, 0.17 * number)
            canvas.pen.pieslice(
                (x - reach, y - reach, x + reach, y + reach), start, end, fill=shade
            )
            start = end
        _lines(canvas, x + reach * 1.15, y - reach * 0.5, canvas.w * 0.2, 4, grey)
        return
    for tick in range(6):
        level = top + (bottom - top) * tick / 5
        canvas.stroke([(left, level), (right, level)], mixed(paper, BLACK, 0.12), 1)
        canvas.words(
            canvas.w * 0.03, level - canvas.u * 0.02, str(50 - tick * 10), canvas.u * 0.04, grey
        )
    count = canvas.draw.randint(4, 12)
    step = (right - left) / count
    points = []
    for number in range(count):
        x = left + step * (number + 0.2)
        level = bottom - (bottom - top) * canvas.among(0.15, 0.95)
        points.append((x + step * 0.3, level))
        if kind == "bars":
            canvas.box(x, level, step * 0.6, bottom - level, ink)
    if kind == "line":
        canvas.stroke(points, ink, canvas.u * 0.012)
        for point in points:
            canvas.disc(*point, canvas.u * 0.014, ink)
    canvas.stroke([(left, top), (left, bottom), (right, bottom)], grey, canvas.u * 0.006)


def document(canvas: Canvas) -> None:
    """A page with a heading and paragraphs, sometimes on a desk."""
    desk = hsv(canvas.draw.random(), canvas.among(0.02, 0.2), canvas.among(0.6, 0.85))
    canvas.box(0, 0, canvas.w, canvas.h, desk)
    margin = canvas.u * canvas.draw.choice([0.0, 0.05, 0.1])
    width, height = canvas.w - 2 * margin, canvas.h - margin
    canvas.box(margin + 4, margin + 4, width, height, mixed(desk, BLACK, 0.3))
    canvas.box(margin, margin, width, height, hsv(0.12, canvas.among(0, 0.05), 0.98))
    x, y, span = margin + width * 0.1, margin + canvas.u * 0.08, width * 0.8
    ink = _ink(canvas)
    _title(canvas, x, y, canvas.u * canvas.among(0.06, 0.1), mixed(ink, BLACK, 0.5))
    y += canvas.u * 0.16
    while y < canvas.h - canvas.u * 0.2:
        rows = canvas.draw.randint(3, 6)
        if canvas.draw.random() < 0.2:
            canvas.box(x, y, span * canvas.among(0.4, 1.0), canvas.u * 0.16, mixed(ink, WHITE, 0.5))
            y += canvas.u * 0.21
            continue
        _lines(canvas, x, y, span, rows, (150, 150, 155))
        y += canvas.u * (0.045 * rows + 0.05)


def timetable(canvas: Canvas) -> None:
    """A table of times or numbers."""
    paper, ink = _paper(canvas), _ink(canvas)
    _title(canvas, canvas.w * 0.05, canvas.h * 0.03, canvas.u * 0.08, mixed(ink, BLACK, 0.4))
    columns, rows = canvas.draw.randint(2, 5), canvas.draw.randint(5, 9)
    left, top = canvas.w * 0.05, canvas.h * 0.17
    width, height = canvas.w * 0.9 / columns, canvas.h * 0.78 / rows
    is_clock = canvas.draw.random() < 0.5
    for row in range(rows):
        y = top + row * height
        ground = ink if row == 0 else mixed(paper, ink, 0.12 * (row % 2))
        canvas.box(left, y, width * columns, height, ground)
        for column in range(columns):
            x = left + column * width
            canvas.stroke([(x, y), (x, y + height)], mixed(paper, BLACK, 0.3), 1)
            minute = canvas.draw.randrange(1440)
            cell = f"{minute // 60:02}:{minute % 60:02}" if is_clock else str(minute * 7)
            size = min(height * 0.5, width * 0.28)
            canvas.words(
                x + width * 0.12, y + height * 0.2, cell, size, WHITE if row == 0 else BLACK
            )


def product(canvas: Canvas) -> None:
    """An article before a plain wall, with its number."""
    wall = hsv(canvas.draw.random(), canvas.among(0.0, 0.08), canvas.among(0.82, 0.97))
    canvas.gradient(wall, mixed(wall, WHITE, 0.5))
    x, y = canvas.w * canvas.among(0.35, 0.65), canvas.h * canvas.among(0.45, 0.55)
    size = canvas.u * canvas.among(0.22, 0.34)
    colour = hsv(canvas.draw.random(), canvas.among(0.1, 0.6), canvas.among(0.3, 0.8))
    shade = mixed(colour, BLACK, 0.3)
    canvas.disc(x, y + size, size * 1.1, mixed(wall, BLACK, 0.15), 0.15)
    kind = canvas.draw.choice(["crate", "mug", "bottle", "phone"])
    if kind == "crate":
        deep = size * 0.5
        canvas.box(x - size, y - size * 0.5, size * 1.6, size * 1.5, colour)
        left, right, top = x - size, x + size * 0.6, y - size * 0.5
        back = [(right + deep, top - deep), (right, top)]
        canvas.area([(left, top), (left + deep, top - deep), *back], mixed(colour, WHITE, 0.3))
        canvas.area([*back, (right, y + size), (right + deep, y + size - deep)], shade)
    elif kind == "mug":
        handle = (x + size * 0.3, y - size * 0.3, x + size * 1.1, y + size * 0.6)
        canvas.pen.ellipse(handle, outline=shade, width=max(2, round(size * 0.14)))
        canvas.box(x - size * 0.7, y - size * 0.7, size * 1.4, size * 1.6, colour)
        canvas.disc(x, y - size * 0.7, size * 0.7, shade, 0.2)
    elif kind == "bottle":
        canvas.box(x - size * 0.4, y - size * 0.5, size * 0.8, size * 1.5, colour)
        canvas.box(x - size * 0.15, y - size * 1.2, size * 0.3, size * 0.8, shade)
        canvas.box(x - size * 0.4, y, size * 0.8, size * 0.5, WHITE)
    else:
        canvas.box(x - size * 0.5, y - size, size, size * 2, (40, 42, 46))
        canvas.box(
            x - size * 0.43, y - size * 0.8, size * 0.86, size * 1.5, mixed(colour, WHITE, 0.6)
        )
    number, price = canvas.draw.randint(100, 9999), canvas.among(5, 99)
    label = f"No. {number}   {price:.2f}"
    canvas.words(canvas.w * 0.06, canvas.h * 0.9, label, canvas.u * 0.065, (80, 80, 85))


def street_map(canvas: Canvas) -> None:
    """A plan of streets with a marked route."""
    land = hsv(canvas.among(0.1, 0.2), canvas.among(0.03, 0.12), 0.93)
    canvas.box(0, 0, canvas.w, canvas.h, land)
    for _ in range(canvas.draw.randint(1, 3)):
        colour = canvas.draw.choice([(176, 214, 236), (200, 226, 190)])
        canvas.disc(
            canvas.w * canvas.draw.random(),
            canvas.h * canvas.draw.random(),
            canvas.u * 0.22,
            colour,
            0.7,
        )
    slope = canvas.among(-0.3, 0.3)
    for number in range(canvas.draw.randint(9, 16)):
        place, wide = canvas.draw.random(), canvas.u * canvas.draw.choice([0.015, 0.02, 0.04])
        if number % 2:
            ends = [(canvas.w * place, 0.0), (canvas.w * (place + slope), float(canvas.h))]
        else:
            ends = [(0.0, canvas.h * place), (float(canvas.w), canvas.h * (place - slope))]
        canvas.stroke(ends, mixed(land, BLACK, 0.2), wide + 3)
        canvas.stroke(ends, WHITE, wide)
    route = [
        (canvas.w * (0.15 + 0.14 * step), canvas.h * canvas.among(0.25, 0.75)) for step in range(6)
    ]
    canvas.stroke(route, (60, 110, 200), canvas.u * 0.018)
    for x, y in (route[0], route[-1]):
        canvas.disc(x, y, canvas.u * 0.03, (60, 60, 70))
        canvas.disc(x, y, canvas.u * 0.015, WHITE)
    if canvas.draw.random() < 0.5:
        canvas.box(canvas.w * 0.03, canvas.h * 0.86, canvas.w * 0.3, canvas.h * 0.1, WHITE)
        canvas.words(canvas.w * 0.05, canvas.h * 0.88, "0   500 m", canvas.u * 0.05, (80, 80, 85))


SCENES = (chart, document, timetable, product, street_map)
