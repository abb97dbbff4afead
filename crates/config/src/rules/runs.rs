//! About several runs.

use super::Rule;
use crate::profile::{ConvergenceMode, SweepMode};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "trials that end early are not the outer loop",
        check: |view, told| {
            let runs = &view.runs;
            let repeats = runs.trials.value().is_some_and(|trials| *trials > 1);
            if repeats && runs.convergence.is_given() && runs.order.is(SweepMode::Repeated) {
                told.tell(
                    &[runs.order.mark(), runs.convergence.mark()],
                    format!(
                        "{} does not go with {}",
                        runs.order.asked("repeated"),
                        runs.convergence.name()
                    ),
                    format!("choose {}", runs.order.asked("independent")),
                );
            }
        },
    },
    Rule {
        name: "runs are compared request by request where requests are kept",
        check: |view, told| {
            let runs = &view.runs;
            let compares = runs.convergence.is_given()
                && runs.convergence_mode.is(ConvergenceMode::Distribution);
            if compares && runs.keeps_records.is(false) {
                told.tell(
                    &[runs.convergence_mode.mark(), runs.keeps_records.mark()],
                    format!(
                        "{} needs the records, which {} leaves out",
                        runs.convergence_mode.asked("distribution"),
                        runs.leaves_out_records
                    ),
                    "keep the records, or choose another mode",
                );
            }
        },
    },
];
