"""What a few recipients will read, as one page that loads nothing from elsewhere."""

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

import polars as pl

from recs.email.spec import CampaignSpec
from recs.email.wide import mail_items

PREVIEW_FILE = "preview.html"
SHOWN = 6
_COLOURS = ("#d8e5dc", "#e6dfd0", "#d9e0ea", "#ecdcd6", "#e2dce9", "#dbe6e8")
_STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0;background:#eeece8;color:#26241f;font:15px/1.5 system-ui,sans-serif}
header,main{max-width:1160px;margin:0 auto;padding:32px 20px 0}
header h1{font-size:22px;margin:0}header p{margin:4px 0 0;color:#6b665c}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:24px;padding-bottom:48px}
article{background:#fff;border-radius:10px;padding:24px;box-shadow:0 1px 3px #0002}
article>p{margin:0;color:#6b665c;font-size:13px}article h2{font:600 20px/1.3 Georgia,serif;margin:4px 0 16px}
ul{list-style:none;margin:0;padding:0}li{display:flex;gap:14px;padding:12px 0;border-top:1px solid #eeece8}
.tile{flex:none;width:48px;height:48px;border-radius:8px;display:grid;place-items:center;font:20px Georgia,serif}
.what{flex:1;min-width:0;overflow-wrap:anywhere}.what small{display:block;color:#6b665c}
.price{font-variant-numeric:tabular-nums;white-space:nowrap}a{color:inherit}
"""


def preview_page(rows: pl.DataFrame, spec: CampaignSpec, *, send_date: date, as_of: date, skipped: int) -> str:
    """The page as HTML. rows: a batch in its canonical shape; recipients spread evenly over it are shown."""
    some = rows.gather_every(max(1, rows.height // SHOWN)).head(SHOWN)
    mails = "\n".join(_mail(row, spec) for row in some.iter_rows(named=True))
    counts = f"{rows.height:,} sent, {skipped:,} skipped. {some.height} of the mails:"
    return (
        f'<!doctype html>\n<html lang="{escape(spec.locale)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(spec.title)}, {send_date}</title>'
        f"<style>{_STYLE}</style></head><body>\n<header><h1>{escape(spec.campaign)}, {send_date}</h1>"
        f"<p>As of {as_of}: {counts}</p></header>\n<main>\n{mails}\n</main></body></html>\n"
    )


def _mail(row: Mapping[str, Any], spec: CampaignSpec) -> str:
    items = "\n".join(_item(item, place) for place, item in enumerate(mail_items(row)))
    return (
        f"<article><p>To shopper <bdi>{escape(row['user_id'])}</bdi></p><h2>{escape(spec.title)}</h2>"
        f"<ul>\n{items}\n</ul></article>"
    )


def _item(item: Mapping[str, Any], place: int) -> str:
    title, url = escape(item["title"]), item["url"] or ""
    # a link to anything else than a web page could run as a script
    name = f'<a href="{escape(url)}">{title}</a>' if url.startswith(("https://", "http://")) else title
    price = "" if item["price"] is None else escape(f"{item['price']} {item['currency'] or ''}".strip())
    colour = _COLOURS[place % len(_COLOURS)]
    return (
        f'<li><span class="tile" style="background:{colour}" aria-hidden="true">{escape(item["title"][:1])}</span>'
        f'<span class="what"><bdi>{name}</bdi><small>{escape(item["reason"])}</small></span>'
        f'<span class="price">{price}</span></li>'
    )
