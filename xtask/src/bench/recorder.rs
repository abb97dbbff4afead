//! What recording costs inside the process: the harness in `crates/record/examples`.

use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::affinity::spawn_on;
use super::figures::{Figures, Who};
use super::setting::Setting;

/// Rounds and records of one run of the harness.
const ROUNDS_AND_RECORDS: [&str; 2] = ["5", "4000"];

/// What the harness prints: microseconds per record.
#[derive(Deserialize)]
struct Costs {
    record_us: f64,
    parse_us: f64,
    tokenise_us: f64,
    metrics_and_columns_us: f64,
    line_us: f64,
}

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    let harness = setting.build_harnesses()?.join("record_cost");
    for _ in 0..setting.options.rounds {
        let mut command = Command::new(&harness);
        command
            .args(ROUNDS_AND_RECORDS)
            .stdout(std::process::Stdio::piped());
        let output = spawn_on(setting.client_core, &mut command)?.wait_with_output()?;
        let costs: Costs = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`{}` failed", harness.display()))?;
        for (key, value) in [
            ("record", costs.record_us),
            ("parse", costs.parse_us),
            ("tokenise", costs.tokenise_us),
            ("write", costs.metrics_and_columns_us + costs.line_us),
            ("line", costs.line_us),
        ] {
            figures.add("recorder", key, Who::Ours, value);
        }
    }
    Ok(())
}
