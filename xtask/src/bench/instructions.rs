//! Counted work: instructions and allocations per record. Unlike times these hardly depend on the
//! machine's mood, so a change that makes recording dearer can be refused.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::figures::{Figures, Who};
use super::peers::is_installed;
use super::setting::Setting;
use crate::test::repository_root;
use crate::test::shell::say;

/// Exchanges that are prepared in every run; half of them and all of them are recorded.
const PREPARED: u64 = 2_000;

/// Work per record, as recorded once and compared with from then on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Baseline {
    /// By how much a figure may exceed its baseline, as a share.
    tolerance: f64,
    instructions_per_record: f64,
    allocations_per_record: f64,
}

/// What one run of the harness needed.
#[derive(Default)]
struct Work {
    instructions: Option<f64>,
    allocations: f64,
    allocated_bytes: f64,
}

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    let harness = setting.build_harnesses()?.join("record_work");
    let folder = setting.fresh_folder("instructions")?;
    let counts_instructions = is_installed("valgrind");
    if !counts_instructions {
        say("note: `valgrind` is not installed, so instructions are not counted");
    }
    let half = work(&harness, &folder, PREPARED / 2, counts_instructions)?;
    let all = work(&harness, &folder, PREPARED, counts_instructions)?;
    let per_record = |half: f64, all: f64| (all - half) / (PREPARED - PREPARED / 2) as f64;
    if let (Some(half), Some(all)) = (half.instructions, all.instructions) {
        figures.add(
            "instructions",
            "instructions",
            Who::Ours,
            per_record(half, all),
        );
    }
    let allocations = per_record(half.allocations, all.allocations);
    figures.add("instructions", "allocations", Who::Ours, allocations);
    let bytes = per_record(half.allocated_bytes, all.allocated_bytes);
    figures.add("instructions", "allocated_bytes", Who::Ours, bytes);
    if setting.options.record_baseline {
        record_baseline(figures)?;
    }
    Ok(())
}

fn work(harness: &Path, folder: &Path, records: u64, counts_instructions: bool) -> Result<Work> {
    let mut command = if counts_instructions {
        let mut command = Command::new("valgrind");
        let out = folder.join("callgrind.out");
        command.arg("--tool=callgrind");
        command
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(harness);
        command
    } else {
        Command::new(harness)
    };
    let output = command
        .args([PREPARED.to_string(), records.to_string()])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("`{}` failed:\n{said}", harness.display());
    }
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| {
        printed[name]
            .as_f64()
            .with_context(|| format!("no `{name}`"))
    };
    Ok(Work {
        instructions: if counts_instructions {
            Some(read_callgrind(&said)?)
        } else {
            None
        },
        allocations: number("allocations")?,
        allocated_bytes: number("allocated_bytes")?,
    })
}

/// Callgrind ends with a line `==PID== Collected : N`.
fn read_callgrind(said: &str) -> Result<f64> {
    let count = said.lines().find_map(|line| line.split_once("Collected :"));
    let (_, count) = count.with_context(|| format!("callgrind counted nothing:\n{said}"))?;
    Ok(count.trim().parse()?)
}

fn baseline_path() -> PathBuf {
    repository_root().join("benches").join("baseline.json")
}

fn measured(figures: &Figures) -> Result<[f64; 2]> {
    let median = |key: &str| {
        figures
            .median("instructions", key, Who::Ours)
            .with_context(|| {
                format!("there is no figure for `{key}`; install `valgrind` to count instructions")
            })
    };
    Ok([median("instructions")?, median("allocations")?])
}

fn record_baseline(figures: &Figures) -> Result<()> {
    let [instructions, allocations] = measured(figures)?;
    let baseline = Baseline {
        tolerance: 0.05,
        instructions_per_record: instructions.round(),
        allocations_per_record: (allocations * 100.0).round() / 100.0,
    };
    let path = baseline_path();
    std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
    std::fs::write(&path, serde_json::to_string_pretty(&baseline)? + "\n")?;
    say(&format!("recorded {}", path.display()));
    Ok(())
}

/// Compares with the baseline.
///
/// # Errors
/// A figure exceeds it by more than the tolerance, or there is none.
pub(super) fn check(figures: &Figures) -> Result<()> {
    let path = baseline_path();
    let text = std::fs::read(&path).with_context(|| {
        format!(
            "there is no `{}`; make it with `--record-baseline`",
            path.display()
        )
    })?;
    let baseline: Baseline = serde_json::from_slice(&text)?;
    let excesses = excesses(&baseline, measured(figures)?);
    if !excesses.is_empty() {
        bail!(
            "recording got dearer: {}; if that is worth it, run `cargo xtask bench --only \
             instructions --record-baseline`",
            excesses.join("; ")
        );
    }
    say("counted work is within the baseline");
    Ok(())
}

fn excesses(baseline: &Baseline, [instructions, allocations]: [f64; 2]) -> Vec<String> {
    [
        (
            "instructions",
            instructions,
            baseline.instructions_per_record,
        ),
        ("allocations", allocations, baseline.allocations_per_record),
    ]
    .into_iter()
    .filter(|(_, now, then)| *now > then * (1.0 + baseline.tolerance))
    .map(|(name, now, then)| {
        let percent = 100.0 * (now / then - 1.0);
        format!("{now:.1} {name} per record instead of {then:.1} (+{percent:.1} %)")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_count_is_read() {
        assert_eq!(
            read_callgrind("==1== \n==1== Collected : 12345\n").unwrap(),
            12_345.0
        );
        assert!(read_callgrind("==1== Segmentation fault\n").is_err());
    }

    #[test]
    fn only_what_exceeds_the_tolerance_is_refused() {
        let baseline = Baseline {
            tolerance: 0.05,
            instructions_per_record: 1_000.0,
            allocations_per_record: 20.0,
        };
        assert!(excesses(&baseline, [1_050.0, 20.0]).is_empty());
        assert!(excesses(&baseline, [500.0, 10.0]).is_empty());
        assert_eq!(excesses(&baseline, [1_051.0, 22.0]).len(), 2);
    }
}
