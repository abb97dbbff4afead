//! From YAML text to a tree with marks. Anchors, aliases and merge keys are resolved; what the
//! configuration has no use for is refused: several documents, keys that are no text, keys that
//! are there twice, tags of other programs.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::fault::Fault;
use super::node::{Entries, Entry, Mark, Node, NodeValue};
use super::scalar;

/// Deeper than any configuration; a limit keeps hostile files from using up the stack.
const DEEPEST: usize = 256;
/// More values than any configuration; aliases of aliases would otherwise make a short file huge.
const MOST_NODES: usize = 1_000_000;

/// Reads the one document of a text.
pub(crate) fn parse(text: &str) -> Result<Node, Fault> {
    // Some editors put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_control_characters(text)?;
    let mut builder = Builder {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        nodes: 0,
    };
    let root = builder.document()?;
    if root.is_null() {
        return Err(Fault::new("the configuration is empty"));
    }
    if root.as_map().is_none() {
        let message = format!("a configuration is a map of keys, not {}", root.described());
        return Err(Fault::new(message).at("", root.mark));
    }
    Ok(root)
}

struct Builder<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Complete nodes only, so that no node can hold itself. With their number of nodes.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Mark), Fault> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, mark(&span))),
            Some(Err(error)) => {
                let at = error.marker();
                let place = Mark::At {
                    line: at.line(),
                    column: at.col() + 1,
                };
                Err(not_yaml(error.info()).at("", place))
            }
            None => Ok((Event::StreamEnd, Mark::Nowhere)),
        }
    }

    fn document(&mut self) -> Result<Node, Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, mark) => return Ok(Node::new(NodeValue::Null, mark)),
                (Event::DocumentStart(_), _) => break,
                _ => {}
            }
        }
        let root = self.node(0)?;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(root),
                (Event::DocumentStart(_), mark) => {
                    return Err(Fault::new("a second document begins here")
                        .at("", mark)
                        .hint("one file holds one configuration"));
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node, Fault> {
        let (event, mark) = self.next()?;
        self.node_of(event, mark, depth)
    }

    fn node_of(&mut self, event: Event<'a>, mark: Mark, depth: usize) -> Result<Node, Fault> {
        if depth > DEEPEST {
            return Err(Fault::new(format!("is nested deeper than {DEEPEST} levels")).at("", mark));
        }
        self.count(1, mark)?;
        let before = self.nodes;
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar_value(&text, style, tag.as_deref())
                    .map_err(|fault| fault.at("", mark))?;
                (Node::of_plain(value, &text, mark), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), "seq").map_err(|fault| fault.at("", mark))?;
                (self.list(mark, depth)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), "map").map_err(|fault| fault.at("", mark))?;
                (self.map(mark, depth)?, anchor)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Fault::new("an alias refers to what it is part of").at("", mark));
                };
                self.count(size, mark)?;
                return Ok(node);
            }
            other => {
                return Err(
                    Fault::new(format!("is not YAML: {other:?} is out of place")).at("", mark),
                );
            }
        };
        if anchor > 0 {
            let size = self.nodes - before + 1;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    fn count(&mut self, nodes: usize, mark: Mark) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MOST_NODES {
            return Err(Fault::new(format!("has more than {MOST_NODES} values")).at("", mark));
        }
        Ok(())
    }

    fn list(&mut self, mark: Mark, depth: usize) -> Result<Node, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Node::list(items, mark)),
                (event, mark) => items.push(self.node_of(event, mark, depth + 1)?),
            }
        }
    }

    fn map(&mut self, mark: Mark, depth: usize) -> Result<Node, Fault> {
        let mut entries = Entries::default();
        let mut merged = Vec::new();
        loop {
            let (event, key_mark) = match self.next()? {
                (Event::MappingEnd, _) => break,
                next => next,
            };
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = self.node_of(event, key_mark, depth + 1)?;
            let value = self.node(depth + 1)?;
            if is_merge {
                merged.push(value);
                continue;
            }
            let NodeValue::Text(name) = key.value else {
                let message = format!("a key must be text, not {}", key.described());
                return Err(Fault::new(message)
                    .at("", key_mark)
                    .hint("put it in quotes"));
            };
            if let Some(first) = entries.entry(&name) {
                let before = match first.mark {
                    Mark::At { line, .. } => format!(" (the first time in line {line})"),
                    _ => String::new(),
                };
                return Err(
                    Fault::new(format!("the key `{name}` is there twice{before}")).at("", key_mark),
                );
            }
            entries.push(Entry {
                key: name,
                mark: key_mark,
                value,
            });
        }
        for value in merged {
            merge(&mut entries, value)?;
        }
        Ok(Node::new(NodeValue::Map(entries), mark))
    }
}

