use serde_json::json;

use super::*;
use crate::document::Dump;

/// A file with a sweep, and a body in short forms.
fn file(sweep: &str) -> Document {
    let text = format!(
        "variables: {{per_user: 4, users: 6}}\n\
         sweep: {sweep}\n\
         benchmark:\n  model: m\n  endpoint: {{url: 'h:1', streaming: true}}\n  \
         dataset: {{name: chatty, isl: 100, osl: 20}}\n  \
         warmup: {{type: concurrency, requests: 2}}\n  \
         profiling: {{type: concurrency, requests: '{{{{ users * per_user }}}}', concurrency: 3}}\n"
    );
    Document::parse(&text, &|_: &str| None).unwrap()
}

fn labels(document: &Document) -> Vec<(String, String)> {
    let variations = document.variations().unwrap();
    let indices: Vec<usize> = variations.iter().map(|variation| variation.index).collect();
    assert_eq!(indices, (0..variations.len()).collect::<Vec<_>>());
    variations
        .into_iter()
        .map(|variation| (variation.dir_name, variation.label))
        .collect()
}

fn at(document: &Document, index: usize, pointer: &str) -> Value {
    let variation = &document.variations().unwrap()[index];
    let dump = variation.document.dump_benchmark(Dump::Full);
    dump.pointer(pointer).cloned().unwrap_or_default()
}

#[test]
fn a_grid_is_every_combination_in_the_order_of_whole_paths_the_last_fastest() {
    let document = file(
        "{type: grid, parameters: {variables.users: [6, 12], datasets.chatty.prompts.isl.mean: [100, 300.5]}}",
    );
    let pair = |dir: &str, label: &str| (dir.to_owned(), label.to_owned());
    assert_eq!(
        labels(&document),
        [
            pair(
                "mean_100__users_6",
                "datasets.chatty.prompts.isl.mean=100, variables.users=6"
            ),
            pair(
                "mean_100__users_12",
                "datasets.chatty.prompts.isl.mean=100, variables.users=12"
            ),
            pair(
                "mean_300.5__users_6",
                "datasets.chatty.prompts.isl.mean=300.5, variables.users=6"
            ),
            pair(
                "mean_300.5__users_12",
                "datasets.chatty.prompts.isl.mean=300.5, variables.users=12"
            ),
        ]
    );
    // Templates are rendered again for each run, and a lone length becomes a mean.
    assert_eq!(at(&document, 1, "/phases/1/requests"), json!(48));
    assert_eq!(
        at(&document, 2, "/datasets/0/prompts/isl/mean"),
        json!(300.5)
    );
    assert_eq!(document.sweep_kind(), "GridSweep");
}

#[test]
fn a_zip_is_pairs_and_short_names_mean_the_measured_phase() {
    let document = file(
        "{type: zip, parameters: {concurrency: [1, 2], endpoint.useServerTokenCount: [true, false]}}",
    );
    let labels = labels(&document);
    assert_eq!(labels.len(), 2);
    assert_eq!(labels[0].0, "useServerTokenCount_True__concurrency_1");
    assert_eq!(
        labels[1].1,
        "endpoint.useServerTokenCount=False, phases.profiling.concurrency=2"
    );
    assert_eq!(at(&document, 1, "/phases/1/concurrency"), json!(2));
    assert_eq!(
        at(&document, 0, "/endpoint/use_server_token_count"),
        json!(true)
    );
}

#[test]
fn scenarios_lie_over_the_body_by_the_names_of_its_entries() {
    let document = file(
        "{type: scenarios, runs: [\
         {name: 'long:tail', benchmark: {dataset: {isl: {mean: 9, median: 4}}, phases: [{name: profiling, concurrency: 7}]}}, \
         {variables: {users: 2}, values: {users: 2}}, \
         {benchmark: {endpoint: {timeout: 5}}}]}",
    );
    let names: Vec<String> = labels(&document).into_iter().map(|(dir, _)| dir).collect();
    assert_eq!(names, ["longtail", "users_2", "scenario_2"]);
    assert_eq!(
        at(&document, 0, "/datasets/0/prompts/isl"),
        json!({"mean": 9.0, "median": 4.0})
    );
    assert_eq!(
        at(&document, 0, "/datasets/0/prompts/osl/value"),
        json!(20.0)
    );
    assert_eq!(at(&document, 0, "/phases/1/concurrency"), json!(7));
    assert_eq!(at(&document, 0, "/phases/0/requests"), json!(2));
    assert_eq!(at(&document, 1, "/phases/1/requests"), json!(8));
    assert_eq!(at(&document, 2, "/endpoint/timeout"), json!(5.0));
    assert_eq!(at(&document, 2, "/phases/1/concurrency"), json!(3));
}

#[test]
fn a_document_without_a_sweep_is_one_run() {
    let document = file("null");
    assert_eq!(labels(&document), [("base".to_owned(), "base".to_owned())]);
    assert_eq!(document.sweep_kind(), "none");
    assert_eq!(document.trials(), 1);
}

#[test]
fn paths_that_lead_nowhere_are_refused_by_name() {
    for (parameters, expected) in [
        (
            "{benchmark.endpoint.timeout: [1]}",
            "begins with `benchmark`",
        ),
        ("{random_seed: [1]}", "belongs to all runs together"),
        ("{a..b: [1]}", "is no path"),
        (
            "{concurrency: [1], phases.profiling.concurrency: [2]}",
            "`phases.profiling.concurrency` is varied already",
        ),
        (
            "{datasets.main.entries: [1]}",
            "no entry of `datasets` is called `main`",
        ),
        (
            "{phases.9.requests: [1]}",
            "no entry of `phases` is called `9`",
        ),
        ("{endpoint.streaming.x: [1]}", "leads through `streaming`"),
        (
            "{phases.profiling.request: [1]}",
            "`benchmark.phases.1.request`: no such key",
        ),
        ("{phases.profiling.requests: [0]}", "is less than 1"),
    ] {
        let document = file(&format!("{{type: grid, parameters: {parameters}}}"));
        let told = document.variations().unwrap_err().to_string();
        assert!(told.contains(expected), "{parameters}: {told}");
    }
    let document =
        file("{type: sobol, samples: 2, dimensions: [{path: concurrency, lo: 1, hi: 9}]}");
    let told = document.variations().unwrap_err().to_string();
    assert!(told.contains("are not listed by this version"), "{told}");
}

#[test]
fn names_of_directories_hold_nothing_that_leads_elsewhere() {
    for (text, expected) in [
        ("../../x", "x"),
        ("a:b|c", "abc"),
        ("...", ""),
        ("concurrency_1", "concurrency_1"),
    ] {
        assert_eq!(directory(text), expected);
    }
}
