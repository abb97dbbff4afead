//! Media, speculative decoding, network-adjusted latencies, replay lag, and the list budget.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{EPOCH_NS, active, avg, chat, columns, compute, failed_request, find, request};
use aiperf_metrics::{
    Bounds, Columns, EndpointTraits, InjectedLatencies, Injections, PhaseWindow, RecordFacts,
    RecordValues, RunContext, SpeculativeDecodingFacts, Value, compute_record, summarise,
    summarise_with, timeslices, timeslices_with,
};

const SECOND: u64 = 1_000_000_000;

fn whole(length_ns: u64) -> [PhaseWindow; 1] {
    [PhaseWindow {
        phase: 0,
        bounds: Some(Bounds {
            start_epoch_ns: EPOCH_NS,
            end_epoch_ns: EPOCH_NS + length_ns,
        }),
    }]
}

fn number(tag: &str, context: &RunContext, facts: &RecordFacts<'_>) -> Option<f64> {
    let active = active(context);
    compute(&active, facts)
        .get(&active, tag)
        .and_then(Value::as_f64)
}

#[test]
fn media_are_rated_by_the_request_latency_and_absent_without_media() {
    let content = [1000 + 2 * SECOND];
    let facts = RecordFacts {
        input_images: 4,
        audio_seconds: Some(30.0),
        video_inference_time_s: Some(1.5),
        video_peak_memory_mb: Some(900.0),
        ..request(&content)
    };
    let video = RunContext {
        endpoint: EndpointTraits {
            produces_video: true,
            ..chat().endpoint
        },
        ..chat()
    };
    let cases = [
        ("num_images", 4.0),
        ("image_throughput", 2.0),
        ("image_latency", 500.0),
        ("audio_duration", 30.0),
        ("rtfx", 15.0),
        ("video_inference_time", 1.5),
        ("video_peak_memory", 900.0),
    ];
    for (tag, expected) in cases {
        assert_eq!(number(tag, &video, &facts), Some(expected), "{tag}");
        assert_eq!(number(tag, &video, &request(&content)), None, "{tag}");
        assert_eq!(number(tag, &RunContext::default(), &facts), None, "{tag}");
    }
    let silent = RecordFacts {
        audio_seconds: Some(0.0),
        ..facts
    };
    assert_eq!(number("rtfx", &video, &silent), None);
}

#[test]
fn speculative_decoding_is_reported_per_request_and_over_all_steps() {
    let (first, second) = (BTreeMap::from([(0, 2), (3, 2)]), BTreeMap::from([(3, 6)]));
    let content = [1100, 1200];
    let report = |accepted, drafted, steps, histogram| RecordFacts {
        speculative_decoding: Some(SpeculativeDecodingFacts {
            mean_acceptance_length: 1.0 + accepted as f64 / steps as f64,
            draft_acceptance_rate: accepted as f64 / drafted as f64,
            accepted_draft_tokens: accepted,
            draft_tokens: drafted,
            steps,
            acceptance_histogram: histogram,
        }),
        ..request(&content)
    };
    let failed = RecordFacts {
        failed: true,
        ..report(1, 2, 1, &first)
    };
    let records = [
        (report(6, 12, 4, &first), 0),
        (report(18, 18, 6, &second), 0),
        (request(&content), 0),
        (failed, 0),
    ];
    let columns = columns(&chat(), &records);
    let results = summarise(&columns, &whole(SECOND), InjectedLatencies::All);
    let cases = [
        ("spec_decode_acceptance_length", 3.25),
        ("spec_decode_draft_acceptance_rate", 75.0),
        (
            "spec_decode_accepted_per_verified",
            (10.0 / 16.0 + 1.0) / 2.0,
        ),
        ("spec_decode_steps", 5.0),
        ("total_spec_decode_steps", 10.0),
        ("total_accepted_draft_tokens", 24.0),
        ("total_draft_tokens", 30.0),
        ("spec_decode_token_weighted_acceptance_length", 3.4),
        ("spec_decode_overall_draft_acceptance_rate", 80.0),
    ];
    for (tag, expected) in cases {
        assert_eq!(avg(&results, tag), Some(expected), "{tag}");
    }
    assert_eq!(
        columns.acceptance_histogram(&[0]),
        BTreeMap::from([(0, 2), (3, 8)])
    );
    assert_eq!(columns.acceptance_histogram(&[1]), BTreeMap::new());
}

#[test]
fn latencies_without_the_round_trip_are_never_below_zero() {
    let (near, far) = ([1000 + 400_000], [1000 + 5_400_000, 1000 + 7_400_000]);
    let columns = columns(&chat(), &[(request(&near), 0), (request(&far), 0)]);
    let with_rtt = |rtt| {
        let injections = Injections {
            latencies: InjectedLatencies::None,
            network_rtt_ns: rtt,
        };
        summarise_with(&columns, &whole(SECOND), injections)
    };
    let results = with_rtt(Some(1_400_000.0));
    let adjusted = &find(&results, "network_adjusted_time_to_first_token")
        .unwrap()
        .statistics;
    assert_eq!(
        (adjusted.min, adjusted.max, adjusted.count),
        (Some(0.0), Some(4.0), Some(2))
    );
    let latency = find(&results, "network_adjusted_request_latency").unwrap();
    assert_eq!((latency.unit, latency.statistics.max), ("ms", Some(6.0)));
    let rtt = &find(&results, "network_rtt").unwrap().statistics;
    assert_eq!(
        (rtt.avg, rtt.percentile(99), rtt.std),
        (Some(1.4), Some(1.4), Some(0.0))
    );
    for nothing in [None, Some(0.0), Some(f64::NAN)] {
        let results = with_rtt(nothing);
        assert!(
            !results
                .iter()
                .any(|result| result.tag.starts_with("network_")),
            "{nothing:?}"
        );
    }
    let slices = timeslices_with(&columns, &whole(SECOND), SECOND, Some(1_400_000.0));
    assert!(find(&slices[0].results, "network_adjusted_request_latency").is_some());
}

