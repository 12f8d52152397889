"""What a surface reads, so that whoever runs it can build that first. Light to import, no frames."""

from recs.surfaces.spec import SurfaceSpec

_DIMS = ("features/dim_item", "features/dim_region", "features/dim_user")


def needed_channels(spec: SurfaceSpec) -> tuple[str, ...]:
    """Names of the channels that fill the surface, in its order."""
    return tuple(channel.name for channel in spec.channels)


def needed_tables(spec: SurfaceSpec) -> tuple[str, ...]:
    """Lake tables of the surface: its ranking, its channels, the dims and, for a bought rule, the purchases."""
    ranking = () if spec.ranking is None else (f"rankings/{spec.ranking}",)
    purchases = () if spec.rules.already_bought == "allow" else ("facts/fct_user_item_daily",)
    return (*ranking, *(f"channels/{name}" for name in needed_channels(spec)), *_DIMS, *purchases)
