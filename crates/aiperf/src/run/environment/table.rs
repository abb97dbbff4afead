//! Every variable of our own that a run reads: one constant each.

use aiperf_endpoint::failure::CONTEXT_OVERFLOW_SUBSTRINGS;

use super::variable::{
    Count, Name, Number, Row, Seconds, SecondsIfSet, Switch, Texts, Variable, Word,
};

pub(super) const SSL_VERIFY: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_SSL_VERIFY",
    kind: Switch { default: true },
    meaning: "Whether certificates of servers are checked.",
};
pub(super) const IP_VERSION: Variable<Word> = Variable {
    name: "AIPERF_HTTP_IP_VERSION",
    kind: Word {
        words: &["auto", "4", "6"],
    },
    meaning: "Which addresses of a host name are used.",
};
pub(super) const KEEPALIVE_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_HTTP_KEEPALIVE_TIMEOUT",
    kind: Seconds(Number {
        default: 300.0,
        least: 0.0,
        most: 10_000.0,
    }),
    meaning: "How long an idle connection is kept; 0 keeps it for ever.",
};
pub(super) const USE_DNS_CACHE: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_USE_DNS_CACHE",
    kind: Switch { default: true },
    meaning: "Whether addresses of host names are remembered.",
};
pub(super) const TTL_DNS_CACHE: Variable<Seconds> = Variable {
    name: "AIPERF_HTTP_TTL_DNS_CACHE",
    kind: Seconds(Number {
        default: 300.0,
        least: 0.0,
        most: 1_000_000.0,
    }),
    meaning: "How long they are remembered; 0 remembers them for ever.",
};
pub(super) const FORCE_CLOSE: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_FORCE_CLOSE",
    kind: Switch { default: false },
    meaning: "Whether each connection is closed after its request.",
};
pub(super) const CONNECTION_LIMIT: Variable<Count> = Variable {
    name: "AIPERF_HTTP_CONNECTION_LIMIT",
    kind: Count {
        least: 1,
        most: 65_000,
        otherwise: "no limit",
    },
    meaning: "The most connections at the same time.",
};
pub(super) const TRUST_ENV: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_TRUST_ENV",
    kind: Switch { default: false },
    meaning: "Whether requests go through the proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.",
};
pub(super) const SO_RCVBUF: Variable<Count> = Variable {
    name: "AIPERF_HTTP_SO_RCVBUF",
    kind: Count {
        least: 1024,
        most: usize::MAX,
        otherwise: "the kernel's; 10485760 where only the other is set",
    },
    meaning: "The receive buffer of a socket in bytes.",
};
pub(super) const SO_SNDBUF: Variable<Count> = Variable {
    name: "AIPERF_HTTP_SO_SNDBUF",
    kind: Count {
        least: 1024,
        most: usize::MAX,
        otherwise: "the kernel's; 10485760 where only the other is set",
    },
    meaning: "The send buffer of a socket in bytes.",
};
pub(super) const TCP_KEEPIDLE: Variable<Count> = Variable {
    name: "AIPERF_HTTP_TCP_KEEPIDLE",
    kind: Count {
        least: 1,
        most: 32_767,
        otherwise: "60",
    },
    meaning: "Seconds of silence before TCP probes an idle connection.",
};
pub(super) const TCP_KEEPINTVL: Variable<Count> = Variable {
    name: "AIPERF_HTTP_TCP_KEEPINTVL",
    kind: Count {
        least: 1,
        most: 32_767,
        otherwise: "30",
    },
    meaning: "Seconds between two such probes.",
};
pub(super) const TCP_KEEPCNT: Variable<Count> = Variable {
    name: "AIPERF_HTTP_TCP_KEEPCNT",
    kind: Count {
        least: 1,
        most: 127,
        otherwise: "1",
    },
    meaning: "How many probes may stay unanswered before a connection counts as lost.",
};
pub(super) const TCP_USER_TIMEOUT: Variable<Count> = Variable {
    name: "AIPERF_HTTP_TCP_USER_TIMEOUT",
    kind: Count {
        least: 0,
        most: 100_000_000,
        otherwise: "30000",
    },
    meaning: "Milliseconds that sent data may stay unacknowledged before a connection counts as lost.",
};
pub(super) const SEND_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_HTTP_REQUEST_CANCELLATION_SEND_TIMEOUT",
    kind: Seconds(Number {
        default: 300.0,
        least: 10.0,
        most: 3600.0,
    }),
    meaning: "How long a request that is to be cancelled may take to be sent.",
};
pub(super) const SESSION_ID: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_X_SESSION_ID_FROM_CORRELATION_ID",
    kind: Switch { default: false },
    meaning: "Whether requests carry the session also as `X-Session-ID`.",
};
pub(super) const SESSION_AFFINITY: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_X_SESSION_AFFINITY_FROM_CORRELATION_ID",
    kind: Switch { default: true },
    meaning: "Whether requests carry the session also as `X-Session-Affinity`.",
};
pub(super) const SMG_ROUTING_KEY: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_X_SMG_ROUTING_KEY_FROM_CORRELATION_ID",
    kind: Switch { default: false },
    meaning: "Whether requests carry the session also as `X-SMG-Routing-Key`.",
};
pub(super) const DYNAMO_SESSION_ID: Variable<Switch> = Variable {
    name: "AIPERF_HTTP_X_DYNAMO_SESSION_ID_FROM_CORRELATION_ID",
    kind: Switch { default: false },
    meaning: "Whether requests carry the session also as `X-Dynamo-Session-ID`.",
};
pub(super) const VIDEO_POLL_INTERVAL: Variable<Seconds> = Variable {
    name: "AIPERF_HTTP_VIDEO_POLL_INTERVAL",
    kind: Seconds(Number {
        default: 0.1,
        least: 0.001,
        most: 10.0,
    }),
    meaning: "The pause between two questions whether a video is made.",
};
pub(super) const FORCE_CONTENT_PARTS: Variable<Switch> = Variable {
    name: "AIPERF_ENDPOINT_FORCE_CONTENT_PARTS",
    kind: Switch { default: false },
    meaning: "Whether chat messages are lists of parts even where they are one text.",
};
pub(super) const CONTEXT_OVERFLOW: Variable<Texts> = Variable {
    name: "AIPERF_AGENTX_CONTEXT_OVERFLOW_SUBSTRINGS",
    kind: Texts {
        default: &CONTEXT_OVERFLOW_SUBSTRINGS,
    },
    meaning: "Texts by which a server's error says that a prompt is too long.",
};
pub(super) const NAMESPACE: Variable<Name> = Variable {
    name: "AIPERF_NAMESPACE",
    kind: Name,
    meaning: "What `{{ namespace }}` stands for in `artifacts.userFiles`.",
};
pub(super) const MEDIA_DOWNLOAD_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_DATASET_MEDIA_DOWNLOAD_TIMEOUT",
    kind: Seconds(Number {
        default: 60.0,
        least: 1.0,
        most: 3600.0,
    }),
    meaning: "How long the download of one media file of a dataset may take.",
};
pub(super) const MEDIA_DOWNLOADS: Variable<Count> = Variable {
    name: "AIPERF_DATASET_MEDIA_DOWNLOAD_MAX_CONCURRENCY",
    kind: Count {
        least: 1,
        most: 1000,
        otherwise: "10",
    },
    meaning: "How many media files are downloaded at the same time.",
};
pub(super) const CHAT_CONNECT_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_CHAT_CONNECT_TIMEOUT",
    kind: Seconds(Number {
        default: 10.0,
        least: 0.001,
        most: 1_000_000.0,
    }),
    meaning: "How long `aiperf chat` waits for a connection.",
};
pub(super) const CHAT_READ_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_CHAT_READ_TIMEOUT",
    kind: Seconds(Number {
        default: 300.0,
        least: 0.001,
        most: 1_000_000.0,
    }),
    meaning: "How long the server may be silent in `aiperf chat` before a turn fails.",
};
pub(super) const MAX_CATCH_UP: Variable<Seconds> = Variable {
    name: "AIPERF_TIMING_MAX_CATCHUP_SECONDS",
    kind: Seconds(Number {
        default: 0.01,
        least: 0.0,
        most: 10.0,
    }),
    meaning: "How far an open loop may fall behind its schedule before the schedule moves back.",
};
pub(super) const IO_PRIORITY: Variable<Word> = Variable {
    name: "AIPERF_IO_PRIORITY",
    kind: Word {
        words: &["auto", "normal"],
    },
    meaning: "Whether I/O threads run in real time while other programs want their cores, where the system permits it.",
};
pub(super) const RATE_RAMP_STEP: Variable<Seconds> = Variable {
    name: "AIPERF_TIMING_RATE_RAMP_UPDATE_INTERVAL",
    kind: Seconds(Number {
        default: 0.1,
        least: 0.01,
        most: 10.0,
    }),
    meaning: "How often a rate that ramps up is raised.",
};
pub(super) const WARMUP_LOG_INTERVAL: Variable<Seconds> = Variable {
    name: "AIPERF_SERVICE_WARMUP_PROGRESS_LOG_INTERVAL",
    kind: Seconds(Number {
        default: 30.0,
        least: 0.0,
        most: 100_000.0,
    }),
    meaning: "How often the log tells how far a warmup is; 0 says nothing of it.",
};
pub(super) const SERVER_METRICS_DEFAULT: Variable<Switch> = Variable {
    name: "AIPERF_SERVER_METRICS_DEFAULT",
    kind: Switch { default: true },
    meaning: "Whether the server's own metrics are collected where neither flags nor the file ask for them or decline them.",
};
pub(super) const SERVER_METRICS_INTERVAL: Variable<Seconds> = Variable {
    name: "AIPERF_SERVER_METRICS_COLLECTION_INTERVAL",
    kind: Seconds(Number {
        default: 0.333,
        least: 0.001,
        most: 300.0,
    }),
    meaning: "How often the server's own metrics are collected.",
};
pub(super) const SERVER_METRICS_FLUSH: Variable<Seconds> = Variable {
    name: "AIPERF_SERVER_METRICS_COLLECTION_FLUSH_PERIOD",
    kind: Seconds(Number {
        default: 2.0,
        least: 0.0,
        most: 30.0,
    }),
    meaning: "How long after the last request the server's own metrics are collected once more: servers that update them now and then need that time.",
};
pub(super) const SERVER_METRICS_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_SERVER_METRICS_SCRAPE_TIMEOUT",
    kind: Seconds(Number {
        default: 30.0,
        least: 0.1,
        most: 600.0,
    }),
    meaning: "How long a server may take to show its metrics.",
};
pub(super) const SERVER_METRICS_REACHABILITY: Variable<Seconds> = Variable {
    name: "AIPERF_SERVER_METRICS_REACHABILITY_TIMEOUT",
    kind: Seconds(Number {
        default: 10.0,
        least: 1.0,
        most: 300.0,
    }),
    meaning: "How long it may take the first time.",
};
pub(super) const NETWORK_PROBE_INTERVAL: Variable<Seconds> = Variable {
    name: "AIPERF_NETWORK_LATENCY_DEFAULT_PROBE_INTERVAL",
    kind: Seconds(Number {
        default: 1.0,
        least: 0.001,
        most: 3600.0,
    }),
    meaning: "How often the round trip of the network is measured where `--network-latency-ping-interval` does not say.",
};
pub(super) const NETWORK_LEAST_PROBES: Variable<Count> = Variable {
    name: "AIPERF_NETWORK_LATENCY_MIN_SAMPLES",
    kind: Count {
        least: 1,
        most: 1000,
        otherwise: "5",
    },
    meaning: "How many measurements of a server should succeed; what is missing is made up for at the end.",
};
pub(super) const NETWORK_CONNECT_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_NETWORK_LATENCY_CONNECT_TIMEOUT",
    kind: Seconds(Number {
        default: 5.0,
        least: 0.001,
        most: 3600.0,
    }),
    meaning: "How long a connection may take that measures the round trip.",
};
pub(super) const NETWORK_TOPUP_TIMEOUT: Variable<Seconds> = Variable {
    name: "AIPERF_NETWORK_LATENCY_COMPLETE_TOPUP_TIMEOUT",
    kind: Seconds(Number {
        default: 3.0,
        least: 0.0,
        most: 30.0,
    }),
    meaning: "How long missing measurements may be made up for.",
};
pub(super) const USAGE_DIFFERENCE: Variable<Number> = Variable {
    name: "AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD",
    kind: Number {
        default: 10.0,
        least: 0.0,
        most: 100.0,
    },
    meaning: "From how many percent between the server's and our own token counts on the report says so.",
};
pub(super) const OSL_MISMATCH_PCT: Variable<Number> = Variable {
    name: "AIPERF_METRICS_OSL_MISMATCH_PCT_THRESHOLD",
    kind: Number {
        default: 5.0,
        least: 0.0,
        most: 100.0,
    },
    meaning: "From how many percent off the asked output length on an answer counts as a mismatch.",
};
pub(super) const OSL_MISMATCH_TOKENS: Variable<Number> = Variable {
    name: "AIPERF_METRICS_OSL_MISMATCH_MAX_TOKEN_THRESHOLD",
    kind: Number {
        default: 50.0,
        least: 1.0,
        most: 1e15,
    },
    meaning: "The most tokens that those percent may come to.",
};
pub(super) const CONSOLE_WIDTH: Variable<Number> = Variable {
    name: "AIPERF_UI_CONSOLE_EXPORT_WIDTH",
    kind: Number {
        default: 140.0,
        least: 40.0,
        most: 10_000.0,
    },
    meaning: "The width of the report in `profile_export_console.txt`, in columns.",
};
pub(super) const MIN_UPDATE_PERCENT: Variable<Number> = Variable {
    name: "AIPERF_UI_MIN_UPDATE_PERCENT",
    kind: Number {
        default: 1.0,
        least: 0.01,
        most: 100.0,
    },
    meaning: "By how many percent a bar of `--ui simple` must have moved to be drawn again.",
};
pub(super) const REALTIME_INTERVAL: Variable<SecondsIfSet> = Variable {
    name: "AIPERF_UI_REALTIME_METRICS_INTERVAL",
    kind: SecondsIfSet {
        least: 0.0,
        most: 1000.0,
        otherwise: "30",
    },
    meaning: "How often statistics are logged, where `--stats-interval` does not say it; 0 never.",
};
pub(super) const REALTIME_ENABLED: Variable<Switch> = Variable {
    name: "AIPERF_UI_REALTIME_METRICS_ENABLED",
    kind: Switch { default: false },
    meaning: "Whether statistics are logged while a run goes on, also without `--stats-interval`.",
};
pub(super) const SHOW_INTERNAL: Variable<Switch> = Variable {
    name: "AIPERF_DEV_SHOW_INTERNAL_METRICS",
    kind: Switch { default: false },
    meaning: "Whether the report also shows internal metrics; needs `AIPERF_DEV_MODE`.",
};
pub(super) const SHOW_EXPERIMENTAL: Variable<Switch> = Variable {
    name: "AIPERF_DEV_SHOW_EXPERIMENTAL_METRICS",
    kind: Switch { default: false },
    meaning: "Whether the report also shows experimental metrics; needs `AIPERF_DEV_MODE`.",
};
pub(super) const DEV_MODE: Variable<Switch> = Variable {
    name: "AIPERF_DEV_MODE",
    kind: Switch { default: false },
    meaning: "Whether what is meant for developers may be shown.",
};

