"""A public train/test split in codes, and how models do on it when they rank every item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from recs.errors import ConfigError
from recs.evaluation.metrics import summary
from recs.evaluation.split_files import read_items, read_pairs, read_weights
from recs.evaluation.split_models import FITS, popularity
from recs.models.top_k import Scorer, best_unseen

MEASURES = ("recall", "ndcg", "map", "mrr", "hit_rate", "precision")


@dataclass(frozen=True)
class Split:
    """What the files hold. A code is the place of an id in ``users`` or ``items``."""

    users: pl.Series  # user_id of train, sorted as text, then those of test alone
    items: pl.Series  # item_id of all files, sorted as text
    train: sparse.csr_matrix  # float32[users, items], weights
    test: pl.DataFrame  # user_code, item_code, each pair once, sorted
    allowed: NDArray[np.bool_]  # [items]: may be listed
    counts: dict[str, int]  # users, items, and what test holds that train or the item file does not


def read_split(train: Path, test: Path, items: Path | None = None) -> Split:
    """The split of files with user_id, item_id and, if wanted, weight (above 0); timestamp is not used.

    items: a file with item_id: these and no others may be listed. Without it, every item of train and test may be.
    ConfigError names the file, the column and the fix.
    """
    seen, wanted = read_weights(train), read_pairs(test)
    either = pl.concat([seen["item_id"], wanted["item_id"]]).unique()
    catalogue = read_items(items) if items else either
    users = pl.concat([seen["user_id"].unique().sort(), wanted["user_id"].unique().sort()]).unique(maintain_order=True)
    ids = pl.concat([either, catalogue]).unique().sort()
    taken = _coded(seen, users, ids)
    pairs = (taken["user_code"].to_numpy(), taken["item_code"].to_numpy())
    return Split(
        users=users,
        items=ids,
        train=sparse.csr_matrix((seen["weight"].to_numpy(), pairs), shape=(users.len(), ids.len())),
        test=_coded(wanted, users, ids).sort("user_code", "item_code"),
        allowed=ids.is_in(catalogue.implode()).to_numpy(),
        counts={
            "users": wanted["user_id"].n_unique(),
            "items": catalogue.len(),
            "users_unknown_to_train": _missing(wanted["user_id"], seen["user_id"]),
            "items_unknown_to_train": _missing(wanted["item_id"], seen["item_id"]),
            "items_that_may_not_be_listed": _missing(wanted["item_id"], catalogue),
            "test_pairs_also_in_train": wanted.join(seen, on=["user_id", "item_id"], how="semi").height,
        },
    )


def evaluate_split(
    split: Split,
    models: Sequence[str],
    *,
    ks: Sequence[int],
    threads: int = 1,
    advance: Callable[[str, int], None] = lambda model, users: None,
) -> dict[str, Any]:
    """``{"models": {name: metrics, "fit_s", "score_s"}}`` and ``split.counts``.

    Every user of test is judged on a full ranking without the user's train items; all test items count as relevant,
    even those that cannot be listed. A user unknown to train gets the popular items. Breadth is taken at the largest k.
    ConfigError for an unknown model, before anything is fitted.
    """
    unknown = [name for name in models if name not in FITS]
    if unknown:
        raise ConfigError(f"there is no model {unknown[0]!r}", f"choose from {', '.join(FITS)}")
    takers = np.bincount(split.train.indices, minlength=split.items.len())
    catalogue = pl.DataFrame({"item_code": np.arange(split.items.len(), dtype=np.int32), "count": takers})
    catalogue = catalogue.filter(pl.Series(split.allowed))
    report = {}
    for name in models:
        started = perf_counter()
        scorer = FITS[name](split.train, threads)
        fitted = perf_counter()
        lists = _lists(split, scorer, max(ks), partial(advance, name))
        seconds = {"fit_s": round(fitted - started, 3), "score_s": round(perf_counter() - fitted, 3)}
        scores = summary(lists, split.test, catalogue, ks=ks, measures=MEASURES, breadth_at=max(ks))
        report[name] = scores | seconds
    return {"models": report, **split.counts}


def _lists(split: Split, scorer: Scorer, k: int, advance: Callable[[int], None]) -> pl.DataFrame:
    users = split.test["user_code"].unique().sort().to_numpy().astype(np.int64)
    known = np.diff(split.train.indptr)[users] > 0
    groups = [(scorer, users[known]), (popularity(split.train), users[~known])]
    return pl.concat(
        best_unseen(score, group, split.train, allowed=split.allowed, k=k, advance=advance) for score, group in groups
    )


def _coded(pairs: pl.DataFrame, users: pl.Series, items: pl.Series) -> pl.DataFrame:
    codes = [
        pl.DataFrame({f"{name}_id": ids}).with_columns(pl.int_range(pl.len(), dtype=pl.Int32).alias(f"{name}_code"))
        for name, ids in (("user", users), ("item", items))
    ]
    joined = pairs.join(codes[0], on="user_id", maintain_order="left").join(
        codes[1], on="item_id", maintain_order="left"
    )
    return joined.select("user_code", "item_code")


def _missing(ids: pl.Series, known: pl.Series) -> int:
    return ids.unique().is_in(known.unique().implode()).not_().to_list().count(True)
