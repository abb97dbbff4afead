#!/usr/bin/env python3
"""Compares the shape of two results directories, for example of the reference and of this program.

    python compare.py A B [--ignore-tag TAG]... [--ignore-row ROW]... [--ignore-extra-keys] [--prefix P]

Figures may differ, names and types may not. Compared are the files present, the tags of the
summary with their units and members, the members of the summary and their order, the types and
units in the record lines, the keys of records and their order, the rows and headers of the CSV.
Prints the differences as JSON (`{}` when there are none) and exits with 1 when there are any.
Needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Callable

# What the summary holds beside metrics; the reference gives no fixed order to further metrics.
NAMED_METRICS = (
    "request_throughput request_latency request_count time_to_first_token time_to_second_token "
    "inter_token_latency output_token_throughput output_token_throughput_per_user "
    "output_sequence_length input_sequence_length goodput good_request_count output_token_count "
    "reasoning_token_count min_request_timestamp max_response_timestamp inter_chunk_latency "
    "total_output_tokens total_reasoning_tokens benchmark_duration total_isl total_osl "
    "error_request_count error_isl total_error_isl"
).split()
OPTIONAL_FILES = {"logs/aiperf.log", ".aiperf_run_state.json"}


class Comparison:
    """Two directories and the differences found so far."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.left, self.right = arguments.a, arguments.b
        self.ignored = set(arguments.ignore_tag)
        self.ignored_rows = set(arguments.ignore_row)
        self.ignore_extra_keys = arguments.ignore_extra_keys
        self.base = arguments.prefix or "profile_export"
        self.summary = arguments.prefix or "profile_export_aiperf"
        self.differences: dict[str, object] = {}

    def run(self) -> dict[str, object]:
        """All comparisons; only differences are kept."""
        self.compare_sets("files", self.files(self.left), self.files(self.right))
        for below in self.summary_directories():
            self.compare_file(f"{below}{self.summary}.json", self.compare_summaries)
            self.compare_file(f"{below}{self.summary}.csv", self.compare_tables)
        self.compare_file(f"{self.base}.jsonl", self.compare_lines)
        self.compare_file(f"{self.base}_raw.jsonl", self.compare_lines)
        self.compare_file(f"{self.summary}_timeslices.json", self.compare_timeslices)
        for name in ("inputs.json", "outputs.json", "phase_manifest.json",
                     ".aiperf_results_ready.json"):
            self.compare_file(name, self.compare_documents)
        return self.differences

    def compare_file(self, name: str, compare: Callable[[str, Path, Path], None]) -> None:
        """Compares one file. One that is missing is reported with the files, not here."""
        left, right = self.left / name, self.right / name
        if not (left.is_file() and right.is_file()):
            return
        try:
            compare(name, left, right)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.note(f"{name} unreadable", f"{type(error).__name__}: {error}")

    def note(self, name: str, difference: object) -> None:
        if difference:
            self.differences[name] = difference

    def compare_sets(self, name: str, left: set[str], right: set[str]) -> None:
        """Differences of two sets of names."""
        difference = {}
        if left - right:
            difference["only_in_a"] = sorted(left - right)
        if right - left:
            difference["only_in_b"] = sorted(right - left)
        self.note(name, difference)

    def compare_maps(self, name: str, left: dict, right: dict) -> None:
        """Differences of the values of keys that both have."""
        difference = {
            key: {"a": left[key], "b": right[key]}
            for key in left
            if key in right and left[key] != right[key]
        }
        self.note(name, difference)

    def compare_orders(self, name: str, left: list[str], right: list[str]) -> None:
        """Differences in the order of the names that both lists have."""
        common_left = [key for key in left if key in right]
        common_right = [key for key in right if key in left]
        if common_left != common_right:
            self.note(name, {"a": common_left, "b": common_right})

    def files(self, directory: Path) -> set[str]:
        names = {
            str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()
        }
        return names - OPTIONAL_FILES

    def summary_directories(self) -> list[str]:
        """The run itself and its phases."""
        phases = sorted(path.name for path in (self.left / "phases").glob("*") if path.is_dir())
        return [""] + [f"phases/{name}/" for name in phases]

    def compare_summaries(self, name: str, *paths: Path) -> None:
        left, right = (json.loads(path.read_bytes()) for path in paths)
        self.compare_metric_objects(name, left, right)
        warmups = [side.get("warmup_metrics", {}) for side in (left, right)]
        self.compare_metric_objects(f"{name} warmup_metrics", *warmups)

        left_rest = [key for key in left if not is_metric(left[key])]
        right_rest = [key for key in right if not is_metric(right[key])]
        if self.ignore_extra_keys:
            right_rest = [key for key in right_rest if key in left_rest]
        self.compare_sets(f"{name} members", set(left_rest), set(right_rest))
        fixed_left = [key for key in left if key in NAMED_METRICS or key in left_rest]
        fixed_right = [key for key in right if key in NAMED_METRICS or key in right_rest]
        self.compare_orders(f"{name} order", fixed_left, fixed_right)
        for block in ("run_info", "telemetry_data", "branch_stats"):
            leaves = [flatten(shape(side.get(block, {}))) for side in (left, right)]
            self.compare_sets(f"{name} {block} keys", *(set(side) for side in leaves))
            self.compare_maps(f"{name} {block} types", *leaves)
        settings = [flatten(side.get("input_config", {})) for side in (left, right)]
        self.compare_sets(f"{name} input_config keys", *(set(side) for side in settings))
        self.compare_maps(f"{name} input_config values", *settings)

    def compare_metric_objects(self, name: str, left: dict, right: dict) -> None:
        """Tags, units, members, and whether those are integers or floats."""
        left, right = self.metrics(left), self.metrics(right)
        self.compare_sets(f"{name} tags", set(left), set(right))
        for aspect, view in (
            ("units", lambda metric: metric["unit"]),
            ("statistics", list),
            ("types", lambda metric: {key: kind(value) for key, value in metric.items()}),
        ):
            self.compare_maps(
                f"{name} {aspect}",
                {tag: view(metric) for tag, metric in left.items()},
                {tag: view(metric) for tag, metric in right.items()},
            )

    def metrics(self, members: dict) -> dict[str, dict]:
        return {
            tag: member
            for tag, member in members.items()
            if is_metric(member) and tag not in self.ignored
        }

    def compare_lines(self, name: str, *paths: Path) -> None:
        left, right = (LineShapes(path, self.ignored) for path in paths)
        for phase in sorted(left.tags.keys() | right.tags.keys()):
            self.compare_sets(
                f"{name} {phase} tags", left.tags.get(phase, set()), right.tags.get(phase, set())
            )
        self.compare_maps(f"{name} units", left.units, right.units)
        self.compare_maps(f"{name} types", left.types, right.types)
        for block in sorted(left.keys.keys() | right.keys.keys()):
            in_left, in_right = left.keys.get(block, []), right.keys.get(block, [])
            self.compare_sets(f"{name} {block} keys", set(in_left), set(in_right))
            self.compare_orders(f"{name} {block} order", in_left, in_right)
        self.compare_maps(f"{name} value types", left.value_types, right.value_types)

    def compare_timeslices(self, name: str, *paths: Path) -> None:
        merged = []
        for path in paths:
            members: dict = {}
            for timeslice in json.loads(path.read_bytes())["timeslices"]:
                members.update(timeslice)
            merged.append(members)
        self.compare_metric_objects(name, *merged)
        rest = [{key for key, member in side.items() if not is_metric(member)} for side in merged]
        # A run that ends on the border of a slice has no incomplete one.
        self.compare_sets(f"{name} members", *(keys - {"is_complete"} for keys in rest))

    def compare_documents(self, name: str, *paths: Path) -> None:
        """Keys and their order at every depth; lists are merged into one element."""
        shapes = [shape(json.loads(path.read_bytes())) for path in paths]
        if json.dumps(shapes[0]) != json.dumps(shapes[1]):
            self.note(name, {"a": shapes[0], "b": shapes[1]})

    def compare_tables(self, name: str, *paths: Path) -> None:
        left, right = (Table(path) for path in paths)
        self.note(f"{name} headers", pair_if_different(left.headers, right.headers))
        self.note(f"{name} line ends", pair_if_different(left.line_end, right.line_end))
        left_rows, right_rows = set(left.rows), set(right.rows)
        self.compare_sets(
            f"{name} rows", left_rows - self.ignored_rows, right_rows - self.ignored_rows
        )
        self.compare_orders(f"{name} row order", left.rows, right.rows)


