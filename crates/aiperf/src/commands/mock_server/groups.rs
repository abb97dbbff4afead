//! The flags of `aiperf mock-server` beyond the everyday ones.

use std::path::PathBuf;

use aiperf_config::command::Limits;
use aiperf_config::{Flag, Group, Kind};
use aiperf_mock::{BatchOptions, Compression, MetricsStyle, ReasoningField, TlsOptions};

use super::{MockArgs, flag};

const BILLION: u64 = 1_000_000_000;

/// A switch that is off by default.
const fn switch(
    names: &'static [&'static str],
    help: &'static str,
    set: fn(&mut MockArgs, bool),
) -> Flag<MockArgs> {
    flag(names, "", "", help, Kind::Switch(set))
}

/// A count of at least 1.
const fn count(
    names: &'static [&'static str],
    default: &'static str,
    help: &'static str,
    set: fn(&mut MockArgs, u64),
) -> Flag<MockArgs> {
    let within = 1..=BILLION;
    flag(names, "COUNT", default, help, Kind::Integer { within, set })
}

/// Milliseconds, 0 by default.
const fn milliseconds(
    names: &'static [&'static str],
    default: &'static str,
    help: &'static str,
    set: fn(&mut MockArgs, f64),
) -> Flag<MockArgs> {
    let limits = Limits::FROM_ZERO;
    flag(names, "MS", default, help, Kind::Float { limits, set })
}

const fn path(
    names: &'static [&'static str],
    help: &'static str,
    set: fn(&mut MockArgs, PathBuf) -> Result<(), String>,
) -> Flag<MockArgs> {
    flag(names, "FILE", "", help, Kind::Path(set))
}

fn tls(args: &mut MockArgs) -> &mut TlsOptions {
    args.0.tls.get_or_insert_with(TlsOptions::default)
}

/// The batch, with the defaults of this command where it is not there yet.
fn batch(args: &mut MockArgs) -> &mut BatchOptions {
    args.0.batch.get_or_insert(BatchOptions {
        step_ms: 5.0,
        step_per_request_ms: 0.0,
        max_requests: 256,
        prompt_tokens_per_step: 4_096,
    })
}

pub(super) static TRANSPORT: Group<MockArgs> = Group {
    title: "Transport",
    flags: &[
        path(
            &["unix-socket"],
            "Listen on this socket of the file system as well.",
            |args, path| {
                args.0.unix_socket = Some(path);
                Ok(())
            },
        ),
        switch(
            &["no-http2"],
            "Speak HTTP/1.1 alone, also with clients that would rather speak HTTP/2.",
            |args, on| args.0.http2 = !on,
        ),
        switch(
            &["tls"],
            "Serve over TLS with a certificate made at the start.",
            |args, on| {
                if on {
                    tls(args);
                } else {
                    args.0.tls = None;
                }
            },
        ),
        path(
            &["tls-ca-file"],
            "Serve over TLS, and write the certificate that clients have to trust to this file.",
            |args, path| {
                tls(args).ca_file = Some(path);
                Ok(())
            },
        ),
        path(
            &["tls-client-identity-file"],
            "Serve over TLS, demand a certificate of clients, and write one with its key to this file.",
            |args, path| {
                tls(args).client_identity_file = Some(path);
                Ok(())
            },
        ),
        count(
            &["stop-listening-after"],
            "",
            "Stop listening after this many connections, so that later ones are refused.",
            |args, count| args.0.stop_listening_after = Some(count),
        ),
    ],
};

pub(super) static ACCESS: Group<MockArgs> = Group {
    title: "Access and readiness",
    flags: &[
        flag(
            &["api-key"],
            "KEY",
            "",
            "Answer requests without this key with 401; it is looked for as a bearer token and in `X-API-Key`.",
            Kind::Text(|args, key| {
                args.0.api_key = Some(key);
                Ok(())
            }),
        ),
        flag(
            &["api-key-header"],
            "NAME",
            "",
            "Look for the key in this header instead.",
            Kind::Text(|args, name| {
                args.0.api_key_header = Some(name);
                Ok(())
            }),
        ),
        flag(
            &["required-header"],
            "NAME",
            "",
            "Answer requests without this header with 400; repeatable.",
            Kind::List(|args, names| {
                args.0.required_headers.extend(names);
                Ok(())
            }),
        ),
        milliseconds(
            &["models-ready-after"],
            "0",
            "Answer `/v1/models` with 503 for this long.",
            |args, delay| args.0.models_ready_after_ms = delay,
        ),
        milliseconds(
            &["inference-ready-after"],
            "0",
            "Answer inference with 503 for this long.",
            |args, delay| args.0.inference_ready_after_ms = delay,
        ),
        switch(
            &["no-models-page"],
            "Answer `/v1/models` with 404.",
            |args, on| args.0.no_models_page = on,
        ),
    ],
};

