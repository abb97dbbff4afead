use serde_json::{Value, json};

use super::*;

fn nothing(_: &str) -> Option<String> {
    None
}

/// A body that works; cases replace parts of it.
const ENDPOINT: &str = "endpoint: {url: 'h:1', streaming: true}";
const PHASES: &str = "phases: {type: concurrency, requests: 1}";

fn with_body(body: &str) -> Result<Document, DocumentError> {
    Document::parse(&format!("benchmark: {{{body}}}"), &nothing)
}

#[track_caller]
fn told(body: &str) -> String {
    match with_body(body) {
        Ok(_) => panic!("accepted: {body}"),
        Err(error) => error.to_string(),
    }
}

fn usual(part: &str) -> String {
    format!("model: m, {ENDPOINT}, dataset: {{isl: 5}}, {PHASES}, {part}")
}

fn phases(phases: &str) -> String {
    format!("model: m, {ENDPOINT}, dataset: {{isl: 5}}, phases: [{phases}]")
}

#[test]
fn the_shortest_configuration_has_all_defaults() {
    let document = with_body("model: m, endpoint: {url: 'h:1'}, dataset: {isl: 5}, phases: {type: concurrency, requests: 3}").unwrap();
    assert_eq!(document.warnings(), []);
    let given = document.dump_benchmark(Dump::Given);
    assert_eq!(
        given,
        json!({
            "models": {"items": [{"name": "m"}]},
            "endpoint": {"urls": ["http://h:1"]},
            "datasets": [{"name": "default", "type": "synthetic", "prompts": {"isl": {"value": 5.0}}}],
            "phases": [{"name": "profiling", "kind": "profiling", "type": "concurrency", "requests": 3}],
            "tokenizer": {},
        })
    );
    let full = document.dump_benchmark(Dump::Full);
    assert_eq!(full["phases"][0]["concurrency"], json!(1));
    assert_eq!(full["endpoint"]["timeout"], json!(21600.0));
    assert_eq!(full["artifacts"]["dir"], json!("artifacts"));
    // What is nothing is left out.
    assert_eq!(full["phases"][0].get("duration"), None);
}

#[test]
fn both_spellings_of_a_key_mean_the_same() {
    let one = with_body(&usual(
        "gpuTelemetry: {enabled: false}, serverMetrics: {discovery: {timeoutSeconds: 5}}",
    ));
    let other = with_body(&usual(
        "gpu_telemetry: {enabled: false}, server_metrics: {discovery: {timeout_seconds: 5}}",
    ));
    let dump = |document: Result<Document, _>| document.unwrap().dump(Dump::Full);
    assert_eq!(dump(one), dump(other));
}

#[test]
fn faults_name_file_line_column_and_key_and_come_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.yaml");
    let text = "\
benchmark:
  model: [yes]
  endpoint:
    url: h:1
    steaming: true
    timeout: soon
  dataset: {isl: 5}
  phases: {type: concurrency, requests: 0}
";
    std::fs::write(&path, text).unwrap();
    let error = Document::load(&path, &nothing).unwrap_err().to_string();
    let file = path.display();
    for expected in [
        format!("{file}:2:11: `benchmark.models.items.0.name`: must be a text, not `true`"),
        format!(
            "{file}:5:5: `benchmark.endpoint.steaming`: no such key\n  hint: did you mean `streaming`?"
        ),
        format!("{file}:6:14: `benchmark.endpoint.timeout`: must be a number, not the text `soon`"),
        format!("{file}:8:41: `benchmark.phases.0.requests`: the number 0 is less than 1"),
    ] {
        assert!(error.contains(&expected), "{expected}\nin\n{error}");
    }
    let missing = folder.path().join("nothing.yaml");
    let error = Document::load(&missing, &nothing).unwrap_err().to_string();
    assert!(error.contains("there is no such file"), "{error}");
    let error = Document::load(folder.path(), &nothing)
        .unwrap_err()
        .to_string();
    assert!(error.contains("is not a file"), "{error}");
}

