//! The server's own metrics beside the run: they tell what the run did, cost it nothing, and decide
//! nothing.

use serde_json::{Value, json};

use crate::support::place::wait;
use crate::support::{Ended, Place, ScriptedServer, plain_mock};

/// Runs the program as users do: metrics are collected unless they are declined.
fn profile(place: &Place, url: &str, words: &[&str]) -> Ended {
    let mut command = place.profiling(url, words);
    command
        .env_remove("AIPERF_SERVER_METRICS_DEFAULT")
        .env("AIPERF_SERVER_METRICS_COLLECTION_FLUSH_PERIOD", "0.1");
    wait(command.spawn().unwrap())
}

fn export(place: &Place) -> Value {
    serde_json::from_str(&place.result("server_metrics_export.json")).unwrap()
}

/// A figure of the only series of a metric.
#[track_caller]
fn figure<'a>(metrics: &'a Value, name: &str, figure: &str) -> &'a Value {
    let series = metrics[name]["series"].as_array();
    let series = series.unwrap_or_else(|| panic!("no `{name}` in {metrics:#}"));
    assert_eq!(series.len(), 1, "{name}");
    &series[0]["stats"][figure]
}

fn files_of_metrics(place: &Place) -> Vec<String> {
    let mut files = place.files(&place.results());
    files.retain(|name| name.contains("server_metrics"));
    files
}

#[test]
fn without_a_flag_the_servers_figures_are_those_of_the_measured_requests() {
    let (place, server) = (Place::new(), plain_mock());
    let words = [
        "--streaming",
        "--request-count",
        "30",
        "--warmup-request-count",
        "5",
        "--osl",
        "4",
    ];
    let ended = profile(&place, &server.url(), &words).expect_code(0);
    assert!(
        ended
            .stdout
            .contains("Server metrics enabled - 1/1 endpoint(s) reachable."),
        "{ended}"
    );
    assert_eq!(
        files_of_metrics(&place),
        ["server_metrics_export.csv", "server_metrics_export.json"]
    );
    let export = export(&place);
    let (measured, warmup) = (&export["metrics"], &export["warmup_metrics"]);
    let ttft = "vllm:time_to_first_token_seconds";
    assert_eq!(*figure(measured, ttft, "count"), 30);
    assert_eq!(*figure(warmup, ttft, "count"), 5);
    let summary = place.summary();
    assert_eq!(
        figure(measured, "vllm:generation_tokens", "total"),
        &summary["total_output_tokens"]["avg"]
    );
    // Estimates from buckets and our own figure are of the same size.
    let own = summary["time_to_first_token"]["avg"].as_f64().unwrap() / 1e3;
    let theirs = figure(measured, ttft, "avg").as_f64().unwrap();
    assert!((own / 5.0..own * 5.0).contains(&theirs), "{own} {theirs}");
    assert_eq!(measured["vllm:kv_cache_usage_perc"]["unit"], "percent");
    let address = format!("{}/metrics", server.url());
    assert_eq!(export["summary"]["endpoints_successful"], json!([address]));
    assert_eq!(export["benchmark_id"], summary["benchmark_id"]);
    assert!(
        ended.stdout.contains("Server Metrics CSV Export"),
        "{ended}"
    );
}

#[test]
fn every_format_is_written_under_the_prefix() {
    let (place, server) = (Place::new(), plain_mock());
    let words = [
        "--streaming",
        "--request-count",
        "10",
        "--profile-export-prefix",
        "P",
        "--slice-duration",
        "0.05",
        "--server-metrics-formats",
        "json",
        "csv",
        "jsonl",
        "parquet",
    ];
    profile(&place, &server.url(), &words).expect_code(0);
    assert_eq!(
        files_of_metrics(&place),
        [
            "P_server_metrics.csv",
            "P_server_metrics.json",
            "P_server_metrics.jsonl",
            "P_server_metrics.parquet",
        ]
    );
    let csv = place.result("P_server_metrics.csv");
    let section = "Endpoint,Type,Metric,Unit,total,rate,rate_avg,rate_min,rate_max,rate_std,";
    assert!(csv.contains(section), "{csv}");
    let lines = place.records("P_server_metrics.jsonl");
    assert_eq!(
        lines[0].get("benchmark_phase"),
        None,
        "before the run: {}",
        lines[0]
    );
    let last = &lines[lines.len() - 1];
    assert_eq!(last["benchmark_phase"], "profiling");
    assert_eq!(last["phase_name"], "profiling");
}

#[test]
fn a_server_without_metrics_costs_nothing() {
    let place = Place::new();
    let server = ScriptedServer::start("404 Not Found", "text/plain", "");
    let mut command = place.profiling(&server.url(), &["--request-count", "2"]);
    command
        .env_remove("AIPERF_SERVER_METRICS_DEFAULT")
        // Would be waited for, if there were anybody to ask.
        .env("AIPERF_SERVER_METRICS_COLLECTION_FLUSH_PERIOD", "30");
    let ended = wait(command.spawn().unwrap());
    let told = "Server metrics disabled - no Prometheus endpoints reachable";
    assert!(ended.stdout.contains(told), "{ended}");
    assert_eq!(files_of_metrics(&place), [""; 0]);
    let asked = server.heads();
    let asked = asked
        .iter()
        .filter(|head| head.starts_with("GET /metrics "));
    assert_eq!(asked.count(), 1);
}

#[test]
fn declined_metrics_are_not_asked_for() {
    let (place, server) = (Place::new(), plain_mock());
    let words = ["--request-count", "2", "--no-server-metrics"];
    let ended = profile(&place, &server.url(), &words).expect_code(0);
    assert!(!ended.stdout.contains("erver metrics"), "{ended}");
    assert_eq!(files_of_metrics(&place), [""; 0]);
    assert_eq!(server.stats().requests, 2);
}

#[test]
fn a_page_that_is_no_metrics_is_told_and_changes_no_exit_code() {
    let (place, server) = (Place::new(), plain_mock());
    let other = ScriptedServer::start("200 OK", "application/json", "[]");
    let words = [
        "--request-count",
        "2",
        "--server-metrics",
        &other.authority(),
    ];
    let ended = profile(&place, &server.url(), &words).expect_code(0);
    let told = format!("{}/metrics does not show Prometheus' format", other.url());
    assert_eq!(ended.stdout.matches(&told).count(), 1, "{ended}");
    assert!(
        ended.stdout.contains("1/2 endpoint(s) reachable"),
        "{ended}"
    );
    let export = export(&place);
    let error = &export["error_summary"][0];
    assert_eq!(
        error["error_details"]["type"],
        "IncompatibleMetricsEndpointError"
    );
    assert_eq!(error["count"], 1);
}

#[test]
fn credentials_of_an_address_are_in_no_file_and_no_output() {
    let (place, server) = (Place::new(), plain_mock());
    let address = server.url().replace("http://", "http://me:hunter2@");
    let words = [
        "--request-count",
        "2",
        "--server-metrics",
        &format!("{address}/metrics?token=sesame"),
        "--server-metrics-formats",
        "json",
        "csv",
        "jsonl",
    ];
    let ended = profile(&place, &server.url(), &words).expect_code(0);
    let mut texts = vec![ended.to_string()];
    for file in place.files(&place.results()) {
        texts.push(place.result(&file));
    }
    for text in &texts {
        assert!(
            !text.contains("hunter2") && !text.contains("sesame"),
            "{text}"
        );
    }
    assert_eq!(
        export(&place)["summary"]["endpoints_successful"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
