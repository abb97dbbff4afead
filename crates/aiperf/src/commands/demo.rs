//! `aiperf demo`: the main job against the built-in mock server.

use aiperf_config::{Command, CommandSummary, Flag, Group, Kind, Parsed};
use aiperf_mock::{CachedTokens, MockOptions, MockServer};
use anyhow::Result;

use crate::exit::Exit;

#[derive(Default)]
struct DemoArgs {
    requests: Option<u64>,
    concurrency: Option<u64>,
}

static LOAD: Group<DemoArgs> = Group {
    title: "Load",
    flags: &[
        Flag {
            names: &["request-count"],
            short: None,
            kind: Kind::Integer {
                within: 1..=1_000_000,
                set: |args, count| args.requests = Some(count),
            },
            value: "COUNT",
            default: "400",
            path: "",
            help: "How many requests are sent.",
        },
        Flag {
            names: &["concurrency"],
            short: None,
            kind: Kind::Integer {
                within: 1..=10_000,
                set: |args, count| args.concurrency = Some(count),
            },
            value: "COUNT",
            default: "16",
            path: "",
            help: "How many requests are under way at the same time.",
        },
    ],
};

static DEMO: Command<DemoArgs> = Command {
    name: "demo",
    about: "Starts the built-in mock inference server on a free port of this machine, measures it \
            for a few seconds with streaming chat requests, and prints the figures.",
    groups: &[&LOAD],
    positional: None,
    reference_names: &[],
    examples: &[],
};

pub(super) fn summary() -> CommandSummary {
    DEMO.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match DEMO.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let mut server = MockServer::start(MockOptions {
        ttft_ms: 20.0,
        itl_ms: 3.0,
        ttft_jitter: 0.2,
        itl_jitter: 0.2,
        prompt_counter: Some(super::mock_server::builtin_counter()),
        // Said outright: a server that says nothing of a cache is advised to.
        cached_tokens: CachedTokens::Share(0.0),
        ..MockOptions::default()
    })?;
    super::print(&format!("mock inference server: {}\n\n", server.url()))?;
    let line = [
        "--model".to_owned(),
        "mock-model".to_owned(),
        "--tokenizer".to_owned(),
        "builtin".to_owned(),
        "--url".to_owned(),
        server.url(),
        "--endpoint-type".to_owned(),
        "chat".to_owned(),
        "--streaming".to_owned(),
        "--concurrency".to_owned(),
        args.concurrency.unwrap_or(16).to_string(),
        "--request-count".to_owned(),
        args.requests.unwrap_or(400).to_string(),
        "--isl".to_owned(),
        "200".to_owned(),
        "--osl".to_owned(),
        "32".to_owned(),
        "--extra-inputs".to_owned(),
        "ignore_eos:true".to_owned(),
        "--warmup-request-count".to_owned(),
        "16".to_owned(),
        "--random-seed".to_owned(),
        "1".to_owned(),
    ];
    let exit = super::profile::run(&line);
    server.shutdown();
    exit
}