#[test]
fn scalars_are_read_as_leniently_as_in_python_and_texts_take_no_other_values() {
    let document = with_body(&usual(
        "runtime: {workers: '5', apiPort: 80.0}, networkLatency: {enabled: 'yes', pingInterval: '1e1'}, \
         artifacts: {raw: 1, sliceDuration: 2m}",
    ))
    .unwrap();
    let dump = document.dump_benchmark(Dump::Given);
    assert_eq!(dump["runtime"], json!({"workers": 5, "api_port": 80}));
    assert_eq!(
        dump["network_latency"],
        json!({"enabled": true, "ping_interval": 10.0})
    );
    assert_eq!(
        dump["artifacts"],
        json!({"raw": true, "slice_duration": 120.0})
    );
    for (part, expected) in [
        (
            "runtime: {workers: 1.5}",
            "must be a whole number, not the number 1.5",
        ),
        (
            "artifacts: {raw: 2}",
            "must be true or false, not the number 2",
        ),
        ("artifacts: {prefix: no}", "must be a text, not `false`"),
        ("artifacts: {prefix: [a]}", "must be a text, not a list"),
        ("artifacts: {sliceDuration: 5ms}", "must be a time"),
        ("artifacts: {sliceDuration: 1h30m}", "must be a time"),
        ("runtime: {workers: -1}", "is negative"),
        (
            "runtime: {workers: null, apiPort: 0}",
            "`benchmark.runtime.apiPort`: the number 0 is not from 1 to 65535",
        ),
        (
            "artifacts: {raw: null}",
            "must be true or false, not nothing",
        ),
        ("logging: {level: loud}", "must be one of `TRACE`"),
    ] {
        let told = told(&usual(part));
        assert!(told.contains(expected), "{part}: {told}");
    }
}

#[test]
fn words_are_found_in_any_case_and_with_either_separator() {
    let document = with_body(&usual("logging: {level: warning}, runtime: {ui: SIMPLE}")).unwrap();
    let dump = document.dump_benchmark(Dump::Given);
    assert_eq!(dump["logging"]["level"], "WARNING");
    assert_eq!(dump["runtime"]["ui"], "simple");
    let document = with_body(&phases(
        "{name: profiling, type: User-Centric, users: 1, rate: 2, duration: 1}",
    ));
    assert!(document.is_ok(), "{document:?}");
}

