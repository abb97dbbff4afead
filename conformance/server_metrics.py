#!/usr/bin/env python3
"""Compares server_metrics_export.parquet with server_metrics_export.json.

    python server_metrics.py RESULTS_DIRECTORY

Prints {rows, metadata, totals_differ}: how many rows the columns have, the metadata of the file, and
the counters whose last row is not the total of the other file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet

FIXED = [
    "endpoint_url", "metric_name", "metric_type", "unit", "description", "timestamp_ns",
]  # fmt: skip
LAST = ["value", "sum", "count", "bucket_le", "bucket_count"]


def main() -> int:
    directory = Path(sys.argv[1])
    table = pyarrow.parquet.read_table(directory / "server_metrics_export.parquet")
    names = table.schema.names
    labels = json.loads(table.schema.metadata[b"aiperf.label_columns"])
    assert names == FIXED + labels + LAST, names
    document = json.loads((directory / "server_metrics_export.json").read_text())

    rows = table.to_pylist()
    last: dict[tuple, float] = {}
    for row in sorted(rows, key=lambda row: row["timestamp_ns"]):
        key = (row["endpoint_url"], row["metric_name"], *(row[label] for label in labels))
        if row["metric_type"] == "counter":
            last[key] = row["value"]
        elif row["metric_type"] == "histogram":
            last[key] = row["count"]
    differ = []
    for name, metric in document["metrics"].items():
        if metric["type"] not in ("counter", "histogram"):
            continue
        for series in metric["series"]:
            own = series.get("labels", {})
            key = (series["endpoint_url"], name, *(own.get(label) for label in labels))
            total = series["stats"].get("total", series["stats"].get("count"))
            if last.get(key) != total:
                differ.append([name, last.get(key), total])
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    print(json.dumps({"rows": len(rows), "metadata": metadata, "totals_differ": differ}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
