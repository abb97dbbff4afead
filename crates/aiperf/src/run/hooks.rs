//! What is asked of the server besides inference, in the terms of the configuration.

use std::time::Duration;

use aiperf_config::profile::{ProfileConfig, ReadinessMode as Mode};
use aiperf_control::{
    ControlClient, KvCacheReset, ProbedEndpoint, Readiness, ReadinessMode, Retry, ServerProfiler,
    ServerProfilerSettings,
};
use aiperf_endpoint::format::EndpointSettings;
use anyhow::Result;

use super::environment::Environment;
use super::settings;
use super::signals::Interrupts;

/// Waits until the server can serve, if that was asked for.
///
/// # Errors
/// It was not ready in time, or the user did not want to wait any longer.
pub(crate) fn wait_until_ready(
    config: &ProfileConfig,
    environment: &Environment,
    endpoint: &EndpointSettings,
    interrupts: &Interrupts,
) -> Result<()> {
    let Some(wanted) = &config.endpoint.readiness else {
        return Ok(());
    };
    let readiness = Readiness {
        mode: match wanted.mode {
            Mode::Models => ReadinessMode::Models,
            Mode::Inference => ReadinessMode::Inference,
            Mode::Both => ReadinessMode::Both,
        },
        timeout: wanted.timeout().unwrap_or(Duration::MAX),
        interval: wanted.interval(),
    };
    let probed = ProbedEndpoint {
        urls: &config.endpoint.urls,
        custom_endpoint: config.endpoint.path.as_deref(),
        settings: endpoint,
    };
    let client = client(config, environment)?;
    interrupts.while_waiting(|is_cancelled| {
        aiperf_control::wait_until_ready(&client, &probed, &readiness, is_cancelled)
    })?;
    Ok(())
}

/// Empties the server's cache, if that was asked for.
///
/// # Errors
/// A server did not do it.
pub(crate) fn reset_cache(
    config: &ProfileConfig,
    environment: &Environment,
    interrupts: &Interrupts,
) -> Result<()> {
    let Some(wanted) = &config.endpoint.cache_reset else {
        return Ok(());
    };
    let reset = KvCacheReset {
        path: wanted.path.clone(),
        timeout: wanted.timeout(),
        retry: Retry {
            budget: wanted.max_retry(),
            ..Retry::default()
        },
    };
    let client = client(config, environment)?;
    interrupts.while_waiting(|is_cancelled| {
        aiperf_control::reset_kv_cache(&client, &config.endpoint.urls, &reset, is_cancelled)
    })?;
    Ok(())
}

/// The server's profiler, if it is to run during the measurement.
///
/// # Errors
/// A URL or header cannot be used.
pub(crate) fn profiler(
    config: &ProfileConfig,
    environment: &Environment,
) -> Result<Option<ServerProfiler>> {
    let Some(wanted) = &config.endpoint.server_profiler else {
        return Ok(None);
    };
    let settings = ServerProfilerSettings {
        start_path: wanted.start_path.clone(),
        stop_path: wanted.stop_path.clone(),
        timeout: wanted.timeout(),
    };
    let client = client(config, environment)?;
    let profiler = ServerProfiler::new(&client, &config.endpoint.urls, &settings)?;
    Ok(Some(profiler))
}

fn client(config: &ProfileConfig, environment: &Environment) -> Result<ControlClient> {
    let headers = settings::header_settings(config, environment);
    let transport = settings::transport(config, environment);
    Ok(ControlClient::new(&headers, transport)?)
}
