"""Great Expectations in a process of its own: ``python -m recs.checks.gx_run < REQUEST > ANSWER``, both JSON.

Importing it costs 5 s and 300 MB, which so stay out of the process that asks. It starts importing before it reads, so
that a process started ahead of time is ready when the request comes. Nothing is sent anywhere.
"""

import gc
import json
import os
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

STORE = "_store"  # suites and results behind the pages, so that pages of earlier runs can be drawn again
QUIET = {"GX_ANALYTICS_ENABLED": "false", "OPENBLAS_NUM_THREADS": "1"}
PATIENCE = 10  # what is waited for meanwhile goes first
UNUSED = ("boto3", "botocore", "pyspark")  # drivers of far-away data: a second of importing, where they are installed


def main() -> int:
    """Read a request, validate, write the pages, print the answer."""
    with redirect_stdout(sys.stderr):  # GX prints; only the answer belongs on standard output
        _import_gx()
        text = sys.stdin.read()
        if not text:
            return 0  # started ahead of time, and never needed
        answer = answer_to(json.loads(text))
    json.dump(answer, sys.stdout)
    return 0


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    """Validate every suite of a request on its frame, and draw the site anew.

    request: ``run`` (a name), ``site`` (folder of the pages, replaced whole) and ``suites``, each with ``name``,
    ``index``, ``frame`` (a Parquet file) and ``expectations`` (of recs.checks.suites). Returns by suite name what each
    expectation found, in order: success, how many and which values of the index failed, and the suite's page.
    """
    from recs.lake.swap import replaced_folder

    site = Path(request["site"])
    with replaced_folder(site) as fresh:
        if (site / STORE).exists():
            shutil.copytree(site / STORE, fresh / STORE)
        context = _context(fresh)
        found = {suite["name"]: _validated(context, suite, request["run"]) for suite in request["suites"]}
        context.build_data_docs()
        shutil.rmtree(fresh / STORE / "validation_definitions")  # they name frames of this process
    return {"suites": {name: one | {"page": str(site / one["page"])} for name, one in found.items()}}


def _import_gx() -> None:
    """Importing makes millions of objects and no garbage; and no driver of anything far away is wanted."""
    os.environ.update(QUIET)
    os.nice(PATIENCE)
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    gc.disable()
    import great_expectations  # noqa: F401

    gc.freeze()
    gc.enable()


def _context(root: Path) -> Any:
    """A context whose suites and results lie under ``root``, with one site of pages there."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        FilesystemStoreBackendDefaults,
        ProgressBarsConfig,
    )

    defaults = FilesystemStoreBackendDefaults(root_directory=root / STORE)
    backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(root)}
    pages = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": backend,
    }
    config = DataContextConfig(
        store_backend_defaults=defaults, data_docs_sites={"pages": pages}, analytics_enabled=False
    )
    config.progress_bars = ProgressBarsConfig(globally=False)
    return gx.get_context(project_config=config, mode="ephemeral")


def _validated(context: Any, suite: dict[str, Any], run: str) -> dict[str, Any]:
    """Validate one suite. Its result takes the place in the store of the one before."""
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier

    frame, name = _frame(Path(suite["frame"])), suite["name"]
    expectations = [_expectation(one, position) for position, one in enumerate(suite["expectations"])]
    made = context.suites.add_or_update(gx.ExpectationSuite(name=name, expectations=expectations))
    asset = context.data_sources.pandas_default.add_dataframe_asset(name)
    definition = gx.ValidationDefinition(
        name=name, data=asset.add_batch_definition_whole_dataframe("whole"), suite=made
    )
    context.validation_definitions.add(definition)
    shown = {"result_format": "SUMMARY", "unexpected_index_column_names": [suite["index"]]}
    shown["partial_unexpected_count"] = suite["most_named"]
    result = definition.run(
        batch_parameters={"dataframe": frame}, result_format=shown, run_id=RunIdentifier(run_name=run)
    )
    found = sorted((_outcome(one, suite["index"]) for one in result.results), key=lambda one: one["position"])
    return {"rows": len(frame), "results": found, "page": _page(context, name)}


def _frame(path: Path) -> Any:
    """A Parquet file with its nulls kept apart from its values."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {pa.int8(): "Int8", pa.int16(): "Int16", pa.int32(): "Int32", pa.int64(): "Int64", pa.bool_(): "boolean"}
    kept = {arrow: pd.api.types.pandas_dtype(name) for arrow, name in kinds.items()}
    kept[pa.string()] = kept[pa.large_string()] = pd.StringDtype("pyarrow")
    return pq.read_table(path, partitioning=None).to_pandas(types_mapper=kept.get)


def _expectation(one: dict[str, Any], position: int) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    kwargs = {name: value for name, value in one["kwargs"].items() if value is not None}
    meta = {"check": one["check"], "position": position}
    made = ExpectationConfiguration(
        type=one["type"], kwargs=kwargs, meta=meta, notes=one["notes"], severity=one["severity"]
    )
    return made.to_domain_obj()


def _outcome(one: Any, index: str) -> dict[str, Any]:
    """What an expectation found: ``failing`` are values of the index, ``error`` why it could not be asked."""
    details = one.exception_info or {}
    errors = details.values() if "raised_exception" not in details else [details]
    named = one.result.get("partial_unexpected_index_list") or []
    return {
        "position": one.expectation_config.meta["position"],
        "success": bool(one.success),
        "unexpected": int(one.result.get("unexpected_count") or 0),
        "failing": [str(row[index]) for row in named],
        "error": next((e["exception_message"] for e in errors if e["raised_exception"]), None),
    }


def _page(context: Any, name: str) -> str:
    """Forget the suite's earlier results; the page of the newest, below the site."""
    store = context.validation_results_store
    mine = [key for key in store.list_keys() if key.expectation_suite_identifier.name == name]
    *old, newest = sorted(mine, key=lambda key: str(key.run_id.run_time))
    for key in old:
        store.remove_key(key)
    return str(Path("validations", *newest.to_tuple()).with_name(f"{newest.batch_identifier}.html"))


if __name__ == "__main__":
    sys.exit(main())
