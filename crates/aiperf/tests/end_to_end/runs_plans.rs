//! Several runs as one plan: repeated runs, sweeps, what ends them, and what they say together.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::place::{signal, wait, wait_until};
use crate::support::{Place, plain_mock};

fn json_of(place: &Place, name: &str) -> Value {
    serde_json::from_str(&place.result(name)).unwrap()
}

/// The folders of runs, by their summaries.
fn run_folders(place: &Place) -> Vec<String> {
    let files = place.files(&place.results());
    files
        .iter()
        .filter_map(|name| name.strip_suffix("profile_export_aiperf.json"))
        .filter(|folder| !folder.contains("phases/"))
        .map(|folder| folder.trim_end_matches('/').to_owned())
        .collect()
}

/// Members of the summaries of all runs.
fn of_runs(place: &Place, pointer: &str) -> Vec<Value> {
    let folders = run_folders(place).into_iter();
    folders
        .map(|folder| {
            let summary = json_of(place, &format!("{folder}/profile_export_aiperf.json"));
            summary.pointer(pointer).cloned().unwrap_or_default()
        })
        .collect()
}

const FEW: &[&str] = &["--streaming", "--request-count", "4"];

#[test]
fn repeated_runs_are_runs_in_folders_of_their_own_and_one_aggregate() {
    let place = Place::new();
    let server = plain_mock();
    let words = ["--num-profile-runs", "2", "--warmup-request-count", "2"];
    let ended = place
        .profile(&server.url(), &[FEW, &words].concat())
        .expect_code(0);
    assert_eq!(
        run_folders(&place),
        ["profile_runs/run_0001", "profile_runs/run_0002"]
    );
    assert_eq!(of_runs(&place, "/run_info/random_seed"), [42, 42]);
    assert_eq!(of_runs(&place, "/run_info/trial"), [0, 1]);
    assert_eq!(
        of_runs(&place, "/run_info/run_label"),
        ["run_0001", "run_0002"]
    );
    assert_eq!(
        of_runs(&place, "/run_info/variation_label"),
        ["base", "base"]
    );
    let sweeps = of_runs(&place, "/run_info/sweep_id");
    assert!(
        sweeps[0].is_string() && sweeps[0] == sweeps[1],
        "{sweeps:?}"
    );
    let ids = of_runs(&place, "/run_info/benchmark_id");
    assert!(ids[0] != ids[1] && ids[0].as_str().unwrap().len() == 32);
    // Only the first run is warmed up, and says so.
    let phases: Vec<usize> = of_runs(&place, "/input_config/phases")
        .iter()
        .map(|phases| phases.as_array().unwrap().len())
        .collect();
    assert_eq!(phases, [2, 1]);
    let records = |run: &str| place.records(&format!("profile_runs/{run}/profile_export.jsonl"));
    assert_eq!(
        (records("run_0001").len(), records("run_0002").len()),
        (6, 4)
    );

    let aggregate = json_of(&place, "aggregate/profile_export_aiperf_aggregate.json");
    assert_eq!(
        aggregate["metadata"],
        json!({
            "aggregation_type": "confidence", "num_profile_runs": 2, "num_successful_runs": 2,
            "failed_runs": [], "confidence_level": 0.95, "run_labels": ["run_0001", "run_0002"],
            "cooldown_seconds": 0.0,
        })
    );
    let latencies = of_runs(&place, "/request_latency/avg");
    let mean = latencies
        .iter()
        .map(|value| value.as_f64().unwrap())
        .sum::<f64>()
        / 2.0;
    let found = aggregate["metrics"]["request_latency_avg"]["mean"]
        .as_f64()
        .unwrap();
    assert!((found - mean).abs() < 1e-9, "{found} {mean}");
    let csv = place.result("aggregate/profile_export_aiperf_aggregate.csv");
    assert!(csv.starts_with("metric,mean,std,min,max,cv,se,ci_low,ci_high,t_critical,unit\r\n"));
    assert!(
        csv.contains("Run Labels,\"['run_0001', 'run_0002']\"\r\n"),
        "{csv}"
    );
    for said in [
        "[v0 t0] Executing run_0001...",
        "[v0 t1] Executing run_0002...",
        "All runs complete: 2/2 successful",
        "AGGREGATE STATISTICS SUMMARY",
        "Request Latency (Avg):",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {ended}");
    }
    // Each line is in one file: that of the plan, or that of its run.
    let log = place.result("logs/aiperf.log");
    assert!(
        log.contains("Executing run_0002") && !log.contains("Phase profiling"),
        "{log}"
    );
    let log = place.result("profile_runs/run_0002/logs/aiperf.log");
    assert!(
        log.contains("Phase profiling") && !log.contains("Executing"),
        "{log}"
    );
}

