//! Every per-record formula, and when it has no value.

use std::collections::BTreeMap;

use crate::common::{active, chat, compute, failed_request, request};
use aiperf_metrics::{ExportedNumber, HttpTraceFacts, RecordFacts, RunContext, UsageFacts, Value};

fn value(tag: &str, facts: &RecordFacts<'_>) -> Option<f64> {
    value_in(&chat(), tag, facts)
}

fn value_in(context: &RunContext, tag: &str, facts: &RecordFacts<'_>) -> Option<f64> {
    let active = active(context);
    compute(&active, facts)
        .get(&active, tag)
        .and_then(Value::as_f64)
}

fn gaps(facts: &RecordFacts<'_>) -> Option<Vec<i64>> {
    let active = active(&chat());
    compute(&active, facts)
        .list(&active, "inter_chunk_latency")
        .map(<[i64]>::to_vec)
}

#[test]
fn latencies_end_with_content() {
    let content = [1100, 1150, 1150, 1500];
    let facts = RecordFacts {
        first_output_perf_ns: Some(1150),
        request_end_perf_ns: Some(9000),
        ..request(&content)
    };
    let expected = [
        ("time_to_first_token", 100.0),
        ("time_to_second_token", 50.0),
        ("time_to_first_output_token", 150.0),
        ("request_latency", 500.0),
        ("decode_duration", 400.0),
        ("inter_token_latency", 100.0),
        ("output_token_throughput_per_user", 1e7),
        ("e2e_output_token_throughput", 1e7),
        ("prefill_throughput_per_user", 2e8),
    ];
    for (tag, expected) in expected {
        let value = value(tag, &facts).unwrap_or_else(|| panic!("no {tag}"));
        assert!(
            (value / expected - 1.0).abs() < 1e-12,
            "{tag}: {value} for {expected}"
        );
    }
    assert_eq!(gaps(&facts), Some(vec![50, 0, 350]));
}

#[test]
fn a_single_chunk_has_neither_second_token_nor_gaps() {
    let facts = request(&[1100]);
    assert_eq!(value("time_to_second_token", &facts), None);
    assert_eq!(gaps(&facts), None);
    assert_eq!(value("request_latency", &facts), Some(100.0));
    assert_eq!(value("inter_token_latency", &facts), Some(0.0));
    assert_eq!(
        value("output_token_throughput_per_user", &facts),
        None,
        "division by zero"
    );
}

#[test]
fn without_content_there_is_no_latency() {
    let facts = request(&[]);
    for tag in [
        "time_to_first_token",
        "request_latency",
        "time_to_first_output_token",
    ] {
        assert_eq!(value(tag, &facts), None, "{tag}");
    }
}

#[test]
fn only_reasoning_is_no_output_token() {
    let facts = RecordFacts {
        first_output_perf_ns: None,
        ..request(&[1100])
    };
    assert_eq!(value("time_to_first_output_token", &facts), None);
    assert_eq!(value("time_to_first_token", &facts), Some(100.0));
}

#[test]
fn stamps_that_run_backwards_give_no_value_and_are_told() {
    let active = active(&chat());
    let facts = request(&[1100, 1300, 1200]);
    let values = compute(&active, &facts);
    assert_eq!(values.get(&active, "inter_chunk_latency"), None);
    assert_eq!(values.ran_backwards(&active), Some("inter_chunk_latency"));
    assert_eq!(value("time_to_first_token", &request(&[900])), None);
    assert_eq!(
        compute(&active, &request(&[1100, 1200])).ran_backwards(&active),
        None
    );
}

#[test]
fn the_first_chunk_is_left_out_of_inter_token_latency_if_its_size_is_plausible() {
    let cases = [
        (None, 100.0),
        (Some(1), 100.0),
        (Some(3), 200.0),
        (Some(5), 100.0),
        (Some(0), 100.0),
    ];
    for (first_chunk_tokens, expected) in cases {
        let facts = RecordFacts {
            first_chunk_tokens,
            ..request(&[1100, 1500])
        };
        assert_eq!(
            value("inter_token_latency", &facts),
            Some(expected),
            "{first_chunk_tokens:?}"
        );
        let plausible = matches!(first_chunk_tokens, None | Some(1..=4));
        assert_eq!(facts.first_chunk_is_inconsistent(5), !plausible);
    }
}

