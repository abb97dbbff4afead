//! URLs without the credentials that people put into them.
//!
//! Works on text, not on parsed URLs: what a user typed stays as it was typed, and a URL that no
//! parser accepts is still cleaned.

use std::borrow::Cow;

use url::form_urlencoded;

use super::{REDACTED, is_sensitive_field};

/// A URL as it may be shown: without user name and password, and without the values of query
/// parameters that are called like credentials. The rest stays as typed.
pub fn url(text: &str) -> Cow<'_, str> {
    let authority_start = text.find("://").map_or(0, |colon| colon + "://".len());
    let (scheme, rest) = text.split_at(authority_start);
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let user_end = authority.rfind('@');
    let clean_tail = clean_query(tail);
    if user_end.is_none() && clean_tail.is_none() {
        return Cow::Borrowed(text);
    }
    let tail = clean_tail.as_deref().unwrap_or(tail);
    Cow::Owned(match user_end {
        Some(at) => format!("{scheme}{REDACTED}{}{tail}", &authority[at..]),
        None => format!("{scheme}{authority}{tail}"),
    })
}

/// The password of a URL and the values of parameters that are called like credentials, as they
/// were typed and as they are meant.
pub(crate) fn secrets_of(text: &str) -> Vec<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let password = authority
        .rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .map(|(_, password)| password);
    let query = tail.split_once('?').map_or("", |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let values = query
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| is_sensitive_field(&percent_decoded(name)))
        .map(|(_, value)| value);
    let typed = password.into_iter().chain(values);
    typed
        .flat_map(|typed| [typed.to_owned(), percent_decoded(typed).into_owned()])
        .collect()
}

/// A text with any number of URLs in it, each as [`url`] shows it. With `expects_url`, what comes
/// before the first scheme is taken for a URL as well, one whose scheme was left out.
pub(crate) fn urls_within(text: &str, expects_url: bool) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut start = 0;
    let mut is_url = expects_url;
    for (colon, _) in text.match_indices("://") {
        let scheme = scheme_start(text, colon);
        // A scheme in the middle of a word belongs to the URL around it.
        if scheme > start && text[..scheme].ends_with(is_separator) {
            // What separates two URLs must not be hidden as part of the first one's secret.
            let end = text[..scheme]
                .trim_end_matches(is_separator)
                .len()
                .max(start);
            push_piece(&mut clean, &text[start..end], is_url);
            clean.push_str(&text[end..scheme]);
            start = scheme;
        }
        is_url = true;
    }
    push_piece(&mut clean, &text[start..], is_url);
    clean
}

fn push_piece(clean: &mut String, piece: &str, is_url: bool) {
    if is_url {
        clean.push_str(&url(piece));
    } else {
        clean.push_str(piece);
    }
}

fn scheme_start(text: &str, colon: usize) -> usize {
    text[..colon]
        .trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
        .len()
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || ",;|'\"()[]{}".contains(letter)
}

/// Path, query and fragment with clean parameters; absent when there is nothing to clean.
fn clean_query(tail: &str) -> Option<String> {
    let (before_fragment, fragment) = tail.split_at(tail.find('#').unwrap_or(tail.len()));
    let (path, query) = before_fragment.split_once('?')?;
    let parameters: Vec<Cow<'_, str>> = query.split('&').map(clean_parameter).collect();
    let has_secret = parameters
        .iter()
        .any(|parameter| matches!(parameter, Cow::Owned(_)));
    has_secret.then(|| format!("{path}?{}{fragment}", parameters.join("&")))
}

fn clean_parameter(parameter: &str) -> Cow<'_, str> {
    match parameter.split_once('=') {
        Some((name, _)) if is_sensitive_field(&percent_decoded(name)) => {
            Cow::Owned(format!("{name}={REDACTED}"))
        }
        Some((name, value)) if value.contains("://") => match url(value) {
            Cow::Owned(clean) => Cow::Owned(format!("{name}={clean}")),
            Cow::Borrowed(_) => Cow::Borrowed(parameter),
        },
        _ => Cow::Borrowed(parameter),
    }
}

