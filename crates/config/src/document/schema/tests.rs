//! The schema beside the reader: what one takes, the other takes.

use jsonschema::Validator;

use super::*;
use crate::document::node::Node;
use crate::document::parse::parse;
use crate::document::read::Reader;
use crate::document::{TEMPLATES, shorthand};

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

/// Whether the reader takes a document, before rules about several keys.
fn is_read(document: &Value) -> bool {
    let mut tree = Node::from_json(document, crate::document::Mark::Nowhere);
    let mut faults = Vec::new();
    shorthand::expand(&mut tree, &mut faults);
    let mut reader = Reader::with(faults);
    let read = Envelope::read(&tree, &mut reader);
    read.is_some() && reader.faults.is_empty()
}

/// A document with this in the place of what is usual.
fn document(part: &str) -> Value {
    let part = parse(&format!("{{{part}}}")).unwrap().to_json();
    let mut root = json!({
        "benchmark": {
            "model": "m", "endpoint": {"url": "h:1"}, "dataset": {"isl": 5},
            "profiling": {"type": "concurrency", "requests": 1},
        },
    });
    for (key, value) in part.as_object().unwrap() {
        match key.as_str() {
            "sweep" | "multiRun" | "schemaVersion" | "randomSeed" | "variables" => {
                root[key] = value.clone();
            }
            "endpoint" => {
                let endpoint = root["benchmark"]["endpoint"].as_object_mut().unwrap();
                endpoint.extend(value.as_object().unwrap().clone());
            }
            _ => {
                let short = match key.as_str() {
                    "models" => Some("model"),
                    "datasets" => Some("dataset"),
                    "phases" => Some("profiling"),
                    _ => None,
                };
                let body = root["benchmark"].as_object_mut().unwrap();
                if let Some(short) = short {
                    body.remove(short);
                }
                body.insert(key.clone(), value.clone());
            }
        }
    }
    root
}

#[test]
fn every_template_is_taken() {
    let validator = validator();
    for template in TEMPLATES {
        let tree = parse(&template.with(None, None)).unwrap().to_json();
        let told: Vec<_> = validator
            .iter_errors(&tree)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(told, [""; 0], "{}", template.name);
    }
}

#[test]
fn every_key_is_described_and_every_limit_is_told() {
    let schema = schema();
    assert!(!schema.to_string().contains(UNKNOWN_LIMIT), "{schema}");
    let mut silent = Vec::new();
    for (name, section) in schema["$defs"].as_object().unwrap() {
        let Some(keys) = section["properties"].as_object() else {
            continue;
        };
        let is_silent = |(_, value): &(&String, &Value)| value.get("description").is_none();
        silent.extend(
            keys.iter()
                .filter(is_silent)
                .map(|(key, _)| format!("{name}.{key}")),
        );
    }
    assert_eq!(silent, [""; 0]);
}

