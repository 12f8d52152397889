"""What dbt's manifest says of our models: stage, grain, columns, parents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from orchestration.abuse import variables_of
from orchestration.lineage import Lineage
from recs.errors import ConfigError
from recs.lake.partition import partition_column
from recs.ranking.features import ENTITIES, FeatureTable, Ratio


@dataclass(frozen=True)
class DbtModel:
    """One dbt model. ``table`` is ``<stage>/<name>``; a staging model is a view and has no partitions."""

    table: str
    description: str
    columns: Mapping[str, Mapping[str, str]]  # name -> {"type", "description"}
    parents: tuple[str, ...]  # tables of models and of raw sources, as the SQL names them
    sort_by: tuple[str, ...]
    compiled_sql: str  # for days and folders of no run
    tests: tuple[str, ...] = field(default=())
    features: FeatureTable | None = None  # what the ranker reads of it
    variables: tuple[str, ...] = ()  # thresholds of aisle.toml that its SQL names
    count_by: str | None = None  # a column whose values are counted for the UI
    meta: Mapping[str, Any] = field(default_factory=dict)  # of the model and of the folders above it

    @property
    def name(self) -> str:
        return self.table.split("/")[1]

    @property
    def is_view(self) -> bool:
        return self.table.startswith("staging/")

    @property
    def partition_column(self) -> str:
        return partition_column(self.table)


class DbtManifest:
    """The models of a parsed project."""

    def __init__(self, document: Mapping[str, Any], lineage: Mapping[str, Lineage] | None = None) -> None:
        self._document = document
        self.lineage = lineage or {}  # by table

    @cached_property
    def models(self) -> dict[str, DbtModel]:
        """Models by table, parents before children."""
        nodes = {k: n for k, n in self._document["nodes"].items() if n["resource_type"] == "model"}
        found = {model.table: model for model in (self._model(key, node) for key, node in sorted(nodes.items()))}
        ordered: dict[str, DbtModel] = {}

        def place(table: str) -> None:
            if table in found and table not in ordered:
                for parent in found[table].parents:
                    place(parent)
                ordered[table] = found[table]

        for table in found:
            place(table)
        return ordered

    def feature_tables(self) -> list[FeatureTable]:
        """What the ranker joins: every model whose meta names an entity that a candidate has, by name."""
        return sorted((m.features for m in self.models.values() if m.features), key=lambda table: table.table)

    def lake_parents(self, table: str) -> set[str]:
        """The lake tables that a model reads, seen through staging views."""
        direct = self.models[table].parents
        views = [p for p in direct if p in self.models and self.models[p].is_view]
        return (set(direct) - set(views)).union(*(self.lake_parents(view) for view in views))

    def columns(self, table: str) -> dict[str, str]:
        """Names and types of the columns of a model or a raw table."""
        if table in self.models:
            return {name: column["type"] for name, column in self.models[table].columns.items()}
        for source in self._document["sources"].values():
            if f"raw/{source['name']}" == table:
                return {name: column.get("data_type") or "" for name, column in source["columns"].items()}
        return {}

    def _model(self, key: str, node: Mapping[str, Any]) -> DbtModel:
        meta = node["config"]["meta"]
        group = meta.get("dagster", {}).get("group")
        if group is None:
            raise ConfigError(f"dbt model {node['name']} has no stage", "set config.meta.dagster.group in its YAML")
        columns = {
            name: {"type": column.get("data_type") or "", "description": column.get("description") or ""}
            for name, column in node["columns"].items()
        }
        parents = tuple(dict.fromkeys(t for t in map(self._table, node["depends_on"]["nodes"]) if t))
        tests = tuple(k for k in self._document["child_map"].get(key, []) if k.startswith(("test.", "unit_test.")))
        return DbtModel(
            f"{group}/{node['name']}",
            node["description"],
            columns,
            parents,
            tuple(meta.get("sort_by", ())),
            node.get("compiled_code") or "",
            tests,
            _features(f"{group}/{node['name']}", meta, node["columns"]),
            variables_of(node.get("raw_code") or ""),
            meta.get("count_by"),
            meta,
        )

    def _table(self, key: str) -> str | None:
        if key.startswith("source."):
            source = self._document["sources"][key]
            return f"raw/{source['config'].get('meta', {}).get('part_of', source['name'])}"
        node = self._document["nodes"][key]
        return (
            f"{node['config']['meta']['dagster']['group']}/{node['name']}" if node["resource_type"] == "model" else None
        )


PAIR_ENTITIES = ("user_item", "user_category", "item_pair", "region_item")  # their snapshots are most of a lake
_NOT_NUMBERS = ("VARCHAR", "TEXT", "DATE", "TIMESTAMP", "JSON", "BLOB")


def is_number(data_type: str) -> bool:
    """Whether a column of this type of DuckDB can be a feature: a number or a boolean."""
    return not data_type.upper().startswith(_NOT_NUMBERS)


def _features(table: str, meta: Mapping[str, Any], columns: Mapping[str, Any]) -> FeatureTable | None:
    """The model's numeric columns and ratios, but for keys and those whose meta says ``ranker: false``."""
    if meta.get("entity") not in ENTITIES or "as_of" not in meta or not meta.get("ranker", True):
        return None
    chosen = [
        name for name, column in columns.items() if is_number(column.get("data_type") or "") and _is_for_ranker(column)
    ]
    ratios = [Ratio(name, told["of"], told["to"]) for name, told in (meta.get("ratios") or {}).items()]
    return FeatureTable(table, meta["entity"], tuple(chosen), meta.get("level", "category_l2"), tuple(ratios))


def _is_for_ranker(column: Mapping[str, Any]) -> bool:
    meta = {**(column.get("meta") or {}), **(column.get("config", {}).get("meta") or {})}
    return bool(meta.get("ranker", True))