#[test]
fn a_grid_has_a_folder_for_each_variation_in_each_trial_and_tells_the_best() {
    let place = Place::new();
    let server = plain_mock();
    let words = ["--concurrency", "1,4", "--num-profile-runs", "2"];
    place
        .profile(&server.url(), &[FEW, &words].concat())
        .expect_code(0);
    assert_eq!(
        run_folders(&place),
        [
            "profile_runs/trial_0001/concurrency_1",
            "profile_runs/trial_0001/concurrency_4",
            "profile_runs/trial_0002/concurrency_1",
            "profile_runs/trial_0002/concurrency_4",
        ]
    );
    assert_eq!(of_runs(&place, "/run_info/random_seed"), [42, 43, 42, 43]);
    assert_eq!(
        of_runs(&place, "/run_info/variation_values")[1],
        json!({ "phases.profiling.concurrency": 4 })
    );
    assert_eq!(
        of_runs(&place, "/input_config/phases/0/concurrency"),
        [1, 4, 1, 4]
    );
    let of_four = json_of(
        &place,
        "aggregate/concurrency_4/profile_export_aiperf_aggregate.json",
    );
    let metadata = &of_four["metadata"];
    assert_eq!(
        metadata["variation_label"],
        "phases.profiling.concurrency=4"
    );
    assert_eq!(metadata["sweep_mode"], "repeated");
    assert_eq!(metadata["model"], "mock-model");
    let sweep = json_of(
        &place,
        "aggregate/sweep_aggregate/profile_export_aiperf_sweep.json",
    );
    assert_eq!(sweep["num_successful_runs"], 4);
    assert_eq!(
        sweep["metadata"]["sweep_parameters"],
        json!([{ "name": "concurrency", "values": [1, 4] }])
    );
    // Four at a time are four times as fast on a server that is not busy.
    let best = &sweep["best_configurations"]["best_throughput"];
    assert_eq!(best["parameters"], json!({ "concurrency": 4 }));
    let csv = place.result("aggregate/sweep_aggregate/profile_export_aiperf_sweep.csv");
    assert!(csv.contains("\r\nBest Configurations\r\nConfiguration,concurrency,Metric,Unit\r\n"));
}

/// A configuration file for a server.
fn file(place: &Place, url: &str, root: &str, phases: &str) {
    place.write(
        "plan.yaml",
        &format!(
            "{root}\nbenchmark:\n  model: mock-model\n  endpoint: {{urls: ['{url}'], streaming: true}}\n  \
             tokenizer: {{name: builtin}}\n  dataset: {{isl: 20, osl: 4}}\n  runtime: {{ui: none}}\n  \
             artifacts: {{dir: results}}\n  phases: {phases}\n"
        ),
    );
}

