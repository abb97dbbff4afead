//! Every key does something: written into a file of whatever kind, it changes the run, or it is
//! refused, or a warning says that it has no effect there.

mod samples;

use aiperf_config::document::{Document, Dump};
use aiperf_config::{ProfileArgs, Surroundings};
use samples::{Samples, is_main_spelling};
use serde_json::{Value, json};

/// Files of every kind, to which each key is added.
fn files() -> Vec<Value> {
    let body = |endpoint: Value, dataset: Value, phases: Value| {
        json!({ "benchmark": {
            "model": "m", "endpoint": endpoint, "datasets": [dataset], "phases": phases,
        }})
    };
    let chat = || json!({ "url": "h:1", "streaming": true });
    let endpoint = |kind: &str| json!({ "url": "h:1", "type": kind });
    let made = || json!({ "name": "main", "type": "synthetic", "prompts": { "isl": 5, "osl": 6 } });
    let closed =
        || json!([{ "name": "profiling", "type": "concurrency", "requests": 9, "concurrency": 4 }]);
    let file = |format: &str| json!({ "name": "main", "type": "file", "path": "Cargo.toml", "format": format });
    let public = json!({ "name": "main", "type": "public", "dataset": "sharegpt" });
    let turns = json!({ "name": "main", "type": "synthetic", "prompts": { "isl": 5 }, "turns": 4 });
    let media = json!({
        "name": "main", "type": "synthetic", "prompts": { "isl": 5 },
        "images": { "batchSize": 1 }, "audio": { "batchSize": 1 },
        "video": { "batchSize": 1, "width": 8, "height": 8, "audio": { "channels": 1 } },
    });
    let no_media = json!({
        "name": "main", "type": "synthetic", "prompts": { "isl": 5 },
        "images": {}, "audio": {}, "video": {}, "prefixPrompts": {},
    });
    let pairs = json!({ "name": "main", "type": "synthetic", "prompts": {
        "sequenceDistribution": [{ "isl": 5, "osl": 5, "probability": 100 }],
    }});
    let phase = |kind: &str, more: Value| {
        let mut phase = json!({ "name": "profiling", "type": kind, "requests": 9 });
        for (key, value) in more.as_object().into_iter().flatten() {
            phase[key] = value.clone();
        }
        phase
    };
    let warmup = json!({ "name": "warmup", "type": "concurrency", "requests": 3 });
    vec![
        body(chat(), made(), closed()),
        body(chat(), turns.clone(), closed()),
        body(
            chat(),
            turns,
            json!([phase("user_centric", json!({ "users": 3, "rate": 2 }))]),
        ),
        body(chat(), media, closed()),
        body(chat(), no_media, closed()),
        body(chat(), pairs, closed()),
        body(
            chat(),
            made(),
            json!([phase("poisson", json!({ "rate": 2 }))]),
        ),
        body(
            chat(),
            made(),
            json!([phase("gamma", json!({ "rate": 2, "duration": 9 }))]),
        ),
        body(
            chat(),
            made(),
            json!([warmup, phase("concurrency", json!({}))]),
        ),
        body(chat(), file("single_turn"), closed()),
        body(chat(), file("random_pool"), closed()),
        body(
            chat(),
            file("mooncake_trace"),
            json!([phase("fixed_schedule", json!({}))]),
        ),
        body(chat(), public, closed()),
        body(endpoint("completions"), made(), closed()),
        body(endpoint("embeddings"), made(), closed()),
        body(endpoint("nim_rankings"), made(), closed()),
        body(endpoint("video_generation"), made(), closed()),
    ]
}

/// The sections of a file by the pointers that lead there, and their names in the schema.
fn sections(file: &Value) -> Vec<(String, &'static str)> {
    let body = [
        ("endpoint", "EndpointSection"),
        ("artifacts", "ArtifactsSection"),
        ("tokenizer", "TokenizerSection"),
        ("gpuTelemetry", "GpuTelemetrySection"),
        ("serverMetrics", "ServerMetricsSection"),
        ("networkLatency", "NetworkLatencySection"),
        ("otel", "OtelSection"),
        ("mlflow", "MlflowSection"),
        ("wandb", "WandbSection"),
        ("runtime", "RuntimeSection"),
        ("logging", "LoggingSection"),
        ("accuracy", "AccuracySection"),
    ];
    let mut all: Vec<(String, &str)> = vec![
        (String::new(), "Envelope"),
        ("/benchmark".to_owned(), "BenchmarkSection"),
    ];
    all.push(("/multiRun".to_owned(), "MultiRunSection"));
    all.extend(body.map(|(key, name)| (format!("/benchmark/{key}"), name)));
    let kind = match file["benchmark"]["datasets"][0]["type"].as_str() {
        Some("file") => "FileSection",
        Some("public") => "PublicSection",
        _ => "SyntheticSection",
    };
    all.push(("/benchmark/datasets/0".to_owned(), kind));
    if kind == "SyntheticSection" {
        all.extend(
            [
                ("prompts", "PromptsSection"),
                ("prefixPrompts", "PrefixPrompts"),
                ("images", "ImagesSection"),
                ("audio", "AudioSection"),
                ("video", "VideoSection"),
                ("rankings", "RankingsSection"),
            ]
            .map(|(key, name)| (format!("/benchmark/datasets/0/{key}"), name)),
        );
    } else {
        all.push((
            "/benchmark/datasets/0/synthesis".to_owned(),
            "SynthesisSection",
        ));
    }
    for index in 0..file["benchmark"]["phases"].as_array().map_or(0, Vec::len) {
        all.push((format!("/benchmark/phases/{index}"), "PhaseSection"));
    }
    all
}

