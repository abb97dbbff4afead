//! The flags of `aiperf profile`: one constant for each, one file for each group or two.
//!
//! Headings, names and their order are the reference's; `tests/parity.rs` compares them with a
//! list recorded from it. Flags that the reference does not have are in `transport` and
//! `measurement`, and `--arrival-overflow` is beside its kin in `load`.

mod audio;
mod control;
mod conversation;
mod endpoint;
mod fixed_schedule;
mod image;
mod input;
mod load;
mod measurement;
mod output;
mod prefix;
mod prompt;
mod rankings;
mod runs;
mod service;
mod synthesis;
mod tokenizer;
mod transport;
mod users;
mod video;
mod warmup;

use super::args::ProfileArgs;
use super::reference_names::REFERENCE_NAMES;
use crate::command::{Choice, Command, Example};

/// `aiperf profile`.
pub static PROFILE: Command<ProfileArgs> = Command {
    name: "profile",
    about: "Send a planned load to an inference server and measure how it answers: throughput, time to first token, \
            latency between tokens, and more.",
    groups: &[
        &endpoint::ENDPOINT,
        &tokenizer::TOKENIZER,
        &input::INPUT,
        &fixed_schedule::FIXED_SCHEDULE,
        &output::GOODPUT,
        &conversation::CONVERSATION,
        &prompt::PROMPT,
        &prompt::CACHE_BUST,
        &prefix::PREFIX,
        &prompt::INPUT_LENGTH,
        &prompt::OUTPUT_LENGTH,
        &audio::AUDIO,
        &image::IMAGE,
        &video::VIDEO,
        &rankings::RANKINGS,
        &synthesis::SYNTHESIS,
        &load::LOAD,
        &warmup::WARMUP,
        &users::USER_CENTRIC,
        &users::CANCELLATION,
        &output::OUTPUT,
        &output::HTTP_TRACE,
        &service::SERVER_METRICS,
        &service::NETWORK_LATENCY,
        &service::GPU_TELEMETRY,
        &service::UI,
        &runs::MULTI_RUN,
        &service::SERVICE,
        &service::WORKERS,
        &transport::TRANSPORT,
        &measurement::MEASUREMENT,
    ],
    positional: None,
    reference_names: REFERENCE_NAMES,
    examples: &[
        Example {
            purpose: "Ten sessions at a time, a hundred requests in all",
            line: "aiperf profile --model my-model --url localhost:8000 --streaming --concurrency 10 --request-count 100",
        },
        Example {
            purpose: "Five requests a second at random instants, for a minute",
            line: "aiperf profile --model my-model --url localhost:8000 --streaming --request-rate 5 --benchmark-duration 60",
        },
        Example {
            purpose: "A hundred users who come back every ten seconds, each with five turns",
            line: "aiperf profile --model m --user-centric-rate 10 --num-users 100 --session-turns-mean 5 --request-count 500",
        },
        Example {
            purpose: "Prompts of 1000 tokens, answers of exactly 200",
            line: "aiperf profile --model my-model --isl 1000 --osl 200 --extra-inputs ignore_eos:true",
        },
        Example {
            purpose: "The share of requests that meet two limits, in milliseconds",
            line: "aiperf profile --model my-model --streaming --goodput \"time_to_first_token:200 inter_token_latency:20\"",
        },
        Example {
            purpose: "Three concurrencies, three runs of each, and how sure the figures are",
            line: "aiperf profile --model my-model --streaming --concurrency 1,4,16 --num-profile-runs 3",
        },
    ],
};

/// The flags that short help shows, in its order, by the names that are typed most.
pub const ESSENTIAL_FLAGS: &[&str] = &[
    "model",
    "url",
    "endpoint-type",
    "streaming",
    "api-key",
    "header",
    "tokenizer",
    "isl",
    "osl",
    "input-file",
    "custom-dataset-type",
    "concurrency",
    "request-rate",
    "request-count",
    "benchmark-duration",
    "warmup-request-count",
    "extra-inputs",
    "goodput",
    "artifact-dir",
    "random-seed",
];

/// A choice by its word. The parser only passes words of the list, so the error never shows.
fn chosen<C: Choice>(word: &str) -> Result<Option<C>, String> {
    C::named(word)
        .map(Some)
        .ok_or_else(|| format!("must be one of {}", C::NAMES.join(", ")))
}

/// A text that must hold something besides blanks.
fn not_blank(text: String) -> Result<Option<String>, String> {
    if text.trim().is_empty() {
        Err("must not be empty".into())
    } else {
        Ok(Some(text))
    }
}
