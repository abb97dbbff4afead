//! About several runs.

use super::{Rule, breach};
use crate::profile::choices::SweepType;
use crate::profile::resolve::listed;
use crate::profile::resolve::load::{Load, Mode};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "what is about repeated runs needs some",
        breach: |load| {
            let runs = &load.args.runs;
            let (names, are_several) = listed(&[
                (
                    "--profile-run-cooldown-seconds",
                    runs.cooldown_seconds.is_some(),
                ),
                (
                    "--profile-run-disable-warmup-after-first",
                    runs.disable_warmup_after_first.is_some(),
                ),
                ("--set-consistent-seed", runs.set_consistent_seed.is_some()),
                ("--convergence-metric", runs.convergence_metric.is_some()),
            ])?;
            let need = if are_several { "need" } else { "needs" };
            (runs.num_runs.unwrap_or(1) < 2).then(|| {
                breach(
                    format!("{names} {need} several runs"),
                    "say how many: `--num-profile-runs 3`",
                )
            })
        },
    },
    Rule {
        name: "runs agree in a metric",
        breach: |load| {
            let runs = &load.args.runs;
            let (names, are_several) = listed(&[
                ("--convergence-stat", runs.convergence_stat.is_some()),
                (
                    "--convergence-threshold",
                    runs.convergence_threshold.is_some(),
                ),
                ("--convergence-mode", runs.convergence_mode.is_some()),
            ])?;
            let need = if are_several { "need" } else { "needs" };
            runs.convergence_metric.is_none().then(|| {
                breach(
                    format!("{names} {need} `--convergence-metric`"),
                    "name the metric: `--convergence-metric request_latency`",
                )
            })
        },
    },
    Rule {
        name: "values that go together are as many",
        breach: |load| {
            let lists = &load.args.runs.lists;
            let first = lists.first()?;
            let other = lists
                .iter()
                .find(|list| list.values.len() != first.values.len())?;
            (load.args.runs.sweep_type == Some(SweepType::Zip)).then(|| {
                breach(
                    format!(
                        "`--sweep-type zip` needs lists of one length: `{}` has {} values, `{}` {}",
                        first.swept.flag(),
                        first.values.len(),
                        other.swept.flag(),
                        other.values.len()
                    ),
                    "make the lists as long, or choose `--sweep-type grid`",
                )
            })
        },
    },
    Rule {
        name: "a schedule is not swept",
        breach: |load| {
            let list = load.args.runs.lists.first()?;
            (load.mode == Mode::FixedSchedule).then(|| {
                breach(
                    format!(
                        "`{}` with several values does not go with a schedule that is replayed",
                        list.swept.flag()
                    ),
                    "give one value, or `--no-fixed-schedule`",
                )
            })
        },
    },
    Rule {
        name: "variants are several and stand alone",
        breach: variants,
    },
];

fn variants(load: &Load) -> Option<(String, String)> {
    let runs = &load.args.runs;
    if runs.variants.len() == 1 {
        return Some(breach(
            "one `--variant` is nothing to compare",
            "give at least two: `--variant \"a: concurrency=1\" --variant \"b: concurrency=8\"`",
        ));
    }
    let list = runs.lists.first().filter(|_| !runs.variants.is_empty())?;
    Some(breach(
        format!(
            "`--variant` does not go with several values of `{}`",
            list.swept.flag()
        ),
        "give one value there, and others in the variants",
    ))
}
