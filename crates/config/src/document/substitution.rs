//! `${NAME}` and `${NAME:default}` in texts.

use super::fault::Fault;
use super::node::{Mark, Node, NodeValue};

/// Where values of variables come from.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Replaces references in all texts of a tree. A text that is one reference and nothing else
/// becomes a number or a boolean where its value looks like one.
pub(crate) fn substitute(node: &mut Node, environment: &Environment, faults: &mut Vec<Fault>) {
    walk(node, environment, faults, &mut Vec::new());
}

fn walk(
    node: &mut Node,
    environment: &Environment,
    faults: &mut Vec<Fault>,
    path: &mut Vec<String>,
) {
    match &mut node.value {
        NodeValue::Text(text) if text.contains("${") => match replaced(text, environment) {
            Ok(replaced) => *node = replaced.at(node.mark),
            Err(fault) => faults.push(fault.at(path.join("."), node.mark)),
        },
        NodeValue::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                walk(item, environment, faults, path);
                path.pop();
            }
        }
        NodeValue::Map(entries) => {
            for entry in entries.iter_mut() {
                path.push(entry.key.clone());
                walk(&mut entry.value, environment, faults, path);
                path.pop();
            }
        }
        _ => {}
    }
}

/// One reference.
struct Reference<'a> {
    name: &'a str,
    default: Option<&'a str>,
    /// What comes after its closing brace.
    rest: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads what follows a `${`; `None` where that is no reference.
    fn read(after: &'a str) -> Option<Self> {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = after.find(|letter| !is_part(letter))?;
        let (name, rest) = after.split_at(end);
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        if let Some(rest) = rest.strip_prefix('}') {
            return Some(Self {
                name,
                default: None,
                rest,
            });
        }
        let (default, rest) = rest.strip_prefix(':')?.split_once('}')?;
        Some(Self {
            name,
            default: Some(default),
            rest,
        })
    }

    fn value(&self, environment: &Environment) -> Result<String, Fault> {
        let default = || self.default.map(str::to_owned);
        environment(self.name).or_else(default).ok_or_else(|| {
            Fault::new(format!(
                "the environment variable `{}` is not set",
                self.name
            ))
            .hint(format!(
                "set it, or give a default: `${{{}:value}}`",
                self.name
            ))
        })
    }
}

/// A text whose references are replaced.
enum Replaced {
    /// It was one reference: a number or a boolean where it looks like one.
    Whole(String),
    Text(String),
}

impl Replaced {
    fn at(self, mark: Mark) -> Node {
        match self {
            Self::Whole(text) => node_of(text, mark),
            Self::Text(text) => Node::text(text, mark),
        }
    }
}

fn replaced(text: &str, environment: &Environment) -> Result<Replaced, Fault> {
    if let Some(whole) = text.strip_prefix("${").and_then(Reference::read)
        && whole.rest.is_empty()
    {
        return Ok(Replaced::Whole(whole.value(environment)?));
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        // `$${` stands for itself with one dollar sign.
        if let Some(before) = before.strip_suffix('$') {
            result.push_str(before);
            result.push_str("${");
            rest = after;
            continue;
        }
        result.push_str(before);
        match Reference::read(after) {
            Some(reference) => {
                result.push_str(&reference.value(environment)?);
                rest = reference.rest;
            }
            None if is_open(after) => {
                return Err(Fault::new("`${` has no closing brace")
                    .hint("write `${NAME}` or `${NAME:default}`; `$${` stands for itself"));
            }
            None => {
                result.push_str("${");
                rest = after;
            }
        }
    }
    result.push_str(rest);
    Ok(Replaced::Text(result))
}

/// Whether nothing closes what was opened before: in the last line of a text, as in the reference.
fn is_open(after: &str) -> bool {
    !after.contains('}') && !after.trim_end_matches('\n').contains('\n')
}

/// A number or a boolean where the text looks like one to Python.
fn coerced(text: &str) -> Option<NodeValue> {
    match text.to_ascii_lowercase().as_str() {
        "true" => return Some(NodeValue::Bool(true)),
        "false" => return Some(NodeValue::Bool(false)),
        _ => {}
    }
    let whole = python_int(text).map(NodeValue::Int);
    whole.or_else(|| python_float(text).map(NodeValue::Float))
}

