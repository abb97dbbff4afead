//! How long a trace takes to open, how much memory it holds, and how fast its prompts are
//! assembled: `cargo run -p aiperf-dataset --example open_trace -- TRACE`.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use aiperf_clock::Clock;
use aiperf_dataset::{DatasetError, DatasetPlan, FilePlan, Source, open};
use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;

/// Prompts that are assembled for the second figure.
const SAMPLE: usize = 1000;

fn main() -> Result<(), DatasetError> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let clock = Clock::start();
    let started = clock.now();
    let plan = DatasetPlan::new(Source::File(FilePlan::new(path)));
    let conversations = open(&plan, Some(&Tokenizer::builtin()), RootSeed::fixed(1))?;
    let opened = clock.now();
    println!(
        "{} conversations in {:.2} s, {}",
        conversations.len(),
        (opened - started) as f64 / 1e9,
        peak_memory()
    );
    let mut bytes = 0;
    for index in 0..conversations.len().min(SAMPLE) {
        let conversation = conversations.conversation(index)?;
        let turns = conversation.turns.iter();
        let texts = turns
            .flat_map(|turn| &turn.texts)
            .flat_map(|text| &text.contents);
        bytes += texts.map(String::len).sum::<usize>();
    }
    let seconds = (clock.now() - opened) as f64 / 1e9;
    println!(
        "{bytes} bytes of prompts in {seconds:.3} s, {}",
        peak_memory()
    );
    Ok(())
}

/// The kernel's own line about it, where there is one.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default().to_owned()
}
