//! What is easily got wrong about flags and files of the reference, one by one.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use aiperf_config::document::{Document, Dump};
use aiperf_config::{PROFILE, Parsed, ProfileConfig, Resolved, Surroundings, resolve};
use serde_json::{Value, json};

const SURROUNDINGS: Surroundings = Surroundings {
    stdout_is_terminal: false,
};

fn resolved(line: &str) -> Result<Resolved, String> {
    let words = std::iter::once("--model=m").chain(line.split_whitespace());
    match PROFILE.parse(words).map_err(|error| error.to_string())? {
        Parsed::Values(args) => resolve(&args, SURROUNDINGS).map_err(|error| error.to_string()),
        _ => Err("help".to_owned()),
    }
}

fn config(line: &str) -> ProfileConfig {
    let resolved = resolved(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    resolved.config
}

/// A part of the debug form of a configuration, in which numbers and words are found.
#[track_caller]
fn check(line: &str, expected: &str) {
    let shown = format!("{:?}", config(line));
    assert!(
        shown.contains(expected),
        "{line}: no `{expected}` in {shown}"
    );
}

#[track_caller]
fn refused(line: &str, expected: &str) {
    let told = resolved(line).unwrap_err();
    assert!(told.contains(expected), "{line}: {told}");
}

#[test]
fn traps_of_the_command_line() {
    // Nothing bounds these, whatever the concurrency is.
    for line in ["", "--concurrency 50", "--request-rate 5"] {
        assert_eq!(config(line).phases[0].requests, Some(10), "{line}");
    }
    // Smoothness makes gamma of the measured phase only.
    check("--request-rate 5 --arrival-smoothness 2", "Gamma");
    let both = config("--request-rate 5 --arrival-smoothness 2 --warmup-request-count 3");
    assert!(
        format!("{:?}", both.phases[0]).contains("Poisson"),
        "{both:?}"
    );
    assert!(
        format!("{:?}", both.phases[1]).contains("Gamma"),
        "{both:?}"
    );
    refused("--arrival-smoothness 2", "needs `--request-rate`");
    // A trace is replayed at its times if its format is named, and not if it is found out.
    let trace = "--input-file tests/fixtures/trace.jsonl";
    check(
        &format!("{trace} --custom-dataset-type mooncake_trace"),
        "FixedSchedule",
    );
    assert!(!format!("{:?}", config(trace).phases).contains("FixedSchedule"));
    // An end alone leaves the beginning where the trace begins; a start does not.
    let schedule = "--fixed-schedule --input-file tests/fixtures/trace.jsonl";
    let window = |line: &str| format!("{:?}", config(&format!("{schedule} {line}")).phases);
    assert!(window("--fixed-schedule-end-offset 5").contains("auto_offset: None"));
    assert!(window("--fixed-schedule-start-offset 5").contains("start_offset_ms: Some(5.0)"));
    // Concurrency is 1 where it is not given.
    refused(
        "--streaming --prefill-concurrency 2",
        "which is 1 where it is not given",
    );
    // Names of one flag are one flag.
    refused("--concurrency 1 --concurrency 2", "given more than once");
    refused("--request-count 1 --num-requests 2", "given more than once");
    // Values get their types.
    let extra = config("--extra-inputs n:1,e:1e5,z:007,t:TRUE,f:1.5,x:none")
        .endpoint
        .extra;
    assert_eq!(
        Value::Object(extra),
        json!({"n": 1, "e": "1e5", "z": "007", "t": true, "f": 1.5, "x": null})
    );
    // A deviation of prompts may stand alone, all others may not.
    check("--isl-stddev 5", "550");
    for flag in [
        "--osl-stddev",
        "--audio-length-stddev",
        "--image-width-stddev",
        "--image-height-stddev",
        "--rankings-passages-stddev",
        "--rankings-query-prompt-token-stddev",
    ] {
        refused(&format!("{flag} 5"), "needs `--");
    }
    // Thresholds are one word, and commas do not separate them.
    refused(
        "--goodput request_latency:5,inter_token_latency:6",
        "--goodput",
    );
    // A count of requests is a count of conversations, unless that is given.
    let entries = |line: &str| format!("{:?}", config(line).dataset);
    assert!(entries("--request-count 37").contains("37"));
    assert!(!entries("--request-count 37 --num-conversations 5").contains("37"));
    // Sample rates up to 96 are in kilohertz.
    for (rate, hertz) in [("16", 16000), ("96", 96000), ("16000", 16000), ("97", 97)] {
        let line = format!("--audio-batch-size 1 --audio-sample-rates {rate}");
        check(&line, &format!("hertz: {hertz} "));
    }
    // The usual directory, given, is used as it is.
    assert!(
        config("--artifact-dir artifacts")
            .output
            .artifact_dir
            .is_some()
    );
    assert!(config("").output.artifact_dir.is_none());
    // A burst is no pattern of a rate.
    check(
        "--request-rate 5 --arrival-pattern concurrency_burst",
        "Poisson",
    );
}

const BODY: &str = "model: m, endpoint: {url: 'h:1', streaming: true}, dataset: {isl: 5}";

fn document(body: &str) -> Result<Document, String> {
    let environment = |name: &str| match name {
        "TEMPLATE" => Some("{{ 2 * 3 }}".to_owned()),
        "NUMBER" => Some("123".to_owned()),
        _ => None,
    };
    Document::parse(body, &environment).map_err(|error| error.to_string())
}

fn with(rest: &str) -> Result<Document, String> {
    document(&format!("benchmark: {{{BODY}, {rest}}}"))
}

fn dump(document: &Document) -> Value {
    document.dump_benchmark(Dump::Full)
}

#[test]
fn traps_of_files() {
    let phases = "phases: {type: concurrency, requests: 1}";
    // YAML 1.1: typed keys hide most of it, free ones do not.
    let free = document(&format!(
        "benchmark: {{model: m, endpoint: {{url: h, extra: {{'on': yes, o: 010, u: 1_000, s: 1:30, e: 1e3, x: 0x10}}}}, \
         dataset: {{isl: 5}}, {phases}}}"
    ))
    .unwrap();
    assert_eq!(
        dump(&free)["endpoint"]["extra"],
        json!({"on": true, "o": 8, "u": 1000, "s": 90, "e": "1e3", "x": 16})
    );
    // The version is a text.
    let versioned = |version: &str| {
        document(&format!(
            "{{schemaVersion: {version}, benchmark: {{{BODY}, {phases}}}}}"
        ))
    };
    assert!(versioned("'2.0'").is_ok());
    assert!(versioned("2.0").is_err());
    // Files have no number of requests, no length of prompts, no grace.
    let plain = with("phases: {type: concurrency, duration: 5}").unwrap();
    let phase = dump(&plain)["phases"][0].clone();
    assert_eq!(phase.get("requests"), None);
    assert_eq!(phase.get("grace_period"), None);
    let run = plain
        .resolve(&Default::default(), SURROUNDINGS, None)
        .unwrap();
    assert_eq!(run.config.phases[0].grace_seconds, Some(0.0));
    // An end of a schedule alone leaves the beginning; a start must say so.
    let scheduled = |rest: &str| {
        document(&format!(
            "benchmark: {{model: m, endpoint: {{url: h}}, dataset: {{type: file, path: p}}, phases: {{type: fixed_schedule, {rest}}}}}"
        ))
    };
    let end = scheduled("endOffset: 5").unwrap();
    assert_eq!(dump(&end)["phases"][0]["auto_offset"], true);
    assert!(scheduled("startOffset: 5").is_err());
    assert!(scheduled("startOffset: 5, autoOffset: false").is_ok());
    // Types are never changed silently.
    assert!(with("phases: {type: concurrency, requests: 1, rate: 5}").is_err());
    assert!(with("phases: {type: poisson, requests: 1}").is_err());
    // A whole text of the environment gets a type; where a text is wanted, it is the text again.
    let named = document(&format!(
        "benchmark: {{model: '${{NUMBER}}', endpoint: {{url: h}}, dataset: {{isl: 5}}, {phases}}}"
    ));
    let items = dump(&named.unwrap())["models"]["items"].clone();
    assert_eq!(items[0]["name"], json!("123"));
    // Variables come before templates, which come before short forms.
    let rendered = with("phases: {type: concurrency, requests: '${TEMPLATE}'}").unwrap();
    assert_eq!(dump(&rendered)["phases"][0]["requests"], 6);
    // Mean and median are another law than mean; keys of two laws are none.
    let law = |text: &str| {
        document(&format!(
            "benchmark: {{model: m, endpoint: {{url: h}}, dataset: {{isl: {text}}}, {phases}}}"
        ))
    };
    assert_eq!(
        dump(&law("{mean: 9, median: 4}").unwrap())["datasets"][0]["prompts"]["isl"],
        json!({"mean": 9.0, "median": 4.0})
    );
    assert!(law("{mean: 9, stddev: 1, value: 3}").is_err());
    // The short form has another name than the older one.
    assert_eq!(
        dump(&with(phases).unwrap())["datasets"][0]["name"],
        "default"
    );
    let older = document(&format!("{{{BODY}, {phases}}}")).unwrap();
    assert_eq!(dump(&older)["datasets"][0]["name"], "main");
    // One dataset, many phases.
    let two = "datasets: [{name: a, type: synthetic}, {name: b, type: synthetic}]";
    assert!(
        document(&format!(
            "benchmark: {{model: m, endpoint: {{url: h}}, {two}, {phases}}}"
        ))
        .is_err()
    );
    // Whether a key was there matters.
    let given = |rest: &str| with(rest).unwrap().dump_benchmark(Dump::Given);
    assert_eq!(given(phases)["artifacts"].get("dir"), None);
    assert_eq!(
        given(&format!("{phases}, artifacts: {{dir: artifacts}}"))["artifacts"]["dir"],
        "artifacts"
    );
}
