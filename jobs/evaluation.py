"""The evaluation of a day or of several: run once the week after has arrived."""

import dagster as dg

evaluation = dg.define_asset_job(
    "evaluation",
    selection=dg.AssetSelection.groups("evaluation"),
    description="Judges an as-of day's lists by what was bought in the seven days after it.",
)
