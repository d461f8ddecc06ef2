# From files on disk to validated, grouped and split posts. Only the two index rules depend on the
# thousands of files; whatever comes later depends on their small tables.

if PLAN.is_demo:

    use rule _data_job as generate_demo with:
        input:
            code=sources("generate_demo"),
        output:
            PLAN.demo_files,
        pathvars:
            job="generate_demo",
        threads: workflow.cores
        params:
            **call(folder=PLAN.dataset, **CONFIG.demo.model_dump()),


use rule _data_job as index_texts with:
    input:
        PLAN.inputs("text"),
        code=sources("index_texts"),
    output:
        index=paths.TEXT_INDEX,
    pathvars:
        job="index_texts",
    params:
        **call(dataset=PLAN.dataset, columns=PLAN.columns("id", "text")),
        mark=PLAN.mark("text"),


use rule _data_job as index_images with:
    input:
        PLAN.inputs("image"),
        code=sources("index_images"),
    output:
        index=paths.IMAGE_INDEX,
    pathvars:
        job="index_images",
    threads: workflow.cores
    params:
        **call(dataset=PLAN.dataset, columns=PLAN.columns("id", "image")),
        mark=PLAN.mark("image"),


# What later jobs would refuse is refused here, before a post is encoded. A changed label encodes
# nothing, so the lists are ancient and the names of labels no parameter: then the later jobs
# themselves refuse.
use rule _data_job as check_data with:
    input:
        code=sources("check_data"),
        lists=ancient(PLAN.label_lists),
        texts=paths.TEXT_INDEX,
        images=paths.IMAGE_INDEX,
    output:
        checked=paths.CHECKED,
    pathvars:
        job="check_data",
    params:
        **call(
            columns=PLAN.columns("id", "label"),
            on_bad_post=CONFIG.on_bad_post,
            duplicates=CONFIG.duplicates.model_dump(),
            folds=PLAN.fold_settings,
        ),


use rule _data_job as list_posts with:
    input:
        code=sources("list_posts"),
        # A post is tested whatever label its list has: `list_hashes` has all but these labels.
        lists=[*PLAN.label_lists[:1], *ancient(PLAN.test_lists)],
        texts=paths.TEXT_INDEX,
        images=paths.IMAGE_INDEX,
    output:
        posts=paths.LISTED,
        problems=paths.PROBLEMS,
    pathvars:
        job="list_posts",
    params:
        **call(columns=PLAN.columns("id", "label"), on_bad_post=CONFIG.on_bad_post),
        list_hashes=PLAN.hashes_without_test_labels,
        labels=PLAN.label_settings,


use rule _data_job as build_posts with:
    input:
        code=sources("build_posts"),
        listed=paths.LISTED,
        problems=paths.PROBLEMS,
        after=paths.CHECKED,
    output:
        posts=paths.POSTS,
    pathvars:
        job="build_posts",


use rule _data_job as group_duplicates with:
    input:
        code=sources("group_duplicates"),
        texts=paths.TEXT_INDEX,
        images=paths.IMAGE_INDEX,
    output:
        groups=paths.GROUPS,
    pathvars:
        job="group_duplicates",
    params:
        **call(**CONFIG.duplicates.model_dump()),


use rule _data_job as assign_folds with:
    input:
        code=sources("assign_folds"),
        posts=paths.POSTS,
        groups=paths.GROUPS,
    output:
        folds=paths.FOLDS,
    pathvars:
        job="assign_folds",
    params:
        **call(**PLAN.fold_settings),


# The labels of held-out posts are in this file alone, which no training job reads.
use rule _data_job as read_test_labels with:
    input:
        code=sources("read_test_labels"),
        lists=PLAN.test_lists,
        posts=paths.POSTS,
        groups=paths.GROUPS,
    output:
        labels=paths.TEST_LABELS,
    pathvars:
        job="read_test_labels",
    params:
        **call(),
        list_hashes=PLAN.list_hashes[1:],


use rule _job as split_as_study with:
    input:
        code=sources("split_as_study"),
        posts=paths.POSTS,
        groups=paths.GROUPS,
    output:
        split=paths.split("{share}"),
    pathvars:
        job="split_as_study/{share}",
    params:
        **call(share=lambda wildcards: float(wildcards.share)),


use rule _torch_job as describe_data with:
    input:
        code=[*sources("describe_data"), *templates("card")],
        listed=paths.LISTED,
        posts=paths.POSTS,
        problems=paths.PROBLEMS,
        groups=paths.GROUPS,
        folds=paths.FOLDS,
        held_out=PLAN.if_held_out(paths.TEST_LABELS),
        tokens=PLAN.token_view.path,
    output:
        card=paths.CARD,
        card_counts=paths.CARD_NUMBERS,
        figures=in_report([paths.data_figure(name) for name in DATA_FIGURES], "eda", "Data"),
        after=[paths.data_figure(name, "svg") for name in DATA_FIGURES[:3]],
        numbers=[paths.data_figure(name, "json") for name in DATA_FIGURES],
    pathvars:
        job="describe_data",
    # Nothing but the report waits for it: at the end, all would.
    priority: 1
    params:
        **call(PLAN.data_settings),
