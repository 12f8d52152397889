"""A shop that makes realistic traffic with known truth. Nothing of the pipeline may import it, or read its truth."""

from recs.simulate.shop import generate
from recs.simulate.spec import ShopSpec

__all__ = ["ShopSpec", "generate"]
