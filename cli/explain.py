"""``aisle explain``: why an item stands where it stands, or is not shown, back to the lines of the shop's own files."""

from typing import Annotated

import typer

from cli.output import Json, print_json, progress_bar
from orchestration.settings import load_settings


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    surface: Annotated[str, typer.Option(help="Such as home, buy_again, product_similar.")],
    item: Annotated[str, typer.Option(help="The product to explain.")],
    user: Annotated[str, typer.Option(help="The shopper whose list it is.")] = "",
    page: Annotated[str, typer.Option(help="The product whose page it is, on surfaces keyed by product.")] = "",
    features: Annotated[int, typer.Option(help="How many of the ranker's features to print.", min=0)] = 8,
    json: Json = False,
) -> None:
    """From an item in a list back to channel scores, features, model, partitions and source lines."""
    from cli.explained import show_explanation
    from cli.explanation import explanation

    with progress_bar(f"explaining {item}"):
        document = explanation(load_settings(), surface=surface, item=item, user=user, page=page)
    if json:
        print_json(document)
    else:
        show_explanation(document, features=features)
