//! What summarising a long run costs: processor time of this one thread, and bytes per record.
//!
//!     cargo run --release -p aiperf-metrics --example summarise_many [REQUESTS] [TOKENS]
//!
//! The records are those of a streaming chat run with as many tokens as asked for, arriving in
//! chunks of uneven distance, about 2,000 requests at a time. The default is a million requests of
//! 32 tokens; the aim is under three seconds and under a kilobyte a record.

use std::io::Write as _;
use std::sync::Arc;

use aiperf_clock::thread_cpu_now;
use aiperf_metrics::{
    ActiveMetrics, Bounds, Columns, EndpointTraits, HttpTraceFacts, InjectedLatencies, PhaseWindow,
    RecordFacts, RecordValues, RunContext, UsageFacts, compute_record, summarise, timeslices,
};

const EPOCH_NS: u64 = 1_795_300_000_000_000_001;
/// Between two starts.
const PACE_NS: u64 = 150_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| -> Result<u64, std::num::ParseIntError> {
        arguments.next().map_or(Ok(default), |text| text.parse())
    };
    let (requests, tokens) = (number(1_000_000)?, number(32)?);

    let endpoint = EndpointTraits {
        produces_tokens: true,
        tokenizes_input: true,
        ..EndpointTraits::default()
    };
    let context = RunContext {
        endpoint,
        streaming: true,
        ..RunContext::default()
    };
    let active = Arc::new(ActiveMetrics::new(&context)?);

    let begin = thread_cpu_now();
    let columns = record(&active, requests, tokens);
    let recorded = thread_cpu_now();
    let window = PhaseWindow {
        phase: 0,
        bounds: Some(Bounds {
            start_epoch_ns: EPOCH_NS,
            end_epoch_ns: EPOCH_NS + requests * PACE_NS + 1_000_000_000,
        }),
    };
    let results = summarise(&columns, &[window], InjectedLatencies::All);
    let summarised = thread_cpu_now();
    let slice_ns = (requests * PACE_NS / 10).max(1);
    let slices = timeslices(&columns, &[window], slice_ns);
    let sliced = thread_cpu_now();

    let seconds = |from: u64, to: u64| (to - from) as f64 / 1e9;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "records                     {requests} of {tokens} tokens"
    )?;
    writeln!(
        out,
        "bytes per record            {:.1}",
        columns.packed_bytes() as f64 / requests as f64
    )?;
    writeln!(
        out,
        "computing and keeping (s)   {:.3}",
        seconds(begin, recorded)
    )?;
    writeln!(
        out,
        "summarising (s)             {:.3}",
        seconds(recorded, summarised)
    )?;
    writeln!(
        out,
        "{:2} time slices (s)          {:.3}",
        slices.len(),
        seconds(summarised, sliced)
    )?;
    writeln!(out, "metrics                     {}", results.len())?;
    Ok(())
}

fn record(active: &Arc<ActiveMetrics>, requests: u64, tokens: u64) -> Columns {
    let mut columns = Columns::new(Arc::clone(active));
    let mut values = RecordValues::new(active);
    let mut content = Vec::new();
    for index in 0..requests {
        content.clear();
        let start_perf_ns = 1000 + index * PACE_NS;
        let mut arrival = start_perf_ns + 20_000_000 + scattered(index, 0) % 30_000_000;
        for token in 0..tokens {
            content.push(arrival);
            arrival += 8_000_000 + scattered(index, token + 1) % 5_000_000;
        }
        let facts = facts(index, start_perf_ns, &content, tokens);
        compute_record(active, &facts, &mut values);
        columns.push(&values, &facts, 0);
    }
    columns
}

fn facts(index: u64, start_perf_ns: u64, content: &[u64], tokens: u64) -> RecordFacts<'_> {
    let prompt = 300 + scattered(index, 77) % 700;
    let send_end = start_perf_ns + 20_000 + scattered(index, 78) % 5000;
    RecordFacts {
        start_perf_ns,
        start_epoch_ns: EPOCH_NS + start_perf_ns,
        recv_start_perf_ns: Some(send_end + 1_000_000),
        content_perf_ns: content,
        first_output_perf_ns: content.first().copied(),
        request_end_perf_ns: content.last().map(|last| last + 1000),
        end_perf_ns: content.last().map(|last| last + 2000),
        usage: UsageFacts {
            prompt_tokens: Some(prompt),
            completion_tokens: Some(tokens),
            total_tokens: Some(prompt + tokens),
            ..UsageFacts::default()
        },
        input_tokens: Some(prompt),
        output_tokens: Some(tokens),
        max_tokens: Some(tokens),
        http: Some(HttpTraceFacts {
            connection_reused: true,
            request_send_start_ns: Some(start_perf_ns),
            request_send_end_ns: Some(send_end),
            response_receive_start_ns: Some(send_end + 1_000_000),
            response_receive_end_ns: content.last().copied(),
            request_bytes: 3000 + prompt,
            request_chunks: 1,
            response_bytes: 9000 + prompt,
            response_chunks: tokens + 1,
            ..HttpTraceFacts::default()
        }),
        credit_issued_epoch_ns: Some(EPOCH_NS + start_perf_ns - scattered(index, 79) % 90_000),
        ..RecordFacts::default()
    }
}

/// A number that looks random and is the same every time (SplitMix64's last step).
fn scattered(index: u64, salt: u64) -> u64 {
    let mut mixed = (index << 16 ^ salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}
