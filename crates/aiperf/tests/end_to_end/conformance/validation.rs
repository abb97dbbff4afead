//! The reference's models read every file of every kind of run.

use aiperf_mock::MockOptions;
use rustix::process::Signal;
use serde_json::Value;

use super::reference::Reference;
use crate::support::place::{signal, wait, wait_until};
use crate::support::{Place, mock, quick};

const CONVERSATIONS: &str = r#"
{"session_id":"a","turns":[{"text":"one"},{"text":"two","delay":5},{"text":"three"}]}
{"session_id":"b","turns":[{"text":"four"},{"text":"five"}]}
"#;

/// One run of our program, and what the reference must find in its files.
struct Run<'a> {
    server: MockOptions,
    words: &'a [&'a str],
    exit_code: i32,
    /// Files that must be there, with the number of their records.
    records: &'a [(&'a str, u64)],
}

impl Default for Run<'_> {
    fn default() -> Self {
        Self {
            server: quick(),
            words: &["--streaming", "--request-count", "6"],
            exit_code: 0,
            records: &[("profile_export.jsonl", 6)],
        }
    }
}

impl Run<'_> {
    /// Carries out the run and lets the reference read its files.
    #[track_caller]
    fn must_be_accepted(self) {
        let Some(reference) = Reference::find() else {
            return;
        };
        let place = Place::new();
        place.write("conversations.jsonl", CONVERSATIONS.trim_start());
        let server = mock(self.server);
        place
            .profile(&server.url(), self.words)
            .expect_code(self.exit_code);
        reference.accepts(&place, &[], self.records);
    }
}

impl Reference {
    /// Requires that every file of the results is read without complaint.
    #[track_caller]
    fn accepts(&self, place: &Place, words: &[&str], records: &[(&str, u64)]) {
        let results = place.results();
        let mut line = vec![results.to_str().unwrap()];
        line.extend(words);
        let ended = self.script("validate.py", &line).expect_code(0);
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        for (file, count) in records {
            assert_eq!(report[file]["records"], *count, "{file} in {report:#}");
        }
    }
}

#[test]
fn streamed_chat_must_be_accepted() {
    Run::default().must_be_accepted();
}

