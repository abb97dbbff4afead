//! Configuration files: runs that they describe, and what else is done with them.

use serde_json::Value;

use crate::support::{Place, mock, quick};

const FILE: &str = "\
benchmark:
  model: mock-model
  endpoint:
    url: ${SERVER}
    streaming: true
    apiKey: sk-secret-1
  dataset:
    entries: 20
    isl: {mean: 20, stddev: 2}
    osl: 8
  warmup: {type: concurrency, requests: 3}
  profiling: {type: poisson, rate: \"{{ 100 * 2 }}\", requests: 9, concurrency: 4}
  tokenizer: {name: builtin}
  artifacts: {dir: results}
";

fn place_with_file(url: &str) -> Place {
    let place = Place::new();
    place.write("bench.yaml", &FILE.replace("${SERVER}", url));
    place
}

#[test]
fn a_run_follows_its_file_and_flags_win() {
    let server = mock(quick());
    let place = place_with_file(&server.url());
    place
        .run(&["profile", "--config", "bench.yaml", "--request-count", "5"])
        .expect_code(0);
    let summary = place.summary();
    assert_eq!(summary["request_count"]["avg"], 5.0);
    let block = &summary["input_config"];
    assert_eq!(block["phases"][0]["kind"], "warmup");
    assert_eq!(block["phases"][1]["rate"], 200.0);
    assert_eq!(block["phases"][1]["requests"], 5);
    assert_eq!(block["phases"][1]["concurrency"], 4);
    assert_eq!(block["datasets"][0]["prompts"]["isl"]["mean"], 20.0);
    assert!(!block.to_string().contains("sk-secret"), "{block}");
}

#[test]
fn a_file_that_makes_no_sense_ends_before_anything_is_sent() {
    let place = Place::new();
    place.write(
        "bench.yaml",
        "benchmark:\n  model: m\n  endpoint:\n    uri: h\n",
    );
    let ended = place.run(&["profile", "-f", "bench.yaml"]).expect_code(1);
    for expected in [
        "bench.yaml:4:5: `benchmark.endpoint.uri`: no such key",
        "`benchmark.endpoint.urls`: is missing",
        "`benchmark.datasets`: is missing",
        "`benchmark.phases`: is missing",
    ] {
        assert!(ended.stderr.contains(expected), "{expected}\n{ended}");
    }
    let ended = place
        .run(&["config", "validate", "bench.yaml"])
        .expect_code(1);
    assert!(ended.stderr.contains("bench.yaml:4:5"), "{ended}");
}

#[test]
fn files_are_validated_shown_and_expanded_without_secrets() {
    let place = place_with_file("http://h:1");
    let ended = place
        .run(&["config", "validate", "bench.yaml"])
        .expect_code(0);
    assert_eq!(ended.stdout, "Configuration valid: bench.yaml\n");
    let ended = place
        .run(&["config", "show", "bench.yaml", "--given", "--isl", "30"])
        .expect_code(0);
    assert!(ended.stdout.contains("mean: 30.0"), "{ended}");
    assert!(ended.stdout.contains("rate: 200.0"), "{ended}");
    assert!(!ended.stdout.contains("sk-secret"), "{ended}");
    let ended = place
        .run(&[
            "config",
            "expand",
            "bench.yaml",
            "--full",
            "--format",
            "json",
        ])
        .expect_code(0);
    assert!(!ended.stdout.contains("sk-secret"), "{ended}");
    let expanded: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        expanded["variations"][0]["benchmark"]["endpoint"]["timeout"],
        21600.0
    );
}

#[test]
fn a_template_is_written_and_valid_and_flags_become_a_file() {
    let place = Place::new();
    let ended = place
        .run(&[
            "config",
            "init",
            "-t",
            "latency_test",
            "-m",
            "m",
            "-u",
            "http://h:1",
            "-o",
            "new/a.yaml",
        ])
        .expect_code(0);
    assert_eq!(ended.stdout, "Wrote latency_test template to new/a.yaml\n");
    place
        .run(&["config", "validate", "new/a.yaml"])
        .expect_code(0);
    let ended = place.run(&["config", "init", "--list"]).expect_code(0);
    assert!(ended.stdout.contains("kv_cache_test"), "{ended}");
    place
        .run(&["config", "init", "-t", "nothing"])
        .expect_code(1);
    let line = "config convert -m m --url http://h:1 --streaming --request-rate 5 --isl 77 --api-key sk-secret-2";
    let words: Vec<&str> = line.split(' ').collect();
    let ended = place.run(&words).expect_code(0);
    assert!(!ended.stdout.contains("sk-secret"), "{ended}");
    place.write("b.yaml", &ended.stdout);
    place.run(&["config", "validate", "b.yaml"]).expect_code(0);
    let ended = place
        .run(&["config", "show", "b.yaml", "--given"])
        .expect_code(0);
    assert!(ended.stdout.contains("mean: 77.0"), "{ended}");
    let ended = place.run(&["config", "schema"]).expect_code(0);
    let schema: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(schema["$defs"].is_object());
}