/// What is outside of a limit, and what is just within it.
const LIMITS: &[(&str, &str)] = &[
    ("schemaVersion: '3.0'", "schemaVersion: '2.0'"),
    ("randomSeed: -1", "randomSeed: 0"),
    ("models: {items: []}", "models: {items: [{name: m}]}"),
    (
        "models: {items: [{name: ''}]}",
        "models: {items: [{name: m, weight: 1}]}",
    ),
    (
        "models: {items: [{name: m, weight: 1.1}]}",
        "models: {items: [{name: m, weight: 0}]}",
    ),
    ("endpoint: {path: v1}", "endpoint: {path: /v1}"),
    ("endpoint: {timeout: -1}", "endpoint: {timeout: 0}"),
    ("endpoint: {type: chart}", "endpoint: {type: chat}"),
    (
        "endpoint: {waitForModelInterval: 0}",
        "endpoint: {waitForModelInterval: 0.1}",
    ),
    (
        "endpoint: {resetKvCache: {path: 'http://h/x'}}",
        "endpoint: {resetKvCache: {path: /x}}",
    ),
    (
        "endpoint: {resetKvCache: {timeoutSeconds: 0}}",
        "endpoint: {resetKvCache: true}",
    ),
    ("endpoint: {steaming: true}", "endpoint: {streaming: true}"),
    ("datasets: []", "datasets: [{name: a, type: synthetic}]"),
    (
        "datasets: [{name: a, type: synthetic}, {name: b, type: synthetic}]",
        "datasets: [{name: a, type: file, path: p}]",
    ),
    (
        "dataset: {type: file, path: p, isl: 5}",
        "dataset: {isl: 5}",
    ),
    ("dataset: {isl: {mean: -1}}", "dataset: {isl: {mean: 0}}"),
    (
        "dataset: {isl: {mean: 1, mode: 2}}",
        "dataset: {isl: {type: normal, mean: 1}}",
    ),
    (
        "dataset: {isl: {points: []}}",
        "dataset: {isl: {points: [{value: 1}]}}",
    ),
    (
        "dataset: {isl: {peaks: [{value: 1}]}}",
        "dataset: {isl: {peaks: [{value: 1}, {value: 2}]}}",
    ),
    ("dataset: {entries: 0}", "dataset: {entries: 1}"),
    ("dataset: {entries: 1.5}", "dataset: {entries: 2}"),
    (
        "dataset: {prompts: {batchSize: 0}}",
        "dataset: {prompts: {batchSize: 1}}",
    ),
    (
        "dataset: {turnDelayRatio: -0.1}",
        "dataset: {turnDelayRatio: 0}",
    ),
    (
        "dataset: {audio: {channels: 3}}",
        "dataset: {audio: {channels: 2}}",
    ),
    (
        "dataset: {audio: {channels: 0}}",
        "dataset: {audio: {channels: 1}}",
    ),
    ("dataset: {video: {fps: 0}}", "dataset: {video: {fps: 1}}"),
    (
        "dataset: {video: {audio: {sampleRate: 7.9}}}",
        "dataset: {video: {audio: {sampleRate: 8}}}",
    ),
    (
        "dataset: {video: {audio: {depth: 12}}}",
        "dataset: {video: {audio: {depth: 24}}}",
    ),
    (
        "dataset: {type: file, path: p, traceSessionSampleRatio: 0}",
        "dataset: {type: file, path: p, traceSessionSampleRatio: 1}",
    ),
    (
        "dataset: {type: file, path: p, synthesis: {speedupRatio: 0}}",
        "dataset: {type: file, path: p, synthesis: {outputLenMultiplier: 0}}",
    ),
    (
        "dataset: {type: public, dataset: sharegtp}",
        "dataset: {type: public, dataset: sharegpt}",
    ),
    (
        "phases: []",
        "phases: [{name: a, kind: profiling, type: concurrency, requests: 1}]",
    ),
    (
        "phases: [{name: 1a, kind: profiling, type: concurrency}]",
        "phases: [{name: _1a-b, kind: profiling, type: concurrency}]",
    ),
    (
        "profiling: {type: concurrency, requests: 0}",
        "profiling: {type: concurrency, requests: 1}",
    ),
    (
        "profiling: {type: concurrency, duration: 0}",
        "profiling: {type: concurrency, duration: 1m}",
    ),
    (
        "profiling: {type: concurrency, duration: 1d}",
        "profiling: {type: concurrency, duration: inf}",
    ),
    (
        "profiling: {type: concurrency, rate: 1}",
        "profiling: {type: poisson, rate: 1}",
    ),
    (
        "profiling: {type: poisson, smoothness: 1}",
        "profiling: {type: gamma, smoothness: 1}",
    ),
    (
        "profiling: {type: user_centric, rate: 1}",
        "profiling: {type: user_centric, rate: 1, users: 1}",
    ),
    (
        "profiling: {type: poisson, rate: 0}",
        "profiling: {type: poisson, rate: 0.001}",
    ),
    (
        "profiling: {type: concurrency, cancellation: {rate: 100.5}}",
        "profiling: {type: concurrency, cancellation: {rate: 100}}",
    ),
    (
        "profiling: {type: concurrency, failedRequestThreshold: 1.01}",
        "profiling: {type: concurrency, failedRequestThreshold: 1}",
    ),
    (
        "profiling: {type: concurrency, concurrencyRamp: {duration: 0}}",
        "profiling: {type: concurrency, concurrencyRamp: 30s}",
    ),
    (
        "profiling: {requests: 1}",
        "profiling: {type: Concurrency, requests: 1}",
    ),
    (
        "artifacts: {sliceDuration: 0}",
        "artifacts: {sliceDuration: 0.1}",
    ),
    ("artifacts: {summary: [csv]}", "artifacts: {summary: false}"),
    ("metrics: {a: 1}", "metrics: {}"),
    ("runtime: {apiPort: 65536}", "runtime: {apiPort: 65535}"),
    (
        "runtime: {workersPerPod: 101}",
        "runtime: {workersPerPod: 100}",
    ),
    (
        "runtime: {statsInterval: 1000.5}",
        "runtime: {statsInterval: 1000}",
    ),
    ("runtime: {workers: 0}", "runtime: {workers: null}"),
    ("accuracy: {nShots: 33}", "accuracy: {nShots: 32}"),
    (
        "serverMetrics: {discovery: {timeoutSeconds: 0}}",
        "serverMetrics: 'h:1'",
    ),
    (
        "networkLatency: {meanMs: -1}",
        "networkLatency: {meanMs: 0}",
    ),
    ("multiRun: {numRuns: 11}", "multiRun: {numRuns: 10}"),
    (
        "multiRun: {cooldownSeconds: 86400.5}",
        "multiRun: {cooldownSeconds: 86400}",
    ),
    (
        "multiRun: {confidenceLevel: 1}",
        "multiRun: {confidenceLevel: 0.99}",
    ),
    (
        "multiRun: {convergence: {metric: a, minRuns: 1}}",
        "multiRun: {convergence: {metric: a, minRuns: 2}}",
    ),
    (
        "sweep: {type: grid, parameters: {}}",
        "sweep: {type: grid, parameters: {concurrency: [1]}}",
    ),
    (
        "sweep: {type: grid, parameters: {concurrency: []}}",
        "sweep: {type: zip, parameters: {concurrency: [1, 2]}}",
    ),
    (
        "sweep: {type: scenarios, runs: []}",
        "sweep: {type: scenarios, runs: [{name: a}]}",
    ),
    (
        "sweep: {type: scenarios, runs: [{name: a/b}]}",
        "sweep: {type: scenarios, runs: [{}]}",
    ),
    (
        "sweep: {type: sobol, samples: 1, dimensions: [{path: a, lo: 1, hi: 2}]}",
        "sweep: {type: sobol, samples: 2, dimensions: [{path: a, lo: 1, hi: 2}]}",
    ),
];

