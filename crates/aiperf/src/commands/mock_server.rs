//! `aiperf mock-server`.

mod groups;

use std::path::PathBuf;

use aiperf_config::command::Example;
use aiperf_config::command::Limits;
use aiperf_config::{Command, CommandSummary, Flag, Group, Kind, Parsed};
use aiperf_mock::{CachedTokens, Distribution, MockOptions, MockServer, PromptCounter, UsageMode};
use aiperf_tokenizer::Tokenizer;
use anyhow::Result;

use crate::exit::Exit;

/// A share of requests, 0 to 1.
const SHARE: Limits = Limits::FROM_ZERO.at_most(1.0);

/// What was typed, on top of the defaults of this command.
struct MockArgs(MockOptions);

impl Default for MockArgs {
    fn default() -> Self {
        Self(MockOptions {
            port: 8000,
            ttft_ms: 20.0,
            itl_ms: 5.0,
            ..MockOptions::default()
        })
    }
}

/// A flag with one name and no YAML key.
const fn flag(
    names: &'static [&'static str],
    value: &'static str,
    default: &'static str,
    help: &'static str,
    kind: Kind<MockArgs>,
) -> Flag<MockArgs> {
    Flag {
        names,
        short: None,
        kind,
        value,
        default,
        path: "",
        help,
    }
}

static LISTENING: Group<MockArgs> = Group {
    title: "Listening",
    flags: &[
        flag(
            &["host"],
            "HOST",
            "127.0.0.1",
            "The address or host name to listen on.",
            Kind::Text(|args, host| {
                args.0.host = host;
                Ok(())
            }),
        ),
        flag(
            &["port"],
            "PORT",
            "8000",
            "The port to listen on; 0 takes a free one, which is printed.",
            Kind::Integer {
                within: 0..=65_535,
                set: |args, port| args.0.port = port as u16,
            },
        ),
        flag(
            &["threads"],
            "COUNT",
            "1",
            "Threads that serve.",
            Kind::Integer {
                within: 1..=256,
                set: |args, count| args.0.threads = count as usize,
            },
        ),
    ],
};

static DELAYS: Group<MockArgs> = Group {
    title: "Delays",
    flags: &[
        flag(
            &["ttft"],
            "MS",
            "20",
            "Mean time from a request's last byte to its first token, kept to 0.1 ms.",
            Kind::Float {
                limits: Limits::FROM_ZERO,
                set: |args, delay| args.0.ttft_ms = delay,
            },
        ),
        flag(
            &["itl"],
            "MS",
            "5",
            "Mean time from one token to the next, kept to 0.1 ms.",
            Kind::Float {
                limits: Limits::FROM_ZERO,
                set: |args, delay| args.0.itl_ms = delay,
            },
        ),
        flag(
            &["ttft-jitter"],
            "CV",
            "0",
            "Coefficient of variation of the time to first token.",
            Kind::Float {
                limits: Limits::FROM_ZERO,
                set: |args, jitter| args.0.ttft_jitter = jitter,
            },
        ),
        flag(
            &["itl-jitter"],
            "CV",
            "0",
            "Coefficient of variation of the inter-token latency.",
            Kind::Float {
                limits: Limits::FROM_ZERO,
                set: |args, jitter| args.0.itl_jitter = jitter,
            },
        ),
        flag(
            &["distribution"],
            "LAW",
            "lognormal",
            "The law that both delays follow.",
            Kind::Choice {
                later: &[],
                names: &["constant", "normal", "lognormal", "exponential", "uniform"],
                set: |args, law| {
                    args.0.distribution = match law {
                        "constant" => Distribution::Constant,
                        "normal" => Distribution::Normal,
                        "exponential" => Distribution::Exponential,
                        "uniform" => Distribution::Uniform,
                        _ => Distribution::Lognormal,
                    };
                    Ok(())
                },
            },
        ),
    ],
};