#[test]
fn distributions_are_told_apart_by_their_keys() {
    let law = |text: &str| {
        let body = format!("model: m, {ENDPOINT}, dataset: {{isl: {text}}}, {PHASES}");
        with_body(&body).map(|document| {
            document.dump_benchmark(Dump::Given)["datasets"][0]["prompts"]["isl"].clone()
        })
    };
    for (text, expected) in [
        ("5", json!({"value": 5.0})),
        ("{value: 5, max: 6}", json!({"max": 6.0, "value": 5.0})),
        ("{mean: 5}", json!({"mean": 5.0})),
        ("{mean: 5, median: 4}", json!({"mean": 5.0, "median": 4.0})),
        ("{type: normal, mean: 5}", json!({"mean": 5.0})),
        (
            "{points: [{value: 1}, {value: 2, weight: 3}]}",
            json!({"points": [{"value": 1.0}, {"value": 2.0, "weight": 3.0}]}),
        ),
        (
            "{peaks: [{mean: 1, weight: 2}, {distribution: 5}]}",
            json!({"peaks": [
                {"distribution": {"mean": 1.0}, "weight": 2.0},
                {"distribution": {"value": 5.0}, "weight": 1.0},
            ]}),
        ),
    ] {
        assert_eq!(law(text).unwrap(), expected, "{text}");
    }
    for (text, expected) in [
        ("{a: 1}", "is no distribution that is known"),
        ("'5'", "must be a number or a distribution"),
        ("{mean: 5, stddev: 1, value: 3}", "no such key"),
        ("{mean: 5, median: 6}", "the median 6 is above the mean 5"),
        ("{mean: -5}", "is below 0"),
        ("{mean: 5, min: 6, max: 4}", "`min` 6 is above `max` 4"),
        ("{peaks: [{mean: 5}]}", "less than two peaks"),
        ("{mean: .inf}", "is not finite"),
    ] {
        let told = law(text).unwrap_err().to_string();
        assert!(told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn broken_rules_are_told_with_their_key() {
    for (body, expected) in [
        (
            usual("tokenizer: {trustRemoteCode: 1}, metrics: {a: 1}"),
            "`benchmark.metrics.a`: no such key",
        ),
        (
            usual("wandb: {entity: e}"),
            "`benchmark.wandb.entity`: needs `benchmark.wandb.project`",
        ),
        (
            usual("runtime: {apiHost: h}"),
            "needs `benchmark.runtime.apiPort`",
        ),
        (
            usual("runtime: {workers: 1, workersMin: 2}"),
            "2 is more than `benchmark.runtime.workers`",
        ),
        (
            usual("accuracy: {nShots: 2}"),
            "`benchmark.accuracy.nShots`: needs",
        ),
        (
            usual("gpuTelemetry: {collector: pynvml, urls: [a]}"),
            "which reads this machine",
        ),
        (
            usual("serverMetrics: {discovery: {mode: disabled, namespace: n}}"),
            "does not go with `mode: disabled`",
        ),
        (
            phases("{name: warmup, type: concurrency, requests: 1}"),
            "there is no phase of kind `profiling`",
        ),
        (
            phases("{name: a, type: concurrency, requests: 1}"),
            "`benchmark.phases.0.kind`: is missing",
        ),
        (
            phases("{name: profiling, type: concurrency}"),
            "the phase `profiling` has no end",
        ),
        (
            phases("{name: profiling, type: concurrency, requests: 1, gracePeriod: 1}"),
            "`benchmark.phases.0.gracePeriod` needs `benchmark.phases.0.duration`",
        ),
        (
            phases("{name: profiling, type: poisson, requests: 1}"),
            "`benchmark.phases.0.rate`: is missing",
        ),
        (
            phases("{name: profiling, type: concurrency, requests: 1, rate: 5}"),
            "has no such key",
        ),
        (
            phases("{name: profiling, type: poisson, requests: 1, rate: 5, smoothness: 2}"),
            "it belongs to phases of type `gamma`",
        ),
        (
            phases("{name: profiling, type: user_centric, requests: 1, rate: 5}"),
            "`benchmark.phases.0.users`: is missing",
        ),
        (
            phases("{name: profiling, type: user_centric, requests: 1, rate: 5, users: 2}"),
            "`benchmark.phases.0.users: 2` is more than `benchmark.phases.0.requests: 1`",
        ),
        (
            phases("{name: profiling, type: fixed_schedule, startOffset: 1}"),
            "needs `benchmark.phases.0.autoOffset: false`",
        ),
        (
            phases("{name: profiling, type: concurrency, requests: 1, seamless: true}"),
            "follows no other",
        ),
        (
            phases("{name: profiling, type: concurrency, requests: 1, prefillConcurrency: 2}"),
            "2` is more than `benchmark.phases.0.concurrency`",
        ),
        (
            phases("{name: profiling, type: concurrency, requests: 1, excludeFromResults: true}"),
            "cannot be true",
        ),
        (
            phases("{name: com1, kind: profiling, type: concurrency, requests: 1}"),
            "a device on Windows",
        ),
        (
            phases("{name: 1a, kind: profiling, type: concurrency, requests: 1}"),
            "is no name",
        ),
        (
            phases(
                "{name: A, kind: profiling, type: concurrency, requests: 1}, {name: a, kind: profiling, type: concurrency, requests: 1}",
            ),
            "another phase is called `a`",
        ),
        (
            phases("{name: profiling, type: concurrency, requests: 1, adaptiveScale: true}"),
            "`adaptiveScale` needs it",
        ),
        (usual("datasets: []"), "does not go with"),
        (
            format!(
                "model: m, {PHASES}, dataset: {{isl: 1}}, endpoint: {{url: 'h:1', uuidAndStrip: true, type: completions}}"
            ),
            "does not go with `benchmark.endpoint.type: completions`",
        ),
        (
            format!("model: m, {PHASES}, dataset: {{isl: 1}}, endpoint: {{url: 'ftp://h'}}"),
            "scheme `ftp` is none of",
        ),
        (
            format!(
                "model: m, {PHASES}, dataset: {{isl: 1}}, endpoint: {{url: 'h:1', perChunkUsage: true}}"
            ),
            "needs `benchmark.endpoint.useServerTokenCount: true`",
        ),
        (
            format!(
                "model: m, {PHASES}, dataset: {{isl: 1}}, endpoint: {{url: 'h:1', type: template}}"
            ),
            "needs `benchmark.endpoint.template`",
        ),
        (
            format!(
                "model: m, {PHASES}, dataset: {{isl: 1}}, endpoint: {{url: 'h:1', waitForModelInterval: 1}}"
            ),
            "`benchmark.endpoint.waitForModelInterval` needs",
        ),
        (
            format!(
                "models: {{strategy: weighted, items: [{{name: a, weight: 0.5}}]}}, {PHASES}, dataset: {{isl: 1}}, {ENDPOINT}"
            ),
            "their sum is 0.5, not 1",
        ),
        (
            format!("model: m, {PHASES}, dataset: {{type: file}}, {ENDPOINT}"),
            "needs `path` or `records`",
        ),
        (
            format!("model: m, {PHASES}, dataset: {{type: file, records: []}}, {ENDPOINT}"),
            "holds no rows",
        ),
        (
            format!(
                "model: m, {PHASES}, dataset: {{type: file, path: p, audioBatchSize: 1}}, {ENDPOINT}"
            ),
            "cannot be used with `benchmark.datasets.0.format: single_turn`",
        ),
        (
            format!("model: m, {PHASES}, dataset: {{systemPrompt: ' '}}, {ENDPOINT}"),
            "is blank",
        ),
        (
            format!("model: m, {PHASES}, dataset: {{systemPromptFile: /no/file}}, {ENDPOINT}"),
            "`/no/file` is no file",
        ),
        (
            format!("model: m, {PHASES}, dataset: {{turns: 0}}, {ENDPOINT}"),
            "the mean 0 is less than 1",
        ),
        (
            format!("model: m, {PHASES}, dataset: {{type: public, dataset: sharegtp}}, {ENDPOINT}"),
            "did you mean `sharegpt`?",
        ),
    ] {
        let told = told(&body);
        assert!(told.contains(expected), "{body}: {told}");
    }
}

#[test]
fn the_version_is_a_text() {
    let body = format!("benchmark: {{model: m, {ENDPOINT}, dataset: {{isl: 5}}, {PHASES}}}");
    let parse = |text: String| Document::parse(&text, &nothing);
    assert!(parse(format!("schemaVersion: '2.0'\n{body}")).is_ok());
    assert!(parse(format!("schemaVersion: 2.0\n{body}")).is_err());
    assert!(parse(format!("schemaVersion: '3.0'\n{body}")).is_err());
    let older = parse(format!(
        "model: m\n{ENDPOINT}\ndataset: {{isl: 5}}\n{PHASES}\n"
    ))
    .unwrap();
    assert_eq!(older.warnings().len(), 1);
    assert_eq!(
        older.dump_benchmark(Dump::Given)["datasets"][0]["name"],
        "main"
    );
}

#[test]
fn every_section_has_a_schema_and_the_schema_holds_both_spellings() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().unwrap();
    assert!(definitions.len() > 60, "{}", definitions.len());
    assert!(definitions.values().all(|section| !section.is_null()));
    let endpoint = &definitions["EndpointSection"]["properties"];
    for key in ["waitForModelMode", "wait_for_model_mode", "url", "urls"] {
        assert!(endpoint.get(key).is_some(), "{key}");
    }
    let text = schema.to_string();
    for part in text.split("\"#/$defs/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(definitions.contains_key(name), "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_dumped_is_read_again_as_the_same(
        entries in 1_u64..9,
        rate in 0.1_f64..9.0,
        name in "[a-z][a-z0-9_]{0,5}",
        requests in 1_u64..1000,
    ) {
        let text = format!(
            "benchmark: {{model: x{name}, {ENDPOINT}, dataset: {{entries: {entries}, isl: {{mean: {rate}}}}}, \
             phases: [{{name: phase_{name}, kind: profiling, type: gamma, rate: {rate:.3}, requests: {requests}}}]}}"
        );
        let document = Document::parse(&text, &nothing).unwrap();
        let dumped: Value = document.dump(Dump::Full);
        let again = Document::parse(&dumped.to_string(), &nothing).unwrap();
        proptest::prop_assert_eq!(again.dump(Dump::Full), dumped);
    }
}

#[test]
fn where_a_text_is_wanted_a_number_is_what_was_written() {
    let variables = |name: &str| match name {
        "MODEL" => Some("1e5".to_owned()),
        "KEY" => Some("0123456".to_owned()),
        _ => None,
    };
    let text = format!(
        "variables: {{n: 7}}\n\
         benchmark: {{model: '${{MODEL}}', dataset: {{isl: 5}}, {PHASES}, artifacts: {{prefix: 2026-01-01}}, \
         endpoint: {{url: 'h:1', apiKey: '${{KEY}}', headers: {{A: 1_000, B: 1.50, C: 0x1f, D: '{{{{ n }}}}'}}}}}}"
    );
    let document = Document::parse(&text, &variables).unwrap();
    let dump = document.dump_benchmark(Dump::Given);
    assert_eq!(dump["models"]["items"][0]["name"], "1e5");
    assert_eq!(dump["artifacts"]["prefix"], "2026-01-01");
    assert_eq!(dump["endpoint"]["api_key"], "0123456");
    assert_eq!(
        dump["endpoint"]["headers"],
        json!({"A": "1_000", "B": "1.50", "C": "0x1f", "D": "7"})
    );
}

#[test]
fn a_file_that_is_no_text_says_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.yaml");
    for (bytes, expected) in [
        (&b"a: 1\nb: caf\xe9\n"[..], "byte 11, in line 2, is none"),
        (b"\xff\xfea\0", "is UTF-16"),
        (b"\xef\xbb\xbf\xff", "byte 3, in line 1"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let told = Document::load(&path, &nothing).unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
        assert!(told.contains("hint: save it as UTF-8"), "{told}");
    }
}

#[test]
fn no_fault_shows_a_credential() {
    let secret = |name: &str| match name {
        "NUMBER" => Some("5550001".to_owned()),
        "WORD" => Some("sk-1".to_owned()),
        _ => None,
    };
    for part in [
        "apiKey: ['${NUMBER}']",
        "headers: {Authorization: ['${NUMBER}']}",
        "headers: {Authorization: 'Bearer ${WORD} {{ x }}'}",
        "url: 'http://u:${WORD}@h:0'",
    ] {
        let text = format!(
            "benchmark: {{model: m, endpoint: {{urls: [h], {part}}}, dataset: {{isl: 5}}, {PHASES}}}"
        )
        .replace("urls: [h], url", "url");
        let told = Document::parse(&text, &secret).unwrap_err().to_string();
        assert!(
            !told.contains("5550001") && !told.contains("sk-1"),
            "{told}"
        );
    }
}