class LineShapes:
    """What the lines of a record file have in common."""

    def __init__(self, path: Path, ignored: set[str]) -> None:
        self.tags: dict[str, set[str]] = {}
        self.units: dict[str, str] = {}
        self.types: dict[str, list[str]] = {}
        self.keys: dict[str, list[str]] = {}
        self.value_types: dict[str, list[str]] = {}
        with path.open("rb") as source:
            for line in source:
                self.add(json.loads(line), ignored)

    def add(self, record: dict, ignored: set[str]) -> None:
        failed = "failed" if "error" in record else "good"
        phase = f"{record['metadata']['benchmark_phase']} {failed}"
        tags = self.tags.setdefault(phase, set())
        for tag, metric in record.get("metrics", {}).items():
            if tag in ignored:
                continue
            tags.add(tag)
            self.units[tag] = metric["unit"]
            insert(self.types.setdefault(tag, []), kind(metric["value"]))
        self.add_keys(f"{failed} record", record)
        for block in ("metadata", "trace_data", "error"):
            if block in record:
                self.add_keys(f"{phase} {block}", record[block])

    def add_keys(self, block: str, members: dict) -> None:
        known = self.keys.setdefault(block, [])
        merge_order(known, list(members))
        for key, value in members.items():
            insert(self.value_types.setdefault(f"{block}.{key}", []), kind(value))


