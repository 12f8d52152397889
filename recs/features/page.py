"""The feature catalogue as one HTML page that needs nothing else: no font, picture or address from outside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import recs.evaluation
from recs.evaluation.report import figure
from recs.features.figures import index, percent, points

STYLE = Path(recs.evaluation.__path__[0])  # the evaluation report's: both pages look alike
MOVED, SHIFTED = 0.1, 0.25  # a rule of thumb of credit scoring: below is steady, above has shifted


def render_catalogue(document: Mapping[str, Any]) -> str:
    """HTML of a feature catalogue (``aisle features list --json``). All text is escaped."""
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, STYLE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": figure, "percent": percent, "points": points, "drift": drift}
    features = document["features"]
    return environment.get_template("catalogue.html.j2").render(
        **document,
        purposes=list(dict.fromkeys(purpose for row in features for purpose in row["importance"])),
        learned=sum(row["is_learned"] for row in features),
        shifted=sum((row["psi"] or 0) > SHIFTED for row in features),
        shifted_above=SHIFTED,
        by_model={m["model"]: [row for row in features if row["model"] == m["model"]] for m in document["models"]},
    )


def drift(psi: float | None) -> str:
    """A stability index, with a word where it is more than steady."""
    word = " shifted" if (psi or 0) > SHIFTED else " moved" if (psi or 0) > MOVED else ""
    return index(psi) + word
