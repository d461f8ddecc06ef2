"""Things that the demo pictures show, each a list of filled polygons."""

import math

Point = tuple[float, float]

#: Corners around the origin, about one unit from it, and how much lighter (to 1) or darker (to -1)
#: the polygon is than the thing.
Part = tuple[list[Point], float]


def _disc(x: float = 0, y: float = 0, radius: float = 1, flat: float = 1, tone: float = 0) -> Part:
    turns = [step / 32 * 2 * math.pi for step in range(32)]
    points = [(x + radius * math.cos(t), y + radius * flat * math.sin(t)) for t in turns]
    return points, tone


def _box(left: float, top: float, right: float, bottom: float, tone: float = 0) -> Part:
    return [(left, top), (right, top), (right, bottom), (left, bottom)], tone


def _heart() -> Part:
    points = []
    for step in range(48):
        turn = step / 48 * 2 * math.pi
        up = sum(k * math.cos(n * turn) for n, k in ((1, 13), (2, -5), (3, -2), (4, -1)))
        points.append((math.sin(turn) ** 3, -up / 16))
    return points, 0


def _zigzag(points: int, swing: float, width: float, tone: float = 0) -> Part:
    """Return a zigzag line from top to bottom."""
    left = []
    for step in range(points):
        left.append((swing * (-1) ** step, 2 * step / (points - 1) - 1))
    return [*left, *((x + width, y) for x, y in reversed(left))], tone


def _face(smile: float) -> list[Part]:
    """Return a face; ``smile`` is from -1 (mouth down, angry brows) to 1."""
    parts = [_disc(radius=1.04, tone=-0.4), _disc()]
    for side in (-1, 1):
        parts.append(_disc(0.36 * side, -0.22, 0.1, 1.2, tone=-0.75))
        inner, outer = (0.18 * side, -0.5 - min(smile, 0) * 0.15), (0.54 * side, -0.5)
        brow = [inner, outer, (outer[0], outer[1] - 0.06), (inner[0], inner[1] - 0.06)]
        parts.append((brow, -0.75))
    curve = [(step / 12, 0.42 + 0.3 * smile * (0.5 - (step / 6) ** 2)) for step in range(-6, 7)]
    mouth = [*curve, *((x, y + 0.08) for x, y in reversed(curve))]
    return [*parts, (mouth, -0.75)]


def _tree(x: float, y: float, turn: float, length: float) -> list[Part]:
    """Return a bare tree that grows from a point in a direction."""
    across, along = math.cos(turn) * length, math.sin(turn) * length
    width = length * 0.06
    start = [(x - width, y), (x + width, y)]
    parts: list[Part] = [
        ([*start, (x + across + width, y + along), (x + across - width, y + along)], 0)
    ]
    if length > 0.12:
        for bend in (-0.5, 0.35):
            parts += _tree(x + across, y + along, turn + bend, length * 0.75)
    return parts


THINGS: dict[str, list[Part]] = {
    "disc": [_disc()],
    "hill": [_disc(flat=0.35)],
    "box": [_box(-1, -0.6, 1, 0.6)],
    "column": [_box(-1, 0, 1, 40)],
    "rule": [_box(0, -0.02, 40, 0.02)],
    "line": [_box(0, 0, 1, 0.02)],
    "stroke": [_box(-0.03, -1, 0.03, 1)],
    "mountain": [([(-1.2, 1), (0, -1), (1.2, 1)], 0), ([(-0.3, -0.5), (0, -1), (0.3, -0.5)], 0.4)],
    "fir": [_box(-0.08, 0.5, 0.08, 1, tone=-0.5), ([(-0.5, 0.6), (0, -1), (0.5, 0.6)], 0)],
    "flower": [
        *(_disc(0.6 * math.cos(turn), 0.6 * math.sin(turn), 0.4) for turn in range(6)),
        _disc(0, 0, 0.35, tone=0.6),
    ],
    "balloon": [
        _box(-0.02, 1, 0.02, 3.5, tone=-0.4), _disc(flat=1.2), _disc(-0.35, -0.45, 0.2, tone=0.7)
    ],
    "cake": [
        *(_box(x / 4 - 0.03, -1, x / 4 + 0.03, -0.5, tone=-0.4) for x in range(-2, 3)),
        *(_disc(x / 4, -1.1, 0.06, 1.8, tone=0.8) for x in range(-2, 3)),
        _box(-0.7, -0.5, 0.7, 0.2, tone=0.3), _box(-1, 0.2, 1, 1), _box(-1, 0.2, 1, 0.4, tone=0.7),
    ],
    "heart": [_heart()],
    "broken heart": [_heart(), _zigzag(9, 0.09, 0.1, tone=-0.9)],
    "smiling face": _face(0.9),
    "portrait": [_disc(0, -0.2, 1.2, tone=-0.8), _disc(0, 2.2, 1.5, tone=-0.5), *_face(0.1)],
    "angry face": _face(-0.9),
    "crying face": [*_face(-0.7), *(_disc(0.38 * x, 0.15, 0.08, 1.7, 0.6) for x in (-1, 1))],
    "cloud": [_disc(-0.5, 0, 0.5, 0.7), _disc(0.5, 0.1, 0.5, 0.6), _disc(0, -0.2, 0.6)],
    "lightning": [_zigzag(6, 0.12, 0.05)],
    "flame": [([(0, -1), (0.55, 0.2), (0.3, 1), (-0.3, 1), (-0.55, 0.1), (-0.15, -0.2)], 0)],
    "ruin": [([(-1, 0.3), (-0.6, 0), (-0.2, 0.6), (0.3, 0.1), (1, 0.7), (1, 40), (-1, 40)], 0)],
    "house": [
        _box(-1, 0, 1, 40),
        *(
            _box(x - 0.2, y / 2 + 0.2, x + 0.2, y / 2 + 0.5, tone=0.5 if (x + y) % 3 else -0.3)
            for x in (-0.6, 0, 0.6) for y in range(16)
        ),
    ],
    "bare tree": _tree(0, 1, -math.pi / 2, 0.6),
    "cross": [_box(-0.12, -1, 0.12, 1), _box(-0.5, -0.6, 0.5, -0.35)],
    "books": [
        *(_box(x / 3, x % 3 / 4 - 1, x / 3 + 0.3, 0.8, x % 4 / 3 - 0.6) for x in range(-3, 3)),
        _box(-1.5, 0.8, 1.5, 1, tone=-0.8),
    ],
    "plate": [_disc(0.05, 0.05, tone=-0.6), _disc(), _disc(radius=0.75, tone=-0.08)],
    "mug": [
        _disc(0.75, 0, 0.45, tone=-0.3), _disc(0.75, 0, 0.3, tone=0.9), _box(-0.7, -0.8, 0.7, 0.9),
        _disc(0, -0.8, 0.7, 0.2, tone=-0.3),
    ],
    "crate": [
        _box(-1, -0.4, 0.6, 1), ([(-1, -0.4), (-0.6, -0.8), (1, -0.8), (0.6, -0.4)], 0.3),
        ([(0.6, -0.4), (1, -0.8), (1, 0.6), (0.6, 1)], -0.3),
    ],
}  # fmt: skip
