//! The command line of a run as one line of text: for the summary file and the footer.
//!
//! It can be pasted into a shell: what the user typed stands there, quoted, but for credentials.

use serde_json::Value;

use super::{REDACTED, is_sensitive_header, redact_url};

/// Parts of a flag's name that make its value a credential.
const SENSITIVE_FLAG_PARTS: [&str; 10] = [
    "api-key",
    "api-token",
    "auth-token",
    "access-token",
    "bearer-token",
    "id-token",
    "refresh-token",
    "authorization",
    "password",
    "secret",
];

/// What the value of a flag is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Secret,
    Headers,
    Urls,
    Other,
}

/// `aiperf` and the arguments (without the program's name), joined by blanks. Values stand in
/// single quotes except numbers and `true`, `false`, `none`.
pub fn command_line<S: AsRef<str>>(arguments: &[S]) -> String {
    let mut line = "aiperf".to_owned();
    let mut current = ValueKind::Other;
    for (index, argument) in arguments.iter().map(AsRef::as_ref).enumerate() {
        line.push(' ');
        // A negative number is a value although it starts with a dash.
        if argument.starts_with('-') && argument.parse::<f64>().is_err() {
            let flag = Flag::parse(argument);
            current = flag.kind;
            line.push_str(&flag.shown());
        } else if index == 0 && argument == "profile" {
            line.push_str(argument);
        } else {
            line.push_str(&quoted(&clean_value(current, argument)));
        }
    }
    line
}

/// One argument that starts with a dash, and the value attached to it if any.
struct Flag<'a> {
    name: &'a str,
    /// `=` or nothing.
    separator: &'a str,
    value: Option<&'a str>,
    kind: ValueKind,
}

impl<'a> Flag<'a> {
    fn parse(argument: &'a str) -> Self {
        let is_long = argument.starts_with("--");
        // `-uhttp://…`: the value follows the letter at once.
        let letter_end = argument.char_indices().nth(2).map(|(position, _)| position);
        let (name, separator, value) = match (is_long, argument.split_once('='), letter_end) {
            (true, Some((name, value)), _) => (name, "=", Some(value)),
            (false, _, Some(end)) => match argument[end..].strip_prefix('=') {
                Some(value) => (&argument[..end], "=", Some(value)),
                None => (&argument[..end], "", Some(&argument[end..])),
            },
            _ => (argument, "", None),
        };
        Self {
            name,
            separator,
            value,
            kind: kind_of(name),
        }
    }

    fn shown(&self) -> String {
        let name = if is_shell_safe(self.name) {
            self.name.to_owned()
        } else {
            quoted(self.name)
        };
        let Some(value) = self.value else { return name };
        let clean = clean_value(self.kind, value);
        let value = if is_shell_safe(&clean) {
            clean
        } else {
            quoted(&clean)
        };
        format!("{name}{}{value}", self.separator)
    }
}

fn kind_of(flag: &str) -> ValueKind {
    let name = flag.to_ascii_lowercase().replace('_', "-");
    if SENSITIVE_FLAG_PARTS.iter().any(|part| name.contains(part)) {
        return ValueKind::Secret;
    }
    match name.as_str() {
        // The names are compared without case, but `-h` takes no value: nothing is lost.
        "-h" | "--header" | "--headers" => ValueKind::Headers,
        "-u" => ValueKind::Urls,
        _ if name.ends_with("-url") || name.ends_with("-uri") || name.ends_with("-urls") => {
            ValueKind::Urls
        }
        _ => ValueKind::Other,
    }
}

fn clean_value(kind: ValueKind, value: &str) -> String {
    match kind {
        ValueKind::Secret => REDACTED.to_owned(),
        ValueKind::Headers => clean_headers(value),
        ValueKind::Urls => clean_urls(value),
        // A URL may stand anywhere; without a scheme a value of another flag is not one.
        ValueKind::Other if value.contains("://") => clean_urls(value),
        ValueKind::Other => value.to_owned(),
    }
}

fn clean_urls(list: &str) -> String {
    list.split(',')
        .map(redact_url)
        .collect::<Vec<_>>()
        .join(",")
}

/// `Name: value` items separated by commas, or one JSON object. What cannot be read as either may
/// be the secret itself and is hidden.
fn clean_headers(text: &str) -> String {
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(members)) if !members.keys().any(|name| is_sensitive_header(name)) => {
                text.to_owned()
            }
            Ok(Value::Object(mut members)) => {
                for (name, value) in &mut members {
                    if is_sensitive_header(name) {
                        *value = Value::from(REDACTED);
                    }
                }
                Value::Object(members).to_string()
            }
            _ => REDACTED.to_owned(),
        };
    }
    let items: Vec<String> = text
        .split(',')
        .map(|item| match item.split_once(':') {
            Some((name, value)) if is_sensitive_header(name) => {
                let blank = if value.starts_with(' ') { " " } else { "" };
                format!("{name}:{blank}{REDACTED}")
            }
            Some(_) => item.to_owned(),
            None => REDACTED.to_owned(),
        })
        .collect();
    items.join(",")
}

