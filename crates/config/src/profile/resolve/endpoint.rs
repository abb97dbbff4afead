//! Whom to ask: addresses are completed and checked.

use std::path::PathBuf;

use aiperf_endpoint::url::unix_socket;
use serde_json::{Map, Value};
use url::Url;

use super::rules::{DEFAULT_READINESS_INTERVAL_SECONDS, DEFAULT_READINESS_MODE};
use super::{Findings, given};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{ConnectionReuse, EndpointType, HttpVersion};
use crate::profile::config::{CacheReset, EndpointConfig, Readiness, ServerProfiler, TlsConfig};

/// Names a body of the user's own among the extra inputs, and where its answers are.
pub(crate) const PAYLOAD_TEMPLATE: &str = "payload_template";
pub(crate) const RESPONSE_FIELD: &str = "response_field";
const DEFAULT_URL: &str = "http://localhost:8000";
/// Six hours: longer than any answer should take, short enough to end a forgotten run.
const DEFAULT_TIMEOUT_SECONDS: f64 = 21_600.0;
/// Of requests that control the server. Shorter than the others: such a server is stuck.
const DEFAULT_HOOK_TIMEOUT_SECONDS: f64 = 30.0;
/// How long a server that is busy is asked again to empty its cache.
const CACHE_RESET_RETRY_SECONDS: f64 = 60.0;

pub(super) fn resolve(args: &ProfileArgs, findings: &mut Findings) -> EndpointConfig {
    if args
        .api_key
        .as_ref()
        .is_some_and(|key| key.expose().is_empty())
    {
        findings.warn(
            "`--api-key` is empty",
            "is the variable set that it comes from?",
        );
    }
    if given(args.streaming) && !streams(args) {
        findings.warn(
            format!(
                "`--streaming` has no effect: `--endpoint-type {}` cannot stream",
                kind(args)
            ),
            "leave it away; answers come in one piece",
        );
    }
    if given(args.no_tls_verify) {
        findings.warn(
            "SSL certificate verification is DISABLED (`--no-tls-verify`)",
            "trust the server's certificate instead: `--tls-ca-file PATH`",
        );
    }
    EndpointConfig {
        urls: urls(args, findings),
        url_strategy: args.url_strategy,
        kind: kind(args),
        path: args.custom_endpoint.clone(),
        streaming: streams(args),
        headers: args.headers.clone(),
        extra: extra(args, findings),
        api_key: args.api_key.clone(),
        timeout_seconds: args
            .request_timeout_seconds
            .unwrap_or(DEFAULT_TIMEOUT_SECONDS),
        use_legacy_max_tokens: given(args.use_legacy_max_tokens),
        use_server_token_count: given(args.use_server_token_count),
        per_chunk_usage: given(args.per_chunk_usage),
        connection_reuse: args.connection_reuse.unwrap_or(ConnectionReuse::Pooled),
        transport: args.transport,
        http_version: args.http_version.unwrap_or(HttpVersion::Http1),
        tls: TlsConfig {
            verifies: !given(args.no_tls_verify),
            ca_file: args.tls_ca_file.clone(),
            client_identity: client_identity(args),
        },
        request_content_type: args.request_content_type,
        session_header: args.session_header.clone(),
        download_video_content: given(args.download_video_content),
        readiness: readiness(args),
        cache_reset: cache_reset(args),
        server_profiler: server_profiler(args),
    }
}

/// The protocol. Whoever brings a body of their own wants it sent.
pub(super) fn kind(args: &ProfileArgs) -> EndpointType {
    let brings_template = args.extra_inputs.contains_key(PAYLOAD_TEMPLATE);
    args.endpoint_type.unwrap_or(if brings_template {
        EndpointType::Template
    } else {
        EndpointType::Chat
    })
}

/// Whether answers come piece by piece.
pub(super) fn streams(args: &ProfileArgs) -> bool {
    given(args.streaming) && kind(args).capabilities().streams
}

/// Whether the protocol has anything to do with tokens. Without, there is no text to generate.
pub(crate) fn takes_text(args: &ProfileArgs) -> bool {
    let capabilities = kind(args).capabilities();
    capabilities.tokenizes_input || capabilities.produces_tokens
}

/// Without a template that the protocol does not take, and what belongs to it.
fn extra(args: &ProfileArgs, findings: &mut Findings) -> Map<String, Value> {
    let mut extra = args.extra_inputs.clone();
    let kind = kind(args);
    if kind != EndpointType::Template && extra.shift_remove(PAYLOAD_TEMPLATE).is_some() {
        findings.warn(
            format!(
                "`--extra-inputs {PAYLOAD_TEMPLATE}` has no effect with `--endpoint-type {kind}`"
            ),
            "for a body of your own, leave the type away or say `--endpoint-type template`",
        );
        if kind != EndpointType::Raw {
            extra.shift_remove(RESPONSE_FIELD);
        }
    }
    extra
}

