//! The command line of a run as one line of text: for the summary file and the footer.
//!
//! It can be pasted into a shell: what the user typed stands there, quoted, but for credentials.

use serde_json::Value;

use super::field::hide_members;
use super::url::urls_within;
use super::{REDACTED, is_sensitive_field, is_sensitive_header};

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

/// What the values of a flag are.
#[derive(Clone, Copy)]
enum ValueKind {
    Secret,
    Headers,
    Fields,
    Urls,
    Other,
}

/// `aiperf` and the arguments (without the program's name), joined by blanks and without
/// credentials. Values stand in single quotes except numbers and `true`, `false`, `none`.
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
        } else if index == 0 && !argument.is_empty() && is_shell_safe(argument) {
            // The name of the command.
            line.push_str(argument);
        } else {
            line.push_str(&quoted(&current.shown(argument)));
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
        let (name, separator, value) = if argument.starts_with("--") {
            match argument.split_once('=') {
                Some((name, value)) => (name, "=", Some(value)),
                None => (argument, "", None),
            }
        } else {
            // `-uhttp://…`: the value follows the letter at once.
            let after_letter = argument
                .char_indices()
                .nth(2)
                .map_or(argument.len(), |(position, _)| position);
            let (name, rest) = argument.split_at(after_letter);
            match rest.strip_prefix('=') {
                Some(value) => (name, "=", Some(value)),
                None => (name, "", Some(rest).filter(|rest| !rest.is_empty())),
            }
        };
        Self {
            name,
            separator,
            value,
            kind: ValueKind::of_flag(name),
        }
    }

    fn shown(&self) -> String {
        let name = quoted_if_needed(self.name);
        match self.value {
            Some(value) => {
                let value = quoted_if_needed(&self.kind.shown(value));
                format!("{name}{}{value}", self.separator)
            }
            None => name,
        }
    }
}

impl ValueKind {
    fn of_flag(flag: &str) -> Self {
        match flag {
            "-H" => return Self::Headers,
            "-u" => return Self::Urls,
            _ => {}
        }
        let name = flag.to_ascii_lowercase().replace('_', "-");
        if SENSITIVE_FLAG_PARTS.iter().any(|part| name.contains(part)) {
            return Self::Secret;
        }
        match name.as_str() {
            "--header" | "--headers" => Self::Headers,
            "--extra-inputs" => Self::Fields,
            _ if name.ends_with("-url") || name.ends_with("-uri") || name.ends_with("-urls") => {
                Self::Urls
            }
            _ => Self::Other,
        }
    }

    /// A value as it may be shown.
    fn shown(self, value: &str) -> String {
        match self {
            Self::Secret => REDACTED.to_owned(),
            Self::Headers => pairs(value, is_sensitive_header),
            Self::Fields => pairs(value, is_sensitive_field),
            Self::Urls => urls_within(value, true),
            // A URL may stand anywhere; without a scheme a value of another flag is not one, unless it
            // is a path, which may have parameters as well.
            Self::Other => urls_within(value, value.starts_with('/')),
        }
    }
}

/// `name:value` items separated by commas, or one JSON object. What cannot be read as either may
/// be the secret itself and is hidden.
fn pairs(text: &str, is_sensitive: fn(&str) -> bool) -> String {
    let shown = if text.trim_start().starts_with('{') {
        json_object(text, is_sensitive)
    } else {
        let items: Vec<String> = text
            .split(',')
            .map(|item| pair(item, is_sensitive))
            .collect();
        items.join(",")
    };
    urls_within(&shown, false)
}

fn pair(item: &str, is_sensitive: fn(&str) -> bool) -> String {
    match item.split_once(':') {
        Some((name, value)) if is_sensitive(name) => {
            let blank = if value.starts_with(' ') { " " } else { "" };
            format!("{name}:{blank}{REDACTED}")
        }
        Some(_) => item.to_owned(),
        None => REDACTED.to_owned(),
    }
}

fn json_object(text: &str, is_sensitive: fn(&str) -> bool) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_str::<Value>(text) else {
        return REDACTED.to_owned();
    };
    if hide_members(&mut members, is_sensitive) {
        Value::Object(members).to_string()
    } else {
        text.to_owned()
    }
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

/// A part of an argument, quoted only where a shell would not read it as it is.
fn quoted_if_needed(text: &str) -> String {
    if is_shell_safe(text) {
        text.to_owned()
    } else {
        quoted(text)
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
mod tests;
