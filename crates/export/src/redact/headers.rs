//! Header names that carry credentials.

use super::REDACTED;

/// Parts of a name that make it sensitive, whatever surrounds them. They cover all well-known
/// names (`Authorization`, `X-Api-Key`, `Cookie`, `X-Amz-Security-Token`, …) but those below.
const SENSITIVE_PARTS: [&str; 14] = [
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
    "access-key",
    "private-key",
];

/// Sensitive names and parts that the common parts do not cover.
const FURTHER_PARTS: [&str; 3] = ["sas-key", "subscription-key", "functions-key"];

/// Whether the value of the header `name` (any case) must not be shown.
///
/// A session affinity header counts as sensitive, a correlation id does not.
pub fn is_sensitive_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SENSITIVE_PARTS
        .iter()
        .chain(&FURTHER_PARTS)
        .any(|part| name.contains(part))
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
    fn every_well_known_credential_header_is_sensitive() {
        let names = [
            "authorization",
            "proxy-authorization",
            "x-api-key",
            "api-key",
            "ocp-apim-subscription-key",
            "x-goog-api-key",
            "x-functions-key",
            "aeg-sas-key",
            "x-amz-security-token",
            "cookie",
            "set-cookie",
            "x-auth-token",
            "x-access-token",
            "x-session-token",
            "x-csrf-token",
            "x-xsrf-token",
            "X-Session-Affinity",
            "X-Session-ID",
            "My-APIKEY",
            "X-Signature",
        ];
        for name in names {
            assert!(is_sensitive_header(name), "{name}");
            assert_eq!(header_value(name, "value"), REDACTED);
        }
    }

    #[test]
    fn other_headers_keep_their_value() {
        for name in [
            "X-Correlation-ID",
            "X-Request-ID",
            "Accept",
            "Content-Type",
            "User-Agent",
        ] {
            assert_eq!(header_value(name, "value"), "value");
        }
    }
}
