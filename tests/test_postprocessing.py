import numpy as np
import pytest

from conftest import shipped
from mmsent.config.fitting import Postprocessing
from mmsent.evaluation.postprocessing import fitted_threshold, postprocessed
from mmsent.labels import LABELS

NEUTRAL = LABELS.index("neutral")


def rule_of(version):
    return shipped(version).postprocessing


def test_v4_changes_exactly_the_posts_of_its_rule():
    probabilities = np.array(
        [
            [0.50, 0.45, 0.05],  # low confidence and leaning: changed
            [0.55, 0.40, 0.05],  # exactly 0.4 is not above
            [0.80, 0.41, 0.00],  # exactly 0.8 is not below
            [0.45, 0.10, 0.45],  # low confidence, not leaning
            [0.05, 0.90, 0.05],  # neutral already
            [0.02, 0.43, 0.55],  # changed
        ]
    )
    rule = rule_of("v4_balanced_clip")
    assert rule == Postprocessing(confidence_below=0.8, rare_above=0.4)
    assert postprocessed(probabilities, rule).tolist() == [
        NEUTRAL,
        0,
        0,
        0,
        NEUTRAL,
        NEUTRAL,
    ]
    assert postprocessed(probabilities, None).tolist() == probabilities.argmax(1).tolist()
    assert fitted_threshold(probabilities, rule) is None


def test_v2_changes_exactly_the_posts_of_its_rule():
    probabilities = np.array(
        [
            [0.45, 0.35, 0.20],  # low confidence, neutral within 0.15: changed
            [0.20, 0.26, 0.54],  # neutral too far behind
            [0.40, 0.24, 0.36],  # neutral not above 0.25
            [0.61, 0.39, 0.00],  # confident
            [0.30, 0.30, 0.40],  # changed
        ]
    )
    assert postprocessed(probabilities, rule_of("v2_enhanced")).tolist() == [1, 2, 0, 0, 1]


@pytest.mark.parametrize(("version", "threshold"), [("v4_balanced_clip", None), ("v3_clip", 0.55)])
def test_a_post_is_judged_by_its_probabilities_alone(version, threshold):
    probabilities, rule = np.random.default_rng(0).dirichlet(np.ones(3), 50), rule_of(version)
    together = postprocessed(probabilities, rule, threshold)
    alone = [postprocessed(row[None], rule, threshold)[0] for row in probabilities]
    assert together.tolist() == alone
    assert postprocessed(probabilities[:0], rule, threshold).shape == (0,)


def test_v3_makes_neutral_as_frequent_as_its_rule_says():
    rule = rule_of("v3_clip")
    probabilities = np.random.default_rng(1).dirichlet([6, 1, 9], 400)
    after = postprocessed(probabilities, rule, fitted_threshold(probabilities, rule))
    assert (probabilities.argmax(1) == NEUTRAL).mean() < 0.15
    assert (after == NEUTRAL).sum() == round(0.15 * 400)
    changed = after != probabilities.argmax(1)
    assert (after[changed] == NEUTRAL).all()
    others = ~changed & (after != NEUTRAL)
    assert probabilities[changed].max(1).max() < probabilities[others].max(1).min()


def test_v3_changes_nothing_where_neutral_is_frequent_and_no_confident_post():
    rule = rule_of("v3_clip")
    frequent = np.random.default_rng(1).dirichlet([2, 9, 2], 100)
    assert fitted_threshold(frequent, rule) == 0
    assert postprocessed(frequent, rule, 0.0).tolist() == frequent.argmax(1).tolist()
    certain = np.tile([0.9, 0.05, 0.05], (100, 1))
    certain[:3] = [0.6, 0.2, 0.2]
    threshold = fitted_threshold(certain, rule)
    assert threshold == rule.confidence_below
    assert (postprocessed(certain, rule, threshold) == NEUTRAL).sum() == 3


def test_only_posts_that_may_become_neutral_fit_the_threshold():
    rule = Postprocessing(confidence_below=0.8, rare_share=0.2, rare_above=0.25)
    never = np.tile([0.46, 0.10, 0.44], (10, 1))  # the least confident, and not leaning
    leaning = np.array([[0.50 + step / 100, 0.30, 0.20 - step / 100] for step in range(10)])
    probabilities = np.concatenate([never, leaning])
    after = postprocessed(probabilities, rule, fitted_threshold(probabilities, rule))
    assert np.flatnonzero(after == NEUTRAL).tolist() == [10, 11, 12, 13]
