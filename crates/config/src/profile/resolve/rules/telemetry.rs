//! About what is watched beside the requests.

use super::{Rule, breach};
use crate::profile::resolve::given;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "the server's metrics are collected or not",
        breach: |load| {
            let args = load.args;
            let both = given(args.no_server_metrics) && args.server_metrics.is_some();
            both.then(|| {
                breach(
                    "`--no-server-metrics` does not go with `--server-metrics`",
                    "leave one of them away",
                )
            })
        },
    },
    Rule {
        name: "the round trip is measured or known",
        breach: |load| {
            let args = load.args;
            let both =
                given(args.network_latency_automatic) && args.network_latency_mean_ms.is_some();
            both.then(|| {
                breach(
                    "`--network-latency-mean` does not go with `--network-latency-automatic`",
                    "leave one of them away",
                )
            })
        },
    },
    Rule {
        name: "an interval of measurements needs measurements",
        breach: |load| {
            let args = load.args;
            let is_idle = args.network_latency_ping_interval_seconds.is_some()
                && !given(args.network_latency_automatic);
            is_idle.then(|| {
                breach(
                    "`--network-latency-ping-interval` needs `--network-latency-automatic`",
                    "add `--network-latency-automatic`",
                )
            })
        },
    },
];
