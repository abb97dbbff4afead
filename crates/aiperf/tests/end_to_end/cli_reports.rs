//! The commands that report on finished runs, list what can be chosen, and make workloads.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Place, plain_mock};

/// A folder as a run of one category leaves it.
fn speed_bench_run(place: &Place, name: &str, model: &str, category: &str, length: Option<f64>) {
    std::fs::create_dir_all(place.path().join(name)).unwrap();
    let profile = json!({
        "input_config": {
            "models": {"items": [{"name": model}]},
            "datasets": [{"format": category}],
        },
        "output_token_throughput": {"unit": "tokens/sec", "avg": 1234.567},
    });
    place.write(
        &format!("{name}/profile_export_aiperf.json"),
        &profile.to_string(),
    );
    if let Some(length) = length {
        let series = json!({"series": [{"stats": {"avg": length}}]});
        let metrics = json!({"metrics": {"sglang:spec_accept_length": series}});
        place.write(
            &format!("{name}/server_metrics_export.json"),
            &metrics.to_string(),
        );
    }
}

#[test]
fn runs_of_categories_become_a_table_and_a_file() {
    let place = Place::new();
    speed_bench_run(&place, "runs/a", "m1", "speed_bench_math", Some(2.87));
    speed_bench_run(&place, "runs/b", "m1", "speed_bench_coding", Some(2.41));
    speed_bench_run(&place, "runs/c", "m2", "speed_bench_coding", None);
    speed_bench_run(&place, "runs/d", "m1", "speed_bench_math", Some(3.0));
    speed_bench_run(&place, "other", "m1", "single_turn", Some(9.0));
    let ended = place
        .run(&["speed-bench-report", "runs", "other", "nowhere"])
        .expect_code(0);
    assert_shown!(ended.shown("Acceptance Length Report"), @r"
         Acceptance Length Report
    ┏━━━━━━━┳━━━━━━━━┳━━━━━━┳━━━━━━━━━┓
    ┃ Model ┃ coding ┃ math ┃ Overall ┃
    ┡━━━━━━━╇━━━━━━━━╇━━━━━━╇━━━━━━━━━┩
    │ m1    │   2.41 │ 3.00 │    2.71 │
    │ m2    │      - │    - │       - │
    └───────┴────────┴──────┴─────────┘
    ");
    assert!(
        ended.stdout.starts_with("Found 5 run directories.\n"),
        "{ended}"
    );
    assert!(
        ended
            .stdout
            .ends_with("CSV written to speed_bench_report.csv\n"),
        "{ended}"
    );
    assert_shown!(ended.stderr, @r"
    Warning: nowhere is not a directory, skipping
    Warning: no runs/c/server_metrics_export.json: No such file or directory (os error 2)
    Warning: runs/a and runs/d are runs of the same model and category; the second counts
    Warning: cannot determine category from other, skipping
    ");
    let csv = std::fs::read_to_string(place.path().join("speed_bench_report.csv")).unwrap();
    assert_eq!(
        csv,
        "Model,coding,math,Overall\r\nm1,2.41,3.00,2.71\r\nm2,,,\r\n"
    );
}

#[test]
fn a_report_takes_the_figure_and_the_form_that_are_asked_for() {
    let place = Place::new();
    speed_bench_run(&place, "a", "m", "spec_al_gsm8k", None);
    let words = [
        "speed-bench-report",
        "a",
        "--metric",
        "throughput",
        "--format",
        "csv",
        "--output",
        "t.csv",
    ];
    let ended = place.run(&words).expect_code(0);
    assert_eq!(
        ended.stdout,
        "Found 1 run directories.\nCSV written to t.csv\n"
    );
    let csv = std::fs::read_to_string(place.path().join("t.csv")).unwrap();
    assert_eq!(csv, "Model,gsm8k,Overall\r\nm,1234.57,1234.57\r\n");

    let words = [
        "speed-bench-report",
        "a",
        "--metric",
        "throughput",
        "--format",
        "table",
    ];
    let ended = place.run(&words).expect_code(0);
    assert!(ended.stdout.contains("1234.57"), "{ended}");
    assert!(!place.path().join("speed_bench_report.csv").exists());
}

#[test]
fn a_report_of_nothing_is_an_error() {
    let place = Place::new();
    let ended = place.run(&["speed-bench-report"]).expect_code(1);
    assert!(ended.stderr.contains("name folders of runs"), "{ended}");
    let ended = place.run(&["speed-bench-report", "."]).expect_code(1);
    assert!(ended.stderr.contains("there are no runs here"), "{ended}");
    speed_bench_run(&place, "a", "m", "speed_bench_qa", None);
    let ended = place.run(&["speed-bench-report", "a"]).expect_code(1);
    assert!(
        ended.stderr.contains("none of the runs has the figure"),
        "{ended}"
    );
    place.write("a/profile_export_aiperf.json", "{");
    let ended = place.run(&["speed-bench-report", "a"]).expect_code(1);
    assert!(ended.stderr.contains("is no JSON: "), "{ended}");
}

#[test]
fn what_can_be_chosen_is_listed() {
    let place = Place::new();
    let all = place.run(&["plugins", "--all"]).expect_code(0);
    for name in [
        "endpoint",
        "huggingface_generate",
        "mooncake_trace",
        "request_latency",
    ] {
        assert!(all.stdout.contains(name), "{name}: {all}");
    }
    let packages = place.run(&["plugins"]).expect_code(0);
    assert!(packages.stdout.contains("Installed Packages"), "{packages}");
    let one = place.run(&["plugins", "arrival_pattern"]).expect_code(0);
    assert_shown!(one.shown("arrival-pattern Types"), @r"
                                        arrival-pattern Types
    ┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
    ┃ Type              ┃ Description                                                            ┃
    ┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
    │ poisson           │ Exponential gaps: requests that know nothing of each other.            │
    │ constant          │ Equal gaps.                                                            │
    │ gamma             │ Gaps of a gamma law, burstier or smoother than Poisson's by its shape. │
    │ concurrency_burst │ No gaps: as many requests as the concurrency allows, at once.          │
    └───────────────────┴────────────────────────────────────────────────────────────────────────┘
    ");
    let entry = place
        .run(&["plugins", "endpoint", "responses"])
        .expect_code(0);
    assert_ended!(entry, @r#"
    exit code: 0
    ----- stdout -----
    ╭─────────────────────────── endpoint:responses ───────────────────────────╮
    │  Type: responses                                                         │
    │  Category: endpoint                                                      │
    │  Package: aiperf [VERSION]                                         │
    │  Chosen by: --endpoint-type responses                                    │
    │                                                                          │
    │  POST /v1/responses; streams; takes images, audio; answers with tokens.  │
    ╰──────────────────────────────────────────────────────────────────────────╯
    ----- stderr -----
    "#);
    let checked = place.run(&["plugins", "--validate"]).expect_code(0);
    assert!(checked.stdout.ends_with("All checks passed\n"), "{checked}");
}

#[test]
fn what_is_not_there_cannot_be_shown() {
    let place = Place::new();
    for (words, said) in [
        (&["plugins", "ui", "nosuch"][..], "Not found: ui:nosuch"),
        (&["plugins", "zmq-proxy"], "that is empty here"),
        (&["plugins", "endpiont"], "did you mean `endpoint`?"),
        (&["plugins", "ui", "none", "more"], "one word too many"),
    ] {
        let ended = place.run(words).expect_code(1);
        assert!(ended.stderr.contains(said), "{ended}");
    }
}

/// The folder that a workload was written to.
fn workload(place: &Place, words: &[&str]) -> String {
    let ended = place
        .run(&[&["synthesize", "agentic-code"], words].concat())
        .expect_code(0);
    let line = ended
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("Run directory: "));
    line.unwrap().trim_start_matches("./").to_owned()
}

#[test]
fn a_workload_is_made_described_and_can_be_played() {
    let (place, server) = (Place::new(), plain_mock());
    let laws = json!({
        "new_tokens_per_turn": {"mean": 20, "median": 20},
        "generation_length": {"mean": 5, "median": 5, "max": 6},
        "inter_turn_delay": {
            "agentic_delay": {"mean": 2, "median": 2}, "human_delay": {"mean": 5, "median": 5},
        },
        "max_prompt_tokens": 400,
        "block_size": 16,
        "cache": {"layer1_tokens": 64, "layer1_5_tokens": 32, "layer2": {"mean": 50, "median": 40},
                  "layer1_5_groups": {"num_groups": 2, "zipf_alpha": 1.0}},
        "restart_initial_probability": 0.5,
        "restart_turn_range": [1, 4],
    });
    place.write("laws.json", &laws.to_string());
    let folder = workload(
        &place,
        &[
            "--config",
            "laws.json",
            "--num-sessions",
            "6",
            "--output",
            "made",
        ],
    );
    assert!(folder.starts_with("made/laws_6s_seed42_"), "{folder}");
    assert_eq!(
        place.files(&place.path().join(&folder)),
        [
            "cache_explorer.html",
            "cache_structure.json",
            "comparison.txt",
            "dataset.jsonl",
            "manifest.json",
            "quality.json",
            "report.html",
        ]
    );
    let read = |name: &str| std::fs::read_to_string(place.path().join(&folder).join(name)).unwrap();
    let manifest: Value = serde_json::from_str(&read("manifest.json")).unwrap();
    assert_eq!(manifest["generation_params"]["block_size"], 16);

    let dataset = Path::new(&folder).join("dataset.jsonl");
    let dataset = dataset.to_str().unwrap();
    place
        .run(&["validate", "mooncake-trace", dataset])
        .expect_code(0);
    let rows = read("dataset.jsonl").lines().count();
    let count = rows.to_string();
    let words = [
        "--request-count",
        &count,
        "--custom-dataset-type",
        "mooncake_trace",
        "--input-file",
        dataset,
        "--concurrency",
        "4",
        "--isl-block-size",
        "16",
        "--no-fixed-schedule",
        "--streaming",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let sessions = manifest["num_sessions"].as_u64().unwrap();
    assert!(rows as u64 > sessions, "{rows} rows");
    assert_eq!(place.records("profile_export.jsonl").len(), rows);
}

#[test]
fn the_same_seed_makes_the_same_workload_also_from_a_manifest() {
    let place = Place::new();
    let read = |folder: &str| {
        std::fs::read_to_string(place.path().join(folder).join("dataset.jsonl")).unwrap()
    };
    let words = [
        "--num-sessions",
        "5",
        "--max-isl",
        "90000",
        "--max-osl",
        "100",
    ];
    let first = workload(&place, &[&words[..], &["--config", "default"]].concat());
    let rows = read(&first);
    let manifest = format!("{first}/manifest.json");
    let again = workload(
        &place,
        &[
            "--config",
            &manifest,
            "--num-sessions",
            "5",
            "--output",
            "b",
        ],
    );
    assert_eq!(read(&again), rows);
    let other = workload(
        &place,
        &[
            "--config",
            &manifest,
            "--num-sessions",
            "5",
            "--seed",
            "1",
            "--output",
            "c",
        ],
    );
    assert_ne!(read(&other), rows);
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        assert!(row["output_length"].as_u64().unwrap() <= 100, "{row}");
    }
}

#[test]
fn laws_that_cannot_be_are_refused() {
    let place = Place::new();
    place.write("bad.json", r#"{"block_size": 0}"#);
    for (words, said) in [
        (&["synthesize"][..], "name what is to be made"),
        (&["synthesize", "poems"], "`poems` cannot be made"),
        (
            &["synthesize", "agentic-code", "--config", "nowhere"],
            "`--config nowhere` is no file",
        ),
        (
            &["synthesize", "agentic-code", "--config", "bad.json"],
            "`block_size` must be above 0",
        ),
        (
            &["synthesize", "agentic-code", "--num-sessions", "0"],
            "--num-sessions",
        ),
    ] {
        let ended = place.run(words).expect_code(1);
        assert!(ended.stderr.contains(said), "{ended}");
    }
    assert_eq!(place.files(place.path()), ["bad.json"]);
}

#[test]
fn the_messages_of_a_run_become_a_page() {
    let (place, server) = (Place::new(), plain_mock());
    let words = [
        "--request-count",
        "6",
        "--conversation-turn-mean",
        "3",
        "--export-level",
        "raw",
        "--num-conversations",
        "2",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let ended = place
        .run(&["analyze", "turn-messages", "results"])
        .expect_code(0);
    assert!(
        ended
            .stdout
            .starts_with("saved results/turn_messages.html ("),
        "{ended}"
    );
    assert!(place.result("turn_messages.html").ends_with("</html>\n"));

    let ended = place
        .run(&[
            "analyze",
            "turn-messages",
            "results/profile_export_raw.jsonl",
            "-o",
            "page.html",
            "-n",
            "1",
        ])
        .expect_code(0);
    assert!(ended.stdout.starts_with("saved page.html ("), "{ended}");
}

#[test]
fn the_lanes_of_a_run_become_a_picture_and_a_page() {
    let (place, server) = (Place::new(), plain_mock());
    let words = [
        "--request-count",
        "12",
        "--concurrency",
        "3",
        "--conversation-turn-mean",
        "2",
        "--conversation-turn-delay-mean",
        "5",
        "--streaming",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let words = [
        "analyze",
        "swim-lane",
        "results",
        "--html",
        "-c",
        "3",
        "--ramp",
        "0.01",
    ];
    let ended = place.run(&words).expect_code(0);
    assert_eq!(
        ended.stdout,
        "saved results/swim_lane.png\nsaved results/swim_lane.html\n"
    );
    let picture = std::fs::read(place.results().join("swim_lane.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    let width = u32::from_be_bytes(picture[16..20].try_into().unwrap());
    assert_eq!(width, 3000);
    assert!(place.result("swim_lane.html").ends_with("</html>\n"));

    let words = [
        "analyze",
        "swim-lane",
        "results",
        "--out",
        "pictures/lanes.png",
    ];
    place.run(&words).expect_code(0);
    assert_eq!(place.files(&place.path().join("pictures")), ["lanes.png"]);
}

#[test]
fn pages_that_cannot_be_made_are_told_of() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("empty")).unwrap();
    place.write("records.jsonl", "no record\n");
    let ended = place
        .run(&["analyze", "turn-messages", "empty", "records.jsonl"])
        .expect_code(1);
    assert_ended!(ended, @r#"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    skip empty: there is no `profile_export_raw.jsonl`; `aiperf profile --export-level raw` writes it
    skip records.jsonl: there are no raw records in it
    "#);
    let ended = place.run(&["analyze", "turn-messages"]).expect_code(2);
    assert!(ended.stderr.contains("name runs"), "{ended}");
    let ended = place
        .run(&["analyze", "turn-messages", "a", "b", "--out", "c"])
        .expect_code(2);
    assert!(ended.stderr.contains("`--out` names one page"), "{ended}");
    let ended = place.run(&["analyze", "swim-lane", "empty"]).expect_code(1);
    assert_eq!(
        ended.stderr,
        "skip empty: empty/profile_export.jsonl not found\n"
    );
    let ended = place.run(&["analyze", "swim-lane"]).expect_code(2);
    assert!(ended.stderr.contains("name runs"), "{ended}");
    let ended = place.run(&["analyze", "nonsense"]).expect_code(1);
    assert!(ended.stderr.contains("`turn-messages`"), "{ended}");
}