/// All of them, in the order of the reference page.
pub(super) fn rows() -> Vec<Row> {
    vec![
        SSL_VERIFY.row(),
        IP_VERSION.row(),
        KEEPALIVE_TIMEOUT.row(),
        USE_DNS_CACHE.row(),
        TTL_DNS_CACHE.row(),
        FORCE_CLOSE.row(),
        CONNECTION_LIMIT.row(),
        TRUST_ENV.row(),
        SO_RCVBUF.row(),
        SO_SNDBUF.row(),
        TCP_KEEPIDLE.row(),
        TCP_KEEPINTVL.row(),
        TCP_KEEPCNT.row(),
        TCP_USER_TIMEOUT.row(),
        SEND_TIMEOUT.row(),
        SESSION_ID.row(),
        SESSION_AFFINITY.row(),
        SMG_ROUTING_KEY.row(),
        DYNAMO_SESSION_ID.row(),
        VIDEO_POLL_INTERVAL.row(),
        FORCE_CONTENT_PARTS.row(),
        CONTEXT_OVERFLOW.row(),
        MEDIA_DOWNLOAD_TIMEOUT.row(),
        MEDIA_DOWNLOADS.row(),
        CHAT_CONNECT_TIMEOUT.row(),
        CHAT_READ_TIMEOUT.row(),
        MAX_CATCH_UP.row(),
        IO_PRIORITY.row(),
        RATE_RAMP_STEP.row(),
        WARMUP_LOG_INTERVAL.row(),
        SERVER_METRICS_DEFAULT.row(),
        SERVER_METRICS_INTERVAL.row(),
        SERVER_METRICS_FLUSH.row(),
        SERVER_METRICS_TIMEOUT.row(),
        SERVER_METRICS_REACHABILITY.row(),
        NETWORK_PROBE_INTERVAL.row(),
        NETWORK_LEAST_PROBES.row(),
        NETWORK_CONNECT_TIMEOUT.row(),
        NETWORK_TOPUP_TIMEOUT.row(),
        USAGE_DIFFERENCE.row(),
        OSL_MISMATCH_PCT.row(),
        OSL_MISMATCH_TOKENS.row(),
        CONSOLE_WIDTH.row(),
        MIN_UPDATE_PERCENT.row(),
        REALTIME_INTERVAL.row(),
        REALTIME_ENABLED.row(),
        SHOW_INTERNAL.row(),
        SHOW_EXPERIMENTAL.row(),
        NAMESPACE.row(),
        DEV_MODE.row(),
    ]
}
