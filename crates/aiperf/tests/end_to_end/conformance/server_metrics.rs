//! The server's own metrics in the reference's models and tools.

use aiperf_mock::MetricsStyle;
use aiperf_mock::MockOptions;
use serde_json::Value;

use super::reference::Reference;
use crate::support::{Place, mock, quick};

#[test]
fn the_servers_metrics_are_accepted() {
    let Some(reference) = Reference::find() else {
        return;
    };
    for metrics in [
        MetricsStyle::Vllm,
        MetricsStyle::Sglang,
        MetricsStyle::TrtLlm,
    ] {
        let place = Place::new();
        let server = mock(MockOptions { metrics, ..quick() });
        let words = [
            "--streaming",
            "--request-count",
            "30",
            "--warmup-request-count",
            "5",
            "--slice-duration",
            "0.1",
            "--server-metrics-formats",
            "json",
            "csv",
            "jsonl",
            "parquet",
        ];
        let mut command = place.profiling(&server.url(), &words);
        command.env("AIPERF_SERVER_METRICS_COLLECTION_FLUSH_PERIOD", "0.2");
        let child = command.spawn().unwrap();
        crate::support::place::wait(child).expect_code(0);
        let results = place.results();
        let results = results.to_str().unwrap();
        let ended = reference.script("validate.py", &[results]).expect_code(0);
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        for file in ["server_metrics_export.json", "server_metrics_export.jsonl"] {
            let records = report[file]["records"].as_u64();
            assert!(
                records.is_some_and(|records| records > 2),
                "{file} in {report:#}"
            );
        }
        let ended = reference
            .script("server_metrics.py", &[results])
            .expect_code(0);
        let columns: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert!(columns["rows"].as_u64() > Some(10), "{columns:#}");
        assert_eq!(
            columns["totals_differ"],
            Value::Array(Vec::new()),
            "{columns:#}"
        );
    }
}