#[test]
fn what_is_outside_of_a_limit_is_refused_by_both_and_what_is_within_is_taken_by_both() {
    let validator = validator();
    for (outside, within) in LIMITS {
        for (part, expected) in [(outside, false), (within, true)] {
            let document = document(part);
            assert_eq!(is_read(&document), expected, "reader: {part}");
            // Words may be written in other ways than the schema offers.
            let document = document.to_string().replace("Concurrency", "concurrency");
            let document = serde_json::from_str(&document).unwrap();
            assert_eq!(validator.is_valid(&document), expected, "schema: {part}");
        }
    }
}

/// Documents that hold numbers, switches, words and lists of all sections that a limit is in.
const FULL: &[&str] = &[
    "endpoint: {url: 'h:1', timeout: 5, streaming: true, waitForModelTimeout: 1, waitForModelInterval: 2, type: chat, \
      resetKvCache: {timeoutSeconds: 1, maxRetrySeconds: 2, path: /x}, serverProfiler: {timeoutSeconds: 3, startPath: /a}}, \
     dataset: {entries: 5, randomSeed: 1, sampling: random, turnDelayRatio: 2, turns: {mean: 3, stddev: 1, min: 1, max: 9}, \
      turnDelay: {mean: 4, median: 3}, prefixPrompts: {poolSize: 2, length: 3}, \
      prompts: {isl: {value: 4}, osl: {points: [{value: 2, weight: 3}]}, blockSize: 4, batchSize: 2, \
       sequenceDistribution: [{isl: 3, osl: 4, islStddev: 1, osl_stddev: 2, probability: 100}], corpus: coding}, \
      images: {batchSize: 1, width: 4, format: png}, audio: {batchSize: 1, channels: 2, sampleRates: [16], depths: [16]}, \
      video: {duration: 2, fps: 3, width: 4, height: 5, audio: {sampleRate: 44.1, channels: 1, depth: 16}}, \
      rankings: {passages: 3}}, \
     profiling: {type: gamma, requests: 5, sessions: 6, duration: 7, gracePeriod: 8, concurrency: 9, prefillConcurrency: 2, \
      rate: 3, smoothness: 2, rateRamp: 4, prefillRamp: {duration: 5, strategy: linear}, cancellation: {rate: 5, delay: 1}, \
      seamless: false, failedRequestThreshold: 0.5, trajectoryStartMinRatio: 0.2, adaptiveControlMin: 2, \
      adaptiveAssessmentPeriod: 2, adaptiveScaleStepPercent: 3}, \
     artifacts: {sliceDuration: 5, raw: true, summary: [json]}, \
     runtime: {workers: 2, workersMin: 1, recordProcessors: 3, apiPort: 80, statsInterval: 5, workersPerPod: 3, ui: simple}, \
     serverMetrics: {urls: [a], formats: [json], discovery: {mode: auto, timeoutSeconds: 5}}, \
     networkLatency: {enabled: true, pingInterval: 2, meanMs: 3}, accuracy: {benchmark: mmlu, nShots: 3}, \
     multiRun: {numRuns: 3, cooldownSeconds: 4, confidenceLevel: 0.9, convergence: {metric: a, threshold: 0.5, minRuns: 2}}",
    "datasets: [{name: a, type: file, path: p, entries: 4, blockSize: 3, traceSessionSampleRatio: 0.5, replaySpeedup: 2, \
      interTurnDelayCapSeconds: 3, maxIdleGapCapSeconds: 4, promptBatchSize: 2, maxContextLength: 9, osl: {mean: 4, stddev: 1}, \
      synthesis: {speedupRatio: 2, prefixRootMultiplier: 3, outputLenMultiplier: 0, maxIsl: 5}}], \
     phases: [{name: w, kind: warmup, type: user_centric, rate: 3, users: 4, sessions: 9}, \
      {name: profiling, type: fixed_schedule, autoOffset: false, startOffset: 3, endOffset: 4}], \
     models: {strategy: weighted, items: [{name: a, weight: 0.5}, {name: b, weight: 0.5}]}, \
     sweep: {type: sobol, samples: 8, seed: 3, scramble: true, dimensions: [{path: concurrency, lo: 1, hi: 9, kind: int}]}",
    "dataset: {type: public, dataset: sharegpt, entries: 3, maxContextLength: 5, traceIdleGapCapSeconds: 4}, \
     sweep: {type: adaptive_search, maxIterations: 20, nInitialPoints: 3, plateauWindow: 4, plateauThreshold: 0.5, \
      slaReplicates: 2, objectives: [{metric: a, direction: minimize}], searchSpace: [{path: concurrency, lo: 1, hi: 9}], \
      slaFilters: [{metricTag: a, op: lt, threshold: 5}], cooldownSeconds: 3}",
];