/// The whole number that Python's `int` reads, within 128 bits.
pub(crate) fn python_int(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    plain_digits(digits)
        .then(|| text.replace('_', "").parse().ok())
        .flatten()
}

/// The number that Python's `float` reads.
pub(crate) fn python_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let looks_right = text
        .split(['.', 'e', 'E', '+', '-'])
        .all(|part| part.is_empty() || plain_digits(part) || is_word(part));
    looks_right
        .then(|| text.replace('_', "").parse().ok())
        .flatten()
}

fn is_word(part: &str) -> bool {
    // `infinity` holds no `e`; `inf` and `nan` neither.
    ["inf", "infinity", "nan"]
        .iter()
        .any(|word| part.eq_ignore_ascii_case(word))
}

/// Digits with single underscores between them.
fn plain_digits(digits: &str) -> bool {
    !digits.is_empty()
        && digits
            .split('_')
            .all(|group| !group.is_empty() && group.chars().all(|letter| letter.is_ascii_digit()))
}

/// What a text that was filled in stands for. It is not kept that it was filled in; its place is.
pub(crate) fn node_of(text: String, mark: Mark) -> Node {
    match coerced(&text) {
        Some(value) => Node::of_plain(value, &text, mark),
        None => Node::text(text, mark),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "PORT" => Some("8000".into()),
            "HOST" => Some("h".into()),
            "EMPTY" => Some(String::new()),
            "ON" => Some("TRUE".into()),
            "RATE" => Some("1e3".into()),
            _ => None,
        }
    }

    #[test]
    fn references_are_replaced_and_whole_ones_get_their_type() {
        let text = |text: &str| NodeValue::Text(text.into());
        for (written, value) in [
            ("http://${HOST}:${PORT}/", text("http://h:8000/")),
            ("${PORT}", NodeValue::Int(8000)),
            ("${PORT} ", text("8000 ")),
            ("${ON}", NodeValue::Bool(true)),
            ("${RATE}", NodeValue::Float(1000.0)),
            ("${NONE:5}", NodeValue::Int(5)),
            ("${NONE:a:b}", text("a:b")),
            ("${NONE:}", text("")),
            ("${EMPTY}x", text("x")),
            ("${1X} $HOST {HOST}", text("${1X} $HOST {HOST}")),
            ("$${HOST}", text("${HOST}")),
            ("a $${HOST ${HOST}", text("a ${HOST h")),
        ] {
            let node = replaced(written, &environment).unwrap().at(Mark::Nowhere);
            assert_eq!(node.value, value, "{written}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_and_an_open_brace_are_faults_with_their_place() {
        for (written, expected) in [
            ("${NONE}", "`NONE` is not set"),
            ("a${HOST}${NONE}", "`NONE` is not set"),
            ("${HOST", "no closing brace"),
            ("x ${HOST:a", "no closing brace"),
        ] {
            let Err(fault) = replaced(written, &environment) else {
                panic!("{written}")
            };
            assert!(fault.message.contains(expected), "{written}: {fault}");
        }
        let mut tree = super::super::parse::parse("a:\n  b: [x, '${NONE}']\n").unwrap();
        let mut faults = Vec::new();
        substitute(&mut tree, &environment, &mut faults);
        assert_eq!(faults[0].path, "a.b.1");
        assert_eq!(
            faults[0].mark,
            Mark::At {
                line: 2,
                column: 10
            }
        );
    }

    #[test]
    fn numbers_are_those_of_python() {
        for (text, value) in [
            ("1_000", NodeValue::Int(1000)),
            (" 7 ", NodeValue::Int(7)),
            ("-3", NodeValue::Int(-3)),
            ("1__0", NodeValue::Text("1__0".into())),
            ("_1", NodeValue::Text("_1".into())),
            ("1.5", NodeValue::Float(1.5)),
            ("-inf", NodeValue::Float(f64::NEG_INFINITY)),
            ("0x10", NodeValue::Text("0x10".into())),
            ("", NodeValue::Text(String::new())),
            (".", NodeValue::Text(".".into())),
            ("none", NodeValue::Text("none".into())),
        ] {
            assert_eq!(node_of(text.into(), Mark::Nowhere).value, value, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_substitution(text in "[${}:A-Z\n ]{0,20}") {
            let _ = replaced(&text, &environment);
        }
    }
}
