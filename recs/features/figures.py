"""Numbers of features as pages and terminals show them; what is not known is a dash."""

NONE = "–"


def percent(share: float | None) -> str:
    """A share of 1 in percent."""
    return NONE if share is None else f"{100 * share:.1f} %"


def points(change: float | None) -> str:
    """A change of a share of 1 in points of percent, with its sign."""
    return NONE if change is None else f"{100 * change:+.1f}"


def index(value: float | None) -> str:
    """A stability index."""
    return NONE if value is None else f"{value:.3f}"


def four_digits(value: float | None) -> str:
    """Any number in four digits; large ones whole."""
    return NONE if value is None else f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
