//! What a failed request says of its failure.

use aiperf_engine::Exchange;
use aiperf_model::{ErrorDetails, MetricRecord};
use aiperf_record::Recorded;
use aiperf_transport::{TransportError, TransportFailure};

use crate::support::{
    EVENT_STREAM, JSON, answered, event, read_records, record, settings, with_records,
};

fn record_one(exchange: Exchange) -> (MetricRecord, Recorded) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    let recorded = record(with_records(settings(1), &path), [exchange]);
    let [record] = &read_records(&path)[..] else {
        panic!("not one line")
    };
    (record.clone(), recorded)
}

/// The error object of a failed exchange, after the checks that hold for all of them.
fn error_of(exchange: Exchange) -> ErrorDetails {
    let (record, recorded) = record_one(exchange);
    // The input was sent, so its length is known; nothing else is measured on a failure.
    let tags: Vec<_> = record.metrics.keys().map(String::as_str).collect();
    assert_eq!(tags, ["error_isl"]);
    assert_eq!(recorded.counts, [(0, 0), (0, 1)]);
    let error = record.error.expect("the record is no error");
    let [tallied] = &recorded.errors[1].in_order()[..] else {
        panic!("not one kind of error")
    };
    assert_eq!(tallied.count, 1);
    assert_eq!(
        (
            tallied.failure.code,
            &tallied.failure.kind,
            &tallied.failure.message
        ),
        (error.code, &error.r#type, &error.message)
    );
    error
}

fn broken(mut exchange: Exchange, failure: TransportFailure, message: &str) -> Exchange {
    exchange.http.error = Some(TransportError {
        failure,
        message: message.to_owned(),
    });
    exchange
}

#[test]
fn an_error_status_is_told_with_its_reason_phrase_and_its_body() {
    for (status, reason, body) in [
        (500, "Internal Server Error", "{\"error\":\"x\"}"),
        (429, "Too Many Requests", ""),
        (503, "Service Unavailable", "a \"text\"\nof two lines"),
    ] {
        let exchange = answered(0, status, JSON, body);
        let start = exchange.http.start;
        let error = error_of(exchange.clone());
        assert_eq!(error.code, Some(i64::from(status)));
        assert_eq!(error.r#type.as_deref(), Some(reason));
        assert_eq!(error.message, body);
        assert_eq!(
            (error.cause, error.cause_chain, error.details),
            (None, None, None)
        );

        let (record, _) = record_one(exchange);
        assert_eq!(
            record.metadata.request_ack_ns, None,
            "only a 2xx status is an acknowledgement"
        );
        assert!(start > 0 && record.metadata.request_end_ns >= record.metadata.request_start_ns);
    }
}

#[test]
fn a_cut_stream_is_told_by_the_name_of_what_cut_it() {
    let half = event("half") + "data: {\"id";
    for (failure, name) in [
        (TransportFailure::Truncated, "ClientPayloadError"),
        (TransportFailure::Broken, "ClientOSError"),
        (TransportFailure::Disconnected, "ServerDisconnectedError"),
    ] {
        let error = error_of(broken(
            answered(0, 200, EVENT_STREAM, &half),
            failure,
            "it ended",
        ));
        assert_eq!(error.code, None);
        assert_eq!(error.r#type.as_deref(), Some(name));
        assert_eq!(error.message, "it ended");
        assert_eq!(error.cause_chain, Some(vec![name.to_owned()]));
    }
}

#[test]
fn a_timeout_is_told_as_the_reference_tells_it() {
    let exchange = answered(0, 200, EVENT_STREAM, &event("half"));
    let error = error_of(broken(exchange, TransportFailure::Timeout, "took too long"));
    assert_eq!(
        (error.code, error.r#type.as_deref()),
        (None, Some("TimeoutError"))
    );
    assert_eq!(error.message, "TimeoutError()");
}

#[test]
fn an_error_within_a_stream_fails_the_request() {
    let named = event("half") + "event: error\ndata: {\"error\":{\"message\":\"no memory\"}}\n\n";
    let commented = event("half") + "event: error\n: out of slots\n\n";
    let plain = event("half") + "data: {\"error\":{\"message\":\"no memory\",\"code\":507}}\n\n";
    for (body, code, kind, message) in [
        (
            named,
            502,
            "SSEResponseError",
            "Error occurred in SSE response: no memory",
        ),
        (
            commented,
            502,
            "SSEResponseError",
            "Error occurred in SSE response: out of slots",
        ),
        (plain, 507, "SSEResponseError", "no memory"),
    ] {
        let error = error_of(answered(0, 200, EVENT_STREAM, &body));
        assert_eq!(
            (error.code, error.r#type.as_deref()),
            (Some(code), Some(kind))
        );
        assert_eq!(error.message, message);
    }
}

#[test]
fn an_answer_without_content_is_no_result() {
    for (content_type, body) in [
        (EVENT_STREAM, ""),
        (EVENT_STREAM, "data: [DONE]\n\n"),
        (JSON, ""),
        (JSON, "{}"),
        (JSON, "{\"choices\":[],\"usage\":{\"prompt_tokens\":3}}"),
    ] {
        let error = error_of(answered(0, 200, content_type, body));
        assert_eq!(
            error.r#type.as_deref(),
            Some("InvalidInferenceResultError"),
            "{body:?}"
        );
        assert!(
            error
                .message
                .starts_with("InvalidInferenceResultError('Invalid inference result: "),
            "{}",
            error.message
        );
        assert_eq!(error.code, None);
    }
}

#[test]
fn a_request_that_never_left_has_a_record_all_the_same() {
    let mut exchange = answered(0, 200, JSON, "");
    let start = exchange.http.start;
    exchange.http = aiperf_transport::HttpExchange {
        start,
        end: start + 5_000,
        ..aiperf_transport::HttpExchange::default()
    };
    let error = error_of(broken(
        exchange,
        TransportFailure::Connect,
        "connection refused",
    ));
    assert_eq!(error.r#type.as_deref(), Some("ClientConnectorError"));
    assert_eq!(error.message, "connection refused");
}

#[test]
fn equal_failures_are_counted_together_over_all_recorder_threads() {
    let exchanges = (0..300).map(|index| match index % 3 {
        0 => answered(index, 200, EVENT_STREAM, &event("fine")),
        1 => answered(index, 500, JSON, "busy"),
        _ => answered(index, 404, JSON, "gone"),
    });
    let recorded = record(settings(1), exchanges);
    assert_eq!(recorded.counts, [(0, 0), (100, 200)]);
    let kinds: Vec<_> = recorded.errors[1]
        .in_order()
        .into_iter()
        .map(|error| (error.failure.code, error.failure.message, error.count))
        .collect();
    assert_eq!(
        kinds,
        [
            (Some(500), "busy".to_owned(), 100),
            (Some(404), "gone".to_owned(), 100)
        ]
    );
}