#[test]
fn rows_in_the_file_itself_are_sent() {
    let server = mock(quick());
    let place = Place::new();
    let file = format!(
        "benchmark:\n  model: mock-model\n  endpoint: {{url: '{}', streaming: true}}\n  dataset:\n    type: file\n    \
         records: [{{text: one rose}}, {{text: two roses}}]\n  phases: {{type: concurrency, requests: 4}}\n  \
         tokenizer: {{name: builtin}}\n  artifacts: {{dir: results}}\n",
        server.url()
    );
    place.write("bench.yaml", &file);
    place
        .run(&["profile", "--config", "bench.yaml"])
        .expect_code(0);
    assert_eq!(place.summary()["request_count"]["avg"], 4.0);
    let inputs = place.result("inputs.json");
    assert!(
        inputs.contains("one rose") && inputs.contains("two roses"),
        "{inputs}"
    );
}

#[test]
fn a_file_becomes_a_command_line_and_what_has_no_flag_is_named() {
    let place = place_with_file("http://h:1");
    let ended = place
        .run(&["config", "convert", "bench.yaml"])
        .expect_code(0);
    for expected in [
        "aiperf profile \\\n",
        "--request-rate 200",
        "--warmup-request-count 3",
        "--num-dataset-entries 20",
        "--output-artifact-dir results",
    ] {
        assert!(ended.stdout.contains(expected), "{expected}\n{ended}");
    }
    assert!(!ended.stdout.contains("sk-secret"), "{ended}");
    assert!(
        ended.stderr.contains("`--api-key` holds credentials"),
        "{ended}"
    );
    place.write(
        "more.yaml",
        "benchmark:\n  model: m\n  endpoint: {url: 'h:1'}\n  dataset: {isl: {mean: 9, median: 4}, osl: 8}\n  \
         phases: {type: concurrency, requests: 9, concurrency: 2}\n  wandb: {project: p}\n",
    );
    let ended = place
        .run(&["config", "convert", "more.yaml"])
        .expect_code(0);
    for expected in [
        "no flag stands for `benchmark.datasets.0.prompts.isl",
        "no flag stands for `benchmark.wandb.project: p`",
    ] {
        assert!(ended.stderr.contains(expected), "{expected}\n{ended}");
    }
    let ended = place
        .run(&["config", "convert", "-m", "m", "--http-version", "2"])
        .expect_code(0);
    assert!(
        ended
            .stderr
            .contains("`--http-version`: no key stands for it"),
        "{ended}"
    );
}