/// One file may hold both certificate and key.
fn client_identity(args: &ProfileArgs) -> Option<(PathBuf, PathBuf)> {
    let certificate = args.tls_client_cert.clone()?;
    let key = args.tls_client_key.clone();
    Some((certificate.clone(), key.unwrap_or(certificate)))
}

fn readiness(args: &ProfileArgs) -> Option<Readiness> {
    let timeout_seconds = args
        .wait_for_model_timeout_seconds
        .filter(|seconds| *seconds > 0.0)?;
    Some(Readiness {
        timeout_seconds,
        mode: args.wait_for_model_mode.unwrap_or(DEFAULT_READINESS_MODE),
        interval_seconds: args
            .wait_for_model_interval_seconds
            .unwrap_or(DEFAULT_READINESS_INTERVAL_SECONDS),
    })
}

/// Whoever says how the cache is emptied wants it emptied.
fn cache_reset(args: &ProfileArgs) -> Option<CacheReset> {
    let is_wanted = given(args.reset_kv_cache)
        || args.reset_kv_cache_timeout_seconds.is_some()
        || args.reset_kv_cache_path.is_some();
    is_wanted.then(|| CacheReset {
        path: args
            .reset_kv_cache_path
            .clone()
            .unwrap_or_else(|| "/reset_prefix_cache".into()),
        timeout_seconds: args
            .reset_kv_cache_timeout_seconds
            .unwrap_or(DEFAULT_HOOK_TIMEOUT_SECONDS),
        max_retry_seconds: CACHE_RESET_RETRY_SECONDS,
    })
}

fn server_profiler(args: &ProfileArgs) -> Option<ServerProfiler> {
    let is_wanted = given(args.server_profiler)
        || args.server_profiler_timeout_seconds.is_some()
        || args.server_profiler_start_path.is_some()
        || args.server_profiler_stop_path.is_some();
    let path = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.into());
    is_wanted.then(|| ServerProfiler {
        start_path: path(&args.server_profiler_start_path, "/start_profile"),
        stop_path: path(&args.server_profiler_stop_path, "/stop_profile"),
        timeout_seconds: args
            .server_profiler_timeout_seconds
            .unwrap_or(DEFAULT_HOOK_TIMEOUT_SECONDS),
    })
}

fn urls(args: &ProfileArgs, findings: &mut Findings) -> Vec<String> {
    if args.urls.is_empty() {
        return vec![DEFAULT_URL.to_owned()];
    }
    let mut urls = Vec::with_capacity(args.urls.len());
    for typed in &args.urls {
        let url = if typed.contains("://") || unix_socket(typed).is_some() {
            typed.clone()
        } else {
            format!("http://{typed}")
        };
        if let Err(reason) = check(&url) {
            let message = format!("`--url {}`: {reason}", aiperf_redact::url(typed));
            findings.conflict(message, "write it like `http://localhost:8000`");
        }
        urls.push(url);
    }
    urls
}

/// Whether an address leads somewhere, and why not.
pub(crate) fn check(text: &str) -> Result<(), String> {
    // The URL standard strips or encodes blanks; here they are a slip of the finger.
    if text
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err("holds a blank".into());
    }
    if let Some((socket, _)) = unix_socket(text) {
        return if socket.starts_with('/') && socket.len() > 1 {
            Ok(())
        } else {
            Err("names no socket; write it like `unix:/run/server.sock`".into())
        };
    }
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::EmptyHost => "names no host".to_owned(),
        url::ParseError::InvalidPort => "the port is not a number from 1 to 65535".to_owned(),
        other => other.to_string(),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "scheme `{}` is none of `http`, `https` and `unix`",
            url.scheme()
        ));
    }
    // The URL standard also skips surplus slashes and takes the path for a host.
    let empty_authority = text
        .split_once("://")
        .is_some_and(|(_, rest)| rest.starts_with('/'));
    if empty_authority || url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".into());
    }
    if url.port() == Some(0) {
        return Err("the port is not a number from 1 to 65535".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_the_reference_takes_are_taken() {
        for text in [
            "http://localhost:8000",
            "HTTP://x:80",
            "https://h/v1",
            "http://[::1]:80",
            "http://10.0.0.1:80/v1",
            "http://u:p@h:80/v1?key=abc",
            "unix:/run/server.sock",
            "unix:/run/server.sock:/v1",
            "unix:///run/server.sock",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn addresses_that_lead_nowhere_are_refused() {
        for text in [
            "http://a b",
            "http://a\tb",
            "ftp://x",
            "ws://x",
            "http://x:99999",
            "http://x:0",
            "http://x:a",
            "http://",
            "http:///v1",
            "http://:80",
            "unix:",
            "unix:/",
            "unix:server.sock",
            "unix://server.sock",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
