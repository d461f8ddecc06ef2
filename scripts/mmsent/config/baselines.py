"""Names of the baselines, and the modality that each one reads."""

from typing import Literal

Baseline = Literal[
    "majority", "tfidf", "probe_text", "probe_image", "probe_both", "vader", "zero_shot_clip"
]

#: Modality of each baseline.
BASELINES: dict[Baseline, str] = {
    "majority": "none",
    "tfidf": "text",
    "probe_text": "text",
    "probe_image": "image",
    "probe_both": "both",
    "vader": "text",
    "zero_shot_clip": "image",
}

#: Title of each baseline in documents and figures.
TITLES: dict[Baseline, str] = {
    "majority": "Majority class",
    "tfidf": "tf-idf of words and characters, logistic regression",
    "probe_text": "Linear probe of the text",
    "probe_image": "Linear probe of the image",
    "probe_both": "Linear probe of text and image",
    "vader": "VADER lexicon",
    "zero_shot_clip": "CLIP, zero-shot",
}

#: The linear probe of each modality.
PROBES: dict[str, Baseline] = {
    "text": "probe_text",
    "image": "probe_image",
    "both": "probe_both",
}