pub(super) static LOAD: Group<MockArgs> = Group {
    title: "Delays under load",
    flags: &[
        milliseconds(
            &["ttft-per-prompt-token"],
            "0",
            "Added to the time to first token for each prompt token that is not cached.",
            |args, delay| args.0.ttft_per_prompt_token_ms = delay,
        ),
        milliseconds(
            &["ttft-per-running-squared"],
            "0",
            "Added to the time to first token, times the square of the number of other running requests.",
            |args, delay| args.0.ttft_per_running_squared_ms = delay,
        ),
        milliseconds(
            &["itl-per-running"],
            "0",
            "Added to the inter-token latency for each other running request.",
            |args, delay| args.0.itl_per_running_ms = delay,
        ),
        milliseconds(
            &["itl-per-output-token"],
            "0",
            "Added to the inter-token latency for each token of the answer.",
            |args, delay| args.0.itl_per_output_token_ms = delay,
        ),
        milliseconds(
            &["end-delay"],
            "0",
            "Time from the last token of a stream to its usage and end.",
            |args, delay| args.0.end_delay_ms = delay,
        ),
        count(
            &["prefix-cache-tokens"],
            "",
            "Remember the beginnings of this many prompt tokens, and answer sooner where they come again.",
            |args, tokens| args.0.prefix_cache_tokens = Some(tokens),
        ),
        switch(
            &["batch"],
            "Produce the tokens of all requests in common steps, as a server with a limited batch does.",
            |args, on| {
                if on {
                    batch(args);
                } else {
                    args.0.batch = None;
                }
            },
        ),
        flag(
            &["batch-step"],
            "MS",
            "5",
            "Time of a step; implies `--batch`, as do the following.",
            Kind::Float {
                limits: Limits::ABOVE_ZERO,
                set: |args, time| batch(args).step_ms = time,
            },
        ),
        milliseconds(
            &["batch-step-per-request"],
            "0",
            "Added to the time of a step for each request in it.",
            |args, time| batch(args).step_per_request_ms = time,
        ),
        count(
            &["batch-size"],
            "256",
            "Requests that run at a time; others wait.",
            |args, count| batch(args).max_requests = count,
        ),
        count(
            &["batch-prompt-tokens"],
            "4096",
            "Prompt tokens that are read in a step, over all requests.",
            |args, count| batch(args).prompt_tokens_per_step = count,
        ),
    ],
};

pub(super) static PROTOCOLS: Group<MockArgs> = Group {
    title: "Protocols",
    flags: &[
        flag(
            &["reasoning-field"],
            "NAME",
            "reasoning_content",
            "The member that carries reasoning in chats.",
            Kind::Choice {
                later: &[],
                names: &["reasoning_content", "reasoning"],
                set: |args, name| {
                    args.0.reasoning_field = match name {
                        "reasoning" => ReasoningField::Reasoning,
                        _ => ReasoningField::ReasoningContent,
                    };
                    Ok(())
                },
            },
        ),
        switch(
            &["mixed-reasoning"],
            "Put the last token of reasoning and the first of content into one chunk.",
            |args, on| args.0.mixed_reasoning = on,
        ),
        flag(
            &["tool-calls"],
            "COUNT",
            "0",
            "Tools called at the end of an answer to a request that offers some.",
            Kind::Integer {
                within: 0..=1_000,
                set: |args, count| args.0.tool_calls = count,
            },
        ),
        count(
            &["tool-call-tokens"],
            "8",
            "Output tokens of the arguments of each call.",
            |args, count| args.0.tool_call_tokens = count,
        ),
        switch(
            &["legacy-function-call"],
            "Write the first call of a chat as `function_call`.",
            |args, on| args.0.legacy_function_call = on,
        ),
        flag(
            &["draft-tokens"],
            "COUNT",
            "",
            "Report speculative decoding with this many draft tokens at each step, as vLLM does.",
            Kind::Integer {
                within: 1..=64,
                set: |args, count| args.0.draft_tokens = Some(count),
            },
        ),
        flag(
            &["embedding-dimensions"],
            "COUNT",
            "768",
            "Numbers in an embedding, unless the request says `dimensions`.",
            Kind::Integer {
                within: 1..=65_536,
                set: |args, count| args.0.embedding_dimensions = count,
            },
        ),
        flag(
            &["video-status"],
            "STATUS",
            "queued,in_progress,completed",
            "The statuses that a video goes through, one for each poll; the last one stays.",
            Kind::List(|args, statuses| {
                args.0.video_statuses = statuses;
                Ok(())
            }),
        ),
        switch(
            &["unicode"],
            "Answer in words with letters beyond ASCII.",
            |args, on| args.0.unicode = on,
        ),
    ],
};

