//! Which files a run leaves: every export level with every flag that adds files, with and without a
//! prefix.

use std::collections::BTreeSet;

use crate::support::{Place, plain_mock};

/// What a run is asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    level: &'static str,
    has_prefix: bool,
    slices: bool,
    outputs: bool,
    parquet: bool,
    warmup: bool,
}

impl Asked {
    fn keeps_records(self) -> bool {
        self.level != "summary"
    }

    fn words(self) -> Vec<&'static str> {
        let mut words = vec!["--request-count", "3", "--export-level", self.level];
        let flags: [(bool, &[&'static str]); 5] = [
            (self.has_prefix, &["--profile-export-prefix", "mine"]),
            (self.slices, &["--slice-duration", "0.05"]),
            (self.outputs, &["--export-outputs-json"]),
            (self.parquet, &["--export-formats", "parquet"]),
            (self.warmup, &["--warmup-request-count", "1"]),
        ];
        for (_, flag) in flags.into_iter().filter(|(is_given, _)| *is_given) {
            words.extend(flag);
        }
        words
    }

    /// Columns of nothing are refused, see the rules of the flags.
    fn is_refused(self) -> bool {
        self.parquet && !self.keeps_records() && !self.slices
    }
}

/// A file: its name without and with the prefix `mine`, and which runs have it.
type Row = (&'static str, &'static str, fn(Asked) -> bool);

const FILES: &[Row] = &[
    ("inputs.json", "inputs.json", |_| true),
    ("logs/aiperf.log", "logs/aiperf.log", |_| true),
    (
        ".aiperf_results_ready.json",
        ".aiperf_results_ready.json",
        |_| true,
    ),
    (".aiperf_run_state.json", ".aiperf_run_state.json", |_| true),
    ("profile_export_aiperf.json", "mine.json", |_| true),
    ("profile_export_aiperf.csv", "mine.csv", |_| true),
    ("profile_export_console.txt", "mine_console.txt", |_| true),
    ("profile_export.jsonl", "mine.jsonl", Asked::keeps_records),
    ("profile_export_raw.jsonl", "mine_raw.jsonl", |asked| {
        asked.level == "raw"
    }),
    (
        "profile_export_aiperf_timeslices.csv",
        "mine_timeslices.csv",
        |asked| asked.slices,
    ),
    (
        "profile_export_aiperf_timeslices.json",
        "mine_timeslices.json",
        |asked| asked.slices,
    ),
    (
        "profile_export_aiperf_timeslices.parquet",
        "mine_timeslices.parquet",
        |asked| asked.slices && asked.parquet,
    ),
    ("profile_export.parquet", "mine.parquet", |asked| {
        asked.parquet && asked.keeps_records()
    }),
    ("outputs.json", "outputs.json", |asked| asked.outputs),
    ("phase_manifest.json", "phase_manifest.json", |asked| {
        asked.warmup
    }),
    (
        "phases/warmup/profile_export_aiperf.json",
        "phases/warmup/mine.json",
        |asked| asked.warmup,
    ),
    (
        "phases/warmup/profile_export_aiperf.csv",
        "phases/warmup/mine.csv",
        |asked| asked.warmup,
    ),
    (
        "phases/profiling/profile_export_aiperf.json",
        "phases/profiling/mine.json",
        |asked| asked.warmup,
    ),
    (
        "phases/profiling/profile_export_aiperf.csv",
        "phases/profiling/mine.csv",
        |asked| asked.warmup,
    ),
];

fn expected(asked: Asked) -> BTreeSet<String> {
    FILES
        .iter()
        .filter(|(_, _, is_there)| is_there(asked))
        .map(|(usual, prefixed, _)| if asked.has_prefix { *prefixed } else { *usual })
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn leave_the_files_of_the_table(level: &'static str) {
    let server = plain_mock();
    for bits in 0..32_u8 {
        let has = |bit: u8| bits & (1 << bit) != 0;
        let asked = Asked {
            level,
            has_prefix: has(0),
            slices: has(1),
            outputs: has(2),
            parquet: has(3),
            warmup: has(4),
        };
        let place = Place::new();
        let ended = place.profile(&server.url(), &asked.words());
        if asked.is_refused() {
            let ended = ended.expect_code(1);
            assert!(ended.stderr.contains("`--export-formats`"), "{ended}");
            continue;
        }
        ended.expect_code(0);
        let found: BTreeSet<String> = place.files(&place.results()).into_iter().collect();
        assert_eq!(found, expected(asked), "{asked:?}");
    }
}

#[test]
fn runs_that_keep_the_summary_alone_leave_the_files_of_the_table() {
    leave_the_files_of_the_table("summary");
}

#[test]
fn runs_that_keep_records_leave_the_files_of_the_table() {
    leave_the_files_of_the_table("records");
}

#[test]
fn runs_that_keep_everything_leave_the_files_of_the_table() {
    leave_the_files_of_the_table("raw");
}

#[test]
fn a_run_removes_what_an_earlier_one_left_with_other_flags_or_other_phases() {
    let server = plain_mock();
    let place = Place::new();
    let everything = Asked {
        level: "raw",
        has_prefix: false,
        slices: true,
        outputs: true,
        parquet: true,
        warmup: true,
    };
    place
        .profile(&server.url(), &everything.words())
        .expect_code(0);
    // What a run leaves that was killed, and a phase of another name.
    let results = place.results();
    for (folder, file) in [
        (
            "output_fragments",
            "output_fragments_record_processor_0.jsonl",
        ),
        ("phases/ramp", "profile_export_aiperf.csv"),
    ] {
        std::fs::create_dir_all(results.join(folder)).unwrap();
        std::fs::write(results.join(folder).join(file), "{}\n").unwrap();
    }
    let little = Asked {
        level: "summary",
        slices: false,
        outputs: false,
        parquet: false,
        warmup: false,
        ..everything
    };
    place.profile(&server.url(), &little.words()).expect_code(0);
    let found: BTreeSet<String> = place.files(&results).into_iter().collect();
    assert_eq!(found, expected(little));
    assert!(!results.join("phases").exists() && !results.join("output_fragments").exists());
}

#[test]
fn a_prefix_that_meets_another_file_is_refused_before_anything_is_made() {
    let place = Place::new();
    let words = [
        "--profile-export-prefix",
        "outputs",
        "--export-outputs-json",
    ];
    let ended = place.profile("http://127.0.0.1:9", &words).expect_code(1);
    assert!(
        ended.stderr.contains("`outputs.json` would hold both"),
        "{ended}"
    );
    assert!(!place.results().exists());
}
