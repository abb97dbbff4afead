//! The round trip of the network, where it is measured: what of the configuration bears on it, and what
//! becomes of the result.

use std::path::Path;
use std::time::Duration;

use aiperf_clock::Clock;
use aiperf_config::profile::ProfileConfig;
use aiperf_export::{FileNames, OutputFile};
use aiperf_telemetry::{NetworkProbe, ProbeSettings};

use super::environment::Environment;
use super::execute::Executed;
use super::logging::NOTICE;
use super::prepare::Prepared;

/// Starts the thread that measures, if that was asked for.
pub(crate) fn start(
    config: &ProfileConfig,
    environment: &Environment,
    clock: Clock,
    folder: &Path,
    names: &FileNames,
) -> Option<NetworkProbe> {
    let wanted = config.telemetry.network_probes?;
    let usual = environment.network_probes;
    let interval = wanted
        .interval_seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let settings = ProbeSettings {
        urls: config.endpoint.urls.clone(),
        clock,
        interval: interval
            .unwrap_or(Duration::from_nanos(usual.interval))
            .max(SHORTEST_INTERVAL),
        connect_timeout: Duration::from_nanos(usual.connect_timeout),
        least: usual.least,
        time_at_the_end: Duration::from_nanos(usual.time_at_the_end),
        name_resolution: environment.name_resolution,
        lines: folder.join(names.name(OutputFile::NetworkLatency)),
    };
    NetworkProbe::start(settings)
        .inspect_err(|error| tracing::warn!("the network is not measured: {error}"))
        .ok()
}

/// A thousand connections per second are a load of their own.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// Ends measuring; latencies are also told without the round trip.
pub(crate) fn finish(prepared: &Prepared, executed: &mut Executed) {
    let Some(probe) = &prepared.network_probe else {
        return;
    };
    let round_trip = probe.finish(!executed.was_cancelled);
    let Some(mean_ns) = round_trip.mean_ns else {
        tracing::warn!(
            "no connection could be made to measure the network; latencies without its round trip \
             are left out"
        );
        return;
    };
    tracing::info!(
        target: NOTICE,
        "Network RTT | mean={:.3} ms | probes={}",
        mean_ns / 1e6,
        round_trip.probes
    );
    executed.state.network_rtt_ns = Some(mean_ns);
}
