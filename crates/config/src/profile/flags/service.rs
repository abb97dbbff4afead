//! How the program itself runs, and what it watches.

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{LogLevel, ServerMetricsFormat, Ui};

pub(super) static SERVER_METRICS: Group<ProfileArgs> = Group {
    title: "Server Metrics",
    flags: &[
        SERVER_METRICS_URLS,
        NO_SERVER_METRICS,
        SERVER_METRICS_FORMATS,
    ],
};

pub(super) static NETWORK_LATENCY: Group<ProfileArgs> = Group {
    title: "Network Latency",
    flags: &[
        NETWORK_LATENCY_AUTOMATIC,
        NETWORK_LATENCY_MEAN,
        NETWORK_LATENCY_PING_INTERVAL,
    ],
};

pub(super) static GPU_TELEMETRY: Group<ProfileArgs> = Group {
    title: "GPU Telemetry",
    flags: &[NO_GPU_TELEMETRY],
};

pub(super) static UI: Group<ProfileArgs> = Group {
    title: "UI",
    flags: &[UI_TYPE],
};

pub(super) static SERVICE: Group<ProfileArgs> = Group {
    title: "Service",
    flags: &[
        LOG_LEVEL,
        VERBOSE,
        EXTRA_VERBOSE,
        RECORD_PROCESSORS,
        STATS_INTERVAL,
    ],
};

pub(super) static WORKERS: Group<ProfileArgs> = Group {
    title: "Workers",
    flags: &[WORKERS_MAX],
};

const SERVER_METRICS_URLS: Flag<ProfileArgs> = Flag {
    names: &["server-metrics"],
    short: None,
    kind: Kind::GreedyList(|args, urls| {
        for url in &urls {
            if !url.starts_with("http") && !url.contains(':') {
                return Err(format!(
                    "must be addresses such as `http://{url}:8000` or `{url}:8000`"
                ));
            }
        }
        args.server_metrics.get_or_insert_default().extend(urls);
        Ok(())
    }),
    value: "URL",
    default: "`/metrics` of each `--url`",
    path: "benchmark.server_metrics.urls",
    help: "Collect metrics in Prometheus' format from these addresses as well. `/metrics` is added where it is missing.",
};

const SERVER_METRICS_FORMATS: Flag<ProfileArgs> = Flag {
    names: &["server-metrics-formats"],
    short: None,
    kind: Kind::GreedyList(|args, words| {
        for word in words {
            let format = ServerMetricsFormat::named(&word).ok_or_else(|| {
                format!("must be among {}", ServerMetricsFormat::NAMES.join(", "))
            })?;
            if !args.server_metrics_formats.contains(&format) {
                args.server_metrics_formats.push(format);
            }
        }
        Ok(())
    }),
    value: "FORMAT",
    default: "json csv",
    path: "benchmark.server_metrics.formats",
    help: "How the server's own metrics are written: json, csv, jsonl, parquet.",
};

const NETWORK_LATENCY_AUTOMATIC: Flag<ProfileArgs> = Flag {
    names: &["network-latency-automatic"],
    short: None,
    kind: Kind::Switch(|args, on| args.network_latency_automatic = Some(on)),
    value: "",
    default: "",
    path: "benchmark.network_latency.enabled",
    help: "Measure the round trip of the network during the run, by connecting to each server. Latencies are reported without it as well.",
};

