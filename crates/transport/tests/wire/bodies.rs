//! Bodies of every size arrive whole, and every byte has a mark.

use std::io::Write;

use aiperf_transport::HttpExchange;

use crate::support::{
    STREAM_HEAD, accept_one, answer, on_event_loop, pooled, read_request, request, write,
};

/// Marks are in order, none is empty, and together they cover the body.
#[track_caller]
fn assert_marks_cover_the_body(exchange: &HttpExchange) {
    let marks = &exchange.received.unfold().reads;
    assert!(
        marks
            .windows(2)
            .all(|pair| pair[0].at < pair[1].at && pair[0].end < pair[1].end)
    );
    assert_eq!(
        marks.last().map_or(0, |mark| mark.end),
        exchange.received.unfold().bytes.len()
    );
    if let (Some(first), Some(last)) = (marks.first(), marks.last()) {
        assert!(first.end > 0);
        assert!(exchange.head_at.unwrap() <= first.at && last.at <= exchange.end);
    }
    assert!(marks.len() as u32 <= exchange.read_count);
}

#[test]
fn ten_megabytes_in_one_chunk_arrive_whole() {
    // A pattern whose period divides no buffer size, so that a lost or doubled piece shows.
    let body: Vec<u8> = (0..10 << 20)
        .map(|place: u32| (place % 251) as u8)
        .collect();
    let sent = body.clone();
    let server = accept_one(move |mut stream| {
        read_request(&mut stream);
        write(&mut stream, STREAM_HEAD);
        write(&mut stream, &format!("{:x}\r\n", sent.len()));
        stream.write_all(&sent).unwrap();
        write(&mut stream, "\r\n0\r\n\r\n");
    });
    let done = on_event_loop(async {
        let done = pooled(&server.transport()).await;
        server.join();
        done
    });
    assert!(done.is_success(), "{:?}", done.error);
    assert!(
        done.received.unfold().bytes == body,
        "{} bytes came, or others than were sent",
        done.received.unfold().bytes.len()
    );
    assert_marks_cover_the_body(&done);
}

#[test]
fn a_body_written_byte_by_byte_arrives_whole() {
    let body = "data: {\"a\":1}\n\ndata: [DONE]\n\n";
    let server = accept_one(move |mut stream| {
        read_request(&mut stream);
        let chunks: String = body
            .chars()
            .map(|byte| format!("1\r\n{byte}\r\n"))
            .collect();
        for byte in format!("{STREAM_HEAD}{chunks}0\r\n\r\n").as_bytes() {
            stream.write_all(&[*byte]).unwrap();
        }
    });
    let done = on_event_loop(async {
        let done = pooled(&server.transport()).await;
        server.join();
        done
    });
    assert!(done.is_success(), "{:?}", done.error);
    assert_eq!(done.received.unfold().bytes, body.as_bytes());
    assert_marks_cover_the_body(&done);
}

#[test]
fn an_empty_body_has_no_marks() {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        write(&mut stream, &answer(""));
    });
    let done = on_event_loop(async {
        let done = pooled(&server.transport()).await;
        server.join();
        done
    });
    assert!(
        done.is_success()
            && done.received.unfold().bytes.is_empty()
            && done.received.unfold().reads.is_empty()
    );
    assert_eq!(done.end, done.head_at.unwrap());
}

#[test]
fn a_request_of_megabytes_is_sent_whole_in_as_many_writes_as_it_takes() {
    let body = "0123456789".repeat(1 << 19);
    let expected = body.clone();
    let server = accept_one(move |mut stream| {
        let request = read_request(&mut stream);
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /v1 HTTP/1.1\r\n"), "{head}");
        assert!(
            head.to_ascii_lowercase()
                .contains("content-type: application/json"),
            "{head}"
        );
        assert!(
            head.to_ascii_lowercase().contains("host: 127.0.0.1:"),
            "{head}"
        );
        assert!(sent == expected, "{} bytes came", sent.len());
        write(&mut stream, &answer("{}"));
    });
    on_event_loop(async {
        let transport = server.transport();
        let mut done = HttpExchange::default();
        transport
            .perform(
                0,
                request(&body),
                aiperf_transport::Lease::Pooled,
                &mut done,
                aiperf_transport::Watch::default(),
            )
            .await;
        server.join();
        assert!(done.is_success(), "{:?}", done.error);
        assert!(done.writes >= 1 && done.send_start < done.send_end);
    });
}
