//! Which header values must not be written to files.

/// What stands in a file in place of a secret.
pub const REDACTED: &str = "<redacted>";

/// Headers that carry credentials under names without a telling word.
const SECRET_NAMES: [&str; 4] = [
    "ocp-apim-subscription-key",
    "x-goog-api-key",
    "x-functions-key",
    "aeg-sas-key",
];

/// Words that make a header a secret wherever they stand in its name. They cover `Authorization`,
/// cookies and the many `X-…-Token` headers, and also `X-Session-Affinity`.
const SECRET_WORDS: [&str; 15] = [
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
];

/// Whether the value of a header is written as [`REDACTED`].
pub fn header_value_is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.contains(&name.as_str()) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// The value of a header as a file shows it.
pub fn header_value<'v>(name: &str, value: &'v str) -> &'v str {
    if header_value_is_secret(name) {
        REDACTED
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_secret_and_request_identifiers_are_not() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "X-API-Key",
            "api-key",
            "Ocp-Apim-Subscription-Key",
            "x-goog-api-key",
            "x-functions-key",
            "aeg-sas-key",
            "X-Amz-Security-Token",
            "Cookie",
            "Set-Cookie",
            "x-csrf-token",
            "X-Session-Affinity",
            "X-Session-ID",
            "X-Dynamo-Session-ID",
            "My-Signature",
        ] {
            assert!(header_value_is_secret(name), "{name}");
            assert_eq!(header_value(name, "v"), REDACTED);
        }
        for name in [
            "X-Correlation-ID",
            "X-Request-ID",
            "User-Agent",
            "Accept",
            "X-SMG-Routing-Key",
        ] {
            assert!(!header_value_is_secret(name), "{name}");
            assert_eq!(header_value(name, "v"), "v");
        }
    }
}