const NETWORK_LATENCY_PING_INTERVAL: Flag<ProfileArgs> = Flag {
    names: &["network-latency-ping-interval"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.network_latency_ping_interval_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "1 unless `AIPERF_NETWORK_LATENCY_DEFAULT_PROBE_INTERVAL` says otherwise",
    path: "benchmark.network_latency.ping_interval",
    help: "The time between two measurements of the round trip.",
};

const NO_SERVER_METRICS: Flag<ProfileArgs> = Flag {
    names: &["no-server-metrics"],
    short: None,
    kind: Kind::Switch(|args, on| args.no_server_metrics = Some(on)),
    value: "",
    default: "",
    path: "benchmark.server_metrics.enabled",
    help: "Do not collect the server's own metrics.",
};

const NETWORK_LATENCY_MEAN: Flag<ProfileArgs> = Flag {
    names: &["network-latency-mean"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, ms| args.network_latency_mean_ms = Some(ms),
    },
    value: "MS",
    default: "",
    path: "benchmark.network_latency.mean_ms",
    help: "The round trip of the network. Latencies are reported without it as well, as the network-adjusted metrics.",
};

const NO_GPU_TELEMETRY: Flag<ProfileArgs> = Flag {
    names: &["no-gpu-telemetry"],
    short: None,
    kind: Kind::Switch(|args, on| args.no_gpu_telemetry = Some(on)),
    value: "",
    default: "",
    path: "benchmark.gpu_telemetry.enabled",
    help: "Do not collect figures of GPUs, and leave their block out of the summary. This version never collects any.",
};

const UI_TYPE: Flag<ProfileArgs> = Flag {
    names: &["ui-type", "ui"],
    short: None,
    kind: Kind::Choice {
        names: Ui::NAMES,
        later: &[],
        set: |args, word| {
            args.ui = chosen(word)?;
            Ok(())
        },
    },
    value: "UI",
    default: "dashboard on a terminal, else none",
    path: "benchmark.runtime.ui",
    help: "What is drawn during a run. It never changes results.",
};

const LOG_LEVEL: Flag<ProfileArgs> = Flag {
    names: &["log-level"],
    short: None,
    kind: Kind::Choice {
        names: LogLevel::NAMES,
        later: &[],
        set: |args, word| {
            args.log_level = chosen(word)?;
            Ok(())
        },
    },
    value: "LEVEL",
    default: "info",
    path: "benchmark.logging.level",
    help: "The least severity of log lines that are shown.",
};

const VERBOSE: Flag<ProfileArgs> = Flag {
    names: &["verbose"],
    short: Some("v"),
    kind: Kind::Switch(|args, on| args.verbose = Some(on)),
    value: "",
    default: "",
    path: "benchmark.logging.level",
    help: "The same as `--log-level debug --ui simple`, and stronger than both.",
};

const EXTRA_VERBOSE: Flag<ProfileArgs> = Flag {
    names: &["extra-verbose"],
    short: Some("vv"),
    kind: Kind::Switch(|args, on| args.extra_verbose = Some(on)),
    value: "",
    default: "",
    path: "benchmark.logging.level",
    help: "The same as `--log-level trace --ui simple`, and stronger than both.",
};

const RECORD_PROCESSORS: Flag<ProfileArgs> = Flag {
    names: &["record-processor-service-count", "record-processors"],
    short: None,
    kind: Kind::Integer {
        within: 1..=MOST_THREADS,
        set: |args, count| args.record_processors = Some(count),
    },
    value: "COUNT",
    default: "by the number of processors",
    path: "benchmark.runtime.record_processors",
    help: "Threads that turn finished requests into records.",
};

const STATS_INTERVAL: Flag<ProfileArgs> = Flag {
    names: &["stats-interval"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO.at_most(1000.0),
        set: |args, seconds| args.stats_interval_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.runtime.stats_interval",
    help: "Log statistics of the run this often while it goes on; 0 does not. With the dashboard, which shows them, nothing is logged.",
};

const WORKERS_MAX: Flag<ProfileArgs> = Flag {
    names: &["workers-max", "max-workers"],
    short: None,
    kind: Kind::Integer {
        within: 1..=MOST_THREADS,
        set: |args, count| args.workers_max = Some(count),
    },
    value: "COUNT",
    default: "by the number of processors",
    path: "benchmark.runtime.workers",
    help: "Threads that send, at most.",
};

/// More threads than any machine has use for; a number above is a slip of the finger.
const MOST_THREADS: u64 = 4096;