#[test]
fn a_zip_of_a_file_keeps_its_order_and_its_limits() {
    let place = Place::new();
    let server = plain_mock();
    let sweep = "sweep: {type: zip, iterationOrder: independent, sameSeed: true, \
                 parameters: {concurrency: [1, 2], requests: [3, 5]}, \
                 slaFilters: [{metricTag: request_count, stat: avg, op: gt, threshold: 4}]}\n\
                 randomSeed: 7";
    file(
        &place,
        &server.url(),
        sweep,
        "{type: concurrency, requests: 9}",
    );
    let words = [
        "profile",
        "--config",
        "plan.yaml",
        "--num-profile-runs",
        "2",
    ];
    place.run(&words).expect_code(0);
    assert_eq!(
        run_folders(&place),
        [
            "concurrency_1__requests_3/profile_runs/trial_0001",
            "concurrency_1__requests_3/profile_runs/trial_0002",
            "concurrency_2__requests_5/profile_runs/trial_0001",
            "concurrency_2__requests_5/profile_runs/trial_0002",
        ]
    );
    assert_eq!(of_runs(&place, "/run_info/random_seed"), [7, 7, 7, 7]);
    assert_eq!(of_runs(&place, "/request_count/avg"), [3.0, 3.0, 5.0, 5.0]);
    json_of(
        &place,
        "concurrency_2__requests_5/aggregate/profile_export_aiperf_aggregate.json",
    );
    let sweep = json_of(&place, "sweep_aggregate/profile_export_aiperf_sweep.json");
    let limits = &sweep["metadata"]["sla_constraints"];
    assert_eq!(
        (&limits["feasible_count"], &limits["infeasible_count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        sweep["pareto_optimal"],
        json!([{ "concurrency": 2, "requests": 5 }])
    );
}

#[test]
fn a_variation_that_fails_is_named_and_the_others_go_on() {
    let place = Place::new();
    let server = plain_mock();
    let sweep = "sweep: {type: scenarios, runs: [\
                 {name: small, benchmark: {dataset: {isl: 10}}, values: {isl: 10}}, \
                 {name: gone, benchmark: {endpoint: {urls: ['http://127.0.0.1:1']}}}, \
                 {name: large, benchmark: {phases: [{name: profiling, concurrency: 2}]}}]}";
    file(
        &place,
        &server.url(),
        sweep,
        "{type: concurrency, requests: 4}",
    );
    let ended = place
        .run(&["profile", "--config", "plan.yaml"])
        .expect_code(0);
    assert!(
        ended
            .stdout
            .contains("Failed: gone, run_0001: All 4 requests failed"),
        "{ended}"
    );
    let sweep = json_of(&place, "sweep_aggregate/profile_export_aiperf_sweep.json");
    assert_eq!(
        sweep["failed_runs"],
        json!([{ "label": "run_0001", "error": "All 4 requests failed" }])
    );
    let labels: Vec<&Value> = sweep["per_combination_metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|combination| &combination["variation_label"])
        .collect();
    assert_eq!(labels, ["small", "large"]);
    assert_eq!(run_folders(&place), ["gone", "isl_10", "large"]);
    let files = place.files(&place.results());
    assert!(
        !files.iter().any(|name| name.starts_with("aggregate/gone")),
        "{files:?}"
    );
}

#[test]
fn a_plan_of_which_one_run_succeeds_has_no_aggregate_and_fails() {
    let place = Place::new();
    let server = plain_mock();
    let sweep = "sweep: {type: scenarios, runs: [{name: good}, \
                 {name: gone, benchmark: {endpoint: {urls: ['http://127.0.0.1:1']}}}]}";
    file(
        &place,
        &server.url(),
        sweep,
        "{type: concurrency, requests: 2}",
    );
    // What an earlier plan left is not taken for this one's.
    std::fs::create_dir_all(place.results().join("sweep_aggregate")).unwrap();
    place.write(
        "results/sweep_aggregate/profile_export_aiperf_sweep.json",
        "{}",
    );
    let ended = place
        .run(&["profile", "--config", "plan.yaml"])
        .expect_code(1);
    assert!(ended.stdout.contains("one run succeeded"), "{ended}");
    let files = place.files(&place.results());
    assert!(
        !files.iter().any(|name| name.contains("aggregate")),
        "{files:?}"
    );
}

#[test]
fn runs_that_agree_end_the_plan_early() {
    let place = Place::new();
    let server = plain_mock();
    // The number of requests is the same in all runs.
    let words = [
        "--num-profile-runs",
        "5",
        "--convergence-metric",
        "request_count",
    ];
    let ended = place
        .profile(&server.url(), &[FEW, &words].concat())
        .expect_code(0);
    assert_eq!(run_folders(&place).len(), 2);
    assert!(
        ended
            .stdout
            .contains("2 runs agree: no further one is needed"),
        "{ended}"
    );
    let collated = json_of(&place, "aggregate/profile_export_aiperf_collated.json");
    let latency = &collated["metrics"]["request_latency"];
    assert_eq!(latency["combined"]["count"], 8);
    assert_eq!(latency["per_run"].as_array().unwrap().len(), 2);

    // A metric that no run has never agrees.
    let place = Place::new();
    let words = ["--num-profile-runs", "3", "--convergence-metric", "no_such"];
    let ended = place
        .profile(&server.url(), &[FEW, &words].concat())
        .expect_code(0);
    assert_eq!(run_folders(&place).len(), 3);
    assert!(
        ended.stdout.contains("no run has `avg` of `no_such`"),
        "{ended}"
    );
}

#[test]
fn requests_that_are_distributed_alike_end_the_plan_early() {
    let place = Place::new();
    let server = plain_mock();
    // All output lengths are the same: nothing speaks against one law.
    let words = [
        "--osl",
        "5",
        "--num-profile-runs",
        "4",
        "--convergence-metric",
        "output_sequence_length",
        "--convergence-mode",
        "distribution",
    ];
    place
        .profile(&server.url(), &[FEW, &words].concat())
        .expect_code(0);
    assert_eq!(run_folders(&place).len(), 2);
}

#[test]
fn an_interrupt_in_the_third_run_ends_the_plan_and_keeps_what_is_done() {
    let place = Place::new();
    let server = plain_mock();
    // The third run goes on for ever.
    let sweep = "sweep: {type: scenarios, runs: [{name: a}, {name: b}, \
                 {name: c, benchmark: {phases: [{name: profiling, requests: 100000000}]}}, {name: d}]}";
    file(
        &place,
        &server.url(),
        sweep,
        "{type: concurrency, requests: 3}",
    );
    let child = place
        .aiperf(&["profile", "--config", "plan.yaml"])
        .spawn()
        .unwrap();
    let records = place.results().join("c/profile_export.jsonl");
    wait_until("a record of the third run is on disk", || {
        std::fs::metadata(&records).is_ok_and(|metadata| metadata.len() > 0)
    });
    signal(&child, Signal::INT);
    let ended = wait(child).expect_code(0);
    assert!(ended.stderr.contains("Cancellation in Progress"), "{ended}");
    assert!(ended.stdout.contains("The plan was cancelled"), "{ended}");
    assert_eq!(run_folders(&place), ["a", "b", "c"]);
    let sweep = json_of(&place, "sweep_aggregate/profile_export_aiperf_sweep.json");
    assert_eq!(sweep["num_successful_runs"], 2);
    assert_eq!(sweep["failed_runs"][0]["error"], "the run was cancelled");
    let cut = json_of(&place, "c/profile_export_aiperf.json");
    assert_eq!(cut["was_cancelled"], true);
}

#[test]
fn an_interrupt_in_a_pause_ends_the_plan_at_once() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "--num-profile-runs",
        "2",
        "--profile-run-cooldown-seconds",
        "3600",
    ];
    let child = place
        .profiling(&server.url(), &[FEW, &words].concat())
        .spawn()
        .unwrap();
    let marker = place
        .results()
        .join("profile_runs/run_0001/.aiperf_results_ready.json");
    wait_until("the first run is over", || marker.exists());
    let log = place.results().join("logs/aiperf.log");
    wait_until("the plan waits", || log.exists());
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(&child, Signal::INT);
    // One run is no plan: there is nothing to aggregate.
    let ended = wait(child).expect_code(1);
    assert!(ended.stderr.contains("No further run is begun"), "{ended}");
    assert_eq!(run_folders(&place), ["profile_runs/run_0001"]);
}

#[test]
fn variants_are_runs_with_other_flags() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "--variant",
        "slow: concurrency=1",
        "--variant",
        "request_count=6, concurrency=3",
    ];
    place
        .profile(&server.url(), &[FEW, &words].concat())
        .expect_code(0);
    assert_eq!(run_folders(&place), ["slow", "v1"]);
    assert_eq!(of_runs(&place, "/request_count/avg"), [4.0, 6.0]);
    assert_eq!(
        of_runs(&place, "/run_info/variation_values/benchmark/phases")[0],
        json!([{ "concurrency": 1, "name": "profiling" }])
    );
}

