//! Whom to ask: addresses are completed and checked.

use url::Url;

use super::{Findings, given};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{ConnectionReuse, EndpointType};
use crate::profile::config::EndpointConfig;

const DEFAULT_URL: &str = "http://localhost:8000";
/// Six hours: longer than any answer should take, short enough to end a forgotten run.
const DEFAULT_TIMEOUT_SECONDS: f64 = 21_600.0;

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
    EndpointConfig {
        urls: urls(args, findings),
        kind: args.endpoint_type.unwrap_or(EndpointType::Chat),
        path: args.custom_endpoint.clone(),
        streaming: given(args.streaming),
        headers: args.headers.clone(),
        extra: args.extra_inputs.clone(),
        api_key: args.api_key.clone(),
        timeout_seconds: args
            .request_timeout_seconds
            .unwrap_or(DEFAULT_TIMEOUT_SECONDS),
        use_legacy_max_tokens: given(args.use_legacy_max_tokens),
        use_server_token_count: given(args.use_server_token_count),
        connection_reuse: args.connection_reuse.unwrap_or(ConnectionReuse::Pooled),
    }
}

fn urls(args: &ProfileArgs, findings: &mut Findings) -> Vec<String> {
    if args.urls.is_empty() {
        return vec![DEFAULT_URL.to_owned()];
    }
    let mut urls = Vec::with_capacity(args.urls.len());
    for typed in &args.urls {
        let url = if typed.contains("://") {
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

fn check(text: &str) -> Result<(), String> {
    // The URL standard strips or encodes blanks; here they are a slip of the finger.
    if text
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err("holds a blank".into());
    }
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::EmptyHost => "names no host".to_owned(),
        url::ParseError::InvalidPort => "the port is not a number from 1 to 65535".to_owned(),
        other => other.to_string(),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "scheme `{}` is neither `http` nor `https`",
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
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
