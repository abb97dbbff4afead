use std::path::Path;

use aiperf_dataset::{Law, PairedLengths};
use aiperf_schedule::RampShape;
use serde_json::{Value, json};

use super::*;
use crate::document::Dump;
use crate::profile::{
    Arrivals, DatasetSource, ExportLevel, PROFILE, ProfileConfig, Ramp, RatePattern, Sampling,
    SyntheticDataset,
};
use crate::{Parsed, profile};

fn nothing(_: &str) -> Option<String> {
    None
}

const NOWHERE: Surroundings = Surroundings {
    stdout_is_terminal: false,
};

fn typed(line: &str) -> ProfileArgs {
    match PROFILE.parse(line.split_whitespace().map(str::to_owned)) {
        Ok(Parsed::Values(args)) => args,
        other => panic!("{line}: {other:?}"),
    }
}

fn document(body: &str, line: &str) -> Result<Document, DocumentError> {
    let args = typed(line);
    let text = format!("benchmark: {{{body}}}");
    Document::parse_with(&text, &nothing, |tree, faults| {
        overlay::apply(&args, tree, faults);
    })
}

fn run(body: &str, line: &str) -> Result<ProfileConfig, String> {
    document(body, line)
        .and_then(|document| document.resolve(&typed(line), NOWHERE, None))
        .map(|resolved| resolved.config)
        .map_err(|error| error.to_string())
}

const BODY: &str = "model: m, endpoint: {url: 'h:1', streaming: true}, dataset: {entries: 7, isl: 5.5, osl: {mean: 9, stddev: 2}}";

fn with_phases(phases: &str) -> String {
    format!("{BODY}, {phases}")
}

#[test]
fn flags_that_contradict_each_other_are_refused_over_a_file_too() {
    let body = with_phases("phases: {type: concurrency, requests: 1}");
    for (line, expected) in [
        (
            "--no-server-metrics --server-metrics h:9",
            "`--no-server-metrics`: does not go with `--server-metrics`",
        ),
        (
            "--network-latency-automatic --network-latency-mean 2",
            "`--network-latency-mean`: does not go with `--network-latency-automatic`",
        ),
    ] {
        let told = run(&body, line).unwrap_err();
        assert!(told.contains(expected), "{line}: {told}");
    }
}

#[test]
fn a_file_becomes_a_run_without_the_defaults_of_flags() {
    let body = with_phases(
        "profiling: {type: gamma, rate: 5, duration: 2m, concurrency: 4, concurrencyRamp: 10}, warmup: {type: concurrency, requests: 3}",
    );
    let config = run(&body, "").unwrap();
    assert_eq!(config.models.names, ["m"]);
    assert_eq!(config.endpoint.urls, ["http://h:1"]);
    assert!(config.endpoint.streaming);
    let DatasetSource::Synthetic(dataset) = &config.dataset.source else {
        panic!()
    };
    assert_eq!(dataset.entries, 7);
    assert_eq!(dataset.isl, Some(Law::fixed(5.5)));
    assert_eq!(dataset.osl, Some(Law::normal(9.0, 2.0)));
    let measured = config.measured().next().unwrap();
    let Arrivals::Rate {
        pattern,
        rate,
        concurrency,
        ..
    } = &measured.arrivals
    else {
        panic!()
    };
    assert_eq!(*pattern, RatePattern::Gamma { smoothness: 1.0 });
    assert_eq!(rate.base(), 5.0);
    assert_eq!(
        concurrency.and_then(|limit| limit.ramp),
        Some(Ramp::linear(10.0))
    );
    // No ten requests, no thirty seconds of grace.
    assert_eq!(
        (
            measured.requests,
            measured.duration_seconds,
            measured.grace_seconds
        ),
        (None, Some(120.0), Some(0.0))
    );
    let warmup = config.warmups().next().unwrap();
    // Nothing is inherited from the measurement.
    assert_eq!(warmup.arrivals.concurrency(), Some(1));
    assert_eq!(warmup.grace_seconds, None);
}

