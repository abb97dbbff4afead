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
    let variations = document.variations(&ProfileArgs::default()).unwrap();
    let indices: Vec<usize> = variations
        .iter()
        .map(|variation| variation.identity.index)
        .collect();
    assert_eq!(indices, (0..variations.len()).collect::<Vec<_>>());
    variations
        .into_iter()
        .map(|variation| (variation.identity.dir_name, variation.identity.label))
        .collect()
}

fn at(document: &Document, index: usize, pointer: &str) -> Value {
    let variation = &document.variations(&ProfileArgs::default()).unwrap()[index];
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
        let told = document
            .variations(&ProfileArgs::default())
            .unwrap_err()
            .to_string();
        assert!(told.contains(expected), "{parameters}: {told}");
    }
    let document = file(
        "{type: adaptive_search, maxIterations: 9, searchSpace: [{path: concurrency, lo: 1, hi: 9}], \
         objectives: [{metric: request_latency, direction: minimize}]}",
    );
    let told = document
        .variations(&ProfileArgs::default())
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("are not known before they are made"),
        "{told}"
    );
}

#[test]
fn names_of_directories_hold_nothing_that_leads_elsewhere() {
    for (text, expected) in [
        ("../../x", "x"),
        ("a:b|c", "abc"),
        ("...", ""),
        ("concurrency_1", "concurrency_1"),
    ] {
        assert_eq!(crate::variation::directory(text), expected);
    }
}

#[test]
fn a_list_where_a_phase_takes_a_number_is_a_grid() {
    let text = |sweep: &str| {
        format!(
            "{sweep}\nbenchmark:\n  model: m\n  endpoint: {{url: 'h:1', streaming: true}}\n  \
             dataset: {{isl: 100, osl: 20}}\n  \
             phases: {{type: concurrency, requests: [4, 8], concurrency: [1, 2]}}\n"
        )
    };
    let document = Document::parse(&text(""), &|_: &str| None).unwrap();
    assert_eq!(document.sweep_kind(), "GridSweep");
    let names: Vec<String> = labels(&document)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "concurrency_1__requests_4",
            "concurrency_1__requests_8",
            "concurrency_2__requests_4",
            "concurrency_2__requests_8",
        ]
    );
    assert_eq!(at(&document, 3, "/phases/0/requests"), 8);
    // The first values hold where nothing is varied.
    let base = document.dump_benchmark(Dump::Full);
    assert_eq!(base["phases"][0]["concurrency"], 1);
    let with_sweep = text("sweep: {type: grid, parameters: {concurrency: [1, 2]}}");
    assert!(Document::parse(&with_sweep, &|_: &str| None).is_err());
}

/// A file with what was typed over it, and its runs.
fn typed(sweep: &str, words: &str) -> Result<Vec<Variation>, DocumentError> {
    use crate::command::Parsed;
    use crate::profile::PROFILE;
    let Ok(Parsed::Values(typed)) = PROFILE.parse(words.split_whitespace()) else {
        panic!("{words}");
    };
    let text = format!(
        "{sweep}\nbenchmark:\n  model: m\n  endpoint: {{url: 'h:1', streaming: true}}\n  \
         dataset: {{isl: 100, osl: 20}}\n  phases: {{type: concurrency, requests: 4, concurrency: 3}}\n"
    );
    let change = |tree: &mut Node, faults: &mut Vec<Fault>| overlay::apply(&typed, tree, faults);
    let document = Document::parse_with(&text, &|_: &str| None, change)?;
    document.variations(&typed)
}

#[test]
fn flags_hold_for_all_runs_and_what_is_varied_goes_before_them() {
    let sweep = "sweep: {type: grid, parameters: {concurrency: [1, 2]}}";
    let runs = typed(sweep, "--request-count 9 --concurrency 7 --osl 30").unwrap();
    let of = |pointer: &str| -> Vec<Value> {
        let dumps = runs
            .iter()
            .map(|run| run.document.dump_benchmark(Dump::Full));
        dumps
            .map(|dump| dump.pointer(pointer).cloned().unwrap_or_default())
            .collect()
    };
    assert_eq!(of("/phases/0/concurrency"), [1, 2]);
    assert_eq!(of("/phases/0/requests"), [9, 9]);
    assert_eq!(of("/datasets/0/prompts/osl/mean"), [30.0, 30.0]);
}

#[test]
fn lists_of_flags_become_parameters_beside_those_of_the_file() {
    let labels = |sweep: &str, words: &str| -> Vec<String> {
        let runs = typed(sweep, words).unwrap().into_iter();
        runs.map(|run| run.identity.dir_name).collect()
    };
    assert_eq!(
        labels("", "--concurrency 1,2"),
        ["concurrency_1", "concurrency_2"]
    );
    assert_eq!(
        labels("", "--concurrency 1,2 --isl 8,16 --sweep-type zip"),
        ["mean_8__concurrency_1", "mean_16__concurrency_2"]
    );
    let sweep = "sweep: {type: grid, parameters: {requests: [5, 6]}}";
    assert_eq!(
        labels(sweep, "--concurrency 1,2"),
        [
            "concurrency_1__requests_5",
            "concurrency_1__requests_6",
            "concurrency_2__requests_5",
            "concurrency_2__requests_6",
        ]
    );
    let sweep = "sweep: {type: scenarios, runs: [{name: a}]}";
    let told = typed(sweep, "--concurrency 1,2").unwrap_err().to_string();
    assert!(told.contains("`--concurrency`"), "{told}");
}

#[test]
fn points_of_a_space_are_runs_with_the_same_points_each_time() {
    let sweep = |more: &str| {
        format!(
            "sweep: {{type: latin_hypercube, samples: 4, {more} dimensions: [\
             {{path: concurrency, lo: 1, hi: 100, scale: log, kind: int}}, {{path: requests, choices: [4, 8]}}]}}"
        )
    };
    let of = |more: &str| -> Vec<String> {
        let runs = typed(&sweep(more), "").unwrap().into_iter();
        runs.map(|run| run.identity.dir_name).collect()
    };
    assert_eq!(of("").len(), 4);
    assert_eq!(of(""), of(""));
    assert_ne!(of("seed: 1,"), of("seed: 2,"));
    let runs = typed(&sweep("labelFormat: kv,"), "").unwrap();
    assert!(
        runs[0]
            .identity
            .label
            .starts_with("phases.profiling.concurrency=")
    );
}

#[test]
fn credentials_are_in_no_name_and_no_value_of_a_run() {
    let sweep = "sweep: {type: scenarios, runs: [{name: a, benchmark: {endpoint: {apiKey: sesame, \
                 headers: {Authorization: Bearer sesame, X-Team: blue}}}}]}";
    let runs = typed(sweep, "").unwrap();
    let shown = serde_json::to_string(&runs[0].identity.values).unwrap();
    assert!(
        !shown.contains("sesame") && shown.contains("blue"),
        "{shown}"
    );
    for path in ["endpoint.apiKey", "endpoint.headers.Authorization"] {
        let sweep = format!("sweep: {{type: grid, parameters: {{{path}: [a, b]}}}}");
        let told = typed(&sweep, "").unwrap_err().to_string();
        assert!(told.contains("is a credential"), "{told}");
    }
}
