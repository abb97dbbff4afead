#!/usr/bin/env python3
"""Reads every file of a results directory with the reference's own models.

    python validate.py RESULTS_DIRECTORY [--prefix P]

Run it with the Python in which the reference is installed. Prints a JSON report
{file: {ok, records, error}} and exits with 1 when a file is refused or when there is
nothing to check. Directories below (phases, runs of a sweep) are checked as well.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Callable

from aiperf.common.models import (
    InputsFile,
    JsonExportData,
    MetricRecordInfo,
    RawRecordInfo,
    TimesliceCollectionExportData,
    TraceDataExport,
)
from aiperf.common.models.server_metrics_models import ServerMetricsExportData, SlimRecord


def check_records(path: Path) -> int:
    """Per-request lines; the trace of a line goes through the model that its type selects."""
    count = 0
    for number, line in lines(path):
        with place(number):
            MetricRecordInfo.model_validate_json(line)
            trace = json.loads(line).get("trace_data")
            if trace is not None:
                TraceDataExport.from_json(trace)
        count += 1
    return count


def check_raw_records(path: Path) -> int:
    """Lines of the raw exchange file."""
    count = 0
    for number, line in lines(path):
        with place(number):
            RawRecordInfo.model_validate_json(line)
        count += 1
    return count


def check_inputs(path: Path) -> int:
    """The request bodies; counted in conversations."""
    return len(InputsFile.model_validate_json(path.read_bytes()).data)


def check_summary(path: Path) -> int:
    """The figures of a run; counted in metrics."""
    summary = JsonExportData.model_validate_json(path.read_bytes())
    members = summary.model_dump(exclude_none=True)
    return sum(1 for member in members.values() if isinstance(member, dict) and "unit" in member)


def check_timeslices(path: Path) -> int:
    """The figures of slices; counted in slices."""
    return len(TimesliceCollectionExportData.model_validate_json(path.read_bytes()).timeslices)


def check_server_metrics(path: Path) -> int:
    """The server's own metrics; counted in metrics."""
    return len(ServerMetricsExportData.model_validate_json(path.read_bytes()).metrics)


def check_scrapes(path: Path) -> int:
    """Scrapes of the server's own metrics, one line each."""
    count = 0
    for number, line in lines(path):
        with place(number):
            SlimRecord.model_validate_json(line)
        count += 1
    return count


def check_json(path: Path) -> int:
    """A document for which the reference has no model: it must at least be strict JSON."""
    json.loads(path.read_bytes(), parse_constant=refuse_constant)
    return 1


def check_json_lines(path: Path) -> int:
    """Lines for which the reference has no public model."""
    count = 0
    for number, line in lines(path):
        with place(number):
            json.loads(line, parse_constant=refuse_constant)
        count += 1
    return count


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def lines(path: Path):
    """Numbered lines; each must end in one line feed, and none may be empty."""
    with path.open("rb") as source:
        for number, line in enumerate(source, start=1):
            if not line.endswith(b"\n"):
                raise ValueError(f"line {number}: no line feed at the end of the file")
            if not line.strip():
                raise ValueError(f"line {number}: empty")
            yield number, line


class place:
    """Adds the number of the line to whatever goes wrong with it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, error, traceback) -> None:
        if error is not None:
            raise ValueError(f"line {self.number}: {error}") from error


def checks(prefix: str | None) -> dict[str, Callable[[Path], int]]:
    """File name → how it is read."""
    base, summary = (prefix, prefix) if prefix else ("profile_export", "profile_export_aiperf")
    telemetry = f"{prefix}_gpu_telemetry" if prefix else "gpu_telemetry_export"
    server = f"{prefix}_server_metrics" if prefix else "server_metrics_export"
    accuracy = f"{prefix}_accuracy" if prefix else "accuracy_export"
    return {
        f"{base}.jsonl": check_records,
        f"{base}_raw.jsonl": check_raw_records,
        "inputs.json": check_inputs,
        f"{summary}.json": check_summary,
        f"{summary}_timeslices.json": check_timeslices,
        "outputs.json": check_json,
        "phase_manifest.json": check_json,
        ".aiperf_results_ready.json": check_json,
        "run_config.json": check_json,
        f"{telemetry}.jsonl": check_json_lines,
        f"{server}.json": check_server_metrics,
        f"{server}.jsonl": check_scrapes,
        f"{base}_network_latency.jsonl": check_json_lines,
        f"{accuracy}.jsonl": check_json_lines,
    }


def validate(directory: Path, prefix: str | None) -> dict[str, dict]:
    """The report: path below the directory → outcome."""
    report = {}
    by_name = checks(prefix)
    for path in sorted(directory.rglob("*")):
        check = by_name.get(path.name)
        if check is None or not path.is_file():
            continue
        try:
            outcome = {"ok": True, "records": check(path), "error": None}
        except Exception as error:  # the report is the place for whatever the models raise
            outcome = {"ok": False, "records": 0, "error": str(error)}
        report[str(path.relative_to(directory))] = outcome
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, help="results directory of one run or of several")
    parser.add_argument("--prefix", help="the run's --profile-export-prefix")
    arguments = parser.parse_args()
    report = validate(arguments.directory, arguments.prefix)
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0 if report and all(outcome["ok"] for outcome in report.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
