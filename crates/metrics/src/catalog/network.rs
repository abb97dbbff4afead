//! Latencies without the round trip of the network (`--network-latency-mean`,
//! `--network-latency-automatic`).

use super::prelude::*;

/// Network-adjusted latencies.
pub(super) static NETWORK: &[Metric] = &[
    Metric::derived(
        "network_rtt",
        "Network RTT",
        Float,
        Formula::Injected(Injection::NetworkRoundTrip),
    )
    .short("Net RTT")
    .units(Nanoseconds, Milliseconds)
    .flags(&[NOT_PER_RECORD])
    .console(ConsoleGroup::Default, Some(305))
    .explained(
        "mean round trip of the network, as given or measured",
        "neither given nor measured, or 0",
    ),
    Metric::derived(
        "network_adjusted_request_latency",
        "Network-Adjusted Request Latency",
        Int,
        Formula::Injected(Injection::WithoutRoundTrip("request_latency")),
    )
    .short("Net-Adj Req Latency")
    .units(Nanoseconds, Milliseconds)
    .flags(&[])
    .console(ConsoleGroup::Default, Some(301))
    .explained(
        "`max(request_latency − network_rtt, 0)`",
        "`network_rtt` is absent",
    ),
    Metric::derived(
        "network_adjusted_time_to_first_token",
        "Network-Adjusted Time to First Token",
        Int,
        Formula::Injected(Injection::WithoutRoundTrip("time_to_first_token")),
    )
    .short("Net-Adj TTFT")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS])
    .console(ConsoleGroup::Default, Some(101))
    .explained(
        "`max(time_to_first_token − network_rtt, 0)`",
        "`network_rtt` is absent",
    ),
    Metric::derived(
        "network_adjusted_time_to_first_output_token",
        "Network-Adjusted Time to First Output Token",
        Int,
        Formula::Injected(Injection::WithoutRoundTrip("time_to_first_output_token")),
    )
    .short("Net-Adj TTFO")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS, REASONING])
    .console(ConsoleGroup::Default, Some(211))
    .explained(
        "`max(time_to_first_output_token − network_rtt, 0)`",
        "`network_rtt` is absent",
    ),
];
