//! Settings that come from environment variables.
//!
//! Each variable of our own is one constant in [`table`], which holds its name, what it may hold, its
//! default and its meaning; this file is the only one that reads them, once, before anything is sent.
//! Variables of other programs that count here too are listed in [`foreign`].

mod foreign;
mod notices;
mod page;
mod reference_names;
mod table;
#[cfg(test)]
mod tests;
mod variable;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aiperf_clock::Nanos;
use aiperf_endpoint::headers::AffinityHeaders;
use aiperf_engine::IoPriority;
use aiperf_metrics::Thresholds;
use aiperf_transport::{NameCache, NameResolution, ProbeOptions, Proxies};
use anyhow::Result;

pub(crate) use notices::notices_of_process;
pub(crate) use page::reference_markdown;

/// What the variables say, or their defaults.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) verify_tls: bool,
    pub(crate) name_resolution: NameResolution,
    pub(crate) name_cache: NameCache,
    pub(crate) keep_alive_timeout: Option<Nanos>,
    pub(crate) force_close: bool,
    pub(crate) connection_limit: Option<usize>,
    pub(crate) proxies: Proxies,
    pub(crate) sockets: Sockets,
    pub(crate) media_download_timeout: Duration,
    pub(crate) media_downloads: usize,
    pub(crate) affinity: AffinityHeaders,
    pub(crate) force_content_parts: bool,
    pub(crate) chat: ChatTimeouts,
    pub(crate) max_catch_up: Nanos,
    pub(crate) io_priority: IoPriority,
    pub(crate) send_timeout: Nanos,
    pub(crate) rate_ramp_step: Nanos,
    pub(crate) warmup_log_interval: Nanos,
    pub(crate) video_poll_interval: Nanos,
    pub(crate) server_metrics: ServerMetricsTimes,
    pub(crate) network_probes: NetworkProbeTimes,
    pub(crate) thresholds: Thresholds,
    pub(crate) console_width: usize,
    pub(crate) ui: UiVariables,
    pub(crate) context_overflow_texts: Vec<String>,
    pub(crate) show_internal: bool,
    pub(crate) show_experimental: bool,
    pub(crate) developer_mode: bool,
    /// Of Kubernetes, for files of the user's own; empty elsewhere.
    pub(crate) namespace: String,
}

/// What is shown while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct UiVariables {
    /// A bar that has moved by so many percent is drawn again.
    pub(crate) min_update_percent: f64,
    /// How often statistics are logged; 0 never.
    pub(crate) realtime_interval: Option<Nanos>,
    /// Whether they are logged though no flag asks for it.
    pub(crate) realtime_enabled: bool,
}

/// How long `aiperf chat` waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChatTimeouts {
    /// For a connection.
    pub(crate) connect: Nanos,
    /// For the next sign of the server.
    pub(crate) silence: Nanos,
}

/// What the kernel is asked for with each connection.
#[derive(Debug, Clone)]
pub(crate) struct Sockets {
    /// Receive and send.
    pub(crate) buffers: Option<(usize, usize)>,
    pub(crate) probes: ProbeOptions,
}

/// When the server's own metrics are collected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerMetricsTimes {
    /// Whether they are where nobody says.
    pub(crate) by_default: bool,
    pub(crate) interval: Nanos,
    /// From the last request to the last scrape.
    pub(crate) flush: Nanos,
    pub(crate) scrape_timeout: Nanos,
    pub(crate) reachability_timeout: Nanos,
}