fn percent_decoded(name: &str) -> Cow<'_, str> {
    form_urlencoded::parse(name.as_bytes())
        .next()
        .map_or(Cow::Borrowed(name), |(decoded, _)| {
            Cow::Owned(decoded.into_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_and_secret_parameters_disappear_and_the_rest_stays_as_typed() {
        for (text, expected) in [
            ("http://u:p@h:1/x", "http://<redacted>@h:1/x"),
            ("http://u@h/x", "http://<redacted>@h/x"),
            ("http://u:p@ss@h", "http://<redacted>@h"),
            ("http://u:p@h:99999", "http://<redacted>@h:99999"),
            ("https://u:p@[::1]:80/", "https://<redacted>@[::1]:80/"),
            ("u:p@h:8000", "<redacted>@h:8000"),
            ("u:p@h:80/v1", "<redacted>@h:80/v1"),
            (
                "http://h/p?a=1&token=abc&b=2#frag",
                "http://h/p?a=1&token=<redacted>&b=2#frag",
            ),
            ("http://h?token=", "http://h?token=<redacted>"),
            (
                "http://h?x=1&SIG=s&y#a?key=b",
                "http://h?x=1&SIG=<redacted>&y#a?key=b",
            ),
            ("h:8000/x?Token=abc", "h:8000/x?Token=<redacted>"),
            ("http://h/?to%6ben=abc", "http://h/?to%6ben=<redacted>"),
            ("http://h/a@b?to%6Ben=s", "http://h/a@b?to%6Ben=<redacted>"),
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
            (
                "http://u:p@h:80/v1?key=abc&n=1#f",
                "http://<redacted>@h:80/v1?key=<redacted>&n=1#f",
            ),
        ] {
            assert_eq!(url(text), expected, "{text}");
            assert_eq!(url(expected), expected, "a clean URL stays clean");
        }
    }

    #[test]
    fn urls_without_credentials_are_untouched() {
        for text in [
            "http://localhost:8000",
            "HTTP://Host/v1?x=1",
            "http://h/p#token=abc",
            "http://h/a@b",
            "http://h/?token",
            "http://h/?monkey=1&keys=2",
            "localhost:8000",
            "not a url at all",
            "",
        ] {
            assert!(
                matches!(url(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    #[test]
    fn every_url_of_a_text_is_cleaned() {
        for (text, expects_url, expected) in [
            (
                "http://u:p@a,http://v:w@b/x",
                true,
                "http://<redacted>@a,http://<redacted>@b/x",
            ),
            (
                "http://a?key=1,http://b?key=2",
                true,
                "http://a?key=<redacted>,http://b?key=<redacted>",
            ),
            ("u:p@a,http://b", true, "<redacted>@a,http://b"),
            // A comma may be part of a password.
            ("http://u:p,q@a", true, "http://<redacted>@a"),
            (
                "see http://a and http://u:p@b now",
                false,
                "see http://a and http://<redacted>@b now",
            ),
            (
                r#"{"me@home": "http://u:p@h"}"#,
                false,
                r#"{"me@home": "http://<redacted>@h"}"#,
            ),
            ("user@model", false, "user@model"),
            ("x=http://u:p@h", false, "x=http://<redacted>@h"),
            (
                "http://h/?next=http://u:p@x",
                true,
                "http://h/?next=http://<redacted>@x",
            ),
            (
                "http://h/?next=http://x&token=t",
                true,
                "http://h/?next=http://x&token=<redacted>",
            ),
        ] {
            assert_eq!(urls_within(text, expects_url), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|[:/?#&=@,]){0,40}", expects_url: bool) {
            let _ = url(&text);
            let _ = urls_within(&text, expects_url);
        }

        #[test]
        fn what_is_clean_stays_clean(text in "[a-z]{0,3}(://)?[a-z:@,]{0,9}[/?#&=a-z]{0,9}(key=)?[a-z]{0,3}") {
            let clean = url(&text).into_owned();
            proptest::prop_assert_eq!(url(&clean), clean.as_str());
        }

        #[test]
        fn a_password_never_survives(password in "[a-zA-Z0-9:%~]{8,20}", path in "[a-z/]{0,8}") {
            let clean = url(&format!("http://user:{password}@host/{path}?key={password}"))
                .into_owned();
            proptest::prop_assert!(!clean.contains(&password));
        }
    }
}
