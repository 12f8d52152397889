"""``aisle email``: batches of mails as files, and what one shopper would read."""

from datetime import date, timedelta
from typing import Annotated, Any

import typer

from cli.days import parse_day
from cli.output import Json, out, print_json, print_table
from orchestration.settings import Settings, load_settings
from recs.errors import ConfigError

Campaign = Annotated[str, typer.Option(help="A campaign of config/campaigns.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Email batches: who is mailed what, as files.", no_args_is_help=True)
    group.command("export")(export)
    group.command("preview")(preview)
    app.add_typer(group, name="email")


def export(
    campaign: Campaign,
    day: Annotated[str, typer.Option("--date", help="The send date; by default the day after the newest lists.")] = "",
    json: Json = False,
) -> None:
    """The batch of a send date: built once, and shown as it is when it exists. It sends nothing."""
    import msgspec

    from assets.emails import export as export_day
    from recs.email.rules import RULES
    from recs.email.tables import newest_lists
    from recs.lake import Lake

    settings = load_settings()
    spec = _spec(settings, campaign)
    before = parse_day(day) if day else date.max
    as_of = newest_lists(Lake(settings.lake), spec, before=before)
    done = export_day(settings, spec, as_of=as_of, send_date=before if day else as_of + timedelta(days=1))
    manifest = done.manifest
    if json:
        print_json({"outcome": done.outcome, "folder": done.folder, **msgspec.to_builtins(manifest)})
        return
    state = "built now" if done.outcome == "built" else "built before, kept as it is"
    out.print(f"{manifest.campaign} of {manifest.send_date}, as of {manifest.as_of_date}: {state}")
    out.print(f"  {done.folder}")
    out.print(f"  audience {manifest.audience:,} = {manifest.sent:,} sent + {manifest.skipped:,} skipped")
    if manifest.skipped_by_rule:
        rows = [(rule, n, RULES[rule]) for rule, n in manifest.skipped_by_rule.items()]
        print_table("Skipped", ("rule", "shoppers", "because"), rows)
    print_table("Files", ("file", "bytes"), [(entry.name, entry.bytes) for entry in manifest.files])


def show_newest(settings: Settings) -> None:
    """The newest batch of each campaign in one line; nothing where none was built."""
    from assets.emails import campaigns, emails_root, send_ledger
    from recs.email.files import batch_folder
    from recs.email.manifest import read_manifest

    for name in campaigns(settings):
        for send_date in sorted(send_ledger(settings, name).send_dates())[-1:]:
            folder = batch_folder(emails_root(settings), name, send_date)
            manifest = read_manifest(folder)
            if manifest:
                counts = f"audience {manifest.audience:,} = {manifest.sent:,} sent + {manifest.skipped:,} skipped"
                out.print(f"email batch {name} for {send_date}: {counts}, in {folder}")


def preview(
    campaign: Campaign,
    user: Annotated[str, typer.Option(help="A shopper's id.")],
    day: Annotated[str, typer.Option("--date", help="The send date; by default the newest batch.")] = "",
    json: Json = False,
) -> None:
    """One shopper's mail of a batch, or why they get none."""
    settings = load_settings()
    spec = _spec(settings, campaign)
    document = _mail(settings, campaign, parse_day(day) if day else None, user)
    if json:
        print_json(document)
    elif document["outcome"] == "skipped":
        words = f"No mail to shopper {user} on {document['send_date']}: {document['rule']}, {document['detail']}."
        out.print(words)
    else:
        rows = [(n, *_row(item)) for n, item in enumerate(document["items"], 1)]
        print_table(
            f"{spec.title}  (to shopper {user}, {document['send_date']})",
            ("", "item", "title", "reason", "price"),
            rows,
        )


def _spec(settings: Settings, campaign: str) -> Any:
    from assets.emails import campaigns

    known = campaigns(settings)
    if campaign not in known:
        raise ConfigError(
            f"there is no campaign named {campaign!r}",
            f"use one of: {', '.join(known)}" if known else f"describe it in {settings.config / 'campaigns'}",
        )
    return known[campaign]


def _mail(settings: Settings, campaign: str, day: date | None, user: str) -> dict[str, Any]:
    import polars as pl

    from assets.emails import emails_root
    from recs.email.errors import EmailError
    from recs.email.files import batch_folder
    from recs.email.manifest import BATCH_FILE, SKIPPED_FILE
    from recs.email.wide import mail_items

    root = emails_root(settings)
    built = sorted(path.name for path in (root / campaign).glob("[0-9]*"))
    wanted = day.isoformat() if day else (built[-1] if built else "")
    if wanted not in built:
        words = f"no batch of {campaign} for {wanted}" if wanted else f"no batch of {campaign}"
        then = f" --date {wanted}" if wanted else ""
        raise EmailError(f"there is {words}", f"run: aisle email export --campaign {campaign}{then}")
    folder = batch_folder(root, campaign, date.fromisoformat(wanted))
    found: dict[str, Any] = {"campaign": campaign, "send_date": wanted, "user_id": user}
    mine = pl.col("user_id") == settings.identity.inside_one(user)
    for row in pl.scan_parquet(folder / BATCH_FILE).filter(mine).collect().iter_rows(named=True):
        return {**found, "outcome": "sent", "as_of_date": row["as_of_date"], "items": mail_items(row)}
    for row in pl.scan_parquet(folder / SKIPPED_FILE).filter(mine).collect().iter_rows(named=True):
        return {**found, "outcome": "skipped", "rule": row["rule"], "detail": row["detail"]}
    raise EmailError(f"{user!r} is not in the audience of {campaign} on {wanted}", "name a shopper who is")


def _row(item: dict[str, Any]) -> tuple[str, str, str, str]:
    price = "" if item["price"] is None else f"{item['price']} {item['currency'] or ''}".strip()
    return item["item_id"], item["title"], item["reason"], price
