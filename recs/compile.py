"""Compiles the loops of ``recs`` when the environment is made: ``python -m recs.compile``. Later runs load them."""

import numpy as np

from recs.channels.through import best_through, score_pairs
from recs.models.item_pairs import count_item_pairs
from recs.pairs import Rows, contains
from recs.ranking.gathering import copy_rows, rows_of_codes, rows_of_pairs


def main() -> None:
    """Call every compiled function on one pair, with the types that it gets in earnest."""
    one = Rows(np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.int64))
    code, echo = np.zeros(1, np.int32), np.zeros(1, bool)
    contains(one, code, code)
    best_through(one, one, echo, one, n_items=1, top_k=1)
    count_item_pairs(np.array([0, 2], np.int32), np.arange(2, dtype=np.int32), code, echo, min_baskets=1)
    score_pairs(one, one, echo, code, code, n_items=1)
    rows_of_codes(code, code)
    rows_of_pairs(np.array([0, 1]), code, code, code, code - 1)
    values = np.zeros((2, 2), np.float32)
    for out in (values.copy(), np.zeros((1, 3), np.float32)[:, 1:]):  # a whole matrix, and columns of a wider one
        copy_rows(values, code, out, 0)
        copy_rows(np.asfortranarray(values), code, out, 0)


if __name__ == "__main__":
    main()
