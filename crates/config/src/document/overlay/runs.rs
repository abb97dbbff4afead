//! Flags about several runs.

use serde_json::{Value, json};

use super::{child, set, set_key, some};
use crate::document::fault::Fault;
use crate::document::node::{Entries, Mark, Node};
use crate::profile::ProfileArgs;

/// Writes `multi_run` and `sweep`. Lists of values become parameters of a sweep, beside those that the
/// file has.
pub(super) fn apply(args: &ProfileArgs, root: &mut Entries, faults: &mut Vec<Fault>) {
    let runs = &args.runs;
    let mut put = |path: &[&str], flag: &'static str, value: Option<Value>| {
        set(root, path, flag, value);
    };
    let many = "multi_run";
    put(
        &[many, "num_runs"],
        "--num-profile-runs",
        some(runs.num_runs),
    );
    put(
        &[many, "cooldown_seconds"],
        "--profile-run-cooldown-seconds",
        some(runs.cooldown_seconds),
    );
    put(
        &[many, "confidence_level"],
        "--confidence-level",
        some(runs.confidence_level),
    );
    put(
        &[many, "disable_warmup_after_first"],
        "--profile-run-disable-warmup-after-first",
        some(runs.disable_warmup_after_first),
    );
    put(
        &[many, "set_consistent_seed"],
        "--set-consistent-seed",
        some(runs.set_consistent_seed),
    );
    put(
        &[many, "vary_seed_per_trial"],
        "--vary-seed-per-trial",
        some(runs.vary_seed_per_trial),
    );
    put(
        &[many, "convergence", "metric"],
        "--convergence-metric",
        some(runs.convergence_metric.clone()),
    );
    put(
        &[many, "convergence", "stat"],
        "--convergence-stat",
        some(runs.convergence_stat.map(|stat| stat.name())),
    );
    put(
        &[many, "convergence", "threshold"],
        "--convergence-threshold",
        some(runs.convergence_threshold),
    );
    put(
        &[many, "convergence", "mode"],
        "--convergence-mode",
        some(runs.convergence_mode.map(|mode| mode.name())),
    );
    put(
        &["no_sweep_table"],
        "--no-sweep-table",
        some(runs.no_sweep_table),
    );
    if !runs.variants.is_empty() {
        faults.push(
            Fault::new("does not go with `--config`")
                .at("", Mark::Flag("--variant"))
                .hint("write `sweep: {type: scenarios, runs: […]}` into the file"),
        );
    }
    lists(args, root, faults);
    sweep(args, root);
}

fn lists(args: &ProfileArgs, root: &mut Entries, faults: &mut Vec<Fault>) {
    let lists = &args.runs.lists;
    let Some(first) = lists.first() else {
        return;
    };
    let name_in = |root: &Entries, list: &str, kind: Option<&str>| {
        let items = root.get("benchmark")?.get(list)?.as_list()?;
        let found = items
            .iter()
            .find(|item| kind.is_none() || item.get("kind").and_then(Node::as_text) == kind);
        found?.get("name")?.as_text().map(str::to_owned)
    };
    let phase = name_in(root, "phases", Some("profiling")).unwrap_or_else(|| "profiling".into());
    let dataset = name_in(root, "datasets", None).unwrap_or_else(|| "main".into());
    let mark = Mark::Flag(first.swept.flag());
    let kind = match root.get("sweep").and_then(|sweep| sweep.get("type")) {
        None => {
            let kind = args.runs.sweep_type.map_or("grid", |kind| kind.name());
            let sweep = child(root, "sweep", mark);
            sweep.set("type", Node::text(kind, mark));
            kind.to_owned()
        }
        Some(kind) => kind.as_text().unwrap_or_default().to_owned(),
    };
    if !matches!(kind.as_str(), "grid" | "zip") {
        faults.push(
            Fault::new(format!(
                "a list of values does not go with `sweep.type: {kind}`"
            ))
            .at("", mark)
            .hint("give one value, which then holds for all runs"),
        );
        return;
    }
    let parameters = child(child(root, "sweep", mark), "parameters", mark);
    for list in lists {
        let path = list.swept.path(&phase, &dataset);
        let values = json!(list.values);
        parameters.set(
            &path,
            Node::from_json(&values, Mark::Flag(list.swept.flag())),
        );
    }
}

/// How the variations are gone through, if there are any.
fn sweep(args: &ProfileArgs, root: &mut Entries) {
    if !root.has("sweep") {
        return;
    }
    let runs = &args.runs;
    for (key, flag, value) in [
        (
            "cooldown_seconds",
            "--parameter-sweep-cooldown-seconds",
            some(runs.sweep_cooldown_seconds),
        ),
        (
            "same_seed",
            "--parameter-sweep-same-seed",
            some(runs.sweep_same_seed),
        ),
        (
            "iteration_order",
            "--parameter-sweep-mode",
            some(runs.sweep_mode.map(|mode| mode.name())),
        ),
    ] {
        if let Some(value) = value {
            let sweep = child(root, "sweep", Mark::Flag(flag));
            set_key(sweep, key, Node::from_json(&value, Mark::Flag(flag)));
        }
    }
}
