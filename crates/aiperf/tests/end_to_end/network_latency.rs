//! The round trip of the network: measured beside the run, and taken off latencies.

use crate::support::{Place, ScriptedServer, plain_mock};

#[test]
fn a_measured_round_trip_is_taken_off_latencies() {
    let (place, server) = (Place::new(), plain_mock());
    let words = [
        "--streaming",
        "--request-count",
        "20",
        "--network-latency-automatic",
        "--network-latency-ping-interval",
        "0.01",
    ];
    let ended = place.profile(&server.url(), &words).expect_code(0);
    assert!(ended.stdout.contains("Network RTT | mean="), "{ended}");
    let probes = place.records("profile_export_network_latency.jsonl");
    let round_trips: Vec<f64> = probes
        .iter()
        .filter_map(|probe| probe["rtt_ns"].as_f64())
        .collect();
    assert!(round_trips.len() >= 5, "{probes:?}");
    assert_eq!(probes[0]["target_url"], server.url());
    assert_eq!(probes[0]["probe_type"], "tcp_connect");
    let summary = place.summary();
    let mean_ms = round_trips.iter().sum::<f64>() / round_trips.len() as f64 / 1e6;
    let told = summary["network_rtt"]["avg"].as_f64().unwrap();
    assert!((told - mean_ms).abs() < 1e-9, "{told} {mean_ms}");
    let raw = summary["time_to_first_token"]["avg"].as_f64().unwrap();
    let adjusted = summary["network_adjusted_time_to_first_token"]["avg"]
        .as_f64()
        .unwrap();
    assert!(
        (raw - adjusted - mean_ms).abs() < 1e-6,
        "{raw} {adjusted} {mean_ms}"
    );
    assert_eq!(
        summary["input_config"]["network_latency"]["ping_interval"],
        0.01
    );
}

#[test]
fn a_round_trip_that_nobody_asks_for_is_not_measured() {
    let place = Place::new();
    let server = ScriptedServer::start("200 OK", "application/json", "{}");
    place.profile(&server.url(), &["--request-count", "1"]);
    assert!(
        !place
            .files(&place.results())
            .iter()
            .any(|name| name.contains("network"))
    );
    assert_eq!(server.heads().len(), 1);
}

#[test]
fn a_known_round_trip_is_not_measured() {
    let (place, server) = (Place::new(), plain_mock());
    let words = [
        "--request-count",
        "3",
        "--network-latency-mean",
        "1",
        "--network-latency-automatic",
    ];
    let ended = place.profile(&server.url(), &words).expect_code(1);
    assert!(
        ended.stderr.contains("`--network-latency-automatic`"),
        "{ended}"
    );
}
