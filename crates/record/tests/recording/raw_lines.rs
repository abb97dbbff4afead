//! The raw lines: what was sent and what came back, byte for byte.

use std::collections::HashMap;
use std::path::Path;

use aiperf_mock::MockOptions;
use aiperf_model::{RawRecord, RawResponse};
use aiperf_record::{Backlog, Recorder};
use aiperf_schedule::{Arrivals, LimitRamp, PhaseKind};
use bytes::Bytes;

use crate::support::{
    EVENT_STREAM, JSON, Tee, answered, chat, event, processors, record, send, settings, with_raw,
};

fn read_raw(path: &Path) -> Vec<RawRecord> {
    aiperf_model::open_raw_records(path)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn raw_lines_hold_the_body_that_was_sent_and_the_events_that_came() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw.jsonl");
    let backlog = Backlog::new(usize::MAX);
    let tee = Tee::new(backlog.clone());
    let recorder = Recorder::start(with_raw(settings(2), &path), backlog, processors(2)).unwrap();
    // Spaces, escapes and numbers that a decoder would write differently.
    let odd = r#"{ "messages" : [{"role":"user","content":"\u00e9 é \/"}], "stream":true, "temperature": 1.0e-1, "max_tokens":3 }"#;
    send(
        MockOptions {
            error_rate: 0.2,
            ..MockOptions::default()
        },
        vec![odd.to_owned(), chat("plain", 3)],
        vec![(
            PhaseKind::Warmup,
            Arrivals::ClosedLoop {
                slots: LimitRamp::steady(2),
            },
            50,
        )],
        &tee,
    );
    recorder.finish().unwrap();

    let exchanges: HashMap<_, _> = tee
        .kept()
        .into_iter()
        .map(|exchange| (exchange.request_id.to_string(), exchange))
        .collect();
    let records = read_raw(&path);
    assert_eq!(records.len(), 50);
    let (mut good, mut failed) = (0, 0);
    for record in records {
        let exchange = &exchanges[record.metadata.x_request_id.as_deref().unwrap()];
        let http = &exchange.http;
        assert_eq!(record.payload.unwrap().get().as_bytes(), &exchange.body[..]);
        assert_eq!(record.start_perf_ns, Some(http.start));
        assert_eq!(record.status, http.status.map(|status| status.as_u16()));
        let headers = record.request_headers.unwrap();
        assert_eq!(headers["X-Request-ID"], exchange.request_id.to_string());
        assert_eq!(
            headers["X-Correlation-ID"],
            exchange.correlation_id.to_string()
        );
        assert_eq!(headers["Authorization"], "<redacted>");
        if record.status != Some(200) {
            failed += 1;
            assert!(record.responses.is_empty() && record.error.is_some());
            continue;
        }
        good += 1;
        assert!(record.error.is_none());
        let received = http.received.unfold();
        let body = std::str::from_utf8(&received.bytes).unwrap();
        let sent: Vec<_> = body
            .split_terminator("\n\n")
            .map(|event| event.strip_prefix("data: ").unwrap().to_owned())
            .collect();
        let kept: Vec<_> = record
            .responses
            .iter()
            .map(|response| match response {
                RawResponse::Event(event) => event.packets[0].value.clone().unwrap(),
                other => panic!("not an event: {other:?}"),
            })
            .collect();
        assert_eq!(kept, sent);
        assert!(record.responses.iter().all(|response| {
            let at = response.perf_ns();
            received.reads.iter().any(|mark| mark.at == at)
        }));
    }
    assert!(good > 0 && failed > 0);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("very secret"));
}

#[test]
fn a_body_over_several_lines_stands_on_one_line_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw.jsonl");
    let mut first = answered(0, 200, EVENT_STREAM, &event("hi"));
    first.body = Bytes::from_static(b"{\n  \"messages\": [],\r\n  \"model\": \"m\"\n}\n");
    let second = answered(
        1,
        200,
        JSON,
        "{\"choices\":[{\"message\":{\"content\":\"hi\"}}]}",
    );
    record(with_raw(settings(1), &path), [first, second]);
    let records = read_raw(&path);
    assert_eq!(records.len(), 2);
    let payloads: Vec<serde_json::Value> = records
        .iter()
        .map(|record| record.payload.as_ref().unwrap().parse().unwrap())
        .collect();
    assert!(payloads.contains(&serde_json::json!({"messages": [], "model": "m"})));
}
