//! `profile_export_aiperf_timeslices.csv` and `.json`: the metrics of consecutive slices of the run.

use aiperf_metrics::TimeSlice;
use aiperf_metrics::result::{MetricResult, PERCENTILES};
use serde_json::{Map, Value, json};

use crate::HiddenMetrics;
use crate::csv::push_row;
use crate::json::without_nulls;
use crate::metrics::metric_object;

/// The JSON document. Without slices there is none to write.
pub fn timeslices_json(
    slices: &[TimeSlice],
    input_config: Option<&Value>,
    hidden: HiddenMetrics,
) -> Value {
    let slice = |slice: &TimeSlice| {
        let mut members = Map::new();
        members.insert("start_ns".to_owned(), slice.bounds.start_epoch_ns.into());
        members.insert("end_ns".to_owned(), slice.bounds.end_epoch_ns.into());
        if !slice.is_complete {
            members.insert("is_complete".to_owned(), false.into());
        }
        for result in slice.results.iter().filter(|result| hidden.admits(result)) {
            members.insert(result.tag.clone(), metric_object(result));
        }
        Value::Object(members)
    };
    let mut document = json!({"timeslices": slices.iter().map(slice).collect::<Vec<_>>()});
    if let (Some(members), Some(config)) = (document.as_object_mut(), input_config) {
        members.insert("input_config".to_owned(), without_nulls(config));
    }
    document
}

/// The CSV text: one row for every statistic that exists.
pub fn timeslices_csv(slices: &[TimeSlice], hidden: HiddenMetrics) -> String {
    let mut text = String::new();
    let header = [
        "Timeslice",
        "Start_NS",
        "End_NS",
        "Metric",
        "Unit",
        "Stat",
        "Value",
    ];
    push_row(&mut text, header);
    for (index, slice) in slices.iter().enumerate() {
        let (index, start, end) = (
            index.to_string(),
            slice.bounds.start_epoch_ns.to_string(),
            slice.bounds.end_epoch_ns.to_string(),
        );
        for result in by_tag(slice, hidden) {
            for (name, value) in statistics(result) {
                let cells = [
                    &*index,
                    &*start,
                    &*end,
                    &*result.header,
                    result.unit,
                    &*name,
                    &*value,
                ];
                push_row(&mut text, cells);
            }
        }
    }
    text
}

pub(crate) fn by_tag(slice: &TimeSlice, hidden: HiddenMetrics) -> Vec<&MetricResult> {
    let shown = slice.results.iter().filter(|result| hidden.admits(result));
    let mut sorted: Vec<&MetricResult> = shown.collect();
    sorted.sort_by(|left, right| left.tag.cmp(&right.tag));
    sorted
}

/// The statistics that exist, by name.
fn statistics(result: &MetricResult) -> Vec<(String, String)> {
    let statistics = &result.statistics;
    let mut named = vec![
        ("avg".to_owned(), statistics.avg),
        ("min".to_owned(), statistics.min),
        ("max".to_owned(), statistics.max),
        ("sum".to_owned(), statistics.sum),
    ];
    let percentiles = PERCENTILES.iter().zip(statistics.percentiles);
    named.extend(percentiles.map(|(q, value)| (format!("p{q}"), value)));
    named.push(("std".to_owned(), statistics.std));
    named
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value.filter(|value| value.is_finite())?;
            Some((name, format!("{value:.2}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_report;
    use aiperf_metrics::Bounds;

    fn slices() -> Vec<TimeSlice> {
        let slice = |start_epoch_ns, length, is_complete| TimeSlice {
            bounds: Bounds {
                start_epoch_ns,
                end_epoch_ns: start_epoch_ns + length,
            },
            is_complete,
            results: test_report::report().results.drain(2..9).collect(),
        };
        vec![
            slice(1_795_299_900_808_803_584, 100_000_000, true),
            slice(1_795_299_901_008_803_584, 7_000_000, false),
        ]
    }

    #[test]
    fn rows_are_long_and_sorted_by_tag() {
        let text = timeslices_csv(&slices(), HiddenMetrics::default());
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        insta::assert_snapshot!(text.replace('\r', ""));
    }

    #[test]
    fn only_a_slice_that_was_cut_short_says_so() {
        let document = timeslices_json(
            &slices(),
            Some(&json!({"a": 1, "b": null})),
            HiddenMetrics::default(),
        );
        let parsed: aiperf_model::Timeslices = serde_json::from_value(document.clone()).unwrap();
        let complete: Vec<_> = parsed
            .timeslices
            .iter()
            .map(|slice| slice.is_complete)
            .collect();
        assert_eq!(complete, [None, Some(false)]);
        assert_eq!(
            parsed.timeslices[0].metric("request_latency").unwrap().avg,
            Some(1219.375)
        );
        assert_eq!(document["input_config"], json!({"a": 1}));
        let keys: Vec<&String> = document["timeslices"][1]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(keys[..3], ["start_ns", "end_ns", "is_complete"]);
    }
}
