#!/usr/bin/env python3
"""Reads the Parquet files of a results directory as users do, and compares them with the other files.

    python columns.py DIRECTORY

Records are compared with the lines of `profile_export.jsonl`, time slices with
`profile_export_aiperf_timeslices.json`: number of rows, types of columns, units in the metadata of
columns, and every value. Prints what was read as JSON; a difference ends it with an error that names
it. Needs pandas with pyarrow.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pandas
import pyarrow as arrow
import pyarrow.parquet as parquet

TEXT_METADATA = {
    "x_request_id", "x_correlation_id", "conversation_id", "worker_id", "record_processor_id",
    "benchmark_phase", "phase_name", "phase_kind", "parent_correlation_id", "root_correlation_id",
    "source_trace_id", "source_kind",
}
FLAGS = {"was_cancelled", "context_overflow_skip"}
ERRORS = {
    "error_code": "code", "error_type": "type", "error_message": "message", "error_cause": "cause",
}


def require(condition: bool, what: object) -> None:
    if not condition:
        sys.exit(f"differs: {what}")


def is_absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or value is pandas.NA


def plain(value: object) -> object:
    """A cell as JSON has it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return None if is_absent(value) else value


def units(schema: arrow.Schema) -> dict[str, str]:
    return {
        field.name: field.metadata[b"unit"].decode()
        for field in schema
        if field.metadata and b"unit" in field.metadata
    }


def compare_records(directory: Path) -> dict[str, object]:
    path = directory / "profile_export.parquet"
    schema = parquet.read_schema(path)
    # Integers stay integers where some are absent.
    frame = pandas.read_parquet(path, dtype_backend="numpy_nullable")
    lines = [
        json.loads(line) for line in (directory / "profile_export.jsonl").read_text().splitlines()
    ]
    require(len(frame) == len(lines), f"{len(frame)} rows, {len(lines)} lines")
    known = units(schema)
    in_file = json.loads(schema.metadata[b"aiperf.units"])
    require(known == in_file, "the units of the file are not those of its columns")
    columns = set(frame.columns)
    for line in lines:
        for key in line["metadata"]:
            require(key in columns, f"no column for `metadata.{key}`")
        for tag, metric in line["metrics"].items():
            require(tag in columns, f"no column for `{tag}`")
            require(known.get(tag) == metric["unit"], f"unit of `{tag}`: {known.get(tag)}")
    lists = 0
    for field in schema:
        cells = [plain(cell) for cell in frame[field.name]]
        expected = [value_of(line, field.name) for line in lines]
        require(cells == expected, f"`{field.name}`: {cells[:3]} instead of {expected[:3]}")
        lists += arrow.types.is_list(field.type)
        require(field.type == type_of(field.name, expected, field.type), f"{field}")
    return {"rows": len(frame), "columns": len(schema), "lists": lists, "units": len(known)}


def value_of(line: dict, column: str) -> object:
    if column in line["metrics"]:
        return line["metrics"][column]["value"]
    if column in ERRORS:
        return line.get("error", {}).get(ERRORS[column])
    return line["metadata"].get(column)


def type_of(column: str, values: list, found: arrow.DataType) -> arrow.DataType:
    """What a column must be; where no line has a value, what it is."""
    if column in TEXT_METADATA or column in ("error_type", "error_message", "error_cause"):
        return arrow.string()
    if column in FLAGS:
        return arrow.bool_()
    present = [value for value in values if value is not None]
    if any(isinstance(value, list) for value in present):
        elements = [element for value in present for element in value]
        is_whole = elements and all(isinstance(element, int) for element in elements)
        element = arrow.int64() if is_whole else arrow.float64()
        require(arrow.types.is_list(found), f"`{column}` is {found}")
        require(found.value_type == element, f"`{column}` is {found}")
        return found
    if not present:
        return found
    is_whole = all(isinstance(value, int) for value in present)
    return arrow.int64() if is_whole else arrow.float64()


def compare_slices(directory: Path) -> dict[str, object]:
    path = directory / "profile_export_aiperf_timeslices.parquet"
    frame = pandas.read_parquet(path)
    document = json.loads((directory / "profile_export_aiperf_timeslices.json").read_text())
    expected = {}
    for index, piece in enumerate(document["timeslices"]):
        for tag, metric in piece.items():
            if isinstance(metric, dict):
                expected[index, tag] = (piece, metric)
    require(len(frame) == len(expected), f"{len(frame)} rows, {len(expected)} figures")
    for row in frame.to_dict("records"):
        piece, metric = expected[row["timeslice"], row["tag"]]
        require(row["unit"] == metric["unit"], row)
        require(row["start_ns"] == piece["start_ns"] and row["end_ns"] == piece["end_ns"], row)
        require(row["is_complete"] == piece.get("is_complete", True), row)
        for statistic in ("avg", "min", "max", "sum", "std", "count", "p1", "p50", "p99"):
            cell = plain(row[statistic])
            require(cell == metric.get(statistic), f"{row['tag']}.{statistic}: {cell}")
    known = units(parquet.read_schema(path))
    require(known == {"start_ns": "ns", "end_ns": "ns"}, known)
    return {"rows": len(frame), "slices": int(frame["timeslice"].max()) + 1}


def main() -> int:
    directory = Path(sys.argv[1])
    report = {"records": compare_records(directory), "slices": compare_slices(directory)}
    json.dump(report, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
