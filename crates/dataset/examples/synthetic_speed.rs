//! How many tokens of synthetic prompts one processor writes each second:
//! `cargo run -p aiperf-dataset --example synthetic_speed -- [ISL] [TOKENIZER.json]`.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::path::Path;

use aiperf_dataset::{
    CorpusStyle, DatasetError, DatasetPlan, Law, PromptCorpus, Source, SyntheticPlan, open,
};
use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;
use rustix::time::{ClockId, clock_gettime};

/// Tokens that are written for each figure.
const TOKENS: usize = 5_000_000;

fn main() -> Result<(), DatasetError> {
    let mut words = std::env::args().skip(1);
    let isl: usize = words
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(550);
    let tokenizer = words
        .next()
        .and_then(|path| Tokenizer::from_path(Path::new(&path)).ok());
    let tokenizer = tokenizer.unwrap_or_else(Tokenizer::builtin);
    let corpora = [
        PromptCorpus::Prose,
        PromptCorpus::Coding,
        PromptCorpus::Random(CorpusStyle::Vllm),
    ];
    for corpus in corpora {
        let plan = DatasetPlan::new(Source::Synthetic(SyntheticPlan {
            entries: TOKENS / isl.max(1),
            prompt_tokens: Some(Law::fixed(isl as f64)),
            corpus,
            ..SyntheticPlan::default()
        }));
        let started = thread_seconds();
        let conversations = open(&plan, Some(&tokenizer), RootSeed::fixed(1))?;
        let opened = thread_seconds();
        let mut sample = Vec::new();
        for index in 0..conversations.len() {
            let conversation = conversations.conversation(index)?;
            if index % 100 == 0 {
                sample.push(conversation);
            }
        }
        let written = thread_seconds() - opened;
        let wanted = isl - tokenizer.prompt_special_tokens();
        let texts = sample
            .iter()
            .map(|conversation| &conversation.turns[0].texts[0].contents[0]);
        let inexact = texts.filter(|text| tokenizer.count(text) != wanted).count();
        println!(
            "{corpus:?}: opened in {:.3} s; {} prompts of {isl} tokens, {:.1} M tokens per processor second, \
             {inexact} of {} checked have another length",
            opened - started,
            conversations.len(),
            (conversations.len() * isl) as f64 / written / 1e6,
            sample.len(),
        );
    }
    Ok(())
}

/// Processor time of this thread.
fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
