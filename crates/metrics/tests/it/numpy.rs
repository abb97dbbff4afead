//! Statistics of random samples against NumPy, which the reference computes with.
//!
//! NumPy is part of the test environment that `cargo xtask test` installs into `.venv`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aiperf_metrics::{
    InjectedLatencies, PhaseWindow, RecordFacts, Statistics, UsageFacts, summarise,
};

use crate::common::{chat, columns, find, request};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The Python of the test environment; `None`, after a notice, where it is not installed.
fn python() -> Option<PathBuf> {
    let venv = std::env::var_os("AIPERF_TEST_REFERENCE")
        .map_or_else(|| Path::new(REPOSITORY).join(".venv"), PathBuf::from);
    let python = venv.join("bin/python");
    if python.exists() {
        return Some(python);
    }
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!is_ci, "no Python with NumPy in `{}`", venv.display());
    skip(&venv);
    None
}

#[expect(
    clippy::print_stderr,
    reason = "a test that checks nothing must be seen"
)]
fn skip(venv: &Path) {
    eprintln!(
        "SKIPPED: no Python with NumPy in `{}`, so statistics are not compared with it\n  \
         hint: `cargo xtask test` installs it",
        venv.display()
    );
}

/// Numbers that look random and are the same every time (SplitMix64).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit
    }

    /// From 0 up to 1.
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Whole numbers, as token counts are.
    Whole,
    /// Nanoseconds of latencies with a long tail.
    Latencies,
    /// Few different values.
    Repeated,
    /// Any magnitude a double of this kind of figure could have, and any sign.
    Wild,
    /// So near to each other that only the last bits differ.
    Near,
}

const KINDS: [Kind; 5] = [
    Kind::Whole,
    Kind::Latencies,
    Kind::Repeated,
    Kind::Wild,
    Kind::Near,
];
const SIZES: [usize; 20] = [
    1, 2, 3, 4, 5, 7, 10, 11, 12, 33, 99, 100, 101, 256, 1000, 1001, 4096, 4097, 5000, 20_011,
];

fn number(kind: Kind, random: &mut Random) -> f64 {
    match kind {
        Kind::Whole => random.below(40_000) as f64,
        Kind::Latencies => (random.unit() * 3.0).exp() * 1e6 / (1.0 - random.unit()),
        Kind::Repeated => random.below(4) as f64 * 0.1,
        Kind::Wild => {
            let magnitude = (random.unit() * 280.0 - 140.0).exp2();
            let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
            sign * magnitude * (1.0 + random.unit())
        }
        Kind::Near => f64::from_bits(123.456_f64.to_bits() + random.below(7)),
    }
}

fn samples() -> Vec<(Kind, Vec<f64>)> {
    let mut random = Random(20_261_122);
    let mut samples = Vec::new();
    for size in SIZES {
        for kind in KINDS {
            samples.push((kind, (0..size).map(|_| number(kind, &mut random)).collect()));
        }
    }
    samples
}

/// What NumPy says: percentiles, minimum, maximum, mean, deviation, sum.
fn of_numpy(python: &Path, samples: &[(Kind, Vec<f64>)]) -> Vec<Vec<f64>> {
    let mut text = String::new();
    for (_, sample) in samples {
        for value in sample {
            write!(text, "{:016x} ", value.to_bits()).unwrap();
        }
        text.push('\n');
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("numpy_samples.txt");
    std::fs::write(&path, text).unwrap();
    let output = Command::new(python)
        .arg(Path::new(REPOSITORY).join("conformance/numpy_statistics.py"))
        .arg(&path)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let word = |word: &str| f64::from_bits(u64::from_str_radix(word, 16).unwrap());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines
        .lines()
        .map(|line| line.split(' ').map(word).collect());
    lines.collect()
}

/// What a run reports whose records have these values of a metric without conversion.
fn of_run(tag: &str, sample: &[f64], fact: impl Fn(f64) -> RecordFacts<'static>) -> Statistics {
    let records: Vec<_> = sample.iter().map(|&value| (fact(value), 0)).collect();
    let phase = PhaseWindow {
        phase: 0,
        bounds: None,
    };
    let results = summarise(
        &columns(&chat(), &records),
        &[phase],
        InjectedLatencies::None,
    );
    find(&results, tag).unwrap().statistics
}

fn with_audio_seconds(seconds: f64) -> RecordFacts<'static> {
    let usage = UsageFacts {
        prompt_audio_seconds: Some(seconds),
        ..UsageFacts::default()
    };
    RecordFacts {
        usage,
        ..request(&[2000])
    }
}

fn with_input_tokens(tokens: f64) -> RecordFacts<'static> {
    RecordFacts {
        input_tokens: Some(tokens as u64),
        ..request(&[2000])
    }
}

fn check(found: &Statistics, expected: &[f64], kind: Kind, sample: &[f64]) {
    let size = sample.len();
    let percentiles = found
        .percentiles
        .map(|percentile| percentile.unwrap().to_bits());
    let ends = [found.min, found.max].map(|end| end.unwrap().to_bits());
    let exact: Vec<u64> = percentiles.into_iter().chain(ends).collect();
    let wanted: Vec<u64> = expected[..11]
        .iter()
        .map(|figure| figure.to_bits())
        .collect();
    assert_eq!(exact, wanted, "{size} values, {kind:?}");
    assert_eq!(found.count, Some(size as u64));

    let (avg, std, sum) = (found.avg.unwrap(), found.std.unwrap(), found.sum.unwrap());
    if matches!(kind, Kind::Whole) {
        // Nothing to round in a sum of whole numbers.
        assert_eq!((avg, sum), (expected[11], expected[13]), "{size} values");
    }
    // NumPy adds in pairs and rounds each time; our sums round once.
    let magnitude: f64 = sample.iter().map(|value| value.abs()).sum();
    let rounding = 1e-14 * magnitude;
    assert!(
        (sum - expected[13]).abs() <= rounding,
        "{kind:?}: {sum} {}",
        expected[13]
    );
    let rounding = rounding / size as f64;
    assert!(
        (avg - expected[11]).abs() <= rounding,
        "{kind:?}: {avg} {}",
        expected[11]
    );
    // The deviation inherits the rounding of the mean.
    let rounding = 1e-12 * expected[12] + rounding;
    assert!(
        (std - expected[12]).abs() <= rounding,
        "{kind:?}: {std} {}",
        expected[12]
    );
}

#[test]
fn statistics_of_random_samples_are_those_of_numpy() {
    let Some(python) = python() else { return };
    let samples = samples();
    let expected = of_numpy(&python, &samples);
    assert_eq!(expected.len(), samples.len());
    for ((kind, sample), expected) in samples.iter().zip(&expected) {
        let found = of_run("usage_prompt_audio_seconds", sample, with_audio_seconds);
        check(&found, expected, *kind, sample);
        if matches!(kind, Kind::Whole) {
            let found = of_run("input_sequence_length", sample, with_input_tokens);
            check(&found, expected, *kind, sample);
        }
    }
}
