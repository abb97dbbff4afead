//! Figures while recording goes on.

use std::sync::Arc;

use aiperf_metrics::MetricResult;
use aiperf_record::{LiveRecords, RecorderSettings};

use crate::support::{EVENT_STREAM, JSON, answered, event, record, settings};

#[test]
fn figures_so_far_are_those_of_the_measured_phases() {
    let plain = settings(1);
    let live = Arc::new(LiveRecords::new(Arc::clone(&plain.metrics), 2));
    assert_eq!((live.records(), live.results()), (0, Vec::new()));
    let body = event("one") + &event(" two") + "data: [DONE]\n\n";
    let exchanges = (0..30).map(|index| {
        let (status, kind) = if index == 7 {
            (503, JSON)
        } else {
            (200, EVENT_STREAM)
        };
        let mut exchange = answered(index, status, kind, &body);
        // The first five are of the warmup.
        exchange.phase = usize::from(index >= 5);
        exchange
    });
    let recorded = record(
        RecorderSettings {
            live: Some(Arc::clone(&live)),
            ..plain
        },
        exchanges,
    );
    assert_eq!(recorded.counts, [(5, 0), (24, 1)]);
    assert_eq!(live.records(), 25);
    let results = live.results();
    let of = |tag: &str| -> &MetricResult {
        let found = results.iter().find(|result| result.tag == tag);
        found.unwrap_or_else(|| panic!("no {tag}"))
    };
    assert_eq!(of("request_count").statistics.avg, Some(24.0));
    let latency = of("request_latency").statistics;
    assert_eq!((latency.count, latency.min), (Some(24), Some(10.0)));
    assert_eq!(latency.percentile(50), Some(10.0));
}
