//! Whom to ask, and how.

use super::chosen;
use super::control::{
    RESET_KV_CACHE, RESET_KV_CACHE_PATH, RESET_KV_CACHE_TIMEOUT, SERVER_PROFILER,
    SERVER_PROFILER_START_PATH, SERVER_PROFILER_STOP_PATH, SERVER_PROFILER_TIMEOUT,
    WAIT_FOR_MODEL_INTERVAL, WAIT_FOR_MODEL_MODE, WAIT_FOR_MODEL_TIMEOUT,
};
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{
    ConnectionReuse, EndpointType, ModelSelection, RequestContentType, TransportKind, UrlStrategy,
};
use crate::profile::config::Secret;

pub(super) static ENDPOINT: Group<ProfileArgs> = Group {
    title: "Endpoint",
    flags: &[
        MODEL,
        MODEL_SELECTION,
        MODEL_WEIGHTS,
        CUSTOM_ENDPOINT,
        ENDPOINT_TYPE,
        STREAMING,
        URL,
        URL_STRATEGY,
        REQUEST_TIMEOUT,
        WAIT_FOR_MODEL_TIMEOUT,
        WAIT_FOR_MODEL_MODE,
        WAIT_FOR_MODEL_INTERVAL,
        RESET_KV_CACHE,
        RESET_KV_CACHE_TIMEOUT,
        RESET_KV_CACHE_PATH,
        SERVER_PROFILER,
        SERVER_PROFILER_TIMEOUT,
        SERVER_PROFILER_START_PATH,
        SERVER_PROFILER_STOP_PATH,
        API_KEY,
        TRANSPORT,
        LEGACY_MAX_TOKENS,
        SERVER_TOKEN_COUNT,
        PER_CHUNK_USAGE,
        CONNECTION_REUSE,
        DOWNLOAD_VIDEO,
        REQUEST_CONTENT_TYPE,
        SESSION_HEADER,
        UUID_AND_STRIP,
    ],
};

const MODEL: Flag<ProfileArgs> = Flag {
    names: &["model-names", "model"],
    short: Some("m"),
    kind: Kind::List(|args, names| {
        if names.iter().any(String::is_empty) {
            return Err("a model name must not be empty".into());
        }
        args.models.extend(names);
        Ok(())
    }),
    value: "NAME",
    default: "",
    path: "benchmark.models",
    help: "The model that requests name. With several, --model-selection-strategy says which request names which. \
           Required.",
};

const MODEL_SELECTION: Flag<ProfileArgs> = Flag {
    names: &["model-selection-strategy"],
    short: None,
    kind: Kind::Choice {
        names: ModelSelection::NAMES,
        later: &[],
        set: |args, word| {
            args.model_selection = chosen(word)?;
            Ok(())
        },
    },
    value: "STRATEGY",
    default: "round_robin",
    path: "benchmark.models.strategy",
    help: "How models are assigned to requests: in turn, each with the same probability, or by --model-weights.",
};

const MODEL_WEIGHTS: Flag<ProfileArgs> = Flag {
    names: &["model-weights"],
    short: None,
    kind: Kind::List(|args, weights| {
        let parse = |weight: &String| {
            let number = weight.parse::<f64>();
            number.map_err(|_| format!("`{weight}` is not a number"))
        };
        args.model_weights = weights.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(())
    }),
    value: "SHARE",
    default: "",
    path: "benchmark.models.items[].weight",
    help: "With --model-selection-strategy weighted: the share of requests that each model gets, from 0 to 1 and 1 in \
           all, in the order of the models. Not in AIPerf.",
};

const CUSTOM_ENDPOINT: Flag<ProfileArgs> = Flag {
    names: &["custom-endpoint", "endpoint"],
    short: None,
    kind: Kind::Text(|args, path| {
        if !path.starts_with('/') {
            return Err("must start with `/`".into());
        }
        args.custom_endpoint = Some(path);
        Ok(())
    }),
    value: "PATH",
    default: "",
    path: "benchmark.endpoint.path",
    help: "The path of the server's API, instead of the usual one of the endpoint type.",
};

const ENDPOINT_TYPE: Flag<ProfileArgs> = Flag {
    names: &["endpoint-type"],
    short: None,
    kind: Kind::Choice {
        names: EndpointType::NAMES,
        later: &[],
        set: |args, word| {
            args.endpoint_type = chosen(word)?;
            Ok(())
        },
    },
    value: "TYPE",
    default: "chat",
    path: "benchmark.endpoint.type",
    help: "The protocol to speak.",
};

