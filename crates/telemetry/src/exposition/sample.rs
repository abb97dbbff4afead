//! A line with a value: `name{label="text",…} value [instant] [# exemplar]`.

use super::{Labels, Sample};

/// Reads a line without blanks around it.
pub(super) fn parse_sample(line: &str) -> Result<Sample, &'static str> {
    let end = line
        .find(|character: char| character == '{' || character.is_ascii_whitespace())
        .ok_or("there is no value")?;
    let (name, rest) = line.split_at(end);
    if name.is_empty() {
        return Err("there is no name");
    }
    if !is_name(name) {
        return Err("the name has characters that names do not have");
    }
    let rest = rest.trim_start();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => parse_labels(inside)?,
        None => (Labels::new(), rest),
    };
    let value = rest.split_ascii_whitespace().next();
    let value = value.ok_or("there is no value")?;
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value: value.parse().map_err(|_| "the value is no number")?,
    })
}

fn is_name(name: &str) -> bool {
    name.chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '_' | ':' | '.' | '-'))
}

/// Reads up to the closing brace; returns what comes after it too.
fn parse_labels(mut rest: &str) -> Result<(Labels, &str), &'static str> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            labels.sort();
            if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err("a label occurs twice");
            }
            return Ok((labels, after));
        }
        let (name, after) = rest.split_once('=').ok_or("the labels do not end")?;
        let name = name.trim();
        if name.is_empty() || !is_name(name) {
            return Err("a label has no usable name");
        }
        let text = after.trim_start().strip_prefix('"');
        let (value, after) = quoted(text.ok_or("the text of a label has no quotes")?)?;
        labels.push((name.to_owned(), value));
        rest = after;
    }
}

/// The text up to the closing quote, and what comes after it.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[index + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("the text of a label does not end")
}
