"""Scenes of the demo pictures, by the mood that they show."""

from dataclasses import dataclass

from mmsent.demo.plan import ANY

Range = tuple[float, float]
#: Ranges of hue (degrees), saturation and brightness (percent).
Shade = tuple[Range, Range, Range]

GAUDY: Shade = ((0, 360), (60, 95), (85, 100))
BRIGHT: Shade = ((0, 360), (10, 45), (95, 100))
MUTED: Shade = ((0, 360), (10, 60), (35, 85))
SKY: Shade = ((187, 216), (40, 75), (90, 100))
CREAM: Shade = ((40, 50), (10, 30), (97, 100))
GREEN: Shade = ((85, 130), (50, 80), (50, 80))
RED: Shade = ((340, 372), (50, 90), (65, 100))
SKIN: Shade = ((20, 50), (30, 70), (70, 100))
DARK: Shade = ((190, 380), (20, 45), (15, 50))
SOOT: Shade = ((0, 360), (10, 30), (7, 14))
GREY: Shade = ((200, 240), (5, 20), (20, 50))
PAPER: Shade = ((0, 360), (0, 6), (90, 100))
INK: Shade = ((180, 250), (20, 70), (25, 60))
WOOD: Shade = ((15, 45), (15, 50), (40, 75))
WATER: Shade = ((190, 240), (15, 40), (70, 90))
ROCK: Shade = ((180, 240), (20, 40), (30, 65))
FIRE: Shade = ((5, 40), (75, 95), (75, 100))

TEXTS = {
    "title": ("Results", "Overview", "Report", "Schedule", "Notice", "Summary", "Agenda"),
    "clock": ("07:15", "08:40", "10:05", "12:30", "14:55", "16:20", "18:45", "21:10"),
    "price": ("No. 463  12.50", "No. 871  99.95", "No. 1024  7.20", "No. 58  35.00"),
}


@dataclass(frozen=True)
class Layer:
    """Things of one kind in a scene.

    Attributes
    ----------
    thing
        Key of :data:`~mmsent.demo.things.THINGS`, or of :data:`TEXTS` for one of its texts.
    count
        Fewest and most of them; the clearer a scene shows its mood, the more.
    size
        Radius in units of the shorter side of the picture.
    down, across
        Where they are, in fractions of the height and width.
    tilt
        Largest angle in degrees.
    grid
        In rows and columns rather than scattered.
    """

    thing: str
    shade: Shade
    count: tuple[int, int] = (1, 1)
    size: Range = (0.2, 0.35)
    down: Range = (0.35, 0.65)
    across: Range = (0.0, 1.0)
    tilt: float = 0.0
    grid: bool = False


_TITLE = Layer("title", INK, size=(0.08, 0.1), down=(0.04, 0.06), across=(0.05, 0.1))
_PRICE = Layer("price", GREY, size=(0.06, 0.07), down=(0.9, 0.95), across=(0.05, 0.1))
_CONFETTI = Layer("box", GAUDY, (0, 90), (0.006, 0.012), (0, 1), tilt=90)
_RAIN = Layer("stroke", GREY, (0, 200), (0.02, 0.05), (0, 1), tilt=15)

