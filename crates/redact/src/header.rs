//! Header names that carry credentials.

use super::REDACTED;

/// Parts of a name that make it sensitive, whatever surrounds them. They cover `Authorization`,
/// cookies, the many `X-…-Token` headers, and also `X-Session-Affinity`.
const SENSITIVE_PARTS: [&str; 17] = [
    "auth",
    "token",
    "secret",
    "password",
    "passwd",
    "credential",
    "cookie",
    "apikey",
    "api-key",
    "api_key",
    "session",
    "signature",
    "sas-key",
    "access-key",
    "private-key",
    // Azure's keys for API management and for functions.
    "subscription-key",
    "functions-key",
];

/// Whether the value of the header `name` (any case) must not be shown.
///
/// A session affinity header counts as sensitive, a correlation id does not.
pub fn is_sensitive_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SENSITIVE_PARTS.iter().any(|part| name.contains(part))
}

/// `value`, or the mark in its place when `name` is sensitive.
pub fn header_value<'a>(name: &str, value: &'a str) -> &'a str {
    if is_sensitive_header(name) {
        REDACTED
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_are_called_like_credentials_hide_their_values() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "X-Api-Key",
            "api-key",
            "My-APIKEY",
            "Ocp-Apim-Subscription-Key",
            "x-goog-api-key",
            "x-functions-key",
            "aeg-sas-key",
            "X-Amz-Security-Token",
            "Cookie",
            "Set-Cookie",
            "x-auth-token",
            "x-access-token",
            "x-session-token",
            "x-csrf-token",
            "x-xsrf-token",
            "My-TOKEN",
            "X-Session-Affinity",
            "X-Session-ID",
            "X-Dynamo-Session-ID",
            "X-Signature",
        ] {
            assert!(is_sensitive_header(name), "{name}");
            assert_eq!(header_value(name, "value"), REDACTED);
        }
    }

    #[test]
    fn other_headers_keep_their_values() {
        for name in [
            "X-Correlation-ID",
            "X-Request-ID",
            "X-SMG-Routing-Key",
            "Accept",
            "Content-Type",
            "User-Agent",
        ] {
            assert!(!is_sensitive_header(name), "{name}");
            assert_eq!(header_value(name, "value"), "value");
        }
    }
}
