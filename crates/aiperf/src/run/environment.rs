//! Settings that come from `AIPERF_…` environment variables.

use std::str::FromStr;

use aiperf_clock::{Nanos, SECOND};
use aiperf_endpoint::headers::AffinityHeaders;
use aiperf_metrics::Thresholds;
use aiperf_transport::NameResolution;
use anyhow::{Context, Result, bail};

/// Every variable that this program reads, with its default.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) verify_tls: bool,
    pub(crate) name_resolution: NameResolution,
    pub(crate) keep_alive_timeout: Option<Nanos>,
    pub(crate) socket_buffers: Option<(usize, usize)>,
    pub(crate) affinity: AffinityHeaders,
    pub(crate) force_content_parts: bool,
    pub(crate) max_catch_up: Nanos,
    pub(crate) send_timeout: Nanos,
    pub(crate) rate_ramp_step: Nanos,
    pub(crate) thresholds: Thresholds,
    pub(crate) console_width: usize,
    pub(crate) context_overflow_texts: Vec<String>,
    pub(crate) show_internal: bool,
    pub(crate) show_experimental: bool,
    pub(crate) developer_mode: bool,
}

impl Environment {
    /// Reads the process's environment.
    pub(crate) fn read() -> Result<Self> {
        Self::from_lookup(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let reader = Reader(&lookup);
        let seconds = |value: f64| (value * SECOND as f64) as Nanos;
        let default_thresholds = Thresholds::default();
        let keep_alive = reader.number("AIPERF_HTTP_KEEPALIVE_TIMEOUT", 300.0, 0.0..=10_000.0)?;
        let receive = reader.optional_integer("AIPERF_HTTP_SO_RCVBUF")?;
        let send = reader.optional_integer("AIPERF_HTTP_SO_SNDBUF")?;
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
            // Unset sizes stay with the kernel, which tunes them better than a constant can.
            socket_buffers: (receive.is_some() || send.is_some()).then(|| {
                (
                    receive.unwrap_or(DEFAULT_BUFFER),
                    send.unwrap_or(DEFAULT_BUFFER),
                )
            }),
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

    fn number(
        &self,
        name: &str,
        default: f64,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<f64> {
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

    fn optional_integer(&self, name: &str) -> Result<Option<usize>> {
        let Some(value) = (self.0)(name) else {
            return Ok(None);
        };
        match value.trim().parse() {
            Ok(number) if number >= 1024 => Ok(Some(number)),
            _ => bail!("`{name}` is `{value}`; use a whole number of at least 1024"),
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
            ("AIPERF_AGENTX_CONTEXT_OVERFLOW_SUBSTRINGS", "text"),
        ] {
            let error = format!("{:#}", read(name, value).unwrap_err());
            assert!(error.contains(name), "{error}");
        }
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
        let thresholds = read("AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD", "3")
            .unwrap()
            .thresholds;
        assert_eq!(thresholds.usage_difference_pct, 3.0);
    }
}
