"""One call runs ahead: same order as map, one at a time, and an error where its item would have been."""

import threading
from contextlib import closing

import pytest

from recs.ingest.ahead import one_ahead


@pytest.mark.parametrize("given", [[], [1], [1, 2, 3, 4]])
def test_items_come_in_order(given):
    assert list(one_ahead(n * 10 for n in given)) == [n * 10 for n in given]


def test_the_next_is_made_while_one_is_used_and_never_two_at_once():
    started, busy = [threading.Event() for _ in range(3)], threading.Lock()

    def make(n: int) -> int:
        assert busy.acquire(blocking=False)
        started[n].set()
        busy.release()
        return n

    with closing(one_ahead(map(make, range(3)))) as made:
        assert next(made) == 0
        assert started[1].wait(10)
        assert not started[2].is_set()


def test_an_error_is_raised_in_its_place():
    def make(n: int) -> float:
        return 1 / n

    made = one_ahead(map(make, [1, 0, 2]))
    assert next(made) == 1
    with pytest.raises(ZeroDivisionError):
        next(made)