#[test]
fn any_list_of_phases_is_carried_out_in_its_order() {
    let body = with_phases(
        "phases: [{name: prime, kind: warmup, type: concurrency, requests: 3}, \
         {name: steady, kind: profiling, type: gamma, rate: 3, smoothness: 2, requests: 20, rateRamp: {duration: 2, strategy: poisson}}, \
         {name: again, kind: warmup, type: concurrency, sessions: 2, timingMode: request_rate}, \
         {name: burst, kind: profiling, type: concurrency, concurrency: 16, duration: 4, seamless: true, \
          failedRequestThreshold: 0.5, concurrencyRamp: {duration: 3s, strategy: exponential}}]",
    );
    let config = run(&body, "").unwrap();
    let phases: Vec<_> = config
        .phases
        .iter()
        .map(|phase| (phase.name.as_str(), phase.kind.name(), phase.seamless))
        .collect();
    assert_eq!(
        phases,
        [
            ("prime", "warmup", false),
            ("steady", "profiling", false),
            ("again", "warmup", false),
            ("burst", "profiling", true)
        ]
    );
    assert_eq!(
        (config.measured().count(), config.warmups().count()),
        (2, 2)
    );
    let Arrivals::Rate { rate, .. } = &config.phases[1].arrivals else {
        panic!()
    };
    assert_eq!(
        rate.ramp,
        Some(Ramp {
            seconds: 2.0,
            shape: RampShape::Poisson
        })
    );
    let burst = &config.phases[3];
    let shape = burst.arrivals.session_limit().unwrap().ramp.unwrap().shape;
    assert_eq!(shape, RampShape::Exponential);
    // Each phase has its own bounds.
    assert_eq!(burst.failed_request_threshold, Some(0.5));
    assert_eq!((burst.requests, burst.grace_seconds), (None, Some(0.0)));
    assert_eq!(config.phases[1].failed_request_threshold, None);
}

#[test]
fn a_dataset_without_lengths_has_no_text() {
    let body = "model: m, endpoint: {url: 'h:1'}, dataset: {images: {batchSize: 1}}, phases: {type: concurrency, requests: 1}";
    let config = run(body, "").unwrap();
    let DatasetSource::Synthetic(dataset) = &config.dataset.source else {
        panic!()
    };
    assert_eq!(dataset.isl, None);
    assert!(dataset.images.is_some());
}

#[test]
fn keys_reach_the_run() {
    let part = "artifacts: {dir: out/x, prefix: p, records: false, sliceDuration: 5s}, tokenizer: {name: gpt2}, \
                slos: {request_latency: 5}, runtime: {ui: none, workers: 3}, logging: {level: debug}, \
                gpuTelemetry: {enabled: false}";
    let body = with_phases(&format!(
        "phases: {{type: constant, rate: 2, requests: 9, cancellation: {{rate: 50}}}}, {part}"
    ));
    let config = run(&body, "").unwrap();
    assert_eq!(
        config.output.artifact_dir.as_deref(),
        Some(Path::new("out/x"))
    );
    assert_eq!(config.output.export_level, ExportLevel::Summary);
    assert_eq!(config.output.slice_duration_seconds, Some(5.0));
    assert_eq!(config.output.goodput, [("request_latency".to_owned(), 5.0)]);
    assert_eq!(config.tokenizer.name.as_deref(), Some("gpt2"));
    assert_eq!(config.runtime.io_threads, Some(3));
    assert_eq!(config.runtime.log_level.name(), "debug");
    assert!(config.telemetry.gpu_declined);
    assert_eq!(
        config.phases[0].cancellation.map(|asked| asked.percent),
        Some(50.0)
    );
}

#[test]
fn what_is_not_there_yet_is_refused_by_its_key() {
    for (part, expected) in [
        (
            "phases: {type: poisson, rate: 1, requests: 1, timingMode: user_centric_rate}",
            "`benchmark.phases.0.timingMode`",
        ),
        (
            "phases: {type: concurrency, requests: 1}, gpuTelemetry: {urls: [a]}",
            "`benchmark.gpuTelemetry.urls`",
        ),
        (
            "phases: {type: concurrency, requests: 1}, wandb: {project: p}",
            "`benchmark.wandb.project`",
        ),
    ] {
        let told = run(&with_phases(part), "").unwrap_err();
        assert!(told.contains(expected), "{part}: {told}");
    }
}