/// The pointers to all values of a document that are no maps.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(items) => {
            found.push(path.to_owned());
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{index}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// Values that are compared with others of the same section, which a schema cannot.
const COMPARED: &[&str] = &["/sweep/dimensions/", "/turnDelay/", "/turns/m"];

/// Values at and around all limits, and some of other types. A text is none that stands for a number or
/// a switch, which the reader takes and the schema does not offer.
fn values() -> Vec<Value> {
    let whole = (-1_i64..40).chain([
        48, 96, 97, 100, 101, 200, 201, 1000, 1001, 65535, 65536, 86400, 86401, 1_048_576,
        1_048_577,
    ]);
    let mut values: Vec<Value> = whole.map(Value::from).collect();
    values.extend([-0.5, 0.25, 0.5, 0.75, 1.5, 99.5, 100.5].map(Value::from));
    values.extend(["", "x", "/y", "chat", "linear", "{{ v }}", "9 apples"].map(Value::from));
    values.extend([json!(null), json!([]), json!({}), json!([{}])]);
    values
}

#[test]
fn the_schema_and_the_reader_agree_on_every_value_at_every_place() {
    let validator = validator();
    let mut others = Vec::new();
    let mut count = 0;
    for full in FULL {
        let mut document = document(full);
        let mut places = Vec::new();
        leaves(&document, "", &mut places);
        places.retain(|place| !COMPARED.iter().any(|part| place.contains(part)));
        for place in places {
            let old = document.pointer(&place).unwrap().clone();
            for value in values() {
                // A number is a switch to the reader, and no switch to an editor.
                if old.is_boolean() && value.is_number() {
                    continue;
                }
                *document.pointer_mut(&place).unwrap() = value.clone();
                let taken = validator.is_valid(&document);
                // A template stands for one value of any type; the reader never sees one.
                let is_template = value.as_str().is_some_and(|text| text.contains("{{"));
                if is_template && !old.is_array() {
                    *document.pointer_mut(&place).unwrap() = old.clone();
                }
                let is_read = is_read(&document);
                if taken != is_read {
                    others.push(format!(
                        "{value} at {place}: schema {taken}, reader {is_read}"
                    ));
                }
                count += 1;
            }
            *document.pointer_mut(&place).unwrap() = old;
        }
    }
    assert!(
        others.is_empty(),
        "{} of {count}:\n{}",
        others.len(),
        others.join("\n")
    );
    assert!(count > 10_000, "only {count} documents were compared");
}

#[test]
fn the_documents_that_are_changed_are_taken() {
    for full in FULL {
        let document = document(full);
        let told: Vec<_> = validator()
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(told, [""; 0]);
        assert!(is_read(&document), "{full}");
    }
}