#[test]
fn inter_token_latency_needs_two_tokens() {
    for (output_tokens, expected) in [(Some(1), None), (None, None), (Some(2), Some(400.0))] {
        let facts = RecordFacts {
            output_tokens,
            ..request(&[1100, 1500])
        };
        assert_eq!(
            value("inter_token_latency", &facts),
            expected,
            "{output_tokens:?}"
        );
    }
}

#[test]
fn lengths_add_answer_and_reasoning() {
    type Tokens = Option<u64>;
    let cases: [(Tokens, Tokens, [Option<f64>; 3]); 5] = [
        (Some(5), None, [Some(5.0), Some(5.0), None]),
        (Some(5), Some(3), [Some(8.0), Some(5.0), Some(3.0)]),
        (None, Some(3), [Some(3.0), None, Some(3.0)]),
        (Some(0), Some(0), [Some(0.0), None, Some(0.0)]),
        (None, None, [None, None, None]),
    ];
    for (output_tokens, reasoning_tokens, expected) in cases {
        let facts = RecordFacts {
            output_tokens,
            reasoning_tokens,
            ..request(&[1100])
        };
        let tags = [
            "output_sequence_length",
            "output_token_count",
            "reasoning_token_count",
        ];
        assert_eq!(tags.map(|tag| value(tag, &facts)), expected);
    }
    let unknown_input = RecordFacts {
        input_tokens: None,
        ..request(&[1100])
    };
    assert_eq!(value("input_sequence_length", &unknown_input), None);
    assert_eq!(value("prefill_throughput_per_user", &unknown_input), None);
}

#[test]
fn absurd_counts_of_a_server_are_no_value() {
    let facts = RecordFacts {
        output_tokens: Some(u64::MAX),
        reasoning_tokens: Some(u64::MAX),
        ..request(&[1100])
    };
    assert_eq!(value("output_sequence_length", &facts), None);
}

#[test]
fn a_failed_record_has_error_metrics_and_nothing_else() {
    let active = active(&chat());
    let facts = RecordFacts {
        context_overflow: true,
        ..failed_request(50)
    };
    let values = compute(&active, &facts);
    let present: Vec<&str> = active
        .metrics()
        .iter()
        .map(|metric| metric.tag)
        .filter(|tag| values.get(&active, tag).is_some())
        .collect();
    assert_eq!(
        present,
        ["error_isl", "error_request_count", "context_overflow_count"]
    );
    assert_eq!(
        values.get(&active, "context_overflow_count"),
        Some(Value::Int(1))
    );
    assert_eq!(
        value("error_isl", &request(&[1100])),
        None,
        "valid records have none of them"
    );
}

#[test]
fn wall_times_keep_their_nanoseconds() {
    let active = active(&chat());
    let values = compute(&active, &request(&[1100, 1500]));
    let start = Value::Int(crate::common::EPOCH_NS.cast_signed());
    assert_eq!(values.get(&active, "min_request_timestamp"), Some(start));
    let end = Value::Int(crate::common::EPOCH_NS.cast_signed() + 500);
    assert_eq!(values.get(&active, "max_response_timestamp"), Some(end));
}

#[test]
fn credit_drop_latency_of_zero_is_unknown() {
    for (credit_drop_latency_ns, expected) in [(None, None), (Some(0), None), (Some(9), Some(9.0))]
    {
        let facts = RecordFacts {
            credit_drop_latency_ns,
            ..request(&[1100])
        };
        assert_eq!(value("credit_drop_latency", &facts), expected);
    }
}