#[test]
fn chat_in_one_piece_must_be_accepted() {
    Run {
        words: &["--request-count", "6"],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn text_completions_are_accepted() {
    let words = &[
        "--endpoint-type",
        "completions",
        "--streaming",
        "--request-count",
        "6",
    ];
    Run {
        words,
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn warmup_and_its_phase_files_are_accepted() {
    Run {
        words: &[
            "--streaming",
            "--request-count",
            "6",
            "--warmup-request-count",
            "4",
        ],
        records: &[
            ("profile_export.jsonl", 10),
            ("phase_manifest.json", 1),
            (".aiperf_results_ready.json", 1),
        ],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn conversations_of_a_file_are_accepted() {
    Run {
        words: &[
            "--streaming",
            "--input-file",
            "conversations.jsonl",
            "--custom-dataset-type",
            "multi_turn",
            "--num-conversations",
            "3",
        ],
        records: &[("profile_export.jsonl", 8), ("inputs.json", 2)],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn a_schedule_of_arrivals_must_be_accepted() {
    let words = &[
        "--streaming",
        "--request-rate",
        "200",
        "--request-count",
        "6",
    ];
    Run {
        words,
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn error_statuses_are_accepted() {
    Run {
        server: MockOptions {
            error_rate: 0.2,
            ..quick()
        },
        words: &["--streaming", "--request-count", "20", "--concurrency", "4"],
        records: &[("profile_export.jsonl", 20)],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn cut_streams_and_reset_connections_are_accepted() {
    Run {
        server: MockOptions {
            cut_rate: 0.3,
            reset_rate: 0.3,
            ..quick()
        },
        words: &[
            "--streaming",
            "--request-count",
            "20",
            "--export-level",
            "raw",
        ],
        records: &[
            ("profile_export.jsonl", 20),
            ("profile_export_raw.jsonl", 20),
        ],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn errors_within_streams_are_accepted() {
    Run {
        server: MockOptions {
            stream_error_rate: 0.4,
            ..quick()
        },
        words: &[
            "--streaming",
            "--request-count",
            "20",
            "--export-level",
            "raw",
        ],
        records: &[
            ("profile_export.jsonl", 20),
            ("profile_export_raw.jsonl", 20),
        ],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn requests_that_time_out_are_accepted() {
    Run {
        server: MockOptions {
            hang_rate: 0.3,
            ..quick()
        },
        words: &[
            "--streaming",
            "--request-count",
            "10",
            "--concurrency",
            "5",
            "--request-timeout-seconds",
            "0.5",
            "--export-level",
            "raw",
        ],
        records: &[
            ("profile_export.jsonl", 10),
            ("profile_export_raw.jsonl", 10),
        ],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn a_run_in_which_every_request_failed_must_be_accepted() {
    Run {
        server: MockOptions {
            error_rate: 1.0,
            ..quick()
        },
        exit_code: 1,
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn whole_exchanges_are_accepted() {
    Run {
        words: &[
            "--streaming",
            "--request-count",
            "6",
            "--export-level",
            "raw",
        ],
        records: &[
            ("profile_export.jsonl", 6),
            ("profile_export_raw.jsonl", 6),
            ("inputs.json", 6),
        ],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn figures_without_records_are_accepted() {
    Run {
        words: &[
            "--streaming",
            "--request-count",
            "6",
            "--export-level",
            "summary",
        ],
        records: &[("inputs.json", 6)],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn goodput_must_be_accepted() {
    let words = &[
        "--streaming",
        "--request-count",
        "6",
        "--goodput",
        "request_latency:1000 time_to_first_token:0.001",
    ];
    Run {
        words,
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn token_counts_of_the_server_are_accepted() {
    let words = &[
        "--streaming",
        "--request-count",
        "6",
        "--use-server-token-count",
    ];
    Run {
        words,
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn reasoning_and_cached_tokens_are_accepted() {
    Run {
        server: MockOptions {
            reasoning_tokens: 5,
            cached_tokens: aiperf_mock::CachedTokens::Share(0.5),
            ..quick()
        },
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn http_traces_are_accepted() {
    let words = &["--streaming", "--request-count", "6", "--export-http-trace"];
    Run {
        words,
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn time_slices_and_texts_of_answers_are_accepted() {
    Run {
        server: MockOptions {
            error_rate: 0.2,
            ..quick()
        },
        words: &[
            "--streaming",
            "--request-count",
            "12",
            "--concurrency",
            "12",
            "--slice-duration",
            "60",
            "--export-outputs-json",
        ],
        records: &[
            ("profile_export_aiperf_timeslices.json", 1),
            ("outputs.json", 1),
        ],
        ..Run::default()
    }
    .must_be_accepted();
}

#[test]
fn a_prefix_must_be_accepted() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let place = Place::new();
    let server = mock(quick());
    let words = [
        "--streaming",
        "--request-count",
        "6",
        "--export-level",
        "raw",
        "--profile-export-prefix",
        "mine",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let records = [("mine.jsonl", 6), ("mine_raw.jsonl", 6)];
    reference.accepts(&place, &["--prefix", "mine"], &records);
    assert!(place.result("mine.json").starts_with('{'));
}

#[test]
fn an_interrupted_run_must_be_accepted() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let place = Place::new();
    let server = mock(MockOptions {
        hang_rate: 0.2,
        ..quick()
    });
    let words = [
        "--streaming",
        "--concurrency",
        "4",
        "--benchmark-duration",
        "600",
    ];
    let child = place.profiling(&server.url(), &words).spawn().unwrap();
    let file = place.results().join("profile_export.jsonl");
    wait_until("a record is on disk", || {
        file.metadata().is_ok_and(|data| data.len() > 0)
    });
    signal(&child, Signal::INT);
    wait(child).expect_code(0);
    let count = place.records("profile_export.jsonl").len() as u64;
    reference.accepts(&place, &[], &[("profile_export.jsonl", count)]);
}

#[test]
fn runs_that_a_configuration_file_describes_are_accepted() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let place = Place::new();
    let server = mock(quick());
    let file = format!(
        "benchmark: {{model: mock-model, tokenizer: {{name: builtin}}, artifacts: {{dir: results}}, \
         endpoint: {{url: '{}', streaming: true, headers: {{Authorization: x}}, extra: {{a: 1}}}}, \
         dataset: {{isl: {{mean: 20, stddev: 2}}, osl: 5, turns: 2, prefixPrompts: {{poolSize: 2, length: 5}}}}, \
         warmup: {{type: concurrency, requests: 2, prefillConcurrency: 1}}, \
         profiling: {{type: gamma, rate: 100, smoothness: 2, duration: 1, gracePeriod: inf, requests: 6, concurrency: 3, \
         concurrencyRamp: {{duration: 0.1}}}}, slos: {{time_to_first_token: 50}}}}\n",
        server.url()
    );
    place.write("bench.yaml", &file);
    place
        .run(&["profile", "--config", "bench.yaml", "--request-count", "4"])
        .expect_code(0);
    reference.accepts(&place, &[], &[("profile_export.jsonl", 6)]);
}

#[test]
fn files_of_a_run_of_many_phases_curves_and_distributions() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let (place, server) = (Place::new(), mock(quick()));
    let results = place.results();
    let text = format!(
        "randomSeed: 3\nbenchmark:\n  models: {{items: [{{name: m}}, {{name: n, tokenizer: {{name: builtin}}}}]}}\n  \
         endpoint: {{url: '{}', streaming: true}}\n  tokenizer: {{name: builtin}}\n  artifacts: {{dir: '{}'}}\n  \
         dataset: {{entries: 9, randomSeed: 5, isl: {{peaks: [{{value: 9}}, {{mean: 20, median: 15, weight: 2}}], max: 40}}, \
         osl: {{points: [{{value: 3}}, {{value: 5, weight: 2}}]}}}}\n  phases:\n    \
         - {{name: prime, kind: warmup, type: concurrency, requests: 2}}\n    \
         - {{name: climb, kind: profiling, type: poisson, rate: 200, requests: 7, rateRamp: {{duration: 0.1, strategy: exponential}}}}\n    \
         - {{name: burst, kind: profiling, type: concurrency, concurrency: 3, requests: 6, seamless: true, \
         concurrencyRamp: {{duration: 0.1, strategy: poisson}}}}\n",
        server.url(),
        results.display()
    );
    place.write("bench.yaml", &text);
    place
        .run(&["profile", "--config", "bench.yaml"])
        .expect_code(0);
    reference.accepts(&place, &[], &[("profile_export.jsonl", 15)]);
}