/// YAML has no control characters. The parser would take some of them for the end of the text.
fn refuse_control_characters(text: &str) -> Result<(), Fault> {
    let is_refused =
        |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{85}');
    let Some(at) = text.find(is_refused) else {
        return Ok(());
    };
    let (before, after) = text.split_at(at);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let place = Mark::At {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    };
    let letter = after.chars().next().unwrap_or_default();
    let message = format!(
        "is not YAML: a control character, U+{:04X}",
        u32::from(letter)
    );
    Err(Fault::new(message)
        .at("", place)
        .hint("remove it, or write it as an escape in double quotes"))
}

/// What the parser says of a mistake, and what is mostly behind it.
const HINTS: &[(&str, &str)] = &[
    ("tab", "indent with blanks: YAML takes no tabs there"),
    (
        "mapping values are not allowed",
        "check the indentation; a text with `: ` in it needs quotes",
    ),
    (
        "unexpected character",
        "a text that begins with this sign needs quotes",
    ),
    ("quoted scalar", "a quote is opened and not closed"),
    (
        "illegal placement of ':'",
        "check quotes and brackets here and in the line before",
    ),
    (
        "',' or ']'",
        "a bracket is opened and not closed, or a comma is missing",
    ),
    (
        "',' or '}'",
        "a brace is opened and not closed, or a comma is missing",
    ),
    ("expected key", "check the indentation of this line"),
    ("anchor", "define it with `&name` before `*name` is used"),
];

fn not_yaml(reason: &str) -> Fault {
    if reason.contains("recursion limit") {
        return Fault::new(format!("is nested deeper than {DEEPEST} levels"));
    }
    let fault = Fault::new(format!("is not YAML: {reason}"));
    let known = HINTS.iter().find(|(part, _)| reason.contains(part));
    match known {
        Some((_, hint)) => fault.hint(*hint),
        None => fault,
    }
}

/// `<<: *other`: adds the keys that the map does not have itself.
fn merge(entries: &mut Entries, value: Node) -> Result<(), Fault> {
    match value.value {
        NodeValue::Map(other) => {
            for entry in other.iter() {
                if !entries.has(&entry.key) {
                    entries.push(entry.clone());
                }
            }
            Ok(())
        }
        NodeValue::List(items) => items.into_iter().try_for_each(|item| merge(entries, item)),
        _ => Err(Fault::new("`<<` merges maps only").at("", value.mark)),
    }
}

fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<NodeValue, Fault> {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => Ok(NodeValue::Text(text.to_owned())),
            "int" | "float" | "bool" | "null" => Ok(scalar::plain(text)),
            _ => Err(foreign(tag)),
        },
        // A single exclamation mark: text, whatever it looks like.
        Some(tag) if tag.suffix.is_empty() => Ok(NodeValue::Text(text.to_owned())),
        Some(tag) => Err(foreign(tag)),
        None if style == ScalarStyle::Plain => Ok(scalar::plain(text)),
        None => Ok(NodeValue::Text(text.to_owned())),
    }
}

fn refuse_tag(tag: Option<&Tag>, usual: &str) -> Result<(), Fault> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == usual) => Err(foreign(tag)),
        _ => Ok(()),
    }
}

fn foreign(tag: &Tag) -> Fault {
    Fault::new(format!("the tag `{tag}` means nothing here")).hint("leave it away")
}

