//! What must not be shown of headers, URLs and recorded command lines.

use std::borrow::Cow;

/// What stands in the place of a secret.
pub const MARK: &str = "<redacted>";

/// Parts of header names, in lower case, that make the value a secret.
const SENSITIVE_NAME_PARTS: &[&str] = &[
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
    // Well-known names that no part covers.
    "ocp-apim-subscription-key",
    "x-functions-key",
];

/// Names of query parameters, in lower case, whose values are secrets.
const SENSITIVE_PARAMETERS: &[&str] = &[
    "key",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "access_token",
    "auth",
    "authorization",
    "secret",
    "client_secret",
    "password",
    "sig",
    "signature",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-credential",
];

/// Parts of flag names that make the value a secret.
const SENSITIVE_FLAG_PARTS: &[&str] = &[
    "api-key",
    "api-token",
    "auth-token",
    "access-token",
    "bearer-token",
    "id-token",
    "refresh-token",
    "authorization",
];

/// Whether a header's value may be a credential, by the header's name.
pub fn is_sensitive_header(name: &str) -> bool {
    let name = name.to_lowercase();
    SENSITIVE_NAME_PARTS.iter().any(|part| name.contains(part))
}

/// A header's value as it may be shown.
pub fn header_value<'a>(name: &str, value: &'a str) -> &'a str {
    if is_sensitive_header(name) {
        MARK
    } else {
        value
    }
}

/// A URL as it may be shown: without the user's name and password, and without the values of query
/// parameters that look like credentials.
///
/// Works on the text as typed. A URL written back by a parser would differ in more places, and a
/// text that no parser takes may hold a password all the same.
pub fn url(text: &str) -> Cow<'_, str> {
    let authority_start = text.find("://").map_or(0, |colon| colon + "://".len());
    let after_scheme = &text[authority_start..];
    let authority_end = after_scheme
        .find(['/', '?', '#'])
        .unwrap_or(after_scheme.len());
    let (authority, rest) = after_scheme.split_at(authority_end);
    let (before_fragment, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));

    let host = authority
        .rfind('@')
        .map(|at| format!("{MARK}{}", &authority[at..]));
    let query = before_fragment.split_once('?').and_then(|(path, query)| {
        let pairs: Vec<Cow<'_, str>> = query.split('&').map(query_pair).collect();
        let changed = pairs.iter().any(|pair| matches!(pair, Cow::Owned(_)));
        changed.then(|| format!("{path}?{}", pairs.join("&")))
    });
    if host.is_none() && query.is_none() {
        return Cow::Borrowed(text);
    }
    let scheme = &text[..authority_start];
    let host = host.as_deref().unwrap_or(authority);
    let query = query.as_deref().unwrap_or(before_fragment);
    Cow::Owned(format!("{scheme}{host}{query}{fragment}"))
}

fn query_pair(pair: &str) -> Cow<'_, str> {
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    match (pair.split_once('='), decoded) {
        (Some((name, _)), Some((plain_name, _))) if is_sensitive_parameter(&plain_name) => {
            Cow::Owned(format!("{name}={MARK}"))
        }
        _ => Cow::Borrowed(pair),
    }
}

fn is_sensitive_parameter(name: &str) -> bool {
    SENSITIVE_PARAMETERS.contains(&name.to_lowercase().as_str())
}

/// A command line as it may be recorded: each argument in single quotes unless it begins with `-`,
/// is the command's name (the first argument) or a number, and without credentials.
///
/// `arguments` are the words after the program's name.
pub fn command_line(program: &str, arguments: &[String]) -> String {
    let mut line = program.to_owned();
    let mut context = Shown::Plain;
    for (index, argument) in arguments.iter().enumerate() {
        line.push(' ');
        let is_flag = argument.starts_with('-') && argument.parse::<f64>().is_err();
        if is_flag {
            let (name, attached) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => glued_header(argument)
                    .map_or((argument.as_str(), None), |(name, value)| {
                        (name, Some(value))
                    }),
            };
            context = Shown::after(name);
            line.push_str(name);
            if let Some(value) = attached {
                let joint = if argument[name.len()..].starts_with('=') {
                    "="
                } else {
                    ""
                };
                line.push_str(joint);
                line.push_str(&quoted(&context.value(value)));
            }
        } else if index == 0 || argument.parse::<f64>().is_ok() {
            line.push_str(argument);
        } else {
            line.push_str(&quoted(&context.value(argument)));
        }
    }
    line
}

/// `-HName:value`, taken apart.
fn glued_header(argument: &str) -> Option<(&str, &str)> {
    (argument.starts_with("-H") && argument.len() > 2).then(|| argument.split_at(2))
}

/// How the values of a flag are recorded.
#[derive(Clone, Copy)]
enum Shown {
    Plain,
    Never,
    AsHeader,
    AsExtra,
    AsUrl,
}

