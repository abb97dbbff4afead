use super::*;

fn json(failure: &Failure) -> String {
    serde_json::to_string(failure).unwrap()
}

#[test]
fn an_http_failure_carries_status_reason_and_body() {
    let failure = Failure::http_status(500, "Internal Server Error", b"{\"error\":\"x\"}");
    assert_eq!(
        json(&failure),
        r#"{"code":500,"type":"Internal Server Error","message":"{\"error\":\"x\"}"}"#
    );
    assert_eq!(
        json(&Failure::http_status(599, "", b"")),
        r#"{"code":599,"type":"","message":""}"#
    );
}

#[test]
fn an_unusable_answer_is_an_exception_without_a_code() {
    assert_eq!(
        json(&Failure::invalid_result("No responses were received")),
        r#"{"type":"InvalidInferenceResultError","message":"InvalidInferenceResultError('Invalid inference result: No responses were received')","cause_chain":["InvalidInferenceResultError"]}"#
    );
}

#[test]
fn cancellations_and_timeouts_have_fixed_words() {
    for (failure, code, kind, message) in [
        (
            Failure::cancelled("Request cancelled 0.300s after being sent"),
            Some(499),
            "RequestCancellationError",
            "Request cancelled 0.300s after being sent",
        ),
        (
            Failure::cancelled("Request cancelled by external signal"),
            Some(499),
            "RequestCancellationError",
            "Request cancelled by external signal",
        ),
        (
            Failure::send_timeout("Timed out waiting for request to be sent"),
            Some(0),
            "RequestSendTimeout",
            "Timed out waiting for request to be sent",
        ),
        (Failure::timeout(), None, "TimeoutError", "TimeoutError()"),
    ] {
        assert_eq!(
            (
                failure.code,
                failure.kind.as_deref(),
                failure.message.as_str()
            ),
            (code, Some(kind), message)
        );
    }
}

#[test]
fn a_long_exception_text_is_cut() {
    let failure = Failure::exception("ValueError", &"é".repeat(5000));
    assert_eq!(failure.message.chars().count(), 4097);
    assert!(failure.message.ends_with("é…"));
}

#[test]
fn an_error_event_tells_its_comment_or_what_its_data_says() {
    for (event, expected) in [
        ("event: error\n: boom\ndata: x", "boom"),
        (
            r#"event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "overloaded_error: Overloaded",
        ),
        (
            "event: error\ndata: {\"type\":\"error\",\"code\":\"slow_down\",\"message\":\"m\"}",
            "slow_down: m",
        ),
        ("event: error\ndata: {\"message\":\"m\"}", "m"),
        ("event: error\ndata: {\"error\":\"m\"}", "m"),
        (
            "Event: ERROR\ndata: q",
            "Unknown error in SSE response: Event: ERROR, data: q",
        ),
        ("event:error", "Unknown error in SSE response: event: error"),
    ] {
        let fields = sse::fields(event);
        assert!(sse::names_error(&fields));
        let failure = Failure::error_event(&fields);
        assert_eq!(
            (failure.code, failure.kind.as_deref()),
            (Some(502), Some("SSEResponseError"))
        );
        assert_eq!(
            failure.message,
            format!("Error occurred in SSE response: {expected}")
        );
        assert_eq!(failure.cause_chain, chain_of_reported());
    }
}

#[test]
fn an_error_inside_an_answer_keeps_the_servers_code_and_type() {
    for (error, expected) in [
        (
            r#"{"message":"m","type":"BadRequestError","code":400}"#,
            Some((400, "BadRequestError", "m")),
        ),
        (
            r#"{"message":"m","type":null,"code":"rate_limit"}"#,
            Some((502, "rate_limit", "m")),
        ),
        (
            r#"{"detail":"d"}"#,
            Some((502, "SSEResponseError", r#"{"detail":"d"}"#)),
        ),
        (r#""m""#, Some((502, "SSEResponseError", "m"))),
        ("null", None),
        ("{}", None),
        ("\"\"", None),
        ("false", None),
        ("{", None),
    ] {
        let failure = Failure::in_band(error);
        if let Some(failure) = &failure {
            assert_eq!(failure.cause_chain, chain_of_reported(), "{error}");
        }
        let found = failure.as_ref().map(|failure| {
            (
                failure.code.unwrap(),
                failure.kind.as_deref().unwrap(),
                failure.message.as_str(),
            )
        });
        assert_eq!(found, expected, "{error}");
    }
}

#[test]
fn reason_phrases_are_the_standard_ones() {
    for (status, phrase) in [
        (404, "Not Found"),
        (503, "Service Unavailable"),
        (599, ""),
        (7, ""),
    ] {
        assert_eq!(reason_phrase(status), phrase);
    }
}

#[test]
fn context_overflow_is_found_in_the_text_and_in_its_json() {
    for (message, expected) in [
        ("This model's Maximum Context length is 4096", true),
        (r#"{"error":{"code":"context_length_exceeded"}}"#, true),
        // Only after the escape is read.
        (r#"{"error":{"message":"prompt is t\u006fo long"}}"#, true),
        (r#"{"error":"prompt is t\u006fo long"}"#, true),
        (r#"{"error":{"message":"out of memory"}}"#, false),
        ("", false),
    ] {
        assert_eq!(
            is_context_overflow(message, &CONTEXT_OVERFLOW_SUBSTRINGS),
            expected,
            "{message}"
        );
    }
    assert!(!is_context_overflow::<&str>("context length", &[]));
    assert!(is_context_overflow("Too Big", &["too big".to_owned()]));
}

/// The chain of causes of what a server reports inside an answer.
fn chain_of_reported() -> Option<Vec<String>> {
    Some(vec!["SSEResponseError".to_owned()])
}
