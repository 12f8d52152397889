"""Scores by ranx, for a process of its own: JSON {cases: [[qrels, run]], names} in, [{name: [score of a user]}] out."""

import json
import sys

from ranx import Qrels, Run, evaluate

if __name__ == "__main__":
    given = json.load(sys.stdin)
    scores = [
        evaluate(Qrels(qrels), Run(run), given["names"], return_mean=False, make_comparable=True)
        for qrels, run in given["cases"]
    ]
    json.dump([{name: list(values) for name, values in case.items()} for case in scores], sys.stdout)
