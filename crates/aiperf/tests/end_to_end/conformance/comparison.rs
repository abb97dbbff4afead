//! A run of the reference beside one of ours: the same server, the same words.

use std::collections::BTreeMap;

use aiperf_mock::MockOptions;
use serde_json::{Value, json};

use super::reference::Reference;
use crate::support::{Place, mock, quick};

/// A difference that is meant to be.
struct Allowed {
    /// The difference's name without the file in front of it.
    name: &'static str,
    content: Value,
    #[expect(dead_code, reason = "for whoever reads the list")]
    reason: &'static str,
}

fn allowed() -> Vec<Allowed> {
    vec![
        Allowed {
            name: "members",
            content: json!({"only_in_b": ["client_self_check", "request_accounting"]}),
            reason: "our verdict on ourselves and our account of requests; readers take any member",
        },
        Allowed {
            name: "run_info keys",
            content: json!({"only_in_b": ["end_time_utc", "start_time_utc"]}),
            reason: "the usual times are local and name no zone; readers take any member",
        },
        Allowed {
            name: "input_config keys",
            content: json!({"only_in_a": [
                "artifacts.auto_plot", "artifacts.plot_required", "network_latency.enabled",
            ]}),
            reason: "constants that the reference writes of features nobody asked for",
        },
    ]
}

/// Lets both programs do the same and requires that their files have the same shape.
#[track_caller]
fn looks_the_same(server: &MockOptions, words: &[&str], further: Vec<Allowed>) {
    let Some(reference) = Reference::find() else {
        return;
    };
    let common = ["--no-gpu-telemetry", "--no-server-metrics"];
    let words: Vec<&str> = common.iter().chain(words).copied().collect();
    let (theirs, ours) = (Place::new(), Place::new());
    // A server for each, so that the same requests meet the same faults.
    let first = mock(server.clone());
    reference
        .profile(&theirs, &first.url(), &words)
        .expect_code(0);
    let second = mock(server.clone());
    ours.profile(&second.url(), &words).expect_code(0);
    assert_eq!(first.stats().requests, second.stats().requests);

    let folders = [theirs.results(), ours.results()];
    let ended = reference.script(
        "compare.py",
        &[folders[0].to_str().unwrap(), folders[1].to_str().unwrap()],
    );
    let found: BTreeMap<String, Value> =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended}"));
    let allowed: Vec<Allowed> = allowed().into_iter().chain(further).collect();
    let unexpected: Vec<String> = found
        .iter()
        .filter(|(name, content)| {
            !allowed
                .iter()
                .any(|one| is_named(name, one.name) && one.content == **content)
        })
        .map(|(name, content)| format!("{name}: {content:#}"))
        .collect();
    assert!(
        unexpected.is_empty(),
        "a is the reference:\n{}",
        unexpected.join("\n")
    );
    for one in &allowed {
        let occurs = found.keys().any(|name| is_named(name, one.name));
        assert!(
            occurs,
            "`{}` is a difference no more; take it off the list",
            one.name
        );
    }
}

/// `profile_export_aiperf.json members` is named `members`.
fn is_named(difference: &str, name: &str) -> bool {
    difference
        .split_once(' ')
        .is_some_and(|(_file, rest)| rest == name)
}

#[test]
fn streamed_chat_looks_the_same() {
    let words = [
        "--streaming",
        "--concurrency",
        "2",
        "--request-count",
        "12",
        "--isl",
        "100",
        "--osl",
        "16",
        "--extra-inputs",
        "ignore_eos:true",
        "--random-seed",
        "7",
    ];
    looks_the_same(&quick(), &words, Vec::new());
}

#[test]
fn phases_failures_goodput_and_whole_exchanges_look_the_same() {
    let words = [
        "--streaming",
        "--concurrency",
        "2",
        "--request-count",
        "20",
        "--warmup-request-count",
        "4",
        "--isl",
        "50",
        "--osl",
        "8",
        "--random-seed",
        "7",
        "--export-level",
        "raw",
        "--goodput",
        "request_latency:30",
    ];
    looks_the_same(
        &MockOptions {
            error_rate: 0.2,
            seed: 3,
            ..quick()
        },
        &words,
        Vec::new(),
    );
}

#[test]
fn http_traces_look_the_same() {
    let words = [
        "--streaming",
        "--request-count",
        "4",
        "--isl",
        "50",
        "--random-seed",
        "7",
        "--export-http-trace",
    ];
    let chunk_lists = Allowed {
        name: "value types",
        content: json!({
            "profiling good trace_data.request_chunks":
                {"a": ["list of "], "b": ["list of list of int"]},
            "profiling good trace_data.response_chunks":
                {"a": ["list of "], "b": ["list of list of int"]},
        }),
        reason: "the reference has these lists too but never fills them",
    };
    looks_the_same(&quick(), &words, vec![chunk_lists]);
}

#[test]
fn time_slices_and_texts_of_answers_look_the_same() {
    let words = [
        "--streaming",
        "--concurrency",
        "2",
        "--request-count",
        "30",
        "--warmup-request-count",
        "2",
        "--isl",
        "50",
        "--osl",
        "16",
        "--extra-inputs",
        "ignore_eos:true",
        "--random-seed",
        "7",
        "--slice-duration",
        "0.2",
        "--export-outputs-json",
    ];
    looks_the_same(&quick(), &words, Vec::new());
}
