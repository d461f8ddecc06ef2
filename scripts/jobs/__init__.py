"""One function for each rule, of the rule's name.

Parameters of several jobs
--------------------------
lists
    Label files, that of the labelled posts first.
texts, images
    The indexes; of jobs that show or encode images, ``images`` is their folder.
posts, folds, groups
    Tables of the posts, of their splits, and of near-duplicate groups.
predictions, runs, histories
    Predictions, metrics and histories of each fold, by experiment in the order of the table.
bootstrap
    ``resamples``, ``level`` and ``seed``.
paper
    Metrics under the paper protocol, if it was run.
reported
    The figures that the study prints.
gpus, threads
    GPUs allotted to the job, 0 or 1, and processes that work side by side.
"""