/// How the round trip of the network is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NetworkProbeTimes {
    pub(crate) interval: Nanos,
    /// Successful probes of each server.
    pub(crate) least: usize,
    pub(crate) connect_timeout: Nanos,
    /// For probes that are made up for.
    pub(crate) time_at_the_end: Nanos,
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    ///
    /// Names the first variable whose text cannot be used.
    pub(crate) fn read() -> Result<Self> {
        // A text that is not Unicode is none of the values, and is refused as such.
        let text = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        Self::from_lookup(|name| text(name).filter(|value| !value.is_empty()))
    }

    pub(super) fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let lookup: &dyn Fn(&str) -> Option<String> = &lookup;
        let keep_alive = table::KEEPALIVE_TIMEOUT.read(lookup)?;
        let trusts_proxies = table::TRUST_ENV.read(lookup)?;
        Ok(Self {
            verify_tls: table::SSL_VERIFY.read(lookup)?,
            name_resolution: match table::IP_VERSION.read(lookup)? {
                "4" => NameResolution::OnlyIpv4,
                "6" => NameResolution::OnlyIpv6,
                _ => NameResolution::Any,
            },
            name_cache: name_cache(lookup)?,
            keep_alive_timeout: (keep_alive > 0).then_some(keep_alive),
            force_close: table::FORCE_CLOSE.read(lookup)?,
            // Without the variable there is no limit: who wants few connections asks for little
            // concurrency.
            connection_limit: table::CONNECTION_LIMIT.read(lookup)?,
            proxies: if trusts_proxies {
                Proxies::from_variables(lookup)?
            } else {
                Proxies::default()
            },
            sockets: sockets(lookup)?,
            media_download_timeout: Duration::from_nanos(
                table::MEDIA_DOWNLOAD_TIMEOUT.read(lookup)?,
            ),
            media_downloads: table::MEDIA_DOWNLOADS.read(lookup)?.unwrap_or(10),
            affinity: affinity(lookup)?,
            force_content_parts: table::FORCE_CONTENT_PARTS.read(lookup)?,
            chat: ChatTimeouts {
                connect: table::CHAT_CONNECT_TIMEOUT.read(lookup)?,
                silence: table::CHAT_READ_TIMEOUT.read(lookup)?,
            },
            max_catch_up: table::MAX_CATCH_UP.read(lookup)?,
            io_priority: match table::IO_PRIORITY.read(lookup)? {
                "normal" => IoPriority::Normal,
                _ => IoPriority::Auto,
            },
            send_timeout: table::SEND_TIMEOUT.read(lookup)?,
            rate_ramp_step: table::RATE_RAMP_STEP.read(lookup)?,
            warmup_log_interval: table::WARMUP_LOG_INTERVAL.read(lookup)?,
            video_poll_interval: table::VIDEO_POLL_INTERVAL.read(lookup)?,
            server_metrics: ServerMetricsTimes {
                by_default: table::SERVER_METRICS_DEFAULT.read(lookup)?,
                interval: table::SERVER_METRICS_INTERVAL.read(lookup)?,
                flush: table::SERVER_METRICS_FLUSH.read(lookup)?,
                scrape_timeout: table::SERVER_METRICS_TIMEOUT.read(lookup)?,
                reachability_timeout: table::SERVER_METRICS_REACHABILITY.read(lookup)?,
            },
            network_probes: NetworkProbeTimes {
                interval: table::NETWORK_PROBE_INTERVAL.read(lookup)?,
                least: table::NETWORK_LEAST_PROBES.read(lookup)?.unwrap_or(5),
                connect_timeout: table::NETWORK_CONNECT_TIMEOUT.read(lookup)?,
                time_at_the_end: table::NETWORK_TOPUP_TIMEOUT.read(lookup)?,
            },
            thresholds: Thresholds {
                usage_difference_pct: table::USAGE_DIFFERENCE.read(lookup)?,
                osl_mismatch_pct: table::OSL_MISMATCH_PCT.read(lookup)?,
                osl_mismatch_tokens: table::OSL_MISMATCH_TOKENS.read(lookup)? as u64,
            },
            console_width: table::CONSOLE_WIDTH.read(lookup)? as usize,
            ui: UiVariables {
                min_update_percent: table::MIN_UPDATE_PERCENT.read(lookup)?,
                realtime_interval: table::REALTIME_INTERVAL.read(lookup)?,
                realtime_enabled: table::REALTIME_ENABLED.read(lookup)?,
            },
            context_overflow_texts: table::CONTEXT_OVERFLOW.read(lookup)?,
            show_internal: table::SHOW_INTERNAL.read(lookup)?,
            show_experimental: table::SHOW_EXPERIMENTAL.read(lookup)?,
            developer_mode: table::DEV_MODE.read(lookup)?,
            namespace: table::NAMESPACE.read(lookup)?,
        })
    }
}

fn name_cache(lookup: &dyn Fn(&str) -> Option<String>) -> Result<NameCache> {
    let is_used = table::USE_DNS_CACHE.read(lookup)?;
    let lifetime = table::TTL_DNS_CACHE.read(lookup)?;
    Ok(match (is_used, lifetime) {
        (false, _) => NameCache::Off,
        (true, 0) => NameCache::Forever,
        (true, lifetime) => NameCache::For(lifetime),
    })
}

fn affinity(lookup: &dyn Fn(&str) -> Option<String>) -> Result<AffinityHeaders> {
    Ok(AffinityHeaders {
        session_id: table::SESSION_ID.read(lookup)?,
        session_affinity: table::SESSION_AFFINITY.read(lookup)?,
        smg_routing_key: table::SMG_ROUTING_KEY.read(lookup)?,
        dynamo_session_id: table::DYNAMO_SESSION_ID.read(lookup)?,
    })
}

fn sockets(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Sockets> {
    let receive = table::SO_RCVBUF.read(lookup)?;
    let send = table::SO_SNDBUF.read(lookup)?;
    let usual = ProbeOptions::default();
    let seconds = |count: Option<usize>, usual: Duration| {
        count.map_or(usual, |count| Duration::from_secs(count as u64))
    };
    let probes = ProbeOptions {
        idle: seconds(table::TCP_KEEPIDLE.read(lookup)?, usual.idle),
        interval: seconds(table::TCP_KEEPINTVL.read(lookup)?, usual.interval),
        count: table::TCP_KEEPCNT
            .read(lookup)?
            .map_or(usual.count, |count| count as u32),
        unacknowledged: table::TCP_USER_TIMEOUT
            .read(lookup)?
            .map_or(usual.unacknowledged, |milliseconds| {
                Duration::from_millis(milliseconds as u64)
            }),
    };
    Ok(Sockets {
        // Unset sizes stay with the kernel, which tunes them better than a constant can.
        buffers: (receive.is_some() || send.is_some()).then(|| {
            (
                receive.unwrap_or(DEFAULT_BUFFER),
                send.unwrap_or(DEFAULT_BUFFER),
            )
        }),
        probes,
    })
}

/// The size that the reference asks for; used for the one of the pair that is not set.
const DEFAULT_BUFFER: usize = 10 * 1024 * 1024;

/// `~` is the user's own folder, also where the shell has left it as it is.
pub(crate) fn expand_home(given: &Path) -> PathBuf {
    match (given.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => given.to_owned(),
    }
}