#[test]
fn a_space_is_sampled_at_the_points_of_its_design() {
    let place = Place::new();
    let server = plain_mock();
    let sweep = "sweep: {type: sobol, samples: 4, scramble: false, dimensions: [\
                 {path: concurrency, lo: 1, hi: 9, kind: int}, {path: requests, choices: [3, 5]}]}";
    file(
        &place,
        &server.url(),
        sweep,
        "{type: concurrency, requests: 1}",
    );
    place
        .run(&["profile", "--config", "plan.yaml"])
        .expect_code(0);
    let design = json_of(&place, "sweep_aggregate/sampling_design.json");
    let points = json!([[1, 3], [5, 5], [7, 3], [3, 5]]);
    assert_eq!(design["samples_mapped"], points);
    assert_eq!(
        (
            &design["type"],
            &design["scramble"],
            &design["optimization"]
        ),
        (&json!("sobol"), &json!(false), &Value::Null)
    );
    assert_eq!(
        of_runs(&place, "/run_info/variation_label"),
        ["sobol_0000", "sobol_0003", "sobol_0001", "sobol_0002"]
    );
    assert_eq!(of_runs(&place, "/request_count/avg"), [3.0, 5.0, 5.0, 3.0]);
}

#[test]
fn one_run_of_one_configuration_is_a_run_like_any_other() {
    let server = plain_mock();
    let files = |words: &[&str]| {
        let place = Place::new();
        place
            .profile(&server.url(), &[FEW, words].concat())
            .expect_code(0);
        let info = place.summary()["run_info"].as_object().unwrap().clone();
        let members: Vec<String> = info.keys().cloned().collect();
        (place.files(&place.results()), members)
    };
    assert_eq!(files(&[]), files(&["--num-profile-runs", "1"]));
}