#[test]
fn usage_is_what_the_server_says_and_zero_is_said() {
    let usage = UsageFacts {
        prompt_tokens: Some(1),
        completion_tokens: Some(2),
        total_tokens: Some(3),
        reasoning_tokens: Some(4),
        prompt_cache_read_tokens: Some(0),
        prompt_cache_write_tokens: Some(5),
        prompt_cache_miss_tokens: Some(6),
        prompt_audio_tokens: Some(7),
        completion_audio_tokens: Some(8),
        accepted_prediction_tokens: Some(9),
        rejected_prediction_tokens: Some(10),
        tool_use_prompt_tokens: Some(11),
        prompt_audio_seconds: Some(1.5),
    };
    let facts = RecordFacts {
        usage,
        ..request(&[1100])
    };
    let expected = [
        ("usage_prompt_tokens", 1.0),
        ("usage_completion_tokens", 2.0),
        ("usage_total_tokens", 3.0),
        ("usage_reasoning_tokens", 4.0),
        ("usage_prompt_cache_read_tokens", 0.0),
        ("usage_prompt_cache_write_tokens", 5.0),
        ("usage_prompt_cache_miss_tokens", 6.0),
        ("usage_prompt_audio_tokens", 7.0),
        ("usage_completion_audio_tokens", 8.0),
        ("usage_accepted_prediction_tokens", 9.0),
        ("usage_rejected_prediction_tokens", 10.0),
        ("usage_tool_use_prompt_tokens", 11.0),
        ("usage_prompt_audio_seconds", 1.5),
    ];
    for (tag, expected) in expected {
        assert_eq!(value(tag, &facts), Some(expected), "{tag}");
        assert_eq!(value(tag, &request(&[1100])), None, "{tag}");
    }
}

#[test]
fn the_length_of_an_answer_is_compared_with_what_was_asked_for() {
    // Requested, answered, difference in percent, whether it counts.
    let cases: [(u64, u64, f64, f64); 6] = [
        (100, 95, -5.0, 0.0),
        (100, 94, -6.0, 1.0),
        (100, 106, 6.0, 1.0),
        (100, 100, 0.0, 0.0),
        // The limit is never more than 50 tokens, however long the answer.
        (10_000, 9_950, -0.5, 0.0),
        (10_000, 9_949, -0.51, 1.0),
    ];
    for (requested, answered, pct, counts) in cases {
        let facts = RecordFacts {
            max_tokens: Some(requested),
            output_tokens: Some(answered),
            ..request(&[1100])
        };
        assert_eq!(value("requested_osl", &facts), Some(requested as f64));
        assert_eq!(
            value("osl_mismatch_diff_pct", &facts),
            Some(pct),
            "{requested} {answered}"
        );
        assert_eq!(
            value("osl_mismatch_count", &facts),
            Some(counts),
            "{requested} {answered}"
        );
    }
    for max_tokens in [None, Some(0)] {
        let facts = RecordFacts {
            max_tokens,
            ..request(&[1100])
        };
        assert_eq!(value("osl_mismatch_diff_pct", &facts), None);
        assert_eq!(value("osl_mismatch_count", &facts), None);
    }
}

#[test]
fn token_counts_of_client_and_server_are_compared() {
    let with_usage = |prompt, completion, reasoning| {
        let usage = UsageFacts {
            prompt_tokens: prompt,
            completion_tokens: completion,
            reasoning_tokens: reasoning,
            ..UsageFacts::default()
        };
        RecordFacts {
            usage,
            input_tokens: Some(20),
            output_tokens: Some(10),
            reasoning_tokens: reasoning.map(|_| 10),
            ..request(&[1100])
        }
    };
    let count = |facts: &RecordFacts<'_>| value("usage_discrepancy_count", facts);
    // Ten percent is still alike.
    assert_eq!(count(&with_usage(Some(22), Some(9), None)), Some(0.0));
    assert_eq!(count(&with_usage(Some(23), Some(10), None)), Some(1.0));
    assert_eq!(count(&with_usage(Some(20), Some(8), None)), Some(1.0));
    assert_eq!(count(&with_usage(Some(20), Some(20), Some(10))), Some(0.0));
    assert_eq!(count(&with_usage(Some(20), Some(20), Some(5))), Some(1.0));
    assert_eq!(count(&with_usage(None, Some(10), None)), None);
    let facts = with_usage(Some(25), Some(5), None);
    assert_eq!(value("usage_prompt_tokens_diff_pct", &facts), Some(25.0));
    assert_eq!(
        value("usage_completion_tokens_diff_pct", &facts),
        Some(50.0)
    );
    assert_eq!(value("usage_reasoning_tokens_diff_pct", &facts), None);
}

