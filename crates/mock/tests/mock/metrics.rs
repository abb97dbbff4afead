//! The exported metrics against the traffic that was served.

use std::collections::BTreeMap;

use crate::client::{CHAT, Client, chat, start, with};
use aiperf_mock::{CachedTokens, Distribution, MockOptions, MockServer};
use serde_json::json;

/// Samples by name and labels, without the labels that all have.
fn scrape(server: &MockServer) -> BTreeMap<String, f64> {
    let response = Client::connect(server).get("/metrics");
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = response.text();
    let samples = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let series = series
                .strip_prefix("vllm:")
                .unwrap()
                .replace("engine=\"0\",model_name=\"served\"", "")
                .replace("{,", "{")
                .replace("{}", "");
            (series, value.parse().unwrap())
        });
    samples.collect()
}

#[test]
fn counters_and_histograms_agree_with_the_traffic() {
    let server = start(MockOptions {
        models: vec!["served".to_owned()],
        cached_tokens: CachedTokens::Count(1),
        ttft_ms: 2.0,
        itl_ms: 0.5,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for more in [
        json!({"stream": true, "max_tokens": 5}),
        json!({"stream": false, "max_tokens": 4}),
        json!({"stream": true}),
        json!({"model": "unknown"}),
    ] {
        client.post(CHAT, &with(chat(json!({"model": "served"})), more));
    }
    let samples = scrape(&server);
    for (series, expected) in [
        ("num_requests_running", 0.0),
        ("num_requests_waiting", 0.0),
        ("kv_cache_usage_perc", 0.0),
        ("prompt_tokens_total", 9.0),
        ("prefix_cache_queries_total", 9.0),
        ("prefix_cache_hits_total", 3.0),
        ("generation_tokens_total", 41.0),
        ("request_success_total{finished_reason=\"length\"}", 2.0),
        ("request_success_total{finished_reason=\"stop\"}", 1.0),
        ("request_success_total{finished_reason=\"abort\"}", 0.0),
        ("time_to_first_token_seconds_count", 3.0),
        ("time_to_first_token_seconds_bucket{le=\"0.001\"}", 0.0),
        ("time_to_first_token_seconds_bucket{le=\"+Inf\"}", 3.0),
        ("inter_token_latency_seconds_count", 38.0),
        ("time_per_output_token_seconds_count", 38.0),
        ("e2e_request_latency_seconds_count", 3.0),
        ("request_prompt_tokens_sum", 9.0),
        ("request_generation_tokens_sum", 41.0),
    ] {
        assert_eq!(
            samples.get(series),
            Some(&expected),
            "{series}\n{samples:#?}"
        );
    }
    let first_tokens = samples["time_to_first_token_seconds_sum"];
    assert!(first_tokens >= 3.0 * 0.002, "{first_tokens}");
    // The whole answer's latencies are as scheduled; the streams' add up to their last token's.
    let latencies = samples["inter_token_latency_seconds_sum"];
    assert!(latencies >= 3.0 * 0.0005, "{latencies}");
    assert!(samples["e2e_request_latency_seconds_sum"] >= first_tokens);
}

#[test]
fn the_same_seed_draws_the_same_delays() {
    // For answers that are not streamed, the histograms' sums are the drawn delays themselves.
    let drawn = |seed| {
        let server = start(MockOptions {
            models: vec!["served".to_owned()],
            ttft_ms: 2.0,
            itl_ms: 0.5,
            ttft_jitter: 0.5,
            itl_jitter: 0.5,
            distribution: Distribution::Normal,
            seed,
            ..MockOptions::default()
        });
        let mut client = Client::connect(&server);
        for _ in 0..3 {
            client.post(CHAT, &chat(json!({"model": "served", "max_tokens": 5})));
        }
        let samples = scrape(&server);
        [
            "time_to_first_token_seconds_sum",
            "inter_token_latency_seconds_sum",
        ]
        .map(|series| samples[series])
    };
    let (first, again, other) = (drawn(1), drawn(1), drawn(2));
    assert_eq!(first, again);
    assert!(
        first[0] != other[0] && first[1] != other[1],
        "{first:?} {other:?}"
    );
}

#[test]
fn a_running_request_shows_while_it_runs() {
    let server = start(MockOptions {
        models: vec!["served".to_owned()],
        hang_rate: 1.0,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let body = chat(json!({"model": "served", "stream": true, "max_tokens": 6})).to_string();
    client.send("POST", CHAT, "", body.as_bytes());
    while server.stats().output_tokens < 3 {
        std::thread::yield_now();
    }
    let samples = scrape(&server);
    assert_eq!(samples["num_requests_running"], 1.0);
    assert_eq!(samples["kv_cache_usage_perc"], 6.0 / f64::from(1 << 18));

    drop(client);
    while server.stats().running > 0 {
        std::thread::yield_now();
    }
    let samples = scrape(&server);
    assert_eq!(samples["kv_cache_usage_perc"], 0.0);
    assert_eq!(
        samples["request_success_total{finished_reason=\"abort\"}"],
        1.0
    );
}

#[test]
fn every_server_s_names_show_the_same_traffic() {
    let server = start(MockOptions {
        models: vec!["served".to_owned()],
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    client.post(CHAT, &chat(json!({"model": "served", "max_tokens": 5})));
    for (path, samples) in [
        (
            "/sglang/metrics",
            [
                "sglang:generation_tokens_total{engine_type=\"unified\",model_name=\"served\"} 5.0",
                "sglang:num_requests_total{engine_type=\"unified\",model_name=\"served\"} 1.0",
            ],
        ),
        (
            "/trtllm/metrics",
            [
                "trtllm_request_success_total{engine_type=\"trtllm\",model_name=\"served\",finished_reason=\"length\"} 1.0",
                "trtllm_time_to_first_token_seconds_count{engine_type=\"trtllm\",model_name=\"served\"} 1.0",
            ],
        ),
        (
            "/dynamo_frontend/metrics",
            [
                "dynamo_frontend_output_tokens_total{model=\"served\"} 5.0",
                "dynamo_frontend_output_sequence_tokens_sum{model=\"served\"} 5.0",
            ],
        ),
        (
            "/dynamo_component/decode/metrics",
            [
                "dynamo_component_requests_total{dynamo_namespace=\"mock\",dynamo_component=\"decode\",dynamo_endpoint=\"generate\",model=\"served\"} 1.0",
                "# TYPE dynamo_component_requests_total counter",
            ],
        ),
        (
            "/dcgm2/metrics",
            [
                "# TYPE DCGM_FI_DEV_POWER_USAGE gauge",
                "# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter",
            ],
        ),
    ] {
        let page = client.get(path).text();
        for sample in samples {
            assert!(
                page.lines().any(|line| line == sample),
                "{path}: {sample}\n{page}"
            );
        }
    }
}

#[test]
fn gpu_figures_have_a_port_of_their_own_and_scrapes_can_fail() {
    let server = start(MockOptions {
        gpu_port: Some(0),
        scrape_error_every: Some(2),
        ..MockOptions::default()
    });
    let address = server.gpu_address().unwrap();
    let mut client = Client::connect_to(address);
    let page = client.get("/metrics").text();
    assert!(
        page.contains("DCGM_FI_DEV_GPU_UTIL{gpu=\"1\",UUID=\"GPU-"),
        "{page}"
    );
    assert_eq!(client.get("/metrics").status, 500);
    assert_eq!(client.get("/metrics").status, 200);
}

#[test]
fn counters_can_be_reset_as_by_a_restart() {
    let server = start(MockOptions {
        models: vec!["served".to_owned()],
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    client.post(CHAT, &chat(json!({"model": "served"})));
    assert_eq!(scrape(&server)["generation_tokens_total"], 32.0);
    assert_eq!(client.post("/mock/reset_metrics", &json!({})).status, 200);
    let samples = scrape(&server);
    for series in [
        "generation_tokens_total",
        "prompt_tokens_total",
        "time_to_first_token_seconds_count",
        "e2e_request_latency_seconds_sum",
    ] {
        assert_eq!(samples[series], 0.0, "{series}");
    }
}