fn synthetic_dataset(dataset: &str) -> Result<SyntheticDataset, String> {
    let kind = if dataset.contains("rankings") {
        "type: nim_rankings, "
    } else {
        ""
    };
    let body = format!(
        "model: m, endpoint: {{{kind}url: 'h:1'}}, dataset: {{{dataset}}}, phases: {{type: concurrency, requests: 1}}"
    );
    match run(&body, "")?.dataset.source {
        DatasetSource::Synthetic(dataset) => Ok(*dataset),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_key_that_takes_a_distribution_takes_each_of_them() {
    let peaks = "{peaks: [{mean: 128, stddev: 20, weight: 60}, {distribution: {mean: 2048, median: 1800}, weight: 40}]}";
    let mixture = Law::mixture(vec![
        (Law::normal(128.0, 20.0), 60.0),
        (Law::log_normal(2048.0, 1800.0), 40.0),
    ]);
    let points = "{points: [{value: 128, weight: 40}, {value: 512}], max: 500}";
    let chosen = Law::points(vec![(128.0, 40.0), (512.0, 1.0)]).within(None, Some(500.0));
    let skewed = Law::log_normal(9.0, 5.0).within(Some(2.0), None);
    let dataset = synthetic_dataset(&format!(
        "isl: {peaks}, osl: {points}, turns: {{mean: 9, median: 5, min: 2}}, turnDelay: {{mean: 9, stddev: 5, max: 12}}, \
         images: {{batchSize: 1, width: {peaks}, height: {points}}}, audio: {{batchSize: 1, length: {{mean: 9, median: 5, min: 2}}}}"
    ))
    .unwrap();
    assert_eq!(dataset.isl, Some(mixture.clone()));
    assert_eq!(dataset.osl, Some(chosen.clone()));
    assert_eq!(dataset.turns, skewed);
    assert_eq!(
        dataset.turn_delay_ms,
        Law::normal(9.0, 5.0).within(None, Some(12.0))
    );
    let images = dataset.images.unwrap();
    assert_eq!((images.width, images.height), (mixture.clone(), chosen));
    assert_eq!(dataset.audio.unwrap().seconds, skewed);

    let ranked = synthetic_dataset(&format!(
        "isl: 5, rankings: {{passages: {{mean: 9, median: 5, min: 2}}, passageTokens: {peaks}}}"
    ))
    .unwrap()
    .rankings
    .unwrap();
    assert_eq!(
        (ranked.passages, ranked.passage_tokens),
        (skewed, mixture.clone())
    );
    assert_eq!(ranked.query_tokens, Law::fixed(32.0));

    let paired = synthetic_dataset(&format!(
        "prompts: {{sequenceDistribution: [{{isl: {peaks}, osl: 5, oslStddev: 2, probability: 50}}, {{isl: 7, osl: 8, probability: 49.5}}]}}"
    ))
    .unwrap();
    let Some(PairedLengths::Sequences(pairs)) = paired.paired_lengths else {
        panic!()
    };
    assert_eq!(pairs.pairs()[0].input, mixture);
    assert_eq!(pairs.pairs()[0].output, Law::normal(5.0, 2.0));
    let sum: f64 = pairs.pairs().iter().map(|pair| pair.percent).sum();
    assert!((sum - 100.0).abs() < 1e-9, "{sum}");
    let told =
        synthetic_dataset("prompts: {sequenceDistribution: [{isl: 0, osl: 8, probability: 100}]}")
            .unwrap_err();
    assert!(
        told.contains("`benchmark.datasets.0.prompts.sequenceDistribution`"),
        "{told}"
    );
}

#[test]
fn rules_of_the_command_line_speak_of_keys() {
    let body = "model: m, endpoint: {url: 'h:1', type: image_retrieval}, dataset: {isl: 5, prefixPrompts: {poolSize: 2}, images: {batchSize: 1}}, phases: {type: concurrency, requests: 1}";
    let told = run(body, "").unwrap_err();
    assert!(told.contains("prefix_prompts.pool_size"), "{told}");
    assert!(
        told.contains("`benchmark.endpoint.type: image_retrieval`"),
        "{told}"
    );
}

#[test]
fn flags_write_their_keys_over_those_of_the_file() {
    let body = with_phases(
        "phases: {type: poisson, rate: 5, requests: 9, rateRamp: 3, concurrency: 2}, artifacts: {raw: true}",
    );
    let cases: &[(&str, &str, Value)] = &[
        ("--request-rate 7", "/phases/0/rate", json!(7.0)),
        ("--request-count 3", "/phases/0/requests", json!(3)),
        ("--concurrency 8", "/phases/0/concurrency", json!(8)),
        (
            "--benchmark-duration 5",
            "/phases/0/grace_period",
            json!(30.0),
        ),
        ("--arrival-smoothness 2", "/phases/0/type", json!("gamma")),
        (
            "--arrival-pattern constant",
            "/phases/0/type",
            json!("constant"),
        ),
        (
            "--user-centric-rate 2 --num-users 3 --conversation-turn-mean 2",
            "/phases/0/type",
            json!("user_centric"),
        ),
        ("--model x,y", "/models/items/1/name", json!("y")),
        ("--url a --url b", "/endpoint/urls/1", json!("http://b")),
        ("--header A:b", "/endpoint/headers/A", json!("b")),
        ("--extra-inputs a:5", "/endpoint/extra/a", json!(5)),
        ("--isl 99", "/datasets/0/prompts/isl", json!({"mean": 99.0})),
        (
            "--osl 99",
            "/datasets/0/prompts/osl",
            json!({"mean": 99.0, "stddev": 2.0}),
        ),
        (
            "--osl-stddev 3",
            "/datasets/0/prompts/osl",
            json!({"mean": 9.0, "stddev": 3.0}),
        ),
        (
            "--isl-stddev 3",
            "/datasets/0/prompts/isl",
            json!({"mean": 5.5, "stddev": 3.0}),
        ),
        ("--num-conversations 4", "/datasets/0/entries", json!(4)),
        ("--num-conversations 4", "/phases/0/sessions", json!(4)),
        ("--random-seed 4", "/datasets/0/random_seed", json!(4)),
        (
            "--warmup-request-count 4",
            "/phases/0/kind",
            json!("warmup"),
        ),
        ("--artifact-dir d", "/artifacts/dir", json!("d")),
        ("--export-level records", "/artifacts/raw", json!(false)),
        ("-v", "/logging/level", json!("DEBUG")),
        (
            "--goodput request_latency:5",
            "/slos/request_latency",
            json!(5.0),
        ),
        ("--no-gpu-telemetry", "/gpu_telemetry/enabled", json!(false)),
    ];
    for (line, pointer, expected) in cases {
        let document = document(&body, line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let dump = document.dump_benchmark(Dump::Given);
        assert_eq!(dump.pointer(pointer), Some(expected), "{line}: {dump}");
    }
    for (line, expected) in [
        ("--public-dataset sharegpt", "`--public-dataset`"),
        (
            "--input-file Cargo.toml",
            "`--input-file`: the file's dataset is not of `type: file`",
        ),
        (
            "--warmup-concurrency 4",
            "`--warmup-concurrency`: the file has no warmup",
        ),
        (
            "--prefill-concurrency 4",
            "`--prefill-concurrency 4` is more than `benchmark.phases.0.concurrency: 2`",
        ),
    ] {
        let told = document(&body, line).unwrap_err().to_string();
        assert!(told.contains(expected), "{line}: {told}");
    }
}

#[test]
fn flags_without_a_key_stay_with_the_command_line() {
    let body = with_phases("phases: {type: concurrency, requests: 9}");
    let config = run(
        &body,
        "--http-version 2 --fail-on-client-limit --dataset-sampling-strategy shuffle",
    )
    .unwrap();
    assert_eq!(config.endpoint.http_version, profile::HttpVersion::Http2);
    assert!(config.runtime.fail_on_client_limit);
    assert_eq!(config.dataset.sampling, Sampling::Shuffle);
}

#[test]
fn no_secret_gets_into_the_block_of_the_summary() {
    let body = "model: m, endpoint: {url: 'http://u:sk-1@h:1/', apiKey: sk-2, path: '/v1?api-key=sk-5', headers: {Authorization: sk-3}, extra: {api_key: sk-4}}, \
                dataset: {isl: 5}, phases: {type: concurrency, requests: 1}";
    let document = document(body, "").unwrap();
    let resolved = document
        .resolve(&ProfileArgs::default(), NOWHERE, None)
        .unwrap();
    let block = input_config(&document, &resolved.config, Path::new("out"));
    assert!(!block.to_string().contains("sk-"), "{block}");
    assert_eq!(block["artifacts"]["dir"], "out");
    assert_eq!(block["phases"][0]["requests"], 1);
}

#[test]
fn rows_in_the_file_itself_are_read_from_where_they_were_put() {
    let body = "model: m, endpoint: {url: 'h:1'}, phases: {type: concurrency, requests: 1}, \
                dataset: {type: file, format: multi_turn, records: [{session_id: a, turns: [{text: b}]}, {turns: []}]}";
    let document = document(body, "").unwrap();
    assert_eq!(
        document.inline_rows().unwrap(),
        InlineRows::File(
            "{\"session_id\":\"a\",\"turns\":[{\"text\":\"b\"}]}\n{\"turns\":[]}\n".to_owned()
        )
    );
    let rows = Path::new("Cargo.toml");
    let resolved = document
        .resolve(&ProfileArgs::default(), NOWHERE, Some(rows))
        .unwrap();
    let DatasetSource::File(dataset) = &resolved.config.dataset.source else {
        panic!()
    };
    assert_eq!(dataset.path, rows);
}

#[test]
fn pools_in_the_file_itself_are_a_folder() {
    let body = "model: m, endpoint: {url: 'h:1'}, phases: {type: concurrency, requests: 1}, \
                dataset: {type: file, format: random_pool, records: {queries: [{text: a}, {text: b}], contexts: [{text: c}]}}";
    let document = document(body, "").unwrap();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        document.inline_rows(),
        Some(InlineRows::Folder(vec![
            (
                text("queries"),
                text("{\"text\":\"a\"}\n{\"text\":\"b\"}\n")
            ),
            (text("contexts"), text("{\"text\":\"c\"}\n")),
        ]))
    );
    assert!(run(body, "").is_err(), "rows must be somewhere");
}

#[test]
fn what_no_flag_says_reaches_the_run() {
    let body = "models: {items: [{name: m}, {name: n, tokenizer: {name: gpt2}}]}, endpoint: {url: 'h:1'}, \
                dataset: {isl: 5, randomSeed: 4}, phases: {type: concurrency, requests: 1}, artifacts: {summary: false}";
    let config = run(body, "").unwrap();
    assert_eq!(config.models.tokenizers, [None, Some("gpt2".to_owned())]);
    assert_eq!(
        (config.dataset.random_seed, config.random_seed),
        (Some(4), None)
    );
    assert!(!config.output.summary_json);
    let usual = run(&with_phases("phases: {type: concurrency, requests: 1}"), "").unwrap();
    assert_eq!(
        (usual.models.tokenizers.len(), usual.dataset.random_seed),
        (0, None)
    );
    assert!(usual.output.summary_json);
    // The seed of the command line is that of both.
    let both = run(body, "--random-seed 7").unwrap();
    assert_eq!(
        (both.dataset.random_seed, both.random_seed),
        (Some(7), Some(7))
    );
}

#[test]
fn a_public_dataset_is_filtered_by_what_it_knows() {
    let body = |filters: &str| {
        format!(
            "model: m, endpoint: {{url: 'h:1'}}, phases: {{type: concurrency, requests: 1}}, \
             dataset: {{type: public, dataset: exgentic, filters: {filters}}}"
        )
    };
    assert!(run(&body("{harness: claude_code}"), "").is_ok());
    for (filters, expected) in [
        (
            "{colour: red}",
            "`benchmark.datasets.0.filters.colour`: `red`: unknown key; known are `harness`",
        ),
        (
            "{harness: emacs}",
            "`emacs`: unknown value; known are claude_code",
        ),
    ] {
        let told = run(&body(filters), "").unwrap_err();
        assert!(told.contains(expected), "{told}");
    }
}
