//! Compressed answers.

use std::io::Write;
use std::time::Duration;

use aiperf_clock::MILLISECOND;
use aiperf_transport::TransportFailure;

use crate::support::{accept_one, on_event_loop, pooled, read_request, write};

fn gzip(pieces: &[&str]) -> Vec<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut encoded: Vec<Vec<u8>> = pieces
        .iter()
        .map(|piece| {
            encoder.write_all(piece.as_bytes()).unwrap();
            encoder.flush().unwrap();
            std::mem::take(encoder.get_mut())
        })
        .collect();
    encoded.push(encoder.finish().unwrap());
    encoded
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                    content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n";

fn chunk(stream: &mut impl Write, data: &[u8]) {
    write(stream, &format!("{:x}\r\n", data.len()));
    stream.write_all(data).unwrap();
    write(stream, "\r\n");
}

#[test]
fn each_event_of_a_compressed_stream_has_the_instant_of_the_read_that_brought_it() {
    let server = accept_one(|mut stream| {
        let request = read_request(&mut stream);
        assert!(!request.to_ascii_lowercase().contains("accept-encoding"));
        write(&mut stream, HEAD);
        for piece in gzip(&["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
            std::thread::sleep(Duration::from_millis(80));
            chunk(&mut stream, &piece);
        }
        write(&mut stream, "0\r\n\r\n");
    });
    on_event_loop(async {
        let transport = server.transport();
        let done = pooled(&transport).await;
        assert!(done.is_success(), "{:?}", done.error);
        let body = done.received.unfold();
        assert_eq!(body.bytes, b"data: 1\n\ndata: 2\n\ndata: 3\n\n");
        let ends: Vec<_> = body.reads.iter().map(|read| read.end).collect();
        assert_eq!(ends, [9, 18, 27]);
        for pair in body.reads.windows(2) {
            assert!(pair[1].at - pair[0].at > 40 * MILLISECOND, "{pair:?}");
        }
        server.join();
    });
}

#[test]
fn a_compressed_body_that_ends_too_early_or_is_none_is_a_payload_error() {
    for body in [&gzip(&["data: 1\n\n"])[0][..], b"no gzip at all"] {
        let body = body.to_vec();
        let server = accept_one(move |mut stream| {
            read_request(&mut stream);
            // In one piece: the client hangs up as soon as it cannot go on.
            let mut text = HEAD.as_bytes().to_vec();
            chunk(&mut text, &body);
            text.extend_from_slice(b"0\r\n\r\n");
            stream.write_all(&text).unwrap();
        });
        on_event_loop(async {
            let done = pooled(&server.transport()).await;
            let error = done.error.expect("the exchange succeeded");
            assert_eq!(error.failure, TransportFailure::Truncated);
            assert_eq!(error.message, "the body cannot be decoded as `gzip`");
            assert!(done.status.is_some());
            server.join();
        });
    }
}
