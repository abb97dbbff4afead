//! Names of query parameters and of fields in request bodies that carry credentials.
//!
//! The rule for headers would hide too much here: bodies are full of harmless names such as
//! `min_tokens`.

use serde_json::{Map, Value};

use super::REDACTED;

/// Names that are sensitive as a whole, as [`bare`] leaves them.
const SENSITIVE_NAMES: [&str; 9] = [
    "auth", "bearer", "idtoken", "jwt", "key", "pwd", "sas", "sig", "token",
];

/// Parts that make a name sensitive, whatever surrounds them. They also cover the `X-Amz-…` and
/// `X-Goog-…` parameters of signed URLs.
const SENSITIVE_PARTS: [&str; 18] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "authorization",
    "authtoken",
    "bearertoken",
    "credential",
    "hftoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "securitytoken",
    "sessiontoken",
    "signature",
];

/// Azure's key for API management has a name of its own kind.
const SENSITIVE_ENDING: &str = "subscriptionkey";

/// Whether the value of the field or query parameter `name` must not be shown. Case and separators
/// do not matter: `api_key`, `API-Key` and `apiKey` are one name.
pub fn is_sensitive_field(name: &str) -> bool {
    let name = bare(name);
    SENSITIVE_NAMES.contains(&name.as_str())
        || SENSITIVE_PARTS.iter().any(|part| name.contains(part))
        || name.ends_with(SENSITIVE_ENDING)
}

/// The fields as they may be shown: at any depth, values of sensitive ones are replaced.
pub fn fields(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut shown = fields.clone();
    hide_members(&mut shown, is_sensitive_field);
    shown
}

/// Replaces the values of sensitive members at any depth. Whether there were any.
pub(crate) fn hide_members(
    members: &mut Map<String, Value>,
    is_sensitive: fn(&str) -> bool,
) -> bool {
    let mut found = false;
    for (name, value) in members {
        if is_sensitive(name) {
            *value = Value::from(REDACTED);
            found = true;
        } else {
            found |= hide_inside(value, is_sensitive);
        }
    }
    found
}

fn hide_inside(value: &mut Value, is_sensitive: fn(&str) -> bool) -> bool {
    match value {
        Value::Object(members) => hide_members(members, is_sensitive),
        Value::Array(items) => {
            // Not `any`, which would stop at the first that holds a secret.
            let mut found = false;
            for item in items {
                found |= hide_inside(item, is_sensitive);
            }
            found
        }
        _ => false,
    }
}

/// A name without what does not matter.
fn bare(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_credentials_are_sensitive_in_any_spelling() {
        for name in [
            "key",
            "token",
            "api_key",
            "api-key",
            "apikey",
            "apiKey",
            "x-api-key",
            "access_key",
            "access_token",
            "accessToken",
            "auth",
            "auth_token",
            "Authorization",
            "AWSAccessKeyId",
            "bearer",
            "client_secret",
            "credential",
            "credentials",
            "hf_token",
            "id_token",
            "jwt",
            "passphrase",
            "passwd",
            "password",
            "private_key",
            "pwd",
            "refresh_token",
            "sas",
            "secret",
            "session_token",
            "SIG",
            "signature",
            "Ocp-Apim-Subscription-Key",
            "x-amz-credential",
            "x-amz-security-token",
            "x-amz-signature",
            "X-Goog-Signature",
            "x_goog_credential",
            " token ",
        ] {
            assert!(is_sensitive_field(name), "{name}");
        }
    }

    #[test]
    fn names_of_ordinary_fields_are_not_sensitive() {
        for name in [
            "min_tokens",
            "max_tokens",
            "tokens",
            "valid_tokens",
            "pad_token_id",
            "stop_token_ids",
            "monkey",
            "keys",
            "author",
            "user",
            "session_id",
            "ignore_eos",
            "x-amz-date",
            "",
        ] {
            assert!(!is_sensitive_field(name), "{name}");
        }
    }

    #[test]
    fn sensitive_fields_are_hidden_at_any_depth_and_others_stay() {
        let given = json!({
            "min_tokens": 5,
            "api_key": "k",
            "nested": {"token": {"deep": 1}, "list": [{"password": "p", "n": 1.5}, "token", {"jwt": "j"}]},
        });
        let expected = json!({
            "min_tokens": 5,
            "api_key": "<redacted>",
            "nested": {"token": "<redacted>", "list": [{"password": "<redacted>", "n": 1.5}, "token", {"jwt": "<redacted>"}]},
        });
        assert_eq!(Value::Object(fields(given.as_object().unwrap())), expected);
    }
}