#[test]
fn the_runs_of_a_sweep_are_listed() {
    let place = Place::new();
    place.write(
        "sweep.yaml",
        "multiRun: {numRuns: 2}\nsweep: {type: grid, parameters: {concurrency: [1, 2], dataset.entries: [5]}}\n\
         benchmark:\n  model: m\n  endpoint: {url: 'h:1'}\n  dataset: {isl: 5}\n  phases: {type: concurrency, requests: 9}\n",
    );
    let refused = place
        .run(&["config", "expand", "sweep.yaml"])
        .expect_code(1);
    assert!(
        refused
            .stderr
            .contains("does not go with `benchmark.datasets`"),
        "{refused}"
    );
    let text = std::fs::read_to_string(place.path().join("sweep.yaml")).unwrap();
    place.write(
        "sweep.yaml",
        &text.replace("dataset.entries", "datasets.default.entries"),
    );
    let ended = place
        .run(&["config", "expand", "sweep.yaml"])
        .expect_code(0);
    assert_eq!(
        ended.stdout,
        "Sweep type: GridSweep (2 variations), each 2 times\n\n\
         [0] dir=entries_5__concurrency_1  label=datasets.default.entries=5, phases.profiling.concurrency=1\n\
         [1] dir=entries_5__concurrency_2  label=datasets.default.entries=5, phases.profiling.concurrency=2\n"
    );
    let words = ["config", "expand", "sweep.yaml", "-i", "1", "-f", "json"];
    let ended = place.run(&words).expect_code(0);
    let listed: Value = serde_json::from_str(&ended.stdout).unwrap();
    let run = &listed["variations"][0];
    assert_eq!(run["index"], 1);
    assert_eq!(run["benchmark"]["phases"][0]["concurrency"], 2);
    let words = ["config", "expand", "sweep.yaml", "-i", "2"];
    let ended = place.run(&words).expect_code(1);
    assert!(ended.stderr.contains("counted from 0 to 1"), "{ended}");
    place.write(
        "search.yaml",
        "sweep: {type: adaptive_search, maxIterations: 9, searchSpace: [{path: concurrency, lo: 1, hi: 9}], \
         objectives: [{metric: request_latency, direction: minimize}]}\n\
         benchmark:\n  model: m\n  endpoint: {url: 'h:1'}\n  dataset: {isl: 5}\n  phases: {type: concurrency, requests: 9}\n",
    );
    let ended = place
        .run(&["config", "expand", "search.yaml"])
        .expect_code(2);
    assert!(ended.stderr.contains("adaptive search"), "{ended}");
    place.run(&["config", "init"]).expect_code(2);
}

#[test]
fn every_action_has_a_short_help_with_an_example() {
    let place = Place::new();
    for action in ["init", "validate", "show", "convert", "expand", "schema"] {
        let ended = place.run(&["config", action, "--help"]).expect_code(0);
        assert!(ended.stdout.contains("Usage: aiperf config"), "{ended}");
        assert!(ended.stdout.contains("Examples:"), "{ended}");
        assert!(ended.stdout.lines().count() < 50, "{ended}");
    }
}

#[test]
fn what_has_no_effect_is_a_warning_with_file_line_and_column() {
    let server = mock(quick());
    let place = place_with_file(&server.url());
    let idle = FILE
        .replace("${SERVER}", &server.url())
        .replace("    osl: 8\n", "    osl: 8\n    turnDelay: 5\n");
    place.write("bench.yaml", &idle);
    let ended = place
        .run(&["config", "validate", "bench.yaml"])
        .expect_code(0);
    assert_eq!(
        ended.stdout,
        "Configuration valid with 1 warning: bench.yaml\n"
    );
    let told =
        "bench.yaml:11:16: `benchmark.datasets.0.turnDelay`: has no effect with single turns";
    assert!(ended.stderr.contains(told), "{ended}");
    place
        .run(&["profile", "--config", "bench.yaml"])
        .expect_code(0);
    let log = place.result("logs/aiperf.log");
    assert!(log.contains(told), "{log}");
}

#[test]
fn a_run_that_refuses_its_file_names_the_file() {
    let place = place_with_file("http://h:1");
    let text = std::fs::read_to_string(place.path().join("bench.yaml")).unwrap();
    place.write(
        "bench.yaml",
        &format!("{text}  scenario: inferencex-agentx-mvp\n"),
    );
    let ended = place
        .run(&["profile", "--config", "bench.yaml"])
        .expect_code(1);
    assert!(
        ended
            .stderr
            .contains("bench.yaml:15:13: `benchmark.scenario`"),
        "{ended}"
    );
}

#[test]
fn flags_that_become_a_file_say_which_credentials_are_missing_there() {
    let place = Place::new();
    let words = "config convert -m m --api-key sk-1234567 -H Authorization:sk-7654321";
    let words: Vec<&str> = words.split(' ').collect();
    let ended = place.run(&words).expect_code(0);
    assert!(!format!("{ended}").contains("sk-"), "{ended}");
    for told in [
        "`--api-key` holds a credential",
        "`<redacted>` is a credential",
    ] {
        assert!(ended.stderr.contains(told), "{ended}");
    }
    let ended = place.run(&["config", "convert", "-m", "m"]).expect_code(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn an_action_that_is_misspelt_is_recognised() {
    let place = Place::new();
    let ended = place.run(&["config", "vaildate", "x"]).expect_code(1);
    assert!(
        ended
            .stderr
            .contains("did you mean `aiperf config validate`?"),
        "{ended}"
    );
}
