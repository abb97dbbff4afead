//! Times the reading of streamed chat answers, in processor time:
//! `cargo run --release -p aiperf-endpoint --example parse_speed`.

use aiperf_clock::thread_cpu_now;
use aiperf_endpoint::{EndpointType, ReadMark, Transcript, parse};

const CHUNKS: usize = 32;
const ROUNDS: u64 = 20_000;

fn main() {
    let mut body = Vec::new();
    let mut reads = Vec::new();
    for index in 0..CHUNKS {
        let chunk = format!(
            "data: {{\"id\":\"chatcmpl-7f3c1f1e2d4b4a6c\",\"object\":\"chat.completion.chunk\",\
             \"created\":1795300057,\"model\":\"meta-llama/Llama-3.1-8B-Instruct\",\"choices\":[{{\
             \"index\":0,\"delta\":{{\"content\":\" token{index}\"}},\"logprobs\":null,\
             \"finish_reason\":null}}]}}\n\n"
        );
        body.extend_from_slice(chunk.as_bytes());
        reads.push(ReadMark {
            at: index as u64 + 1,
            end: body.len(),
        });
    }
    body.extend_from_slice(
        b"data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\
          \"prompt_tokens\":550,\"total_tokens\":582,\"completion_tokens\":32}}\n\ndata: [DONE]\n\n",
    );
    reads.push(ReadMark {
        at: 100,
        end: body.len(),
    });
    let transcript = Transcript {
        content_type: Some("text/event-stream"),
        body: &body,
        reads: &reads,
        ended_at: 101,
        method_is_post: true,
    };

    let time = |read: &dyn Fn() -> usize| {
        let start = thread_cpu_now();
        let items: usize = (0..ROUNDS).map(|_| read()).sum();
        assert!(
            items >= CHUNKS * ROUNDS as usize,
            "every chunk must be found"
        );
        (thread_cpu_now() - start) as f64 / ROUNDS as f64
    };
    let framing = time(&|| {
        transcript
            .messages()
            .filter(|message| message.at > 0)
            .count()
    });
    let whole = time(&|| parse(EndpointType::Chat, &transcript).parts.len());
    report("events only", framing);
    report("events and chat chunks", whole);
}

#[expect(clippy::print_stdout, reason = "an example reports by printing")]
fn report(what: &str, nanos: f64) {
    let per_chunk = nanos / CHUNKS as f64;
    println!("{what}: {nanos:.0} ns per answer of {CHUNKS} chunks, {per_chunk:.0} ns per chunk");
}
