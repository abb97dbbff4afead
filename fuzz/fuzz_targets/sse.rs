//! Cutting a stream into events: any bytes, read in one piece or in two, give the same events.

#![no_main]

use aiperf_endpoint::{ReadMark, Transcript};
use libfuzzer_sys::fuzz_target;

fn texts(body: &[u8], reads: &[ReadMark]) -> Vec<String> {
    let transcript = Transcript {
        content_type: Some("text/event-stream"),
        body,
        reads,
        ended_at: 9,
        method_is_post: true,
    };
    let messages = transcript.messages();
    messages.map(|message| message.text().into_owned()).collect()
}

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, body) = input;
    let end = body.len();
    let whole = texts(body, &[ReadMark { at: 1, end }]);
    let cut = if end == 0 { 0 } else { cut % end };
    let pieces = [ReadMark { at: 1, end: cut }, ReadMark { at: 2, end }];
    assert_eq!(whole, texts(body, &pieces));
});