impl Shown {
    fn after(flag: &str) -> Self {
        let name = flag.replace('_', "-").to_lowercase();
        match flag {
            "-H" => return Self::AsHeader,
            "-u" => return Self::AsUrl,
            _ => {}
        }
        match name.as_str() {
            "--header" => Self::AsHeader,
            "--extra-inputs" => Self::AsExtra,
            "--url" | "--otel-url" | "--mlflow-tracking-uri" => Self::AsUrl,
            _ if SENSITIVE_FLAG_PARTS.iter().any(|part| name.contains(part)) => Self::Never,
            _ => Self::Plain,
        }
    }

    fn value(self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Never => MARK.to_owned(),
            Self::AsUrl => value
                .split(',')
                .map(|item| url(item).into_owned())
                .collect::<Vec<_>>()
                .join(","),
            Self::AsHeader | Self::AsExtra => self.pairs(value),
        }
    }

    /// `name:value` items or a JSON object. A header without a name is hidden whole.
    fn pairs(self, value: &str) -> String {
        if value.trim_start().starts_with('{') {
            return self.json_object(value);
        }
        let items = value.split(',').map(|item| match item.split_once(':') {
            Some((name, _)) if self.is_sensitive_name(name) => format!("{name}:{MARK}"),
            None if matches!(self, Self::AsHeader) => MARK.to_owned(),
            _ => item.to_owned(),
        });
        items.collect::<Vec<_>>().join(",")
    }

    fn json_object(self, value: &str) -> String {
        let Ok(mut object) =
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(value)
        else {
            return MARK.to_owned();
        };
        let mut hidden = false;
        for (name, value) in &mut object {
            if self.is_sensitive_name(name) {
                *value = MARK.into();
                hidden = true;
            }
        }
        if hidden {
            serde_json::Value::Object(object).to_string()
        } else {
            value.to_owned()
        }
    }

    /// Extra inputs are full of harmless names such as `min_tokens`, so the rule for headers would
    /// hide too much.
    fn is_sensitive_name(self, name: &str) -> bool {
        let name = name.trim();
        match self {
            Self::AsExtra => {
                is_sensitive_parameter(name)
                    || ["password", "secret", "credential"]
                        .iter()
                        .any(|part| name.contains(part))
            }
            _ => is_sensitive_header(name),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_that_smell_of_credentials_hide_their_values() {
        for name in [
            "Authorization",
            "X-Api-Key",
            "Cookie",
            "X-Session-ID",
            "x-functions-key",
            "My-TOKEN",
        ] {
            assert_eq!(header_value(name, "v"), MARK, "{name}");
        }
        for name in ["Content-Type", "X-Correlation-ID", "User-Agent"] {
            assert_eq!(header_value(name, "v"), "v", "{name}");
        }
    }

    #[test]
    fn urls_lose_users_and_credentials_and_nothing_else() {
        for (text, shown) in [
            ("http://localhost:8000", "http://localhost:8000"),
            ("HTTP://Host/v1?x=1", "HTTP://Host/v1?x=1"),
            (
                "http://u:p@h:80/v1?key=abc&n=1#f",
                "http://<redacted>@h:80/v1?key=<redacted>&n=1#f",
            ),
            ("http://u@h", "http://<redacted>@h"),
            ("http://h/a@b?to%6Ben=s", "http://h/a@b?to%6Ben=<redacted>"),
            ("u:p@h:80/v1", "<redacted>@h:80/v1"),
            ("http://u:p@h:99999", "http://<redacted>@h:99999"),
            (
                "http://h?x=1&SIG=s&y#a?key=b",
                "http://h?x=1&SIG=<redacted>&y#a?key=b",
            ),
            ("not a url", "not a url"),
        ] {
            assert_eq!(url(text), shown);
        }
    }

    #[test]
    fn recorded_command_lines_hold_no_credentials() {
        let line = |text: &str| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            command_line("aiperf", &words)
        };
        assert_eq!(
            line("profile -m m --url http://u:p@h:1 --concurrency 2 --ui none"),
            "aiperf profile -m 'm' --url 'http://<redacted>@h:1' --concurrency 2 --ui 'none'"
        );
        assert_eq!(
            line("profile --api-key sk-1"),
            "aiperf profile --api-key '<redacted>'"
        );
        assert_eq!(
            line("profile --api_key=sk-1"),
            "aiperf profile --api_key='<redacted>'"
        );
        assert_eq!(
            line("profile -H A:b X-Token:t --header Cookie:c,D:e"),
            "aiperf profile -H 'A:b' 'X-Token:<redacted>' --header 'Cookie:<redacted>,D:e'"
        );
        assert_eq!(
            line("profile -HCookie:c"),
            "aiperf profile -H'Cookie:<redacted>'"
        );
        assert_eq!(
            line(r#"profile -H {"Cookie":"c","A":"b"}"#),
            r#"aiperf profile -H '{"Cookie":"<redacted>","A":"b"}'"#
        );
        assert_eq!(
            line(r#"profile -H {"Cookie"#),
            "aiperf profile -H '<redacted>'"
        );
        assert_eq!(
            line("profile --extra-inputs min_tokens:5,api_key:k"),
            "aiperf profile --extra-inputs 'min_tokens:5,api_key:<redacted>'"
        );
        assert_eq!(
            line("profile --model it's"),
            r"aiperf profile --model 'it'\''s'"
        );
    }
}
