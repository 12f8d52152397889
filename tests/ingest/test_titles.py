"""Titles that a shopper can read."""

import pytest

from recs.ingest.titles import readable_title


@pytest.mark.parametrize(
    ("product_type", "size", "brand", "title"),
    [
        ("APPLE SAUCE", "50 OZ", "Private", "Apple Sauce, 50 oz (store brand)"),
        ("ICE - CRUSHED/CUBED", "22 LB", "National", "Ice - Crushed/Cubed, 22 lb"),
        ("BREAD:ITALIAN/FRENCH", None, "Private", "Bread: Italian/French (store brand)"),
        ("SOFT DRINKS 6PK/4PK CAN CARB (", None, "National", "Soft Drinks 6pk/4pk Can Carb"),
        (
            "FRZN SS PREMIUM ENTREES/DNRS/N",
            "11.5 OZ",
            "National",
            "Frozen Single-serve Premium Entrees/Dinners/N, 11.5 oz",
        ),
        ("CANDY BAGS-CHOCOCLATE", "12 OZ/6 CT", None, "Candy Bags-Chocolate, 12 oz/6 ct"),
        (None, "12 OZ", "Private", None),
        ("()", "12 OZ", "Private", None),
    ],
)
def test_type_size_and_brand_tier_make_a_title(product_type, size, brand, title):
    assert readable_title(product_type, size, brand) == title
