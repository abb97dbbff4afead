//! How long recording takes: feeds prepared exchanges through one recorder thread and prints
//! microseconds of processor time per record as JSON.
//!
//! `record_cost ROUNDS COUNT` prints medians over ROUNDS rounds of COUNT records. The parts are
//! measured on their own: reading the answers, counting their tokens, recording without a file.

#[path = "prepared/mod.rs"]
mod prepared;

use std::error::Error;
use std::hint::black_box;
use std::io::Write;

use aiperf_clock::thread_cpu_now;
use aiperf_endpoint::{Answer, EndpointType, parse};
use aiperf_engine::Exchange;
use aiperf_record::transcript;
use aiperf_tokenizer::Tokenizer;
use aiperf_transport::ReceivedBody;
use serde_json::json;

/// The same as in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [rounds, count] = &words[..] else {
        return Err("usage: record_cost ROUNDS COUNT".into());
    };
    let (rounds, count): (usize, u64) = (rounds.parse()?, count.parse()?);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("records.jsonl");
    let exchanges: Vec<Exchange> = (0..count).map(prepared::exchange).collect();
    let tokenizer = Tokenizer::builtin();
    let recording = |settings| -> Result<u64, Box<dyn Error>> {
        let recorded = prepared::record(settings, exchanges.clone())?;
        assert_eq!(
            recorded.counts,
            [(count, 0)],
            "every exchange is a valid record"
        );
        Ok(recorded.cpu)
    };

    let mut body = ReceivedBody::default();
    let mut rows = Vec::new();
    for _ in 0..rounds {
        let start = thread_cpu_now();
        let answers: Vec<Answer> = exchanges
            .iter()
            .map(|exchange| {
                exchange.http.received.unfold_into(&mut body);
                parse(EndpointType::Chat, &transcript(exchange, &body))
            })
            .collect();
        let parsed = thread_cpu_now();
        for answer in &answers {
            black_box(tokenizer.count(&answer.output));
        }
        let counted = thread_cpu_now();
        drop(answers);

        let all = recording(prepared::settings(Some(&path)))?;
        let without_line = recording(prepared::settings(None))?;
        rows.push([all, without_line, parsed - start, counted - parsed]);
    }
    let median = |column: usize| {
        let mut values: Vec<u64> = rows.iter().map(|row| row[column]).collect();
        values.sort_unstable();
        values[values.len() / 2] as f64 / 1e3 / count as f64
    };
    let [all, without_line, parse, tokenise] = [0, 1, 2, 3].map(median);
    let result = json!({
        "record_us": all,
        "parse_us": parse,
        "tokenise_us": tokenise,
        "metrics_and_columns_us": without_line - parse - tokenise,
        "line_us": all - without_line,
    });
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}
