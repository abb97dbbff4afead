//! Says what a run sent: payloads, bytes and messages per conversation, and in total.
//!
//! `cargo run --example analyze_inputs -- [inputs.json]`
//!
//! Without a path it reads the sample that lies beside this example.
#![expect(clippy::print_stdout, reason = "an example that shows its result")]

mod table;

use std::path::{Path, PathBuf};

use aiperf_model::{InputsFile, read_inputs};
use serde_json::{Map, Value};
use table::table;

fn main() -> anyhow::Result<()> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/inputs.json");
    let path = std::env::args_os().nth(1).map_or(sample, PathBuf::from);
    print!("{}", report(&read_inputs(path)?)?);
    Ok(())
}

/// What was sent, as text. Bytes are those of the compact body, as on the wire.
pub(crate) fn report(inputs: &InputsFile) -> anyhow::Result<String> {
    let mut rows = Vec::with_capacity(inputs.data.len() + 1);
    let mut all_sizes = Vec::new();
    let mut all_messages = 0;
    for session in &inputs.data {
        let mut sizes = Vec::with_capacity(session.payloads.len());
        for payload in &session.payloads {
            sizes.push(serde_json::to_vec(payload)?.len());
        }
        let messages = session.payloads.iter().map(message_count).sum();
        rows.push(row(&session.session_id, &sizes, messages));
        all_sizes.extend(sizes);
        all_messages += messages;
    }
    rows.push(row("total", &all_sizes, all_messages));
    let header = [
        "session", "payloads", "messages", "bytes", "min", "mean", "max",
    ];
    Ok(format!(
        "{} sessions\n\n{}",
        inputs.data.len(),
        table(header, &rows)
    ))
}

/// Chat bodies carry a list of messages; other bodies count as one message.
fn message_count(payload: &Map<String, Value>) -> usize {
    payload
        .get("messages")
        .and_then(Value::as_array)
        .map_or(1, Vec::len)
}

fn row(name: &str, sizes: &[usize], messages: usize) -> [String; 7] {
    let bytes: usize = sizes.iter().sum();
    let mean = match sizes.len() {
        0 => "-".to_owned(),
        count => format!("{:.1}", bytes as f64 / count as f64),
    };
    [
        name.to_owned(),
        sizes.len().to_string(),
        messages.to_string(),
        bytes.to_string(),
        sizes.iter().min().map_or("-".to_owned(), usize::to_string),
        mean,
        sizes.iter().max().map_or("-".to_owned(), usize::to_string),
    ]
}