static ANSWERS: Group<MockArgs> = Group {
    title: "Answers",
    flags: &[
        flag(
            &["default-output-tokens"],
            "COUNT",
            "32",
            "Length of answers to requests that name no limit.",
            Kind::Integer {
                within: 1..=10_000_000,
                set: |args, count| args.0.default_output_tokens = count,
            },
        ),
        flag(
            &["model"],
            "NAME",
            "",
            "Serve this model alone; repeatable. Other names are answered with 404.",
            Kind::List(|args, names| {
                args.0.models.extend(names);
                Ok(())
            }),
        ),
        flag(
            &["reasoning-tokens"],
            "COUNT",
            "0",
            "How many of a chat answer's tokens are reasoning; they come first.",
            Kind::Integer {
                within: 0..=10_000_000,
                set: |args, count| args.0.reasoning_tokens = count,
            },
        ),
        flag(
            &["count-tokens"],
            "",
            "",
            "Count prompt tokens with the built-in tokenizer instead of counting words.",
            Kind::Switch(|args, on| args.0.prompt_counter = on.then(builtin_counter)),
        ),
        flag(
            &["cached-tokens"],
            "COUNT",
            "",
            "How many prompt tokens the usage block reports as read from a cache.",
            Kind::Integer {
                within: 0..=10_000_000,
                set: |args, count| args.0.cached_tokens = CachedTokens::Count(count),
            },
        ),
        flag(
            &["cached-share"],
            "SHARE",
            "",
            "The share of the prompt that the usage block reports as read from a cache.",
            Kind::Float {
                limits: SHARE,
                set: |args, share| args.0.cached_tokens = CachedTokens::Share(share),
            },
        ),
        flag(
            &["tokens-per-chunk"],
            "COUNT",
            "1",
            "Tokens in each chunk of a stream.",
            Kind::Integer {
                within: 1..=10_000_000,
                set: |args, count| args.0.tokens_per_chunk = count,
            },
        ),
        flag(
            &["usage"],
            "WHEN",
            "as-requested",
            "When usage is reported: in streams only if asked for, always, in every chunk, or never.",
            Kind::Choice {
                later: &[],
                names: &["as-requested", "always", "every-chunk", "never"],
                set: |args, mode| {
                    args.0.usage = match mode {
                        "always" => UsageMode::Always,
                        "every-chunk" => UsageMode::EveryChunk,
                        "never" => UsageMode::Never,
                        _ => UsageMode::AsRequested,
                    };
                    Ok(())
                },
            },
        ),
        flag(
            &["single-chunk-bytes"],
            "BYTES",
            "",
            "Make every answer one chunk of this size.",
            Kind::Integer {
                within: 1..=1_000_000_000,
                set: |args, bytes| args.0.single_chunk_bytes = Some(bytes),
            },
        ),
    ],
};

