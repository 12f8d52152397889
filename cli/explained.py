"""How ``aisle explain`` reads on a terminal: one screen, from the place in the list down to the source lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.output import out, print_table

Document = Mapping[str, Any]
_LINES = 5
_HASH = 10


def show_explanation(document: Document, *, features: int) -> None:
    """Print an explanation; of the ranker's features the ``features`` that move the score most."""
    _show_place(document)
    candidate = document["candidate"]
    if candidate and candidate["in_pool"]:
        _show_channels(candidate)
        _show_score(candidate, features)
    elif candidate:
        _show_way_in(candidate)
    if document["model"]:
        out.print(_model(document["model"]))
    _show_lineage(document["lineage"])
    _show_sources(document["sources"])


def _show_place(document: Document) -> None:
    item, release, shown = document["item"], document["release"], document["shown"]
    named = f"{item['title']} ({item['item_id']})"
    whose = document["list"]
    key = f"the list of {whose['source']} {whose['key']}" if whose["key"] else "everyone's list"
    where = f"{document['surface']}, {key}, in release {release['id']} as of {release['as_of_date']}"
    if not shown:
        out.print(f"{named} is not in {where}", style="bold")
        out.print(f"  Lost in the {document['lost']['stage']}: {document['lost']['text']}.")
        return
    out.print(f"{named} at position {shown['position']} of {whose['items']} in {where}", style="bold")
    by = "by the ranking" if shown["entity"] is None else f"by the channel {shown['channel']} ({shown['entity']})"
    out.print(f"  Put there {by}, score {shown['score']:.6g}.")
    out.print(f"  “{shown['reason']['text']}” is true: {document['because']}.")


def _show_channels(candidate: Document) -> None:
    rows = [
        (
            one["channel"],
            "" if one["score"] is None else f"{one['score']:.6g}",
            "" if one["rank"] is None else f"{one['rank']} of {candidate['size']}",
            {True: "yes", False: "no", None: ""}[one["proposed"]],
        )
        for one in candidate["channels"]
    ]
    out.print()
    title = f"What the channels say: place {candidate['pool_rank']} of the {candidate['purpose']} pool"
    print_table(title, ("channel", "score", "rank in the pool", "proposed it"), rows)


def _show_way_in(candidate: Document) -> None:
    places = [(one["channel"], one["place"] or "not listed") for one in candidate["proposals"]]
    out.print()
    title = f"What the channels propose: the first {candidate['depth']} of each, {candidate['size']} make the pool"
    print_table(title, ("channel", "place for this shopper"), places)


def _show_score(candidate: Document, most: int) -> None:
    out.print()
    if not candidate["trained"]:
        out.print(f"No ranker: ranked {candidate['rank']} of {candidate['size']} by the pool's own order.")
        return
    parts = candidate["features"]
    some, rest = parts[:most], parts[most:]
    rows = [(p["feature"], _value(p["value"]), f"{p['contribution']:+.6f}") for p in some]
    if rest:
        rows.append((f"{len(rest)} more (--features {len(parts)})", "", f"{sum(p['contribution'] for p in rest):+.6f}"))
    rows += [("base", "", f"{candidate['base']:+.6f}"), ("sum = score", "", f"{candidate['sum']:+.6f}")]
    title = f"What the ranker adds up: rank {candidate['rank']} of {candidate['size']}"
    print_table(title, ("feature", "value", "adds"), rows)