class Table:
    """Headers and the names of the rows of a summary CSV."""

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        self.line_end = "CRLF" if b"\r\n" in raw else "LF"
        self.headers: list[list[str]] = []
        self.rows: list[str] = []
        for row in csv.reader(raw.decode().splitlines()):
            if row and row[0] in ("Metric", "Endpoint"):
                self.headers.append(row)
            elif row:
                self.rows.append(row[0])


def is_metric(member: object) -> bool:
    return isinstance(member, dict) and isinstance(member.get("unit"), str)


def kind(value: object) -> str:
    """The JSON type, with integers and floats apart; a list names the types of its elements."""
    if isinstance(value, list):
        return f"list of {'/'.join(sorted({kind(element) for element in value}))}"
    names = {bool: "bool", int: "int", float: "float", str: "str", dict: "object"}
    return names.get(type(value), "null")


def shape(value: object) -> object:
    """Keys and types without values."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        merged: object = None
        for element in value:
            merged = merge_shapes(merged, shape(element))
        return [] if merged is None else [merged]
    return kind(value)


def flatten(value: object, path: str = "") -> dict[str, object]:
    """Every leaf of a document under its path, but for what must differ from run to run."""
    if path in ("artifacts.dir", "endpoint.urls"):
        return {}
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        return {path: value}
    leaves: dict[str, object] = {}
    for key, member in members:
        leaves.update(flatten(member, f"{path}.{key}" if path else str(key)))
    return leaves


def merge_shapes(left: object, right: object) -> object:
    """One shape for the elements of a list."""
    if left is None or left == right:
        return right
    if isinstance(left, dict) and isinstance(right, dict):
        keys = list(left)
        merge_order(keys, list(right))
        return {
            key: merge_shapes(left[key], right[key])
            if key in left and key in right
            else left.get(key, right.get(key))
            for key in keys
        }
    if isinstance(left, list) and isinstance(right, list):
        both = left[:1] + right[:1]
        return [merge_shapes(both[0], both[-1])] if both else []
    if isinstance(left, str) and isinstance(right, str):
        return "/".join(sorted({*left.split("/"), *right.split("/")}))
    return right


def merge_order(known: list[str], keys: list[str]) -> None:
    """Adds new keys where they stand: after the key that precedes them."""
    position = 0
    for key in keys:
        if key in known:
            position = known.index(key) + 1
        else:
            known.insert(position, key)
            position += 1


def insert(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
        names.sort()


def pair_if_different(left: object, right: object) -> object:
    return {} if left == right else {"a": left, "b": right}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a", type=Path, help="first results directory, usually the reference's")
    parser.add_argument("b", type=Path, help="second results directory")
    parser.add_argument("--ignore-tag", action="append", default=[], metavar="TAG",
                        help="a metric that may be missing or differ; may be repeated")
    parser.add_argument("--ignore-row", action="append", default=[], metavar="ROW",
                        help="a row of the CSV, by its first cell, that may be missing; may be repeated")
    parser.add_argument("--ignore-extra-keys", action="store_true",
                        help="members of the summary that only B has are no difference")
    parser.add_argument("--prefix", help="the runs' --profile-export-prefix")
    arguments = parser.parse_args()
    differences = Comparison(arguments).run()
    json.dump(differences, sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