#: Shades of the background, from top to bottom, and the layers from back to front.
SCENES: dict[str, list[tuple[Shade, Shade, list[Layer]]]] = {
    "positive": [
        (SKY, CREAM, [
            Layer("disc", ((40, 55), (70, 80), (100, 100)), size=(0.07, 0.13), down=(0.1, 0.3)),
            Layer("hill", GREEN, (3, 4), (0.6, 1.0), (0.75, 1.1)),
            Layer("flower", GAUDY, (5, 27), (0.02, 0.05), (0.65, 1)),
        ]),
        (BRIGHT, BRIGHT, [_CONFETTI, Layer("balloon", GAUDY, (3, 11), (0.07, 0.15), (0.05, 0.7))]),
        (BRIGHT, BRIGHT, [_CONFETTI, Layer("smiling face", SKIN, (1, 4), (0.16, 0.3), tilt=15)]),
        (BRIGHT, CREAM, [
            _CONFETTI, Layer("column", WOOD, size=(4, 4), down=(0.45, 0.65)),
            Layer("balloon", GAUDY, (1, 7), (0.05, 0.1), (0, 0.4)),
            Layer("cake", BRIGHT, (1, 2), (0.2, 0.35), (0.45, 0.65)),
        ]),
        (CREAM, CREAM, [Layer("heart", RED, (3, 12), (0.05, 0.16), (0, 1), tilt=15)]),
    ],
    "negative": [
        (DARK, DARK, [
            Layer("cloud", GREY, (6, 12), (0.15, 0.35), (0, 0.25)),
            Layer("lightning", CREAM, (1, 2), (0.25, 0.35), (0.45, 0.55), tilt=10), _RAIN,
            Layer("hill", SOOT, (3, 4), (0.5, 0.9), (1.0, 1.2)),
        ]),
        (DARK, DARK, [Layer("angry face", SKIN, (1, 3), (0.2, 0.35), tilt=15), _RAIN]),
        (DARK, DARK, [_RAIN, Layer("crying face", WATER, (1, 3), (0.2, 0.35), tilt=15)]),
        (SOOT, FIRE, [
            Layer("flame", RED, (4, 12), (0.2, 0.4), (0.4, 0.7)),
            Layer("flame", FIRE, (4, 12), (0.1, 0.3), (0.5, 0.7)),
            Layer("ruin", SOOT, (4, 6), (0.1, 0.18), (0.5, 0.75)),
        ]),
        (DARK, DARK, [Layer("broken heart", RED, (1, 3), (0.2, 0.35), tilt=20)]),
        (DARK, GREY, [
            Layer("hill", SOOT, (3, 4), (0.6, 1.0), (1.0, 1.2)),
            Layer("bare tree", SOOT, (1, 3), (0.3, 0.45), (0.5, 0.65)),
            Layer("cross", GREY, (0, 5), (0.05, 0.08), (0.8, 0.95)),
        ]),
    ],
    "neutral": [
        (PAPER, PAPER, [
            Layer("rule", GREY, (5, 6), (0.1, 0.1), (0.2, 0.9), (0, 0)),
            Layer("column", INK, (4, 12), (0.03, 0.05), (0.25, 0.85), (0.1, 0.95)), _TITLE,
        ]),
        (PAPER, PAPER, [Layer("line", GREY, (8, 18), (0.7, 0.9), (0.2, 1), (0.06, 0.06)), _TITLE]),
        (PAPER, PAPER, [
            Layer("box", WATER, (2, 6), (0.04, 0.15), (0.1, 1)),
            Layer("clock", INK, (9, 30), (0.05, 0.06), (0.15, 1), (-0.04, 0.96), grid=True), _TITLE,
        ]),
        (PAPER, PAPER, [Layer("mug", MUTED, (1, 4), (0.12, 0.25), tilt=5), _PRICE]),
        (PAPER, PAPER, [Layer("crate", MUTED, (1, 4), (0.12, 0.25), tilt=5), _PRICE]),
    ],
    ANY: [
        (MUTED, PAPER, [
            Layer("mountain", ROCK, (3, 7), (0.2, 0.4), (0.5, 0.9)),
            Layer("hill", ROCK, (2, 3), (0.5, 1.0), (1.0, 1.2)),
            Layer("fir", GREEN, (0, 8), (0.05, 0.1), (0.75, 0.95)),
        ]),
        (MUTED, MUTED, [Layer("house", MUTED, (5, 9), (0.06, 0.12), (0.25, 0.75))]),
        (MUTED, WOOD, [
            Layer("hill", ROCK, (2, 4), (0.4, 0.9), (0.7, 1.1)),
            Layer("fir", GREEN, (4, 20), (0.08, 0.25), (0.35, 0.95)),
        ]),
        (WOOD, SOOT, [Layer("books", MUTED, (9, 30), (0.13, 0.17), (0, 1), grid=True)]),
        (WOOD, WOOD, [
            Layer("plate", PAPER, size=(0.3, 0.4), across=(0.5, 0.5), down=(0.5, 0.5)),
            Layer("disc", ((0, 120), (40, 75), (40, 80)), (10, 28), (0.02, 0.06), (0.35, 0.65),
                  (0.35, 0.65)),
        ]),
        (MUTED, MUTED, [
            Layer("house", MUTED, (2, 6), (0.06, 0.2), (0.1, 0.9)),
            Layer("portrait", SKIN, size=(0.2, 0.3), across=(0.2, 0.8), tilt=10),
        ]),
    ],
}  # fmt: skip