#[test]
fn http_times_of_a_new_connection() {
    let http = HttpTraceFacts {
        pool_wait_start_ns: Some(100),
        pool_wait_end_ns: Some(110),
        dns_lookup_start_ns: Some(110),
        dns_lookup_end_ns: Some(130),
        tcp_connect_start_ns: Some(130),
        tcp_connect_end_ns: Some(170),
        connection_reused: false,
        request_send_start_ns: Some(170),
        request_send_end_ns: Some(180),
        response_receive_start_ns: Some(500),
        response_receive_end_ns: Some(900),
        request_bytes: 2048,
        request_chunks: 1,
        response_bytes: 512,
        response_chunks: 4,
    };
    let facts = RecordFacts {
        http: Some(http),
        ..request(&[1100])
    };
    let expected = [
        ("http_req_blocked", 10.0),
        ("http_req_dns_lookup", 20.0),
        ("http_req_connecting", 40.0),
        ("http_req_sending", 10.0),
        ("http_req_waiting", 320.0),
        ("http_req_receiving", 400.0),
        ("http_req_connection_reused", 0.0),
        ("http_req_data_sent", 2048.0),
        ("http_req_chunks_sent", 1.0),
        ("http_req_data_received", 512.0),
        ("http_req_chunks_received", 4.0),
        ("http_req_connection_overhead", 70.0),
        ("http_req_duration", 730.0),
        ("http_req_total", 800.0),
    ];
    for (tag, expected) in expected {
        assert_eq!(value(tag, &facts), Some(expected), "{tag}");
    }
}

#[test]
fn http_times_that_did_not_happen_are_zero_and_those_cut_short_are_absent() {
    let value_of = |tag, http| {
        value(
            tag,
            &RecordFacts {
                http: Some(http),
                ..request(&[1100])
            },
        )
    };
    let reused = HttpTraceFacts {
        connection_reused: true,
        ..HttpTraceFacts::default()
    };
    for tag in [
        "http_req_blocked",
        "http_req_dns_lookup",
        "http_req_connecting",
    ] {
        assert_eq!(value_of(tag, reused), Some(0.0), "{tag}");
    }
    assert_eq!(
        value_of("http_req_connecting", HttpTraceFacts::default()),
        None
    );
    let waiting = HttpTraceFacts {
        pool_wait_start_ns: Some(1),
        ..reused
    };
    assert_eq!(value_of("http_req_blocked", waiting), None);
    let looking_up = HttpTraceFacts {
        dns_lookup_start_ns: Some(1),
        ..reused
    };
    assert_eq!(value_of("http_req_dns_lookup", looking_up), None);
    assert_eq!(value_of("http_req_connection_overhead", looking_up), None);
    assert_eq!(value_of("http_req_receiving", reused), None, "no chunk");
    let one_chunk = HttpTraceFacts {
        response_chunks: 1,
        ..reused
    };
    assert_eq!(value_of("http_req_receiving", one_chunk), Some(0.0));
    let no_trace = RecordFacts {
        http: None,
        ..request(&[1100])
    };
    assert_eq!(value("http_req_connection_reused", &no_trace), None);
}

#[test]
fn a_record_is_good_if_it_meets_every_objective() {
    let slos = [
        ("time_to_first_token", 1e-4),
        ("output_sequence_length", 5.0),
    ];
    let slos: BTreeMap<String, f64> = slos
        .into_iter()
        .map(|(tag, limit)| (tag.to_owned(), limit))
        .collect();
    let context = RunContext { slos, ..chat() };
    let good = |facts: &RecordFacts<'_>| value_in(&context, "good_request_count", facts);
    assert_eq!(good(&request(&[1100])), Some(1.0));
    assert_eq!(good(&request(&[1101])), Some(0.0), "too late");
    let short = RecordFacts {
        output_tokens: Some(4),
        ..request(&[1100])
    };
    assert_eq!(good(&short), Some(0.0), "too short");
    let unknown = RecordFacts {
        output_tokens: None,
        ..request(&[1101])
    };
    assert_eq!(good(&unknown), None, "no verdict without every metric");
}

