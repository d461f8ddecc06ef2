"""Fine-tune a vision-language model on a fold, and predict the fold's test posts."""

from pathlib import Path

from mmsent.config.encoders import VlmModel
from mmsent.config.vlm import VlmExperiment
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import write_json
from mmsent.tables import Table
from mmsent.training.outputs import write_run
from mmsent.training.run import fold_seed
from mmsent.vlm.device import memory_advice
from mmsent.vlm.prompts import load_posts
from mmsent.vlm.run import fine_tune_fold


def fine_tune_vlm(
    experiment: VlmExperiment,
    name: str,
    vlm: VlmModel,
    posts: Table,
    images: Path,
    folds: Table,
    fold: int,
    seed: int,
    predictions: Path,
    metrics: Path,
    config: Path,
    history: Path,
    model: Path,
    cost: Path,
    state: Path | None = None,
    gpus: int = 0,
    workers: int = 0,
) -> None:
    """Fine-tune, and write the files of the run.

    Parameters
    ----------
    cost
        JSON to write: memory, posts per second.
    state
        File of the state after each epoch, from which an interrupted run resumes.
    workers
        Processes that decode images ahead.
    """
    device = device_for(gpus)
    if device.type == "cpu":
        make_deterministic()
    inputs = load_posts(experiment, posts, folds, fold, images)
    label_of = dict(zip(posts["guid"], posts["label"], strict=True))
    run_seed = fold_seed(seed, name, fold)
    with memory_advice(name, experiment, device):
        run = fine_tune_fold(
            experiment, vlm, inputs, label_of, fold, run_seed, device, workers, state
        )
    write_run(run, predictions, metrics, config, history, model)
    write_json(cost, run.cost)
    if state:
        state.unlink(missing_ok=True)