/// `text` in single quotes, unless it reads the same without.
fn quoted(text: &str) -> String {
    let is_word = ["true", "false", "none"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if is_word || is_number(text) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Digits, not the words that Rust's parser takes for numbers as well (`inf`, `nan`).
fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() && text.chars().any(|c| c.is_ascii_digit())
}

fn is_shell_safe(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(arguments: &[&str]) -> String {
        command_line(arguments)
    }

    #[test]
    fn values_are_quoted_and_flags_and_numbers_are_not() {
        assert_eq!(
            shown(&[
                "profile",
                "-m",
                "m",
                "--url",
                "http://127.0.0.1:1",
                "--streaming",
                "--concurrency",
                "2",
                "--request-rate",
                "0.5",
                "--ui",
                "none",
                "--goodput",
                "request_latency:200 x:1",
                "--seed",
                "-5",
            ]),
            "aiperf profile -m 'm' --url 'http://127.0.0.1:1' --streaming --concurrency 2 \
             --request-rate 0.5 --ui none --goodput 'request_latency:200 x:1' --seed -5"
        );
    }

    #[test]
    fn text_that_a_shell_would_read_differently_is_quoted() {
        let cases: [(&[&str], &str); 6] = [
            (&["--tag", "it's"], r"aiperf --tag 'it'\''s'"),
            (&["--tag", ""], "aiperf --tag ''"),
            (
                &["--url=http://h/?a=1&b=2"],
                "aiperf --url='http://h/?a=1&b=2'",
            ),
            (&["--name=a b"], "aiperf --name='a b'"),
            (&["--odd name"], "aiperf '--odd name'"),
            (
                &["-m", "profile", "--x", "inf"],
                "aiperf -m 'profile' --x 'inf'",
            ),
        ];
        for (arguments, expected) in cases {
            assert_eq!(shown(arguments), expected);
        }
    }

    #[test]
    fn credentials_are_hidden_however_they_are_given() {
        let cases: [(&[&str], &str); 17] = [
            (&["--api-key", "sk"], "aiperf --api-key '<redacted>'"),
            (&["--api_key", "sk"], "aiperf --api_key '<redacted>'"),
            (&["--api-key=sk"], "aiperf --api-key='<redacted>'"),
            (&["--api-key", "12345"], "aiperf --api-key '<redacted>'"),
            (
                &["--my-bearer-token", "x"],
                "aiperf --my-bearer-token '<redacted>'",
            ),
            (
                &["-H", "Authorization: Bearer x", "X-Foo: y"],
                "aiperf -H 'Authorization: <redacted>' 'X-Foo: y'",
            ),
            (
                &["--header", "X-Session-Affinity:abc"],
                "aiperf --header 'X-Session-Affinity:<redacted>'",
            ),
            (
                &["--header=Authorization:abc"],
                "aiperf --header='Authorization:<redacted>'",
            ),
            (&["-HCookie:a=b"], "aiperf -H'Cookie:<redacted>'"),
            (&["-H=Cookie:a=b"], "aiperf -H='Cookie:<redacted>'"),
            (&["-H", "Authorization Bearer x"], "aiperf -H '<redacted>'"),
            (
                &["-H", "A:1,X-Api-Key:b,c"],
                "aiperf -H 'A:1,X-Api-Key:<redacted>,<redacted>'",
            ),
            (
                &["-H", r#"{"A": "1", "Authorization": "Bearer x"}"#],
                r#"aiperf -H '{"A":"1","Authorization":"<redacted>"}'"#,
            ),
            (&["-H", r#"{"Authorization": "#], "aiperf -H '<redacted>'"),
            (
                &["--url", "http://u:p@h/", "v:w@h2"],
                "aiperf --url 'http://<redacted>@h/' '<redacted>@h2'",
            ),
            (&["-uhttp://u:p@h"], "aiperf -u'http://<redacted>@h'"),
            (
                &["--anything", "http://a,http://h?token=x"],
                "aiperf --anything 'http://a,http://h?token=<redacted>'",
            ),
        ];
        for (arguments, expected) in cases {
            assert_eq!(shown(arguments), expected);
        }
    }

    #[test]
    fn flags_that_only_sound_like_credentials_keep_their_value() {
        let cases: [(&[&str], &str); 4] = [
            (&["--tokenizer", "t"], "aiperf --tokenizer 't'"),
            (
                &["--output-tokens-mean", "5"],
                "aiperf --output-tokens-mean 5",
            ),
            (
                &["--use-server-token-count"],
                "aiperf --use-server-token-count",
            ),
            (&["-m", "user@model"], "aiperf -m 'user@model'"),
        ];
        for (arguments, expected) in cases {
            assert_eq!(shown(arguments), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_arguments_make_it_panic(
            arguments in proptest::collection::vec("(--?)?\\PC{0,12}", 0..6),
        ) {
            let _ = command_line(&arguments);
        }

        #[test]
        fn the_value_of_a_secret_flag_never_survives(secret in "[a-zA-Z0-9+/=-]{12,40}") {
            // A value that starts with a dash is no value: the parser refuses it before.
            proptest::prop_assume!(!secret.starts_with('-'));
            for arguments in [
                vec!["--api-key".to_owned(), secret.clone()],
                vec![format!("--api-key={secret}")],
                vec!["-H".to_owned(), format!("Authorization: Bearer {secret}")],
                vec!["--url".to_owned(), format!("http://u:{}@h", secret.replace('/', "-"))],
            ] {
                let line = command_line(&arguments);
                proptest::prop_assert!(!line.contains(&secret), "{}", line);
                proptest::prop_assert!(!line.contains(&secret.replace('/', "-")), "{}", line);
            }
        }
    }
}