const STREAMING: Flag<ProfileArgs> = Flag {
    names: &["streaming"],
    short: None,
    kind: Kind::Switch(|args, on| args.streaming = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.streaming",
    help: "Ask for answers piece by piece. Needed for time to first token and for latencies between tokens.",
};

const URL: Flag<ProfileArgs> = Flag {
    names: &["url"],
    short: Some("u"),
    kind: Kind::GreedyList(|args, urls| {
        if urls.is_empty() {
            return Err("needs at least one URL".into());
        }
        args.urls.extend(urls);
        Ok(())
    }),
    value: "URL",
    default: "http://localhost:8000",
    path: "benchmark.endpoint.urls",
    help: "Base address of the server; `http://` is put in front where there is no scheme. With several, sessions take \
           them in turn. A Unix socket is `unix:/path/of/socket`, or `unix:/path/of/socket:/v1` with a base path.",
};

const URL_STRATEGY: Flag<ProfileArgs> = Flag {
    names: &["url-strategy"],
    short: None,
    kind: Kind::Choice {
        names: UrlStrategy::NAMES,
        later: &[],
        set: |args, word| {
            args.url_strategy = chosen(word)?;
            Ok(())
        },
    },
    value: "STRATEGY",
    default: "round_robin",
    path: "benchmark.endpoint.url_strategy",
    help: "How sessions are spread over several --url: in turn, each staying where its first turn went.",
};

const REQUEST_TIMEOUT: Flag<ProfileArgs> = Flag {
    names: &["request-timeout-seconds"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO.or_infinite(),
        set: |args, seconds| args.request_timeout_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "21600",
    path: "benchmark.endpoint.timeout",
    help: "How long a request may take before it is given up and counted as an error; `inf` for no limit.",
};

const API_KEY: Flag<ProfileArgs> = Flag {
    names: &["api-key"],
    short: None,
    kind: Kind::Text(|args, key| {
        args.api_key = Some(Secret::new(key));
        Ok(())
    }),
    value: "KEY",
    default: "",
    path: "benchmark.endpoint.api_key",
    help: "Sent as a bearer token. Never written to a file or a log.",
};

const LEGACY_MAX_TOKENS: Flag<ProfileArgs> = Flag {
    names: &["use-legacy-max-tokens"],
    short: None,
    kind: Kind::Switch(|args, on| args.use_legacy_max_tokens = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.use_legacy_max_tokens",
    help: "Limit answers with `max_tokens` instead of `max_completion_tokens`, which older servers do not know.",
};

const SERVER_TOKEN_COUNT: Flag<ProfileArgs> = Flag {
    names: &["use-server-token-count"],
    short: None,
    kind: Kind::Switch(|args, on| args.use_server_token_count = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.use_server_token_count",
    help: "Take token counts from the server's usage field instead of counting with a tokenizer.",
};

const CONNECTION_REUSE: Flag<ProfileArgs> = Flag {
    names: &["connection-reuse-strategy"],
    short: None,
    kind: Kind::Choice {
        names: ConnectionReuse::NAMES,
        later: &[],
        set: |args, word| {
            args.connection_reuse = chosen(word)?;
            Ok(())
        },
    },
    value: "STRATEGY",
    default: "pooled",
    path: "benchmark.endpoint.connection_reuse",
    help: "Whether requests share connections, open their own, or keep one for all turns of a session.",
};

const TRANSPORT: Flag<ProfileArgs> = Flag {
    names: &["transport", "transport-type"],
    short: None,
    kind: Kind::Choice {
        names: TransportKind::NAMES,
        later: &[],
        set: |args, word| {
            args.transport = chosen(word)?;
            Ok(())
        },
    },
    value: "TRANSPORT",
    default: "http",
    path: "benchmark.endpoint.transport",
    help: "How requests travel. There is one way.",
};

const PER_CHUNK_USAGE: Flag<ProfileArgs> = Flag {
    names: &["per-chunk-usage"],
    short: None,
    kind: Kind::Switch(|args, on| args.per_chunk_usage = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.per_chunk_usage",
    help: "Ask the server for token counts in every chunk of a stream; needs --endpoint-type chat, --streaming and --use-server-token-count.",
};

const DOWNLOAD_VIDEO: Flag<ProfileArgs> = Flag {
    names: &["download-video-content"],
    short: None,
    kind: Kind::Switch(|args, on| args.download_video_content = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.download_video_content",
    help: "Fetch each generated video once it is ready, with --endpoint-type video_generation. Not part of the latency.",
};

const REQUEST_CONTENT_TYPE: Flag<ProfileArgs> = Flag {
    names: &["request-content-type"],
    short: None,
    kind: Kind::Choice {
        names: RequestContentType::NAMES,
        later: &[],
        set: |args, word| {
            args.request_content_type = chosen(word)?;
            Ok(())
        },
    },
    value: "TYPE",
    default: "what the endpoint type takes",
    path: "benchmark.endpoint.request_content_type",
    help: "The format of request bodies. Each endpoint type takes one of the two.",
};

const SESSION_HEADER: Flag<ProfileArgs> = Flag {
    names: &["session-header"],
    short: None,
    kind: Kind::Text(|args, name| {
        super::input::check_header_name(&name)?;
        args.session_header = Some(name);
        Ok(())
    }),
    value: "NAME",
    default: "X-Correlation-ID",
    path: "benchmark.endpoint.session_header",
    help: "The header that names a request's session.",
};

const UUID_AND_STRIP: Flag<ProfileArgs> = Flag {
    names: &["uuid-and-strip"],
    short: None,
    kind: Kind::Switch(|args, on| args.uuid_and_strip = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.uuid_and_strip",
    help: "Send an image of --input-file whose `image_uuids` came earlier in the conversation by its id alone; needs --endpoint-type chat.",
};
