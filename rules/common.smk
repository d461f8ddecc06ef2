import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir, "scripts")))

from mmsent.sources import all_sources, sources
from mmsent.data.layout import dataset_of
from mmsent.workflow import load_plan

# Checked settings and what follows from them; wrong settings end here, before any job.
PLAN = load_plan(config, workflow.configfiles)
CONFIG = PLAN.config


wildcard_constraints:
    experiment="|".join(PLAN.experiments),
    fold=r"\d+",
    encoder=r"\w+",
    view=r"[\w.]+",
