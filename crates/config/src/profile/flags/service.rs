//! How the program itself runs, and what it watches.

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{LogLevel, Ui};

pub(super) static SERVER_METRICS: Group<ProfileArgs> = Group {
    title: "Server Metrics",
    flags: &[NO_SERVER_METRICS],
};

pub(super) static NETWORK_LATENCY: Group<ProfileArgs> = Group {
    title: "Network Latency",
    flags: &[NETWORK_LATENCY_MEAN],
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
    flags: &[LOG_LEVEL, VERBOSE, EXTRA_VERBOSE, RECORD_PROCESSORS],
};

pub(super) static WORKERS: Group<ProfileArgs> = Group {
    title: "Workers",
    flags: &[WORKERS_MAX],
};

const NO_SERVER_METRICS: Flag<ProfileArgs> = Flag {
    names: &["no-server-metrics"],
    short: None,
    kind: Kind::Switch(|args, on| args.no_server_metrics = Some(on)),
    value: "",
    default: "",
    path: "benchmark.server_metrics.enabled",
    help: "Do not collect the server's own metrics. This version never does.",
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
        names: Ui::SUPPORTED,
        later: Ui::NAMES,
        set: |args, word| {
            args.ui = chosen(word)?;
            Ok(())
        },
    },
    value: "UI",
    default: "simple on a terminal, else none",
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