#[test]
fn replay_lag_counts_from_the_request_that_was_least_late() {
    let context = RunContext {
        fixed_schedule: true,
        ..chat()
    };
    let content = [1000 + SECOND];
    let sent = |start: u64, scheduled: Option<u64>| RecordFacts {
        start_epoch_ns: EPOCH_NS + start,
        scheduled_epoch_ns: scheduled,
        ..request(&content)
    };
    // Late by 2 ms, 5 ms and 602 ms; the last has no time of its own.
    let records = [
        (sent(2_000_000, Some(0)), 0),
        (sent(105_000_000, Some(100_000_000)), 0),
        (sent(802_000_000, Some(200_000_000)), 0),
        (sent(900_000_000, None), 0),
    ];
    let replay = columns(&context, &records);
    let results = summarise(&replay, &whole(SECOND), InjectedLatencies::All);
    assert_eq!(avg(&results, "replay_sched_lag_p50"), Some(3.0));
    assert_eq!(avg(&results, "replay_sched_lag_p99"), Some(588.06));
    assert_eq!(avg(&results, "replay_sched_degraded"), Some(1.0));
    assert_eq!(
        find(&results, "replay_sched_lag_p90")
            .unwrap()
            .statistics
            .count,
        None
    );
    let slices = timeslices(&replay, &whole(SECOND), 10 * SECOND);
    assert!(find(&slices[0].results, "replay_sched_lag_p50").is_none());
    let punctual = columns(&context, &records[..2]);
    let results = summarise(&punctual, &whole(SECOND), InjectedLatencies::All);
    assert_eq!(avg(&results, "replay_sched_degraded"), Some(0.0));
    let results = summarise(
        &columns(&chat(), &records),
        &whole(SECOND),
        InjectedLatencies::All,
    );
    assert!(find(&results, "replay_sched_lag_p50").is_none());
}

#[test]
fn a_run_in_which_all_failed_has_no_curve_but_that_of_concurrency() {
    let columns = columns(&chat(), &[(failed_request(SECOND / 2), 0)]);
    let results = summarise(&columns, &whole(SECOND), InjectedLatencies::All);
    assert_eq!(avg(&results, "effective_concurrency"), Some(0.5));
    let others = [
        "tokens_in_flight",
        "effective_decode_throughput",
        "active_total_throughput",
    ];
    for tag in others {
        assert!(find(&results, tag).is_none(), "{tag}");
    }
}

#[test]
fn gaps_beyond_the_budget_are_still_counted_and_marked_as_near() {
    check_gaps_beyond(1);
}

#[test]
fn without_any_room_for_gaps_all_figures_that_follow_them_are_marked() {
    check_gaps_beyond(0);
}

fn check_gaps_beyond(budget: usize) {
    let active = Arc::new(active(&chat()));
    let mut values = RecordValues::new(&active);
    let (mut exact, mut tight) = (
        Columns::new(Arc::clone(&active)),
        Columns::new(Arc::clone(&active)).with_list_budget(budget),
    );
    for index in 0..3000_u64 {
        let content: Vec<u64> = (0..9)
            .map(|chunk| 2000 + chunk * (5_000_000 + index * 1009))
            .collect();
        let facts = RecordFacts {
            start_epoch_ns: EPOCH_NS + index * 1_000_000,
            output_tokens: Some(9),
            ..request(&content)
        };
        compute_record(&active, &facts, &mut values);
        exact.push(&values, &facts, 0);
        tight.push(&values, &facts, 0);
    }
    let of = |columns: &Columns| summarise(columns, &whole(4 * SECOND), InjectedLatencies::All);
    let (exact, tight) = (of(&exact), of(&tight));
    let gaps = |results| find(results, "inter_chunk_latency").cloned().unwrap();
    let (right, near) = (gaps(&exact), gaps(&tight));
    assert_eq!(
        (right.approximation, near.approximation.is_some()),
        (None, true)
    );
    assert_eq!(near.statistics.count, right.statistics.count);
    assert_eq!(near.statistics.sum, right.statistics.sum);
    assert_eq!(near.statistics.max, right.statistics.max);
    let pairs = near
        .statistics
        .percentiles
        .iter()
        .zip(right.statistics.percentiles);
    for (near, right) in pairs {
        let (near, right) = (near.unwrap(), right.unwrap());
        assert!((near - right).abs() <= right / 1000.0, "{near} {right}");
    }
    let flagged: Vec<&str> = tight
        .iter()
        .filter(|result| result.approximation.is_some())
        .map(|result| result.tag.as_str())
        .collect();
    assert!(
        flagged.contains(&"tokens_in_flight") && flagged.contains(&"effective_decode_throughput")
    );
    assert!(!flagged.contains(&"effective_concurrency"));
    let decoded = |results| avg(results, "effective_decode_throughput").unwrap();
    assert!((decoded(&tight) / decoded(&exact) - 1.0).abs() < 1e-3);
}
