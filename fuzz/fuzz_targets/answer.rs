//! Reading answers of every endpoint type: no bytes make a parser panic, and an answer that is read
//! twice is read alike.

#![no_main]

use aiperf_endpoint::{Capabilities, ReadMark, Transcript, parse, reply};
use libfuzzer_sys::fuzz_target;

const CONTENT_TYPES: [Option<&str>; 4] = [
    Some("text/event-stream"),
    Some("application/json"),
    Some("text/plain"),
    None,
];

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (kind, content_type, body) = input;
    let types = Capabilities::all();
    let endpoint_type = types[usize::from(kind) % types.len()].endpoint_type;
    let reads = [ReadMark {
        at: 1,
        end: body.len(),
    }];
    let transcript = Transcript {
        content_type: CONTENT_TYPES[usize::from(content_type) % CONTENT_TYPES.len()],
        body,
        reads: &reads,
        ended_at: 2,
        method_is_post: true,
    };
    let answer = parse(endpoint_type, &transcript);
    assert_eq!(answer, parse(endpoint_type, &transcript));
    let _ = (answer.failure(0, 2), reply::capture(&answer));
});
