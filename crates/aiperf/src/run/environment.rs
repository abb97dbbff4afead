//! Settings that come from `AIPERF_…` environment variables.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use aiperf_clock::{Nanos, SECOND};
use aiperf_endpoint::headers::AffinityHeaders;
use aiperf_metrics::Thresholds;
use aiperf_transport::{NameCache, NameResolution, ProbeOptions, Proxies};
use anyhow::{Context, Result, bail};

/// Every variable that this program reads, with its default.
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
    pub(crate) max_catch_up: Nanos,
    pub(crate) send_timeout: Nanos,
    pub(crate) rate_ramp_step: Nanos,
    pub(crate) video_poll_interval: Nanos,
    pub(crate) thresholds: Thresholds,
    pub(crate) console_width: usize,
    pub(crate) context_overflow_texts: Vec<String>,
    pub(crate) show_internal: bool,
    pub(crate) show_experimental: bool,
    pub(crate) developer_mode: bool,
}

/// What the kernel is asked for with each connection.
#[derive(Debug, Clone)]
pub(crate) struct Sockets {
    /// Receive and send.
    pub(crate) buffers: Option<(usize, usize)>,
    pub(crate) probes: ProbeOptions,
}

impl Environment {
    /// Reads the process's environment.
    pub(crate) fn read() -> Result<Self> {
        Self::from_lookup(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    pub(super) fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let reader = Reader(&lookup);
        let seconds = |value: f64| (value * SECOND as f64) as Nanos;
        let default_thresholds = Thresholds::default();
        let keep_alive = reader.number("AIPERF_HTTP_KEEPALIVE_TIMEOUT", 300.0, 0.0..=10_000.0)?;
        let overflow = match lookup("AIPERF_AGENTX_CONTEXT_OVERFLOW_SUBSTRINGS") {
            Some(text) => serde_json::from_str(&text).context(
                "`AIPERF_AGENTX_CONTEXT_OVERFLOW_SUBSTRINGS` must be a JSON list of strings",
            )?,
            None => aiperf_endpoint::failure::CONTEXT_OVERFLOW_SUBSTRINGS
                .map(str::to_owned)
                .to_vec(),
        };
        Ok(Self {
            verify_tls: reader.truth("AIPERF_HTTP_SSL_VERIFY", true)?,
            name_resolution: match lookup("AIPERF_HTTP_IP_VERSION").as_deref() {
                None | Some("auto") => NameResolution::Any,
                Some("4") => NameResolution::OnlyIpv4,
                Some("6") => NameResolution::OnlyIpv6,
                Some(other) => bail!("`AIPERF_HTTP_IP_VERSION` is `{other}`; use 4, 6 or auto"),
            },
            keep_alive_timeout: (keep_alive > 0.0).then(|| seconds(keep_alive)),
            name_cache: name_cache(&reader)?,
            force_close: reader.truth("AIPERF_HTTP_FORCE_CLOSE", false)?,
            // Without the variable there is no limit: who wants few connections asks for little
            // concurrency.
            connection_limit: reader
                .optional_integer("AIPERF_HTTP_CONNECTION_LIMIT", 1..=65_000)?,
            proxies: if reader.truth("AIPERF_HTTP_TRUST_ENV", false)? {
                Proxies::from_variables(&lookup)?
            } else {
                Proxies::default()
            },
            sockets: sockets(&reader)?,
            media_download_timeout: Duration::from_secs_f64(reader.number(
                "AIPERF_DATASET_MEDIA_DOWNLOAD_TIMEOUT",
                60.0,
                1.0..=3600.0,
            )?),
            media_downloads: reader
                .optional_integer("AIPERF_DATASET_MEDIA_DOWNLOAD_MAX_CONCURRENCY", 1..=1000)?
                .unwrap_or(10),
            affinity: AffinityHeaders {
                session_id: reader.truth("AIPERF_HTTP_X_SESSION_ID_FROM_CORRELATION_ID", false)?,
                session_affinity: reader
                    .truth("AIPERF_HTTP_X_SESSION_AFFINITY_FROM_CORRELATION_ID", true)?,
                smg_routing_key: reader
                    .truth("AIPERF_HTTP_X_SMG_ROUTING_KEY_FROM_CORRELATION_ID", false)?,
                dynamo_session_id: reader
                    .truth("AIPERF_HTTP_X_DYNAMO_SESSION_ID_FROM_CORRELATION_ID", false)?,
            },
            force_content_parts: reader.truth("AIPERF_ENDPOINT_FORCE_CONTENT_PARTS", false)?,
            max_catch_up: seconds(reader.number(
                "AIPERF_TIMING_MAX_CATCHUP_SECONDS",
                0.01,
                0.0..=10.0,
            )?),
            send_timeout: seconds(reader.number(
                "AIPERF_HTTP_REQUEST_CANCELLATION_SEND_TIMEOUT",
                300.0,
                10.0..=3600.0,
            )?),
            video_poll_interval: seconds(reader.number(
                "AIPERF_HTTP_VIDEO_POLL_INTERVAL",
                0.1,
                0.001..=10.0,
            )?),
            rate_ramp_step: seconds(reader.number(
                "AIPERF_TIMING_RATE_RAMP_UPDATE_INTERVAL",
                0.1,
                0.01..=10.0,
            )?),
            thresholds: Thresholds {
                usage_difference_pct: reader.number(
                    "AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD",
                    default_thresholds.usage_difference_pct,
                    0.0..=100.0,
                )?,
                osl_mismatch_pct: reader.number(
                    "AIPERF_METRICS_OSL_MISMATCH_PCT_THRESHOLD",
                    default_thresholds.osl_mismatch_pct,
                    0.0..=100.0,
                )?,
                osl_mismatch_tokens: reader.number(
                    "AIPERF_METRICS_OSL_MISMATCH_MAX_TOKEN_THRESHOLD",
                    default_thresholds.osl_mismatch_tokens as f64,
                    1.0..=f64::MAX,
                )? as u64,
            },
            console_width: reader.number(
                "AIPERF_UI_CONSOLE_EXPORT_WIDTH",
                140.0,
                40.0..=10_000.0,
            )? as usize,
            context_overflow_texts: overflow,
            show_internal: reader.truth("AIPERF_DEV_SHOW_INTERNAL_METRICS", false)?,
            show_experimental: reader.truth("AIPERF_DEV_SHOW_EXPERIMENTAL_METRICS", false)?,
            developer_mode: reader.truth("AIPERF_DEV_MODE", false)?,
        })
    }
}

fn name_cache(reader: &Reader) -> Result<NameCache> {
    let is_used = reader.truth("AIPERF_HTTP_USE_DNS_CACHE", true)?;
    let lifetime = reader.number("AIPERF_HTTP_TTL_DNS_CACHE", 300.0, 0.0..=1_000_000.0)?;
    Ok(if !is_used {
        NameCache::Off
    } else if lifetime == 0.0 {
        NameCache::Forever
    } else {
        NameCache::For((lifetime * SECOND as f64) as Nanos)
    })
}

fn sockets(reader: &Reader) -> Result<Sockets> {
    let buffer = |name| reader.optional_integer(name, 1024..=usize::MAX);
    let receive = buffer("AIPERF_HTTP_SO_RCVBUF")?;
    let send = buffer("AIPERF_HTTP_SO_SNDBUF")?;
    let usual = ProbeOptions::default();
    let seconds = |name, usual: Duration| {
        let whole = reader.optional_integer(name, 1..=32_767)?;
        Ok::<_, anyhow::Error>(whole.map_or(usual, |whole| Duration::from_secs(whole as u64)))
    };
    let probes = ProbeOptions {
        idle: seconds("AIPERF_HTTP_TCP_KEEPIDLE", usual.idle)?,
        interval: seconds("AIPERF_HTTP_TCP_KEEPINTVL", usual.interval)?,
        count: reader
            .optional_integer("AIPERF_HTTP_TCP_KEEPCNT", 1..=127)?
            .map_or(usual.count, |count| count as u32),
        unacknowledged: reader
            .optional_integer("AIPERF_HTTP_TCP_USER_TIMEOUT", 0..=100_000_000)?
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

/// `~` is the user's own folder, also where the shell has left it as it is.
pub(crate) fn expand_home(given: &Path) -> PathBuf {
    match (given.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => given.to_owned(),
    }
}

/// The size that the reference asks for; used for the one of the pair that is not set.
const DEFAULT_BUFFER: usize = 10 * 1024 * 1024;

struct Reader<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Reader<'_> {
    fn truth(&self, name: &str, default: bool) -> Result<bool> {
        let Some(value) = (self.0)(name) else {
            return Ok(default);
        };
        match value.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "t" | "y" => Ok(true),
            "0" | "false" | "no" | "off" | "f" | "n" => Ok(false),
            _ => bail!("`{name}` is `{value}`; use true or false"),
        }
    }

    fn number(&self, name: &str, default: f64, range: RangeInclusive<f64>) -> Result<f64> {
        let Some(value) = (self.0)(name) else {
            return Ok(default);
        };
        match f64::from_str(value.trim()) {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => bail!(
                "`{name}` is `{value}`; use a number from {} to {}",
                range.start(),
                range.end()
            ),
        }
    }

    fn optional_integer(&self, name: &str, range: RangeInclusive<usize>) -> Result<Option<usize>> {
        let Some(value) = (self.0)(name) else {
            return Ok(None);
        };
        match value.trim().parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ if *range.end() == usize::MAX => {
                bail!(
                    "`{name}` is `{value}`; use a whole number of at least {}",
                    range.start()
                )
            }
            _ => bail!(
                "`{name}` is `{value}`; use a whole number from {} to {}",
                range.start(),
                range.end()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Environment> {
        Environment::from_lookup(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn without_variables_the_defaults_hold() {
        let environment = Environment::from_lookup(|_| None).unwrap();
        assert!(environment.verify_tls && environment.affinity.session_affinity);
        assert_eq!(environment.max_catch_up, 10_000_000);
        assert_eq!(environment.keep_alive_timeout, Some(300 * SECOND));
    }

    #[test]
    fn a_bad_value_is_refused_with_the_variables_name() {
        for (name, value) in [
            ("AIPERF_HTTP_SSL_VERIFY", "maybe"),
            ("AIPERF_HTTP_IP_VERSION", "5"),
            ("AIPERF_TIMING_MAX_CATCHUP_SECONDS", "-1"),
            ("AIPERF_HTTP_SO_RCVBUF", "12"),
            ("AIPERF_HTTP_CONNECTION_LIMIT", "0"),
            ("AIPERF_HTTP_TTL_DNS_CACHE", "-1"),
            ("AIPERF_HTTP_TCP_KEEPCNT", "1.5"),
            ("AIPERF_AGENTX_CONTEXT_OVERFLOW_SUBSTRINGS", "text"),
        ] {
            let error = format!("{:#}", read(name, value).unwrap_err());
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn proxies_of_the_environment_count_only_where_they_are_trusted() {
        let of = |trusted: &'static str| {
            let lookup = |name: &str| match name {
                "HTTP_PROXY" => Some("http://proxy:3128".to_owned()),
                "AIPERF_HTTP_TRUST_ENV" => Some(trusted.to_owned()),
                _ => None,
            };
            Environment::from_lookup(lookup).unwrap().proxies
        };
        assert_eq!(of("false"), Proxies::default());
        assert_ne!(of("true"), Proxies::default());
    }

    #[test]
    fn each_variable_changes_its_setting() {
        assert!(!read("AIPERF_HTTP_SSL_VERIFY", "False").unwrap().verify_tls);
        assert_eq!(
            read("AIPERF_HTTP_KEEPALIVE_TIMEOUT", "0")
                .unwrap()
                .keep_alive_timeout,
            None
        );
        assert_eq!(
            read("AIPERF_UI_CONSOLE_EXPORT_WIDTH", "200")
                .unwrap()
                .console_width,
            200
        );
        assert_eq!(
            read("AIPERF_HTTP_CONNECTION_LIMIT", "7")
                .unwrap()
                .connection_limit,
            Some(7)
        );
        assert!(read("AIPERF_HTTP_FORCE_CLOSE", "1").unwrap().force_close);
        let cache = |name, value| read(name, value).unwrap().name_cache;
        assert_eq!(cache("AIPERF_HTTP_USE_DNS_CACHE", "no"), NameCache::Off);
        assert_eq!(cache("AIPERF_HTTP_TTL_DNS_CACHE", "0"), NameCache::Forever);
        assert_eq!(
            cache("AIPERF_HTTP_TTL_DNS_CACHE", "2"),
            NameCache::For(2 * SECOND)
        );
        let probes = |name| read(name, "7").unwrap().sockets.probes;
        assert_eq!(
            probes("AIPERF_HTTP_TCP_KEEPIDLE").idle,
            Duration::from_secs(7)
        );
        assert_eq!(
            probes("AIPERF_HTTP_TCP_KEEPINTVL").interval,
            Duration::from_secs(7)
        );
        assert_eq!(probes("AIPERF_HTTP_TCP_KEEPCNT").count, 7);
        assert_eq!(
            probes("AIPERF_HTTP_TCP_USER_TIMEOUT").unacknowledged,
            Duration::from_millis(7)
        );
        let sizes = read("AIPERF_HTTP_SO_SNDBUF", "4096").unwrap();
        assert_eq!(sizes.sockets.buffers, Some((DEFAULT_BUFFER, 4096)));
        let thresholds = read("AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD", "3")
            .unwrap()
            .thresholds;
        assert_eq!(thresholds.usage_difference_pct, 3.0);
    }
}