pub(super) static MORE_FAULTS: Group<MockArgs> = Group {
    title: "More faults",
    flags: &[
        flag(
            &["fault"],
            "NAME[:WHEN]",
            "",
            "A fault by name, for a share of the requests (`cut:0.1`), for every N-th (`empty:every=5`), or for the first N (`close:first=2`); repeatable. A request can ask for one itself in the header `X-Mock-Fault`.",
            Kind::List(|args, rules| {
                for rule in rules {
                    args.0.faults.push(rule.parse()?);
                }
                Ok(())
            }),
        ),
        flag(
            &["fault-model"],
            "NAME",
            "",
            "Break requests for this model alone; repeatable.",
            Kind::List(|args, names| {
                args.0.fault_models.extend(names);
                Ok(())
            }),
        ),
        flag(
            &["error-message"],
            "TEXT",
            "simulated error",
            "The message of simulated errors.",
            Kind::Text(|args, message| {
                args.0.error_message = message;
                Ok(())
            }),
        ),
        flag(
            &["retry-after"],
            "SECONDS",
            "",
            "The `Retry-After` of error statuses.",
            Kind::Integer {
                within: 0..=BILLION,
                set: |args, seconds| args.0.retry_after_s = Some(seconds),
            },
        ),
        milliseconds(
            &["stall"],
            "1000",
            "How long the fault `stall` lasts.",
            |args, time| args.0.stall_ms = time,
        ),
    ],
};

pub(super) static FRAMING: Group<MockArgs> = Group {
    title: "Framing",
    flags: &[
        flag(
            &["compression"],
            "CODING",
            "",
            "Compress the bodies of all answers.",
            Kind::Choice {
                later: &[],
                names: &["gzip", "deflate", "zstd"],
                set: |args, coding| {
                    args.0.compression = Some(match coding {
                        "gzip" => Compression::Gzip,
                        "deflate" => Compression::Deflate,
                        _ => Compression::Zstd,
                    });
                    Ok(())
                },
            },
        ),
        count(
            &["chunks-per-write"],
            "1",
            "Chunks that leave in one write, when the last of them is due.",
            |args, count| args.0.chunks_per_write = count,
        ),
        switch(
            &["split-writes"],
            "Write each chunk in two parts, cut within a code point where that can be.",
            |args, on| args.0.split_writes = on,
        ),
        switch(
            &["comments"],
            "Put a comment before every event.",
            |args, on| args.0.comments = on,
        ),
        switch(
            &["two-data-lines"],
            "Spread the JSON of each event over two `data` lines.",
            |args, on| args.0.two_data_lines = on,
        ),
        switch(
            &["no-final-blank-line"],
            "Leave out the blank line after the last event.",
            |args, on| args.0.no_final_blank_line = on,
        ),
    ],
};

pub(super) static METRICS: Group<MockArgs> = Group {
    title: "Metrics and control hooks",
    flags: &[
        flag(
            &["metrics"],
            "SERVER",
            "vllm",
            "Whose names `/metrics` has. All of them are also at paths of their own, such as `/sglang/metrics`.",
            Kind::Choice {
                later: &[],
                names: &["vllm", "sglang", "trtllm", "dynamo"],
                set: |args, style| {
                    args.0.metrics = match style {
                        "sglang" => MetricsStyle::Sglang,
                        "trtllm" => MetricsStyle::TrtLlm,
                        "dynamo" => MetricsStyle::Dynamo,
                        _ => MetricsStyle::Vllm,
                    };
                    Ok(())
                },
            },
        ),
        flag(
            &["gpu-port"],
            "PORT",
            "",
            "Listen on this port as well, with GPU figures such as DCGM's at `/metrics`; they are also at `/dcgm1/metrics` and `/dcgm2/metrics`.",
            Kind::Integer {
                within: 0..=65_535,
                set: |args, port| args.0.gpu_port = Some(port as u16),
            },
        ),
        flag(
            &["gpus"],
            "COUNT",
            "2",
            "GPUs on each of these pages.",
            Kind::Integer {
                within: 1..=1_024,
                set: |args, count| args.0.gpus = count,
            },
        ),
        flag(
            &["gpu-name"],
            "NAME",
            "NVIDIA H200",
            "Their model.",
            Kind::Text(|args, name| {
                args.0.gpu_name = name;
                Ok(())
            }),
        ),
        count(
            &["scrape-error-every"],
            "",
            "Answer every N-th request for metrics with 500.",
            |args, count| args.0.scrape_error_every = Some(count),
        ),
        milliseconds(
            &["hook-delay"],
            "0",
            "How long control hooks (resetting caches, profiling) take.",
            |args, delay| args.0.hook_delay_ms = delay,
        ),
        flag(
            &["hook-status"],
            "STATUS",
            "",
            "The statuses that calls of control hooks get, in turn, before they succeed; repeatable.",
            Kind::List(|args, statuses| {
                for status in statuses {
                    let number = status.parse().ok();
                    let number = number.filter(|number| (200..600).contains(number));
                    let number = number
                        .ok_or_else(|| format!("`{status}` is no HTTP status from 200 to 599"))?;
                    args.0.hook_statuses.push(number);
                }
                Ok(())
            }),
        ),
    ],
};
