//! The Parquet files as pandas and pyarrow read them.

use aiperf_mock::MockOptions;
use serde_json::Value;

use super::reference::Reference;
use crate::support::{Place, mock, quick};

#[test]
fn columns_hold_the_values_types_and_units_of_the_other_files() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let place = Place::new();
    let server = mock(MockOptions {
        error_rate: 0.2,
        reasoning_tokens: 3,
        ..quick()
    });
    let words = [
        "--streaming",
        "--concurrency",
        "4",
        "--request-count",
        "40",
        "--warmup-request-count",
        "4",
        "--request-cancellation-rate",
        "20",
        "--request-cancellation-delay",
        "0.005",
        "--slice-duration",
        "0.1",
        "--export-formats",
        "parquet",
        "--goodput",
        "request_latency:30",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let ended = reference.script("columns.py", &[place.results().to_str().unwrap()]);
    let report: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended}"));
    assert_eq!(report["records"]["rows"], 44, "{report}");
    assert_eq!(report["records"]["lists"], 1, "{report}");
    assert!(
        report["records"]["units"].as_u64().unwrap() > 30,
        "{report}"
    );
    assert!(report["slices"]["slices"].as_u64().unwrap() > 1, "{report}");
}
