//! A summary answers for all of its metrics alike.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::path::Path;

use aiperf_model::{
    ExtraMember, MetricResult, NAMED_METRICS, Summary, read_summary, read_timeslices,
};

fn sample() -> Summary {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    read_summary(samples.join("profile_export_aiperf.json")).unwrap()
}

#[test]
fn a_metric_is_found_whether_or_not_it_has_a_field() {
    let summary = sample();
    let latency = summary.metric("request_latency").unwrap();
    assert_eq!(Some(latency), summary.request_latency.as_ref());
    assert_eq!(latency.unit, "ms");
    assert_eq!(latency.statistic("p99"), latency.p99);
    assert_eq!(
        latency.statistic("count"),
        latency.count.map(|count| count as f64)
    );

    let further = summary.metric("credit_to_start_latency").unwrap();
    assert!(summary.extra.contains_key("credit_to_start_latency"));
    assert_eq!(further.unit, "ms");

    assert_eq!(summary.metric("run_info"), None);
    assert_eq!(summary.metric("no_such_metric"), None);
}

#[test]
fn all_metrics_are_listed_once_named_ones_first() {
    let summary = sample();
    let tags: Vec<&str> = summary.metrics().map(|(tag, _)| tag).collect();
    let named: Vec<&str> = tags
        .iter()
        .copied()
        .take_while(|tag| NAMED_METRICS.contains(tag))
        .collect();
    let mut expected = NAMED_METRICS.to_vec();
    expected.retain(|tag| named.contains(tag));
    assert_eq!(named, expected);
    let further = summary
        .extra
        .values()
        .filter(|member| matches!(member, ExtraMember::Metric(_)));
    assert_eq!(tags.len(), named.len() + further.count());
}

#[test]
fn every_named_metric_has_its_field() {
    for tag in NAMED_METRICS {
        let mut summary = Summary::default();
        summary.insert_metric(tag, MetricResult::scalar(1.0, "ms"));
        assert!(
            summary.extra.is_empty(),
            "`{tag}` went among the further members"
        );
        assert_eq!(summary.metric(tag).and_then(|metric| metric.avg), Some(1.0));
        assert_eq!(
            serde_json::to_string(&summary).unwrap(),
            format!(r#"{{"{tag}":{{"unit":"ms","avg":1.0}}}}"#)
        );
    }
}

#[test]
fn further_members_may_be_metrics_or_anything() {
    let text =
        r#"{"client_check":{"verdict":"VALID"},"my_metric":{"unit":"ms","avg":1.0},"note":"x"}"#;
    let summary: Summary = serde_json::from_str(text).unwrap();
    assert_eq!(
        summary.metrics().map(|(tag, _)| tag).collect::<Vec<_>>(),
        ["my_metric"]
    );
    assert!(matches!(
        summary.extra["client_check"],
        ExtraMember::Other(_)
    ));
    assert_eq!(serde_json::to_string(&summary).unwrap(), text);
}

#[test]
fn an_inserted_metric_replaces_the_one_before() {
    let mut summary = Summary::default();
    for value in [1.0, 2.0] {
        summary.insert_metric("goodput", MetricResult::scalar(value, "requests/sec"));
        summary.insert_metric("other", MetricResult::scalar(value, "ms"));
    }
    let values: Vec<_> = summary
        .metrics()
        .map(|(tag, metric)| (tag, metric.avg))
        .collect();
    assert_eq!(values, [("goodput", Some(2.0)), ("other", Some(2.0))]);
}

#[test]
fn a_slice_answers_for_its_metrics() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let slices = read_timeslices(samples.join("profile_export_aiperf_timeslices.json")).unwrap();
    for slice in &slices.timeslices {
        assert!(slice.start_ns < slice.end_ns);
        assert_eq!(slice.metrics().count(), slice.extra.len());
    }
    assert!(
        slices
            .timeslices
            .iter()
            .any(|slice| slice.metric("request_latency").is_some())
    );
}