def _value(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _model(model: Document) -> str:
    card, past = model["card"], model["trained_on"]
    name = f"{model['table']}@{model['day']} {model['content_hash'][:_HASH]}"
    if not card["trained"]:
        return f"\nModel {name}: not trained; {card['why']}. Fix: {card['fix']}."
    weeks = [week["as_of_date"] for week in card["weeks"]]
    judged = "; ".join(f"{who} {scores['ndcg@20']:.4f}" for who, scores in card["judged"].items())
    return (
        f"\nModel {name}: {card['trees']} trees, {len(weeks)} weeks from {weeks[0]} to {weeks[-1]}, "
        f"{past['count']} partitions; NDCG@20 of the week after {card['judged_on']}: {judged}"
    )


def _show_lineage(lineage: Document) -> None:
    """The chain below the surface, stage by stage: each line is what the lines above it were made from."""
    nodes, root = lineage["nodes"], lineage["root"]
    out.print(f"\nMade from (release {lineage['release']}; every partition and its inputs: --json)", style="bold")
    out.print(_label(nodes[root]))
    for depth, told in enumerate(_stages(nodes, root), start=1):
        out.print(f"{'   ' * (depth - 1)}└─ {told}")
    for one in lineage["changed"][:_LINES]:
        now = (one["now"] or "gone")[:_HASH]
        out.print(f"changed since: {one['input']}, read for {one['child']}: {one['recorded'][:_HASH]}, now {now}")
    if len(lineage["changed"]) > _LINES:
        out.print(f"and {len(lineage['changed']) - _LINES} more changed since (--json)")


def _stages(nodes: Mapping[str, Document], root: str) -> list[str]:
    found = []
    for together in (("rankings",), ("pools", "models"), ("channels",), ("features",), ("facts",), ("raw",)):
        made = {stage: _of_stage(nodes, stage, root) for stage in together}
        tables = [node for of_stage in made.values() for node in of_stage]
        named = [
            f"{stage}: {', '.join(_short(node) for node in of_stage)}" for stage, of_stage in made.items() if of_stage
        ]
        if tables:
            found.append(_label(tables[0]) if len(tables) == 1 else "; ".join(named))
    return found


def _of_stage(nodes: Mapping[str, Document], stage: str, root: str) -> list[Document]:
    return [node for name, node in sorted(nodes.items()) if name.startswith(f"{stage}/") and name != root]


def _short(node: Document) -> str:
    return f"{node['table'].split('/', 1)[1]} {_size(node)}"


def _label(node: Document) -> str:
    if node.get("missing"):
        return f"{node['table']} (gone)"
    if "partitions" in node:
        return f"{node['table']} {_size(node)}, {node['rows']:,} rows"
    made = f"run {node['run_id'][:8]}, code {node['code_version']}"
    return f"{node['table']}@{node['day']} {_size(node)}, {node['rows']:,} rows, {made}"


def _size(node: Document) -> str:
    if node.get("missing"):
        return "(gone)"
    return f"({node['partitions']} days)" if "partitions" in node else str(node["content_hash"][:_HASH])


def _show_sources(sources: Document) -> None:
    item, reason = sources["item"], sources["reason_item"]
    shown = list(item["catalogue"]["lines"][:1])
    out.print("\nSource lines (files below landing; line 1 is the first after the header)", style="bold")
    for line in shown:
        out.print(f"  catalogue row: {_place(line)}")
    shown += _show_events(item["item_id"], item["events"], "")
    if reason:
        shown += _show_events(reason["item_id"], reason["events"], f" ({reason['title']}), which leads to it")
    plans = (sources["promotions"] or {"lines": []})["lines"][:_LINES]
    for line in plans:
        out.print(f"  {line['kind']} from {line['starts_date']} to {line['ends_date']}: {_place(line)}")
    for file in sources["files"]:
        if not file["intact"]:
            out.print(f"  changed or gone since it was read: {file['file']}")
    _show_reading(sources, [*shown, *plans])


def _show_events(item_id: str, events: Document | None, also: str) -> Sequence[Document]:
    if not events or not events["total"]:
        return []
    some: Sequence[Document] = events["lines"][:_LINES]
    out.print(f"  {events['total']:,} events of the shopper with {item_id}{also}, the latest first:")
    for line in some:
        out.print(f"    {_event(line)}: {_place(line)}")
    return some


def _event(line: Document) -> str:
    quantity = "" if line["quantity"] is None else f" of {line['quantity']}"
    return f"{line['event_at']:%Y-%m-%d %H:%M} {line['action']}{quantity}"


def _place(line: Document) -> str:
    return f"{line['file']} line {line['line']}"


def _show_reading(sources: Document, lines: Sequence[Document]) -> None:
    if lines:
        file, line = lines[-1]["file"], lines[-1]["line"]
        cat = "gzip -dc" if file.endswith(".gz") else "cat"
        out.print(f"To read the last of them: {cat} {sources['landing']}/{file} | sed -n {line + 1}p")