/// The file with a key more; `None` where it has that key already.
fn with(file: &Value, section: &str, key: &str, value: &Value) -> Option<Value> {
    let mut file = file.clone();
    let mut place = &mut file;
    for step in section.split('/').filter(|step| !step.is_empty()) {
        place = match step.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[step],
        };
    }
    if place.get(key).is_some() {
        return None;
    }
    if place.is_null() {
        *place = json!({});
    }
    place[key] = value.clone();
    Some(file)
}

/// What a file means.
struct Meaning {
    /// All keys with their values.
    keys: Value,
    /// The run; `None` where it is refused.
    run: Option<String>,
    warnings: usize,
}

/// `None` where the file is refused.
fn meaning(file: &Value) -> Option<Meaning> {
    let document = Document::parse(&file.to_string(), &|_: &str| None).ok()?;
    let surroundings = Surroundings {
        stdout_is_terminal: false,
    };
    let resolved = document.resolve(&ProfileArgs::default(), surroundings, None);
    Some(Meaning {
        keys: document.dump(Dump::Full),
        warnings: resolved.as_ref().map_or(0, |run| run.warnings.len()),
        run: resolved.ok().map(|run| format!("{:?}", run.config)),
    })
}

/// Keys that mean something beside the run's configuration, and what.
const MEANT_OTHERWISE: &[(&str, &str)] = &[
    ("/variables", "templates use them"),
    ("/benchmark/metrics", "holds nothing, and must be empty"),
    ("/benchmark/endpoint/urlStrategy", "there is one strategy"),
    ("/benchmark/datasets/0/name", "paths of sweeps go by it"),
    (
        "/benchmark/phases/0/excludeFromResults",
        "follows from the kind",
    ),
    (
        "/benchmark/phases/1/excludeFromResults",
        "follows from the kind",
    ),
    (
        "/benchmark/artifacts/userFiles",
        "rendered when the run begins",
    ),
];

/// Values that say what holds without them too, where the dump does not show that.
const SAID_ANYWAY: &[(&str, &str)] = &[
    ("ui", "\"none\""),
    ("mode", "\"disabled\""),
    ("corpus", "\"sonnet\""),
    ("promptBatchSize", "1"),
    ("imageBatchSize", "1"),
    ("audioBatchSize", "1"),
    ("videoBatchSize", "1"),
    ("prefixRootMultiplier", "1"),
    ("allowDatasetWrap", "false"),
    ("timingMode", "\"request_rate\""),
    ("timingMode", "\"user_centric_rate\""),
    ("timingMode", "\"fixed_schedule\""),
];

/// Whether a value, or the only one in it, is said anyway.
fn is_said_anyway(key: &str, value: &Value) -> bool {
    let inner = value.as_object().filter(|members| members.len() == 1);
    let inner = inner.and_then(|members| members.iter().next());
    let listed = |key: &str, value: &Value| {
        let value = value.to_string();
        SAID_ANYWAY.contains(&(key, value.as_str()))
    };
    listed(key, value) || inner.is_some_and(|(key, value)| is_said_anyway(key, value))
}

#[test]
fn every_key_changes_the_run_or_is_refused_or_pointed_out() {
    let schema = aiperf_config::document::schema();
    let samples = Samples::new(&schema);
    let mut silent: Vec<String> = Vec::new();
    let mut effective = 0;
    for (number, file) in files().iter().enumerate() {
        let without = meaning(file).unwrap_or_else(|| panic!("{file}"));
        assert!(without.run.is_some(), "{file}");
        for (section, name) in sections(file) {
            for (key, values) in samples.of_section(name) {
                let place = format!("{section}/{key}");
                let is_known = MEANT_OTHERWISE
                    .iter()
                    .any(|(path, _)| place == *path || place.starts_with(&format!("{path}/")));
                if is_known || !is_main_spelling(&key) {
                    continue;
                }
                for value in values {
                    let Some(changed) = with(file, &section, &key, &value) else {
                        continue;
                    };
                    let Some(with) = meaning(&changed) else {
                        continue;
                    };
                    let is_default = with.keys == without.keys;
                    let does = with.run.is_none()
                        || with.run != without.run
                        || with.warnings > without.warnings;
                    if does {
                        effective += 1;
                    } else if !is_default && !is_said_anyway(&key, &value) {
                        silent.push(format!("file {number}: {place}: {value}"));
                    }
                }
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
    assert!(effective > 2000, "{effective}");
}