static FAULTS: Group<MockArgs> = Group {
    title: "Faults",
    flags: &[
        flag(
            &["error-rate"],
            "SHARE",
            "0",
            "Share of requests that are answered with an error status.",
            Kind::Float {
                limits: SHARE,
                set: |args, share| args.0.error_rate = share,
            },
        ),
        flag(
            &["error-status"],
            "STATUS",
            "500",
            "That status.",
            Kind::Integer {
                within: 400..=599,
                set: |args, status| args.0.error_status = status as u16,
            },
        ),
        flag(
            &["reset-rate"],
            "SHARE",
            "0",
            "Share of requests whose connection is reset.",
            Kind::Float {
                limits: SHARE,
                set: |args, share| args.0.reset_rate = share,
            },
        ),
        flag(
            &["cut-rate"],
            "SHARE",
            "0",
            "Share of requests whose answer is cut off half-way.",
            Kind::Float {
                limits: SHARE,
                set: |args, share| args.0.cut_rate = share,
            },
        ),
        flag(
            &["stream-error-rate"],
            "SHARE",
            "0",
            "Share of streams that carry an error event half-way.",
            Kind::Float {
                limits: SHARE,
                set: |args, share| args.0.stream_error_rate = share,
            },
        ),
        flag(
            &["hang-rate"],
            "SHARE",
            "0",
            "Share of requests that get half an answer and then silence.",
            Kind::Float {
                limits: SHARE,
                set: |args, share| args.0.hang_rate = share,
            },
        ),
        flag(
            &["slow-bytes"],
            "MS",
            "",
            "Write every byte on its own, this long after the one before.",
            Kind::Float {
                limits: Limits::FROM_ZERO,
                set: |args, delay| args.0.slow_bytes_ms = Some(delay),
            },
        ),
        flag(
            &["crlf"],
            "",
            "",
            "End the lines of event streams with CR LF.",
            Kind::Switch(|args, crlf| args.0.crlf = crlf),
        ),
        flag(
            &["idle-close"],
            "COUNT",
            "",
            "Close a connection, unannounced, after this many answers.",
            Kind::Integer {
                within: 1..=1_000_000_000,
                set: |args, count| args.0.idle_close = Some(count),
            },
        ),
    ],
};

static REPRODUCTION: Group<MockArgs> = Group {
    title: "Reproduction and truth",
    flags: &[
        flag(
            &["random-seed"],
            "SEED",
            "0",
            "Seed of all random choices.",
            Kind::Integer {
                within: 0..=u64::MAX,
                set: |args, seed| args.0.seed = seed,
            },
        ),
        flag(
            &["truth"],
            "FILE",
            "",
            "Append what really happened to this file, one JSON line per request: when it arrived, when each chunk was handed to the socket.",
            Kind::Path(|args, path: PathBuf| {
                args.0.truth_file = Some(path);
                Ok(())
            }),
        ),
        flag(
            &["request-log"],
            "FILE",
            "",
            "Append every request as it came to this file, one JSON line each, credentials included.",
            Kind::Path(|args, path: PathBuf| {
                args.0.request_log = Some(path);
                Ok(())
            }),
        ),
    ],
};

static MOCK_SERVER: Command<MockArgs> = Command {
    name: "mock-server",
    about: "Serves the routes of every endpoint type, models, health, control hooks and Prometheus \
            metrics with chosen delays and faults, until it is stopped.",
    groups: &[
        &LISTENING,
        &groups::TRANSPORT,
        &groups::ACCESS,
        &DELAYS,
        &groups::LOAD,
        &ANSWERS,
        &groups::PROTOCOLS,
        &FAULTS,
        &groups::MORE_FAULTS,
        &groups::FRAMING,
        &groups::METRICS,
        &REPRODUCTION,
    ],
    positional: None,
    reference_names: &[],
    examples: &[Example {
        purpose: "A server with a jittering first token that fails one request in ten",
        line: "aiperf mock-server --port 8000 --ttft 50 --ttft-jitter 0.3 --itl 10 --error-rate 0.1",
    }],
};

pub(super) fn summary() -> CommandSummary {
    MOCK_SERVER.summary()
}

/// Counts as a client does that uses the built-in tokenizer.
pub(super) fn builtin_counter() -> PromptCounter {
    let tokenizer = Tokenizer::builtin();
    PromptCounter::new(move |prompt| tokenizer.count(prompt) as u64)
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let MockArgs(options) = match MOCK_SERVER.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let mut server = MockServer::start(options)?;
    super::print(&format!("listening on {}\n", server.url()))?;
    if let Some(address) = server.gpu_address() {
        super::print(&format!("GPU figures at http://{address}/metrics\n"))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(crate::run::signals::next_signal());
    server.shutdown();
    let stats = server.stats();
    super::print(&format!(
        "served {} requests ({} with a fault) on {} connections\n",
        stats.requests, stats.faults, stats.connections
    ))?;
    Ok(Exit::Success)
}
