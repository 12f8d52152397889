"""Our metrics against other people's, on random lists with equal scores and with users who have no list."""

import json
import os
import subprocess
import sys
from functools import cache
from itertools import product
from pathlib import Path

import ir_measures
import numpy as np
import polars as pl
import pytest
from ir_measures import AP, RR, P, R, Success, nDCG
from sklearn.metrics import ndcg_score

from recs.evaluation.metrics import per_user

USERS, ITEMS, LENGTH = 40, 60, 25
KS, SEEDS = (1, 5, 10, 20), (1, 2, 3)
MEASURES = ("recall", "ndcg", "map", "hit_rate", "precision", "mrr")
cut_offs, seeds = pytest.mark.parametrize("k", KS), pytest.mark.parametrize("seed", SEEDS)


@cache
def drawn(seed):
    """Ranked lists and truth. Scores are few, so equal ones abound; the lower item code goes first, as everywhere."""
    random = np.random.default_rng(seed)
    scores = random.integers(0, 6, (USERS, ITEMS))
    ranked = np.lexsort((np.broadcast_to(np.arange(ITEMS), scores.shape), -scores))[:, :LENGTH]
    lists = [(u, int(i), rank) for u in range(USERS) if u % 7 for rank, i in enumerate(ranked[u], 1)]
    relevant = [(u, int(i)) for u in range(USERS) for i in random.permutation(ITEMS)[: random.integers(1, 31)]]
    names = ["user_code", "item_code", "rank"]
    return pl.DataFrame(lists, names, orient="row"), pl.DataFrame(relevant, names[:2], orient="row")


def ours(seed):
    return per_user(*drawn(seed), ks=KS, measures=MEASURES)


@cache
def shapes(seed):
    """The same as {user: {item: grade}} and {user: {item: score}}; the score says the rank: ties are broken before."""
    lists, truth = drawn(seed)
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for user, item, rank in lists.iter_rows():
        run.setdefault(str(user), {})[str(item)] = float(LENGTH + 1 - rank)
    for user, item in truth.iter_rows():
        qrels.setdefault(str(user), {})[str(item)] = 1
    return qrels, run


def by_achievable(seed, name, k):
    """All relevant / min(k, relevant) of each user: what others' average precision is divided by, against ours."""
    sizes = np.array([len(relevant) for relevant in shapes(seed)[0].values()])
    return sizes / np.minimum(sizes, k) if name == "map" else np.ones(len(sizes))


@seeds
@cut_offs
@pytest.mark.parametrize(
    ("name", "theirs"),
    [("recall", R), ("ndcg", nDCG), ("map", AP), ("hit_rate", Success), ("precision", P), ("mrr", RR)],
)
def test_ir_measures_agrees(seed, k, name, theirs):
    by_user = {int(m.query_id): m.value for m in ir_measures.iter_calc([theirs @ k], *shapes(seed))}
    expected = np.array([by_user[user] for user in range(USERS)])
    np.testing.assert_allclose(ours(seed)[f"{name}@{k}"], expected * by_achievable(seed, name, k), atol=1e-12)


def test_ranx_agrees():
    """Interpreted, in a process of its own: compiling ranx takes a minute, and the switch is global."""
    names = [f"{name}@{k}" for name in MEASURES for k in KS]
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("ranx_scores.py")],
        input=json.dumps({"cases": [shapes(seed) for seed in SEEDS], "names": names}),
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    as_text = np.argsort(np.arange(USERS).astype(str))  # ranx sorts users so
    for seed, theirs in zip(SEEDS, json.loads(done.stdout), strict=True):
        for name, k in product(MEASURES, KS):
            got = ours(seed)[f"{name}@{k}"].to_numpy()[as_text]
            expected = theirs[f"{name}@{k}"] * by_achievable(seed, name, k)[as_text]
            np.testing.assert_allclose(got, expected, atol=1e-12, err_msg=f"{name}@{k}, seed {seed}")


@seeds
@cut_offs
def test_scikit_learn_agrees_on_ndcg(seed, k):
    """Only users with a list: scikit-learn would rank the items of the others too."""
    qrels, run = shapes(seed)
    listed = sorted(run, key=int)
    gains, scores = (
        [[by_item[user].get(str(item), 0) for item in range(ITEMS)] for user in listed] for by_item in (qrels, run)
    )
    expected = [ndcg_score([g], [s], k=k, ignore_ties=True) for g, s in zip(gains, scores, strict=True)]
    got = ours(seed).filter(pl.col("user_code").is_in([int(user) for user in listed]))
    np.testing.assert_allclose(got[f"ndcg@{k}"], expected, atol=1e-12)
