//! The fields of a message.

use std::borrow::Cow;

/// One line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'t> {
    /// What stands before the colon; `comment` where nothing does.
    pub name: &'t str,
    /// What stands after it, trimmed; absent for a line without a colon.
    pub value: Option<Cow<'t, str>>,
}

/// The value of a message that is one line of data: the form that nearly all messages have.
pub fn lone_data(text: &str) -> Option<&str> {
    let value = text.strip_prefix("data:")?;
    let is_one_line = memchr::memchr2(b'\n', b'\r', value.as_bytes()).is_none();
    is_one_line.then(|| trim(value))
}

/// All fields of a message.
///
/// A line break inside a JSON string, which no standard allows, is repaired: while the previous
/// value has opened an object and not closed it, a line that starts no `data` continues it, with
/// the break written as JSON wants it.
pub fn fields(text: &str) -> Vec<Field<'_>> {
    if let Some(value) = lone_data(text) {
        return vec![Field {
            name: "data",
            value: Some(value.into()),
        }];
    }
    let mut fields: Vec<Field<'_>> = Vec::new();
    for line in text
        .split(is_line_break)
        .map(trim)
        .filter(|line| !line.is_empty())
    {
        let open_value = fields
            .last_mut()
            .and_then(|field| field.value.as_mut())
            .filter(|value| {
                value.starts_with('{') && !value.ends_with('}') && !line.starts_with("data:")
            });
        if let Some(value) = open_value {
            let value = value.to_mut();
            value.push_str("\\n");
            value.push_str(line);
            continue;
        }
        fields.push(match line.split_once(':') {
            None => Field {
                name: line,
                value: None,
            },
            Some((name, value)) => {
                let name = trim(name);
                Field {
                    name: if name.is_empty() { "comment" } else { name },
                    value: Some(trim(value).into()),
                }
            }
        });
    }
    fields
}

/// The values of the `data` fields, joined by line breaks; none if there are no non-empty ones.
pub fn data_text<'t>(fields: &[Field<'t>]) -> Option<Cow<'t, str>> {
    let mut values = fields
        .iter()
        .filter(|field| field.name == "data")
        .filter_map(|field| field.value.as_ref())
        .filter(|value| !value.is_empty());
    let first = values.next()?.clone();
    Some(values.fold(first, |mut joined, value| {
        let text = joined.to_mut();
        text.push('\n');
        text.push_str(value);
        joined
    }))
}

/// Whether the message is the server's report of an error.
pub fn names_error(fields: &[Field<'_>]) -> bool {
    fields.iter().any(|field| {
        field.name.eq_ignore_ascii_case("event")
            && field
                .value
                .as_ref()
                .is_some_and(|value| value.eq_ignore_ascii_case("error"))
    })
}

/// White space as the reference's language has it: Unicode's, and the four ASCII separators.
pub(super) fn trim(text: &str) -> &str {
    let text = text.strip_prefix(' ').unwrap_or(text);
    // Nearly every value then begins and ends with what no trimming takes.
    if let [first, .., last] = text.as_bytes()
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\x1c'..='\x1f'))
}

/// Every line break that Unicode knows, not only the two of the standard.
fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