#[test]
fn experimental_metrics_describe_reasoning_and_stream_setup() {
    let context = RunContext {
        compute_experimental: true,
        ..chat()
    };
    let facts = RecordFacts {
        reasoning_tokens: Some(10),
        recv_start_perf_ns: Some(1030),
        ..request(&[1100])
    };
    let expected = [
        ("thinking_efficiency", 2.0),
        ("stream_setup_latency", 30.0),
        ("stream_prefill_latency", 70.0),
    ];
    for (tag, expected) in expected {
        assert_eq!(value_in(&context, tag, &facts), Some(expected), "{tag}");
        assert_eq!(value(tag, &facts), None, "off by default");
    }
}

#[test]
fn the_per_request_file_shows_display_units() {
    let context = RunContext {
        slos: BTreeMap::from([("request_latency".to_owned(), 1.0)]),
        ..chat()
    };
    let active = active(&context);
    let http = HttpTraceFacts {
        request_bytes: 2048,
        ..HttpTraceFacts::default()
    };
    let facts = RecordFacts {
        max_tokens: Some(5),
        http: Some(http),
        ..request(&[32_252_581, 32_252_581, 64_000_000])
    };
    let values = compute(&active, &facts);
    let exported: BTreeMap<_, _> = values
        .exported(&active)
        .map(|entry| (entry.tag, (entry.unit, entry.number)))
        .collect();

    let ttft = ("ms", ExportedNumber::Float(32_251_581.0 * 1e-06));
    assert_eq!(exported["time_to_first_token"], ttft);
    assert_eq!(
        exported["output_sequence_length"],
        ("tokens", ExportedNumber::Int(5))
    );
    assert_eq!(
        exported["http_req_data_sent"],
        ("KB", ExportedNumber::Float(2.0))
    );
    assert_eq!(
        exported["http_req_blocked"],
        ("ms", ExportedNumber::Float(0.0))
    );
    assert_eq!(
        exported["good_request_count"],
        ("requests", ExportedNumber::Int(0))
    );
    let ("ms", ExportedNumber::List(gaps)) = exported["inter_chunk_latency"] else {
        panic!("{:?}", exported["inter_chunk_latency"]);
    };
    let gaps: Vec<_> = gaps.iter().collect();
    let expected = [0.0, 31_747_419.0 * 1e-06].map(ExportedNumber::Float);
    assert_eq!(gaps, expected);
    for hidden in [
        "request_count",
        "osl_mismatch_count",
        "requested_osl",
        "min_request_timestamp",
    ] {
        assert!(!exported.contains_key(hidden), "{hidden}");
    }
}

#[test]
fn internal_metrics_are_exported_on_request() {
    let context = RunContext {
        show_internal: true,
        ..chat()
    };
    let active = active(&context);
    let facts = RecordFacts {
        max_tokens: Some(5),
        ..request(&[1100])
    };
    let values = compute(&active, &facts);
    assert!(
        values
            .exported(&active)
            .any(|entry| entry.tag == "requested_osl")
    );
}

#[test]
fn values_of_one_record_do_not_reach_the_next() {
    let active = active(&chat());
    let mut values = compute(&active, &request(&[1100, 1200]));
    let failed = failed_request(10);
    aiperf_metrics::compute_record(&active, &failed, &mut values);
    assert_eq!(values.get(&active, "request_latency"), None);
    assert_eq!(values.list(&active, "inter_chunk_latency"), None);
}

#[test]
fn a_record_without_content_or_with_impossible_times_is_not_valid() {
    use aiperf_metrics::InvalidRecord::{BadTimes, NoContent};
    assert_eq!(request(&[1100]).check(), Ok(()));
    assert_eq!(request(&[]).check(), Err(NoContent));
    let ends_early = RecordFacts {
        end_perf_ns: Some(1000),
        ..request(&[1100])
    };
    assert_eq!(ends_early.check(), Err(BadTimes));
    assert_eq!(request(&[1100, u64::MAX - 20]).check(), Err(BadTimes));
    let without_end = RecordFacts {
        end_perf_ns: None,
        ..request(&[1100])
    };
    assert_eq!(without_end.check(), Ok(()), "the last part stands in");
}
