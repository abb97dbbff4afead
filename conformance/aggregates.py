#!/usr/bin/env python3
"""Makes the aggregates of the runs in a directory with the reference, and compares them with the files.

    python aggregates.py DIRECTORY

Every aggregate of a variation and that of the sweep is made again by the reference's own code from the
summaries of the runs; every figure must be the same. The reference's loader of plots must be able to read
each aggregate. Prints what was compared as JSON; a difference ends it with an error that names it.
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from pathlib import Path

from aiperf.cli_runner._sweep_aggregate import (
    _build_per_combination_stats,
    _compute_sweep_parameters,
    _group_results_by_variation,
)
from aiperf.common.models.export_models import JsonMetricResult
from aiperf.exporters.aggregate import AggregateConfidenceCsvExporter, AggregateExporterConfig
from aiperf.orchestrator.aggregation.confidence import ConfidenceAggregation
from aiperf.orchestrator.aggregation.sweep import SweepAnalyzer
from aiperf.orchestrator.models import RunResult
from aiperf.plot.core.data_loader import DataLoader

FIGURES = ("mean", "std", "min", "max", "cv", "se", "ci_low", "ci_high", "t_critical")


def require(condition: bool, what: object) -> None:
    if not condition:
        sys.exit(f"differs: {what}")


def is_same(ours: float | None, theirs: float | None) -> bool:
    if theirs is None or not math.isfinite(theirs):
        return ours is None
    # Both sum in their own order; a spread of almost nothing is made of rounding alone.
    return ours is not None and math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-7)


def results_below(folder: Path) -> list[RunResult]:
    results = []
    for path in sorted(folder.rglob("profile_export_aiperf.json")):
        if "phases" in path.relative_to(folder).parts:
            continue
        summary = json.loads(path.read_text())
        info = summary["run_info"]
        metrics = {
            tag: JsonMetricResult(**member)
            for tag, member in summary.items()
            if isinstance(member, dict) and "unit" in member
        }
        results.append(
            RunResult(
                label=info["run_label"],
                success=True,
                summary_metrics=metrics,
                artifacts_path=path.parent,
                variation_label=info["variation_label"],
                variation_values=info["variation_values"],
                variation_index=info["variation_index"],
                trial_index=info["trial"],
            )
        )
    results.sort(key=lambda result: (result.trial_index, result.variation_index))
    return results


def compare_aggregate(path: Path, results: list[RunResult]) -> int:
    ours = json.loads(path.read_text())
    label = ours["metadata"].get("variation_label")
    group = [result for result in results if label in (None, result.variation_label)]
    theirs = ConfidenceAggregation(ours["metadata"]["confidence_level"]).aggregate(group)
    require(set(ours["metrics"]) == set(theirs.metrics), set(ours["metrics"]) ^ set(theirs.metrics))
    for key, metric in theirs.metrics.items():
        for figure in FIGURES:
            both = (ours["metrics"][key][figure], getattr(metric, figure))
            require(is_same(*both), (path, key, figure, both))
        require(ours["metrics"][key]["unit"] == metric.unit, (path, key))
    for key, value in theirs.metadata.items():
        require(ours["metadata"][key] == value, (path, key))
    config = AggregateExporterConfig(result=theirs, output_dir=path.parent)
    wanted = list(csv.reader(io.StringIO(AggregateConfidenceCsvExporter(config)._generate_content())))
    found = list(csv.reader(io.StringIO(path.with_suffix(".csv").read_text())))
    names = [row[0] for row in found if row]
    for row in wanted:
        require(not row or row[0] in names, (path, row))
    require(found[0] == wanted[0], found[0])
    loaded = DataLoader()._load_aggregate_only(path.parent, path)
    require(loaded is not None, path)
    return len(theirs.metrics)


def compare_sweep(path: Path, results: list[RunResult]) -> int:
    ours = json.loads(path.read_text())
    level = ours["metadata"]["confidence_level"]
    groups = _group_results_by_variation(results)
    stats = _build_per_combination_stats(groups, level)
    theirs = SweepAnalyzer.compute(stats, _compute_sweep_parameters(groups))
    require(ours["metadata"]["sweep_parameters"] == theirs["metadata"]["sweep_parameters"], path)
    require(len(ours["per_combination_metrics"]) == len(theirs["per_combination_metrics"]), path)
    compared = 0
    for mine, other in zip(ours["per_combination_metrics"], theirs["per_combination_metrics"]):
        require(mine["parameters"] == other["parameters"], (mine["parameters"], other["parameters"]))
        require(set(mine["metrics"]) == set(other["metrics"]), path)
        for key, block in other["metrics"].items():
            for figure, value in block.items():
                found = mine["metrics"][key].get(figure)
                same = found == value if isinstance(value, str) else is_same(found, value)
                require(same, (key, figure, found, value))
                compared += 1
    # With one run of each variation the reference does not find its own keys.
    if ours["metadata"]["num_trials_per_value"] > 1:
        best = theirs["best_configurations"]
        require(set(ours["best_configurations"]) == set(best), best)
        for name, one in best.items():
            mine = ours["best_configurations"][name]
            require(mine["parameters"] == one["parameters"], (name, mine, one))
            require(is_same(mine["metric"], one["metric"]), (name, mine, one))
        require(ours["pareto_optimal"] == theirs["pareto_optimal"], theirs["pareto_optimal"])
    return compared


def main() -> None:
    folder = Path(sys.argv[1])
    results = results_below(folder)
    report = {"runs": len(results), "aggregates": 0, "figures": 0, "sweeps": 0}
    for path in sorted(folder.rglob("profile_export_aiperf_aggregate.json")):
        report["figures"] += compare_aggregate(path, results)
        report["aggregates"] += 1
    for path in sorted(folder.rglob("profile_export_aiperf_sweep.json")):
        report["figures"] += compare_sweep(path, results)
        report["sweeps"] += 1
    print(json.dumps(report))


if __name__ == "__main__":
    main()
