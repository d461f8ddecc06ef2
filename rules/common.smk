import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir, "scripts")))

from mmsent.sources import all_sources, sources, templates
from mmsent.files import canonical_json
from mmsent.workflow.archive import archived_numbers, archived_settings
from mmsent.workflow.contents import list_hashes, total_bytes
from mmsent.workflow.documents import announce, drawings, pictures
from mmsent.workflow.eda import gallery, token_lengths, token_limit
from mmsent.workflow.lock import check_writable, hold_folder
from mmsent.workflow.plan import TABLE_FIGURES, TABLE_PAIRS, load_plan
from mmsent.workflow.preflight import encoder_checks, reads
from mmsent.workflow.views import stored

# Checked settings and what follows from them; wrong settings end here, before any job.
PLAN = load_plan(config, workflow.configfiles, elsewhere=workflow.non_local_exec)
CONFIG = PLAN.config

# The content of the posts' lists, read once for every rule that depends on them.
LISTS = list_hashes(PLAN)

# The options of every rule that resamples.
BOOTSTRAP = PLAN.bootstrap()


wildcard_constraints:
    experiment="|".join(map(re.escape, PLAN.experiments)),
    # Vision-language models that are trained, and that are asked; nothing fits where there is none.
    vlm="|".join(map(re.escape, PLAN.vlm.trained)) or "(?!)",
    asked="|".join(map(re.escape, PLAN.vlm.asked)) or "(?!)",
    fold=r"\d+",
    # Nothing, or the study's own split beside the grouped folds.
    protocol=r"(paper/)?",
    table="|".join(PLAN.tables),
    encoder=r"\w+",
    view=r"[\w.]+",
