//! From records to the results of a run, a phase, a slice.

use std::collections::BTreeMap;

use crate::common::{EPOCH_NS, avg, chat, columns, failed_request, find, request};
use aiperf_metrics::{
    Bounds, InjectedLatencies, MetricResult, PERCENTILES, PhaseWindow, RecordFacts, RunContext,
    UsageFacts, summarise, timeslices,
};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

fn phase(phase: u16, start_ns: u64, end_ns: u64) -> PhaseWindow {
    let bounds = Bounds {
        start_epoch_ns: EPOCH_NS + start_ns,
        end_epoch_ns: EPOCH_NS + end_ns,
    };
    PhaseWindow {
        phase,
        bounds: Some(bounds),
    }
}

fn starting_at(facts: RecordFacts<'_>, offset_ns: u64) -> RecordFacts<'_> {
    RecordFacts {
        start_epoch_ns: EPOCH_NS + offset_ns,
        ..facts
    }
}

fn summary(
    context: &RunContext,
    records: &[(RecordFacts<'_>, u16)],
    phases: &[PhaseWindow],
) -> Vec<MetricResult> {
    summarise(&columns(context, records), phases, InjectedLatencies::All)
}

#[test]
fn rates_divide_by_the_length_of_the_phase_and_not_by_the_benchmark_duration() {
    let content = [1000 + SECOND / 2, 1000 + SECOND];
    let records = [
        (request(&content), 1),
        (starting_at(request(&content), SECOND), 1),
    ];
    let results = summary(&chat(), &records, &[phase(1, 0, 4 * SECOND)]);
    let expected = [
        ("request_count", 2.0),
        ("benchmark_duration", 2.0),
        ("request_throughput", 0.5),
        ("total_osl", 10.0),
        ("total_isl", 40.0),
        ("total_output_tokens", 10.0),
        ("output_token_throughput", 2.5),
        ("input_token_throughput", 10.0),
        ("total_token_throughput", 12.5),
        ("request_error_rate", 0.0),
        ("completed_request_count", 2.0),
    ];
    for (tag, expected) in expected {
        let value = avg(&results, tag).unwrap_or_else(|| panic!("no {tag}"));
        assert!((value - expected).abs() < 1e-9, "{tag}: {value}");
    }
    let without_bounds = [PhaseWindow {
        phase: 1,
        bounds: None,
    }];
    let results = summary(&chat(), &records, &without_bounds);
    assert_eq!(
        avg(&results, "request_throughput"),
        Some(1.0),
        "the duration stands in"
    );
}

#[test]
fn scalars_have_nothing_but_a_mean_and_distributions_have_everything() {
    let content = [1100, 2000];
    let results = summary(&chat(), &[(request(&content), 0)], &[phase(0, 0, SECOND)]);
    let count = find(&results, "request_count").unwrap().statistics;
    assert_eq!(
        (count.avg, count.count, count.sum, count.min),
        (Some(1.0), None, None, None)
    );
    assert!(!count.is_distribution());
    let latency = find(&results, "request_latency").unwrap();
    assert_eq!(latency.unit, "ms");
    assert_eq!(latency.statistics.percentiles, [Some(1000.0 * 1e-06); 9]);
    assert_eq!(latency.statistics.count, Some(1));
}

#[test]
fn failed_records_count_as_errors_and_do_not_extend_the_duration() {
    let content = [1000 + SECOND];
    let overflow = RecordFacts {
        context_overflow: true,
        ..failed_request(0)
    };
    let records = [
        (request(&content), 0),
        (starting_at(failed_request(5 * SECOND), SECOND), 0),
        (overflow, 0),
        (starting_at(request(&content), 0), 0),
    ];
    let results = summary(&chat(), &records, &[phase(0, 0, 10 * SECOND)]);
    assert_eq!(avg(&results, "benchmark_duration"), Some(1.0));
    assert_eq!(avg(&results, "request_error_rate"), Some(50.0));
    assert_eq!(avg(&results, "error_request_count"), Some(2.0));
    assert_eq!(avg(&results, "context_overflow_count"), Some(1.0));
    assert_eq!(avg(&results, "completed_request_count"), Some(4.0));
    assert_eq!(avg(&results, "total_error_isl"), Some(14.0));
    // (10 s after 1 s + 5 s) of the failed one and one second of each valid one.
    assert!((avg(&results, "effective_concurrency").unwrap() - 0.7).abs() < 1e-9);
}

#[test]
fn counts_of_what_did_not_happen_are_missing_and_not_zero() {
    let content = [1100];
    let clean = summary(&chat(), &[(request(&content), 0)], &[phase(0, 0, SECOND)]);
    for tag in [
        "error_request_count",
        "context_overflow_count",
        "error_isl",
        "total_error_isl",
    ] {
        assert_eq!(avg(&clean, tag), None, "{tag}");
    }
    let failed = summary(&chat(), &[(failed_request(1), 0)], &[phase(0, 0, SECOND)]);
    for tag in [
        "request_count",
        "request_latency",
        "benchmark_duration",
        "request_throughput",
    ] {
        assert_eq!(avg(&failed, tag), None, "{tag}");
    }
    assert_eq!(avg(&failed, "request_error_rate"), Some(100.0));
    assert_eq!(avg(&failed, "context_overflow_count"), Some(0.0));
    assert!(!failed.iter().any(|result| result.tag.starts_with("adj_")));
}

#[test]
fn goodput_ignores_failures_and_its_fraction_does_not() {
    let slos = BTreeMap::from([("request_latency".to_owned(), 1e-4)]);
    let context = RunContext { slos, ..chat() };
    let (fast, slow) = ([1100], [1101]);
    let records = [
        (request(&fast), 0),
        (request(&fast), 0),
        (request(&slow), 0),
        (failed_request(5), 0),
    ];
    let results = summary(&context, &records, &[phase(0, 0, 4 * SECOND)]);
    assert_eq!(avg(&results, "good_request_count"), Some(2.0));
    assert_eq!(avg(&results, "goodput"), Some(0.5));
    assert_eq!(avg(&results, "good_request_fraction"), Some(0.5));
}

#[test]
fn inflated_twins_count_failures_as_infinitely_slow() {
    let contents: Vec<[u64; 1]> = (1..=6).map(|index| [1000 + index * 1_000_000]).collect();
    let mut records: Vec<(RecordFacts<'_>, u16)> = contents
        .iter()
        .map(|content| (request(content), 0))
        .collect();
    records.extend([(failed_request(1), 0), (failed_request(1), 0)]);
    let results = summary(&chat(), &records, &[phase(0, 0, SECOND)]);
    let adjusted = find(&results, "adj_request_latency").unwrap();
    assert_eq!(adjusted.header, "Request Latency (error-adjusted)");
    assert_eq!(adjusted.unit, "ms");
    let statistics = adjusted.statistics;
    assert_eq!(
        (statistics.percentile(50), statistics.percentile(75)),
        (Some(5.0), Some(6.0))
    );
    assert_eq!(statistics.percentile(90), None);
    assert_eq!((statistics.count, statistics.min), (Some(8), Some(1.0)));
    let absent = [
        statistics.avg,
        statistics.max,
        statistics.std,
        statistics.sum,
    ];
    assert_eq!(absent, [None; 4]);
    let twins = results
        .iter()
        .filter(|result| result.tag.starts_with("adj_"))
        .count();
    assert_eq!(
        twins, 4,
        "latency, first token, decode duration, inter-token latency"
    );
}

#[test]
fn gaps_of_all_records_are_pooled() {
    let (left, right) = ([1000, 1001, 1003], [1000, 1003, 1007, 1017]);
    let records = [(request(&left), 0), (request(&right), 0)];
    let results = summary(&chat(), &records, &[phase(0, 0, SECOND)]);
    let gaps = find(&results, "inter_chunk_latency").unwrap().statistics;
    assert_eq!((gaps.count, gaps.sum), (Some(5), Some(20.0 * 1e-06)));
    assert!((gaps.percentile(90).unwrap() - 7.6e-06).abs() < 1e-15);
}

#[test]
fn a_phase_sees_only_its_own_records() {
    let (warm, real) = ([2_000_000], [1_001_000]);
    let records = [(request(&warm), 0), (request(&real), 1)];
    let warmup = summary(&chat(), &records, &[phase(0, 0, SECOND)]);
    let profiling = summary(&chat(), &records, &[phase(1, 0, SECOND)]);
    assert_eq!(avg(&warmup, "request_latency"), Some(1_999_000.0 * 1e-06));
    assert_eq!(avg(&profiling, "request_latency"), Some(1.0));
}

#[test]
fn the_lengths_of_several_phases_replace_the_benchmark_duration() {
    let content = [1000 + SECOND];
    let records = [
        (request(&content), 1),
        (starting_at(request(&content), 10 * SECOND), 2),
    ];
    let phases = [phase(1, 0, 2 * SECOND), phase(2, 10 * SECOND, 12 * SECOND)];
    let results = summary(&chat(), &records, &phases);
    assert_eq!(avg(&results, "benchmark_duration"), Some(4.0));
    assert_eq!(avg(&results, "request_throughput"), Some(0.5));
    // The curves look at the whole time, the gap included: two seconds of twelve.
    assert!((avg(&results, "effective_concurrency").unwrap() - 2.0 / 12.0).abs() < 1e-9);
}

#[test]
fn cached_tokens_are_a_share_of_all_prompt_tokens() {
    let with = |prompt, cached| {
        let usage = UsageFacts {
            prompt_tokens: Some(prompt),
            prompt_cache_read_tokens: cached,
            ..UsageFacts::default()
        };
        RecordFacts {
            usage,
            ..request(&[1100])
        }
    };
    let records = [(with(30, Some(5)), 0), (with(10, None), 0)];
    let results = summary(&chat(), &records, &[phase(0, 0, SECOND)]);
    assert_eq!(
        avg(&results, "overall_usage_prompt_cache_read_pct"),
        Some(12.5)
    );
    let nothing = summary(&chat(), &[(with(0, Some(0)), 0)], &[phase(0, 0, SECOND)]);
    assert_eq!(avg(&nothing, "overall_usage_prompt_cache_read_pct"), None);
}

#[test]
fn waiting_to_be_sent_is_measured_from_the_decision_to_send() {
    let content = [1000 + 2_000_000];
    let issued = |facts, before_ns: i64| RecordFacts {
        credit_issued_epoch_ns: Some(EPOCH_NS.checked_add_signed(-before_ns).unwrap()),
        ..facts
    };
    let records = [
        (issued(request(&content), 1_000_000), 0),
        // Sent before it was decided: clocks of two threads, not a negative wait.
        (issued(failed_request(4_000_000), -1_000_000), 0),
        (request(&content), 0),
    ];
    let columns = columns(&chat(), &records);
    let phases = [phase(0, 0, SECOND)];
    let results = summarise(&columns, &phases, InjectedLatencies::All);
    let wait = find(&results, "credit_to_start_latency")
        .unwrap()
        .statistics;
    assert_eq!(
        (wait.count, wait.min, wait.max),
        (Some(2), Some(0.0), Some(1.0))
    );
    let whole = find(&results, "effective_latency").unwrap().statistics;
    assert_eq!((whole.count, whole.sum), (Some(2), Some(6.0)));
    let closed_loop = summarise(&columns, &phases, InjectedLatencies::WithoutEffective);
    assert!(find(&closed_loop, "effective_latency").is_none());
    assert!(find(&closed_loop, "credit_to_start_latency").is_some());
}

#[test]
fn results_come_in_the_documented_order() {
    let content = [1100, 1200];
    let records = [(request(&content), 0), (failed_request(5), 0)];
    let results = summary(&chat(), &records, &[phase(0, 0, SECOND)]);
    let position = |tag: &str| results.iter().position(|result| result.tag == tag).unwrap();
    let order = [
        "time_to_first_token",
        "request_latency",
        "input_sequence_length",
        "request_count",
        "error_request_count",
        "inter_chunk_latency",
        "total_isl",
        "benchmark_duration",
        "request_throughput",
        "adj_time_to_first_token",
        "adj_request_latency",
        "effective_concurrency",
        "tokens_in_flight",
        "active_decode_throughput",
        "active_total_throughput",
    ];
    for pair in order.windows(2) {
        assert!(position(pair[0]) < position(pair[1]), "{pair:?}");
    }
}

/// The worked example of the sweep-line specification: A and B with their windows.
fn worked_example(with_gaps: bool) -> Vec<MetricResult> {
    let at = |start: u64, first: u64, end: u64, isl: u64, osl: u64, content: &'static [u64]| {
        RecordFacts {
            start_perf_ns: 1000 + start,
            start_epoch_ns: EPOCH_NS + start,
            content_perf_ns: content,
            first_output_perf_ns: Some(1000 + first),
            request_end_perf_ns: Some(1000 + end),
            input_tokens: Some(isl),
            output_tokens: Some(osl),
            ..RecordFacts::default()
        }
    };
    let (left, right): (&[u64], &[u64]) = if with_gaps {
        (
            &[1010, 1015, 1020, 1025, 1030],
            &[1020, 1024, 1024, 1030, 1040],
        )
    } else {
        (&[1010], &[1020])
    };
    let records = [
        (at(0, 10, 30, 10, 5, left), 0),
        (at(5, 20, 40, 20, 11, right), 0),
    ];
    summary(&chat(), &records, &[phase(0, 0, 50)])
}

#[test]
fn curves_of_the_worked_example() {
    // avg, p50, p90, max, std
    let even = [
        ("effective_concurrency", [1.3, 1.0, 2.0, 2.0, 0.781_025]),
        (
            "effective_decode_throughput",
            [2.8e8, 2e8, 7e8, 7e8, 2.785_678e8],
        ),
        (
            "effective_prefill_throughput",
            [6e8, 0.0, 1.333_333_3e9, 2.333_333_3e9, 8e8],
        ),
        (
            "effective_total_throughput",
            [8.8e8, 7e8, 1.533_333_3e9, 2.333_333_3e9, 6.987_608e8],
        ),
        (
            "effective_decode_throughput_per_user",
            [2.1e8, 2e8, 5e8, 5e8, 1.959_592e8],
        ),
        ("tokens_in_flight", [26.4, 31.0, 46.0, 46.0, 16.230_835]),
        (
            "active_decode_throughput",
            [4.666_667e8, 5e8, 7e8, 7e8, 2.054_805e8],
        ),
        (
            "active_total_throughput",
            [1.1e9, 7e8, 2.333_333_3e9, 2.333_333_3e9, 6.069_047e8],
        ),
    ];
    let chunked = [
        ("effective_concurrency", [1.3, 1.0, 2.0, 2.0, 0.781_025]),
        (
            "effective_decode_throughput",
            [2.8e8, 2e8, 7.555_556e8, 1.033_333_3e9, 3.251_894e8],
        ),
        (
            "effective_prefill_throughput",
            [6e8, 0.0, 1.333_333_3e9, 2.333_333_3e9, 8e8],
        ),
        (
            "effective_total_throughput",
            [8.8e8, 7e8, 1.533_333_3e9, 2.333_333_3e9, 6.987_608e8],
        ),
        (
            "effective_decode_throughput_per_user",
            [1.933_333_3e8, 2e8, 3.777_778e8, 5.166_667e8, 1.769_913e8],
        ),
        ("tokens_in_flight", [23.5, 30.0, 39.0, 41.0, 13.841_965]),
        (
            "active_decode_throughput",
            [
                4.666_667e8,
                3.333_333e8,
                1.033_333_3e9,
                1.033_333_3e9,
                2.985_562e8,
            ],
        ),
        (
            "active_total_throughput",
            [1.1e9, 7e8, 2.333_333_3e9, 2.333_333_3e9, 6.069_047e8],
        ),
    ];
    for (with_gaps, table) in [(false, even), (true, chunked)] {
        let results = worked_example(with_gaps);
        for (tag, expected) in table {
            let statistics = find(&results, tag).unwrap().statistics;
            let actual = [
                statistics.avg,
                statistics.percentile(50),
                statistics.percentile(90),
                statistics.max,
                statistics.std,
            ];
            for (actual, expected) in actual.iter().zip(expected) {
                let actual = actual.unwrap();
                let close = (actual - expected).abs() <= 2e-7 * expected.abs();
                assert!(close, "{tag}, gaps {with_gaps}: {actual} for {expected}");
            }
            assert_eq!(statistics.percentile(25), None);
            assert_eq!((statistics.count, statistics.sum), (None, None));
        }
    }
}

#[test]
fn all_curves_are_there_even_without_tokens() {
    let context = RunContext {
        streaming: false,
        ..RunContext::default()
    };
    let content = [1000 + SECOND];
    let results = summary(&context, &[(request(&content), 0)], &[phase(0, 0, SECOND)]);
    let curves = results
        .iter()
        .filter(|result| {
            result.tag.starts_with("effective_") && result.tag != "effective_latency"
                || result.tag.starts_with("active_")
                || result.tag == "tokens_in_flight"
        })
        .count();
    assert_eq!(curves, 14);
    assert_eq!(avg(&results, "effective_concurrency"), Some(1.0));
    assert_eq!(avg(&results, "active_decode_throughput"), Some(0.0));
    assert!(summary(&context, &[], &[phase(0, 0, SECOND)]).is_empty());
}

#[test]
fn slices_hold_the_records_that_started_in_them() {
    let content = [1000 + SECOND];
    let records = [
        (starting_at(request(&content), SECOND), 0),
        (starting_at(request(&content), SECOND + SECOND / 2), 0),
        // Nothing starts between 2 s and 4 s.
        (starting_at(failed_request(SECOND / 2), 4 * SECOND), 0),
        (starting_at(request(&content), 90 * SECOND), 1),
    ];
    let slices = timeslices(
        &columns(&chat(), &records),
        &[phase(0, 0, 9 * SECOND)],
        SECOND,
    );
    let bounds: Vec<(u64, u64, bool)> = slices
        .iter()
        .map(|slice| {
            let Bounds {
                start_epoch_ns,
                end_epoch_ns,
            } = slice.bounds;
            (
                start_epoch_ns - EPOCH_NS,
                end_epoch_ns - EPOCH_NS,
                slice.is_complete,
            )
        })
        .collect();
    let expected = [
        (SECOND, 2 * SECOND, true),
        (4 * SECOND, 4 * SECOND + SECOND / 2, false),
    ];
    assert_eq!(bounds, expected);
    let first = &slices[0].results;
    assert_eq!(avg(first, "request_count"), Some(2.0));
    assert_eq!(avg(first, "request_throughput"), Some(2.0));
    assert_eq!(avg(first, "effective_concurrency"), Some(1.5));
    assert!(find(first, "credit_to_start_latency").is_none());
    assert_eq!(avg(&slices[1].results, "request_error_rate"), Some(100.0));
}

#[test]
fn requests_of_earlier_slices_count_in_the_curves() {
    let content = [1000 + 3 * SECOND];
    let records = [
        (request(&content), 0),
        (starting_at(request(&content), 2 * SECOND), 0),
    ];
    let slices = timeslices(
        &columns(&chat(), &records),
        &[phase(0, 0, 9 * SECOND)],
        SECOND,
    );
    assert_eq!(avg(&slices[1].results, "effective_concurrency"), Some(2.0));
    assert_eq!(avg(&slices[1].results, "request_count"), Some(1.0));
}

#[test]
fn a_finished_request_of_32_tokens_keeps_under_200_bytes() {
    let contents: Vec<Vec<u64>> = (0..20_000_u64)
        .map(|request| {
            let mut arrival = 1000 + 20_000_000 + request * 7919 % 30_000_000;
            (0..32)
                .map(|token| {
                    arrival += 8_000_000 + (request * 31 + token * 977) * 1009 % 5_000_000;
                    arrival
                })
                .collect()
        })
        .collect();
    let records: Vec<(RecordFacts<'_>, u16)> = contents
        .iter()
        .zip(0..)
        .map(|(content, index)| {
            let usage = UsageFacts {
                prompt_tokens: Some(index % 700),
                completion_tokens: Some(32),
                total_tokens: Some(index % 700 + 32),
                ..UsageFacts::default()
            };
            let start = EPOCH_NS + index * 200_000;
            let http = aiperf_metrics::HttpTraceFacts {
                connection_reused: true,
                request_send_start_ns: Some(1000 + index * 7),
                request_send_end_ns: Some(1000 + index * 7 + 20_000 + index * 13 % 5000),
                response_receive_start_ns: Some(content[0] - 5000),
                response_receive_end_ns: content.last().copied(),
                request_bytes: 3000 + index % 500,
                request_chunks: 1,
                response_bytes: 9000 + index % 900,
                response_chunks: 33,
                ..aiperf_metrics::HttpTraceFacts::default()
            };
            let facts = RecordFacts {
                start_epoch_ns: start,
                usage,
                http: Some(http),
                credit_issued_epoch_ns: Some(start - 1000 - index % 77_777),
                input_tokens: Some(index % 700),
                output_tokens: Some(32),
                max_tokens: Some(32),
                ..request(content)
            };
            (facts, 1)
        })
        .collect();
    let columns = columns(&chat(), &records);
    let per_record = columns.packed_bytes() / columns.len();
    assert!(per_record < 200, "{per_record} bytes");
}

fn arbitrary_records() -> impl Strategy<Value = Vec<(Vec<u64>, u64, bool)>> {
    let record = (
        proptest::collection::vec(0..50_000_000_u64, 0..8),
        0..SECOND,
        any::<bool>(),
    );
    proptest::collection::vec(record, 1..40)
}

fn results_of(records: &[(Vec<u64>, u64, bool)]) -> Vec<MetricResult> {
    let contents: Vec<Vec<u64>> = records
        .iter()
        .map(|(gaps, _, _)| {
            let mut arrival = 1000;
            gaps.iter()
                .map(|gap| {
                    arrival += gap;
                    arrival
                })
                .collect()
        })
        .collect();
    let facts: Vec<(RecordFacts<'_>, u16)> = records
        .iter()
        .zip(&contents)
        .map(|((gaps, offset, fails), content)| {
            let failed = *fails || content.is_empty();
            let output_tokens = Some(gaps.len() as u64 * 2);
            let facts = RecordFacts {
                failed,
                output_tokens,
                ..request(content)
            };
            (starting_at(facts, *offset), 0)
        })
        .collect();
    summary(&chat(), &facts, &[phase(0, 0, 2 * SECOND)])
}

proptest! {
    #[test]
    fn results_do_not_depend_on_the_order_of_records(mut records in arbitrary_records()) {
        let forwards = results_of(&records);
        records.reverse();
        prop_assert_eq!(forwards, results_of(&records));
    }

    #[test]
    fn every_statistic_is_finite_and_percentiles_ascend(records in arbitrary_records()) {
        for result in results_of(&records) {
            let statistics = result.statistics;
            let ends = [statistics.avg, statistics.std, statistics.sum, statistics.max];
            let numbers = statistics.percentiles.iter().chain(&ends).flatten();
            prop_assert!(numbers.into_iter().all(|number| number.is_finite()), "{}", result.tag);
            let mut previous = statistics.min.unwrap_or(f64::NEG_INFINITY);
            for (percentile, q) in statistics.percentiles.iter().zip(PERCENTILES) {
                if let Some(percentile) = *percentile {
                    prop_assert!(percentile >= previous, "{} p{}", result.tag, q);
                    previous = percentile;
                }
            }
            prop_assert!(statistics.max.is_none_or(|max| previous <= max), "{}", result.tag);
        }
    }

    #[test]
    fn columns_of_several_recorders_give_the_results_of_one(
        records in arbitrary_records(), split in 0..40_usize
    ) {
        let content = [1100, 2200, 2900];
        let all: Vec<(RecordFacts<'_>, u16)> = records
            .iter()
            .map(|(_, offset, failed)| {
                (starting_at(RecordFacts { failed: *failed, ..request(&content) }, *offset), 0)
            })
            .collect();
        let (left, right) = all.split_at(split.min(all.len()));
        let mut joined = columns(&chat(), left);
        joined.append(columns(&chat(), right));
        prop_assert_eq!(joined.len(), all.len());
        let phases = [phase(0, 0, SECOND)];
        prop_assert_eq!(
            summarise(&joined, &phases, InjectedLatencies::All),
            summary(&chat(), &all, &phases)
        );
    }
}
