//! About several runs.

use super::{Advice, listed, text};
use crate::profile::choices::SweepType;
use crate::profile::resolve::load::Load;

pub(super) const ADVICE: &[fn(&Load) -> Advice] = &[
    |load| {
        let runs = &load.args.runs;
        let (names, are_several) = listed(&[
            (
                "--parameter-sweep-cooldown-seconds",
                runs.sweep_cooldown_seconds.is_some(),
            ),
            (
                "--parameter-sweep-same-seed",
                runs.sweep_same_seed.is_some(),
            ),
            ("--parameter-sweep-mode", runs.sweep_mode.is_some()),
            ("--sweep-type", runs.sweep_type.is_some()),
            ("--no-sweep-table", runs.no_sweep_table.is_some()),
        ])?;
        let have = if are_several { "have" } else { "has" };
        (!runs.has_sweep()).then(|| {
            text(
                format!("{names} {have} no effect without a sweep"),
                "give a flag several values: `--concurrency 1,2,4`",
            )
        })
    },
    |load| {
        let runs = &load.args.runs;
        let is_zip = runs.sweep_type == Some(SweepType::Zip);
        (is_zip && !runs.variants.is_empty()).then(|| {
            text(
                "`--sweep-type` has no effect beside `--variant`",
                "leave one of them away",
            )
        })
    },
    |load| {
        let runs = &load.args.runs;
        let alone = runs.confidence_level.is_some() && runs.num_runs.unwrap_or(1) < 2;
        (alone && !runs.has_sweep()).then(|| {
            text(
                "`--confidence-level` has no effect on a single run",
                "repeat it: `--num-profile-runs 3`",
            )
        })
    },
    |load| {
        let runs = &load.args.runs;
        let alone = runs.vary_seed_per_trial.is_some() && runs.num_runs.unwrap_or(1) < 2;
        (alone && !runs.has_sweep()).then(|| {
            text(
                "`--vary-seed-per-trial` has no effect on a single run",
                "repeat it: `--num-profile-runs 3`",
            )
        })
    },
];
