//! URLs without the credentials that people put into them.
//!
//! Works on text, not on parsed URLs: what a user typed stays as it was typed, and a URL that no
//! parser accepts is still cleaned.

use std::borrow::Cow;

use url::form_urlencoded;

use super::REDACTED;

/// Query parameters whose value is a credential, in lower case with `_` for `-`.
const SENSITIVE_PARAMETERS: [&str; 29] = [
    "access_key",
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "awsaccesskeyid",
    "bearer",
    "client_secret",
    "credential",
    "credentials",
    "id_token",
    "jwt",
    "key",
    "passwd",
    "password",
    "private_key",
    "pwd",
    "refresh_token",
    "secret",
    "session_token",
    "sig",
    "signature",
    "subscription_key",
    "token",
    "x_amz_credential",
    "x_amz_security_token",
    "x_amz_signature",
    "x_goog_signature",
];

/// `text` without user name, password and the values of credential-like query parameters.
pub fn redact_url(text: &str) -> Cow<'_, str> {
    let authority_start = text.find("://").map_or(0, |position| position + 3);
    let rest = &text[authority_start..];
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let user_end = authority.rfind('@');
    let query = redacted_query(tail);
    if user_end.is_none() && query.is_none() {
        return Cow::Borrowed(text);
    }
    let mut clean = text[..authority_start].to_owned();
    match user_end {
        Some(position) => {
            clean.push_str(REDACTED);
            clean.push_str(&authority[position..]);
        }
        None => clean.push_str(authority),
    }
    clean.push_str(query.as_deref().unwrap_or(tail));
    Cow::Owned(clean)
}

/// Path, query and fragment with clean parameters; absent when there is nothing to clean.
fn redacted_query(tail: &str) -> Option<String> {
    let query_start = tail.find('?')? + 1;
    let query_end = tail[query_start..]
        .find('#')
        .map_or(tail.len(), |at| query_start + at);
    let query = &tail[query_start..query_end];
    let mut found = false;
    let parameters: Vec<Cow<'_, str>> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if is_sensitive_parameter(name) => {
                found = true;
                Cow::Owned(format!("{name}={REDACTED}"))
            }
            _ => Cow::Borrowed(parameter),
        })
        .collect();
    found.then(|| {
        format!(
            "{}{}{}",
            &tail[..query_start],
            parameters.join("&"),
            &tail[query_end..]
        )
    })
}

fn is_sensitive_parameter(name: &str) -> bool {
    let decoded = form_urlencoded::parse(name.as_bytes())
        .next()
        .map_or_else(String::new, |(decoded, _)| {
            decoded.to_ascii_lowercase().replace('-', "_")
        });
    SENSITIVE_PARAMETERS.contains(&decoded.trim()) || decoded.starts_with("x_goog_cred")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_and_secret_parameters_disappear_and_the_rest_stays_as_typed() {
        let cases = [
            ("http://u:p@h:1/x", "http://<redacted>@h:1/x"),
            ("http://u@h/x", "http://<redacted>@h/x"),
            ("http://u:p@ss@h", "http://<redacted>@h"),
            ("https://u:p@[::1]:80/", "https://<redacted>@[::1]:80/"),
            ("u:p@h:8000", "<redacted>@h:8000"),
            (
                "http://h/p?a=1&token=abc&b=2#frag",
                "http://h/p?a=1&token=<redacted>&b=2#frag",
            ),
            ("http://h?token=", "http://h?token=<redacted>"),
            ("h:8000/x?Token=abc", "h:8000/x?Token=<redacted>"),
            ("http://h/?to%6ben=abc", "http://h/?to%6ben=<redacted>"),
            (
                "http://h/?X-Amz-Signature=abc",
                "http://h/?X-Amz-Signature=<redacted>",
            ),
            (
                "http://h/?X-Goog-Credential=abc",
                "http://h/?X-Goog-Credential=<redacted>",
            ),
            (
                "http://h/?api-key=a&api_key=b",
                "http://h/?api-key=<redacted>&api_key=<redacted>",
            ),
            ("http://u@h/?sig=1", "http://<redacted>@h/?sig=<redacted>"),
        ];
        for (text, expected) in cases {
            assert_eq!(redact_url(text), expected, "{text}");
            assert_eq!(redact_url(expected), expected, "a clean URL stays clean");
        }
    }

    #[test]
    fn urls_without_credentials_are_untouched() {
        let cases = [
            "http://h/p#token=abc",
            "http://h/a@b",
            "http://h/?token",
            "http://h/?monkey=1&keys=2",
            "localhost:8000",
            "not a url at all",
            "",
        ];
        for text in cases {
            assert!(
                matches!(redact_url(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = redact_url(&text);
        }

        #[test]
        fn a_password_never_survives(password in "[a-zA-Z0-9:%~]{8,20}", path in "[a-z/]{0,8}") {
            let clean = redact_url(&format!("http://user:{password}@host/{path}?key={password}"))
                .into_owned();
            proptest::prop_assert!(!clean.contains(&password));
        }
    }
}
