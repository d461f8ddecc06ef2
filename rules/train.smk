# One trainer for every experiment, protocol and seed: a run is an experiment on a fold. What trains
# layers of an encoder has a job for each fold; where a fold takes seconds, one job trains all.


# In names of jobs, wildcards bring their constraints along: Snakemake applies those of the workflow
# before it puts the name into that of the benchmark file.
FOLD, PROTOCOL, SEED = r"{fold,\d+}", r"{protocol,(paper/)?}", r"{seed,(seed\d+/)?}"
FRACTION = r"{fraction,[\d.e-]+}"


ruleorder: search_all_folds > search
ruleorder: train_all_folds > train_all_seeds > train


use rule _torch_job as _train with:
    input:
        code=sources("train"),
        posts=paths.POSTS,
        folds=lambda w: PLAN.fold_table(w.get("protocol", ""), w.experiment, w.get("fraction", "")),
        text=lambda w: PLAN.embeddings(w.experiment, "text"),
        image=lambda w: PLAN.embeddings(w.experiment, "image"),
        searches=lambda w: PLAN.searches(w.experiment, w.get("fold"), w.get("protocol", "")),
    priority: lambda w: PLAN.priority(w.experiment)
    resources:
        gpu=lambda w: PLAN.gpus_to_train(w.experiment),
    params:
        **call(lambda w: PLAN.training(w.experiment, w.get("fold"), w.get("seed", ""))),
        rare_class=lambda w: PLAN.used_rare_class(w.experiment),


use rule _train as train with:
    output:
        **paths.run_files("{experiment}", ["{fold}"], "{protocol}", ["{seed}"]),
    pathvars:
        job=paths.job("train", "{experiment}", FOLD, protocol=PROTOCOL, seed=SEED),


use rule _train as train_all_folds with:
    output:
        **paths.run_files("{experiment}", PLAN.folds()),
    pathvars:
        job=paths.job("train", "{experiment}", paths.ALL_FOLDS),
    wildcard_constraints:
        experiment=any_of(PLAN.all_folds_in_one_job),


use rule _train as train_all_seeds with:
    output:
        predictions=flat(PLAN.repetitions("{experiment}")),
    pathvars:
        job=paths.job("train_all_seeds", "{experiment}", paths.ALL_FOLDS),
    wildcard_constraints:
        experiment=any_of(PLAN.all_folds_in_one_job),
    priority: 15
    params:
        **call(lambda w: PLAN.training(w.experiment, None, *PLAN.seed_folders)),


# For the learning curve: the trainer is the same, fold tables with fewer training posts differ.
use rule _job as draw_fractions with:
    input:
        code=sources("draw_fractions"),
        folds=paths.FOLDS,
    output:
        tables=[paths.fraction_folds(fraction) for fraction in PLAN.fractions],
    pathvars:
        job="draw_fractions",
    params:
        **call(fractions=CONFIG.learning_curve.fractions, seed=CONFIG.seed),


use rule _train as train_fraction with:
    output:
        predictions=PLAN.fraction_runs("{experiment}", "{fraction}", paths.PREDICTIONS),
        metrics=PLAN.fraction_runs("{experiment}", "{fraction}", paths.METRICS),
    pathvars:
        job=paths.job("train_fraction", "{experiment}", FRACTION),


use rule _train as _search with:
    input:
        code=sources("search"),
        posts=paths.POSTS,
        folds=lambda w: PLAN.fold_table(w.get("protocol", ""), w.experiment),
        text=lambda w: PLAN.embeddings(w.experiment, "text"),
        image=lambda w: PLAN.embeddings(w.experiment, "image"),
    priority: 15
    params:
        **call(lambda w: PLAN.searching(w.experiment, w.get("fold"))),


use rule _search as search with:
    output:
        results=[paths.search("{experiment}", "{fold}", "{protocol}")],
    pathvars:
        job=paths.job("search", "{experiment}", FOLD, protocol=PROTOCOL),


use rule _search as search_all_folds with:
    output:
        results=[paths.search("{experiment}", fold) for fold in PLAN.folds()],
    pathvars:
        job=paths.job("search", "{experiment}", paths.ALL_FOLDS),
    wildcard_constraints:
        experiment=any_of(PLAN.all_folds_in_one_job),


# All baselines on all folds take seconds.
use rule _torch_job as train_baselines with:
    input:
        code=sources("train_baselines"),
        posts=paths.POSTS,
        folds=paths.FOLDS,
        text=PLAN.frozen("text"),
        image=PLAN.frozen("image"),
    output:
        predictions=PLAN.runs(PLAN.baselines, paths.PREDICTIONS),
        metrics=PLAN.runs(PLAN.baselines, paths.METRICS),
    pathvars:
        job="train_baselines",
    params:
        **call(PLAN.baseline_training),


use rule train_baselines as train_baselines_on_fraction with:
    input:
        code=sources("train_baselines"),
        posts=paths.POSTS,
        folds=lambda w: paths.fraction_folds(w.fraction),
        text=PLAN.frozen("text"),
        image=PLAN.frozen("image"),
    output:
        predictions=flat(PLAN.probe_training("{fraction}")["predictions"]),
        metrics=flat(PLAN.probe_training("{fraction}")["metrics"]),
    pathvars:
        job=paths.job("train_baselines_on_fraction", FRACTION),
    params:
        **call(lambda w: PLAN.probe_training(w.fraction)),


# Vision-language models read texts and images themselves. An image that changes changes the hashes
# in the posts table.
use rule _torch_job as fine_tune_vlm with:
    input:
        code=sources("fine_tune_vlm"),
        posts=paths.POSTS,
        folds=lambda w: PLAN.fold_table(w.protocol, w.vlm),
    output:
        **paths.run_files("{vlm}", "{fold}", "{protocol}"),
        cost=paths.cost("{vlm}", "{fold}", "{protocol}"),
    pathvars:
        job=paths.job("fine_tune_vlm", "{vlm}", FOLD, protocol=PROTOCOL),
    priority: 1
    resources:
        gpu=PLAN.gpus,
    params:
        **call(
            lambda w: PLAN.vlm_run(w.vlm, w.fold),
            seed=CONFIG.seed,
            # Survives a kill, unlike the outputs; the job removes it when all are written.
            state=lambda w: paths.resume(w.vlm, w.fold, w.protocol),
        ),
        rare_class=lambda w: PLAN.used_rare_class(w.vlm),


use rule _torch_job as predict_zero_shot with:
    input:
        code=sources("predict_zero_shot"),
        posts=paths.POSTS,
        folds=lambda w: PLAN.fold_table(w.protocol, w.zero_shot),
    output:
        **paths.run_files("{zero_shot}", "{fold}", "{protocol}", trained=False),
        cost=paths.cost("{zero_shot}", "{fold}", "{protocol}"),
    pathvars:
        job=paths.job("predict_zero_shot", "{zero_shot}", FOLD, protocol=PROTOCOL),
    priority: 1
    resources:
        gpu=PLAN.gpus,
    params:
        **call(lambda w: PLAN.vlm_run(w.zero_shot, w.fold)),