fn mark(span: &Span) -> Mark {
    Mark::At {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn quoted_scalars_are_text_and_plain_ones_what_they_look_like() {
        let tree = parse("a: 1\nb: '1'\nc: \"yes\"\nd: yes\ne: !!str 5\nf: |\n  x\n").unwrap();
        assert_eq!(
            tree.to_json(),
            json!({"a": 1, "b": "1", "c": "yes", "d": true, "e": "5", "f": "x\n"})
        );
    }

    #[test]
    fn values_know_where_they_were_written() {
        let tree = parse("a:\n  b: [1,\n    2]\n").unwrap();
        let second = &tree.get("a").unwrap().get("b").unwrap().as_list().unwrap()[1];
        assert_eq!(second.mark, Mark::At { line: 3, column: 5 });
    }

    #[test]
    fn a_byte_order_mark_and_ends_of_lines_of_any_system_are_no_part_of_it() {
        for text in ["\u{feff}a:\n  b: 1\n", "a:\r\n  b: 1\r\n"] {
            assert_eq!(parse(text).unwrap().to_json(), json!({"a": {"b": 1}}));
        }
        let tree = parse("\u{feff}a: 1").unwrap();
        let value = tree.get("a").unwrap();
        assert_eq!(value.mark, Mark::At { line: 1, column: 4 });
    }

    #[test]
    fn slips_get_the_advice_that_mostly_helps() {
        for (text, place, hint) in [
            ("a:\n\tb: 1\n", "line 2, column", "indent with blanks"),
            ("a: 1\n  b: 2\n", "line 2, column", "check the indentation"),
            ("a: b: c\n", "line 1, column 5", "needs quotes"),
            ("a: @b\n", "line 1, column 4", "needs quotes"),
            ("a: \"b\n", "line 1, column", "not closed"),
            ("a: *b\n", "line 1, column", "before `*name` is used"),
            ("a: 1\nb: x\0y\n", "line 2, column 5", "remove it"),
            ("a: \u{7}\n", "a control character, U+0007", "remove it"),
        ] {
            let told = fault(text);
            assert!(told.contains(place), "{text:?}: {told}");
            assert!(
                told.contains("  hint: ") && told.contains(hint),
                "{text:?}: {told}"
            );
        }
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        let tree = parse("base: &b {x: 1, y: 2}\ncopy: *b\nmore:\n  <<: *b\n  y: 3\n").unwrap();
        assert_eq!(
            tree.to_json(),
            json!({"base": {"x": 1, "y": 2}, "copy": {"x": 1, "y": 2}, "more": {"y": 3, "x": 1}})
        );
    }

    #[test]
    fn what_makes_no_configuration_is_refused_with_its_place() {
        for (text, expected) in [
            ("", "the configuration is empty"),
            ("# nothing\n", "the configuration is empty"),
            ("- a\n", "a configuration is a map of keys, not a list"),
            (
                "a: 1\na: 2\n",
                "line 2, column 1: the key `a` is there twice (the first time in line 1)",
            ),
            ("a: {b: 1, b: 2}\n", "column 11: the key `b` is there twice"),
            ("1: 2\n", "a key must be text, not the number 1"),
            ("yes: 2\n", "a key must be text, not `true`"),
            ("a: [1\n", "is not YAML"),
            ("a: !x 1\n", "the tag `!x` means nothing here"),
            (
                "a: 1\n---\nb: 2\n",
                "line 2, column 1: a second document begins here",
            ),
            ("a: &x [*x]\n", "an alias refers to what it is part of"),
            ("a: {<<: 5}\n", "`<<` merges maps only"),
        ] {
            let told = fault(text);
            assert!(told.contains(expected), "{text:?}: {told}");
        }
    }

    #[test]
    fn neither_depth_nor_aliases_of_aliases_use_up_the_machine() {
        let mut deep = String::new();
        for level in 0..300 {
            deep.push_str(&format!("{}a:\n", " ".repeat(level)));
        }
        let told = fault(&deep);
        assert!(told.contains("nested deeper"), "{told}");
        let deep = format!("a: {}1{}", "[".repeat(9000), "]".repeat(9000));
        assert!(parse(&deep).is_err());
        let mut laughs = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..12 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(",");
            laughs.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(fault(&laughs).contains("more than"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "[-a-c:{}\\[\\],&*!|>#'\" \n0-9<]{0,60}") {
            let _ = parse(&text);
        }
    }
}
