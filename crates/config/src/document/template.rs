//! Jinja in texts: `{{ users * 2 }}`, `{% if … %}`. Rendered once, before anything is normalised.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};

use super::fault::Fault;
use super::node::{Mark, Node, NodeValue};
use super::substitution::node_of;

/// Keys whose texts are templates of something else, rendered for each request.
const KEPT_KEYS: &[&str] = &["template", "body", "payload_template"];
/// Whether a path leads to what is rendered when the run begins, when more is known.
fn is_rendered_later(path: &[String]) -> bool {
    match path {
        [.., section, key] => {
            section == "artifacts" && matches!(key.as_str(), "userFiles" | "user_files")
        }
        _ => false,
    }
}

/// Renders all texts of a tree with the tree itself and its `variables` as context.
pub(crate) fn render(root: &mut Node, faults: &mut Vec<Fault>) {
    let engine = engine();
    let context = match context(&engine, root) {
        Ok(context) => context,
        Err(fault) => {
            faults.push(fault);
            return;
        }
    };
    let renderer = Renderer {
        engine: &engine,
        context: Value::from(context),
        names: NAMES_OF_DOCUMENTS,
    };
    renderer.walk(root, &mut Vec::new(), faults);
}

/// What templates of a document may name.
const NAMES_OF_DOCUMENTS: &str =
    "names are those of `variables`, of the keys of `benchmark`, and of the document";

pub(super) fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        engine.set_syntax(syntax);
    }
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    engine
}

/// The members of the context by name.
type Context = BTreeMap<String, Value>;

/// Every key of the document, every key of `benchmark`, and the variables, later ones first.
fn context(engine: &Environment<'static>, root: &Node) -> Result<Context, Fault> {
    let mut context = Context::new();
    let benchmark = root.get("benchmark").and_then(Node::as_map);
    for entries in root.as_map().into_iter().chain(benchmark) {
        for entry in entries.iter() {
            context.insert(entry.key.clone(), value_of(&entry.value));
        }
    }
    let Some(variables) = root.get("variables").and_then(Node::as_map) else {
        return Ok(context);
    };
    for entry in variables.iter() {
        context.remove(&entry.key);
    }
    let names: BTreeSet<&str> = variables.iter().map(|entry| entry.key.as_str()).collect();
    let mut pending: BTreeMap<&str, (&Node, BTreeSet<String>)> = variables
        .iter()
        .map(|entry| {
            let mut needed = BTreeSet::new();
            references(engine, &entry.value, &mut needed);
            needed.retain(|name| names.contains(name.as_str()));
            (entry.key.as_str(), (&entry.value, needed))
        })
        .collect();
    while !pending.is_empty() {
        let ready = pending
            .iter()
            .find(|(_, (_, needed))| needed.is_empty())
            .map(|(name, (node, _))| (*name, *node));
        let Some((name, node)) = ready else {
            let members: Vec<_> = pending.keys().map(|name| format!("`{name}`")).collect();
            let message = format!(
                "variables refer to each other in a circle: {}",
                members.join(", ")
            );
            let mark = pending
                .values()
                .next()
                .map_or(Mark::Nowhere, |(node, _)| node.mark);
            return Err(Fault::new(message).at("variables", mark));
        };
        let renderer = Renderer {
            engine,
            context: Value::from(context.clone()),
            names: NAMES_OF_DOCUMENTS,
        };
        let mut resolved = node.clone();
        let mut faults = Vec::new();
        let mut path = vec!["variables".to_owned(), name.to_owned()];
        renderer.walk(&mut resolved, &mut path, &mut faults);
        if let Some(fault) = faults.into_iter().next() {
            return Err(fault);
        }
        context.insert(name.to_owned(), value_of(&resolved));
        pending.remove(name);
        for (_, needed) in pending.values_mut() {
            needed.remove(name);
        }
    }
    Ok(context)
}

/// The names that the templates of a node ask for.
fn references(engine: &Environment, node: &Node, names: &mut BTreeSet<String>) {
    match &node.value {
        NodeValue::Text(text) if text.contains("{{") => {
            if let Ok(template) = engine.template_from_str(text) {
                names.extend(template.undeclared_variables(false));
            }
        }
        NodeValue::List(items) => {
            for item in items {
                references(engine, item, names);
            }
        }
        NodeValue::Map(entries) => {
            for entry in entries.iter() {
                references(engine, &entry.value, names);
            }
        }
        _ => {}
    }
}

/// A node as the engine sees it: lists of named maps are addressed by name.
pub(super) fn value_of(node: &Node) -> Value {
    match &node.value {
        NodeValue::Null => Value::from(()),
        NodeValue::Bool(on) => Value::from(*on),
        NodeValue::Int(whole) => match i64::try_from(*whole) {
            Ok(whole) => Value::from(whole),
            Err(_) => Value::from(*whole),
        },
        NodeValue::Float(number) => Value::from(*number),
        NodeValue::Text(text) | NodeValue::Date(text) => Value::from(text.as_str()),
        NodeValue::List(items) => {
            let named: Context = items
                .iter()
                .filter_map(|item| {
                    let name = item.get("name")?.as_text()?;
                    Some((name.to_owned(), value_of(item)))
                })
                .collect();
            if named.is_empty() {
                items.iter().map(value_of).collect()
            } else {
                Value::from(named)
            }
        }
        NodeValue::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), value_of(&entry.value)))
            .collect::<Context>()
            .into(),
    }
}

/// Renders texts with one context.
pub(super) struct Renderer<'a> {
    pub(super) engine: &'a Environment<'static>,
    pub(super) context: Value,
    /// What may be named, in words for people.
    pub(super) names: &'static str,
}

impl Renderer<'_> {
    fn walk(&self, node: &mut Node, path: &mut Vec<String>, faults: &mut Vec<Fault>) {
        let mark = node.mark;
        match &mut node.value {
            NodeValue::Text(text) => {
                if path
                    .last()
                    .is_some_and(|key| KEPT_KEYS.contains(&key.as_str()))
                {
                    return;
                }
                match self.rendered(text) {
                    Ok(None) => {}
                    Ok(Some(rendered)) => *node = node_of(rendered, mark),
                    Err(fault) => faults.push(fault.at(path.join("."), mark)),
                }
            }
            NodeValue::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push(index.to_string());
                    self.walk(item, path, faults);
                    path.pop();
                }
            }
            NodeValue::Map(entries) => {
                for entry in entries.iter_mut() {
                    path.push(entry.key.clone());
                    if !is_rendered_later(path) {
                        self.walk(&mut entry.value, path, faults);
                    }
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// `None` where the text holds no template.
    fn rendered(&self, text: &str) -> Result<Option<String>, Fault> {
        for (open, close) in [("{{", "}}"), ("{%", "%}")] {
            if text.contains(open) && !text.contains(close) {
                return Err(
                    Fault::new(format!("`{open}` has no closing `{close}`")).hint(format!(
                        "for the characters themselves, write `{{{{ '{open}' }}}}`"
                    )),
                );
            }
        }
        if !text.contains("{{") && !text.contains("{%") {
            return Ok(None);
        }
        self.render(text).map(Some)
    }

    /// A text with or without a template in it.
    pub(super) fn render(&self, text: &str) -> Result<String, Fault> {
        let template = self
            .engine
            .template_from_str(text)
            .map_err(|error| Fault::new(format!("the template cannot be read: {error}")))?;
        template.render(&self.context).map_err(|error| {
            let reason = self
                .missing_names(&template)
                .unwrap_or_else(|| match error.kind() {
                    minijinja::ErrorKind::UndefinedError => {
                        "it names something that is not there".to_owned()
                    }
                    // Without the place, which is the first line of this text.
                    kind => error.detail().map_or(kind.to_string(), str::to_owned),
                });
            Fault::new(format!("the template cannot be rendered: {reason}")).hint(self.names)
        })
    }

    /// Which names a template asks for in vain; whatever else fails then is because of them.
    fn missing_names(&self, template: &minijinja::Template) -> Option<String> {
        let is_missing = |name: &String| {
            let value = self.context.get_attr(name);
            value.is_ok_and(|value| value.is_undefined())
        };
        let names: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
        let missing: Vec<String> = names.into_iter().filter(is_missing).collect();
        (!missing.is_empty()).then(|| format!("there is no `{}`", missing.join("`, no `")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::parse::parse;
    use super::*;

    fn rendered(text: &str) -> Result<Json, String> {
        let mut tree = parse(text).unwrap();
        let mut faults = Vec::new();
        render(&mut tree, &mut faults);
        match faults.first() {
            Some(fault) => Err(fault.to_string()),
            None => Ok(tree.to_json()),
        }
    }

    #[test]
    fn texts_are_rendered_with_variables_and_keys_and_get_their_types() {
        let text = "
variables: {users: 6, per_user: '{{ half * 2 }}', half: 2, words: [a, b]}
benchmark:
  model: m
  phases:
    - {name: profiling, rate: '{{ users / per_user }}', sessions: '{{ users * per_user }}'}
  named: '{{ phases.profiling.sessions }} {{ benchmark.model }} {{ model | upper }}'
  many: '{% if users > 5 %}true{% else %}false{% endif %}'
  list: '{{ words | join(\"-\") }}'
  plain: '{ x }'
";
        let tree = rendered(text).unwrap();
        assert_eq!(tree["variables"]["per_user"], json!(4));
        let benchmark = &tree["benchmark"];
        assert_eq!(benchmark["phases"][0]["rate"], json!(1.5));
        assert_eq!(benchmark["phases"][0]["sessions"], json!(24));
        // Other fields are there as they were written.
        assert_eq!(benchmark["named"], json!("{{ users * per_user }} m M"));
        assert_eq!(benchmark["many"], json!(true));
        assert_eq!(benchmark["list"], json!("a-b"));
        assert_eq!(benchmark["plain"], json!("{ x }"));
    }

    #[test]
    fn templates_of_others_are_left_alone() {
        let text = "
benchmark:
  endpoint: {template: {body: '{{ prompt }}'}, extra: {payload_template: '{{ x }}'}}
  artifacts: {userFiles: [{path: a, content: '{{ epoch }}'}]}
";
        assert_eq!(rendered(text).unwrap(), parse(text).unwrap().to_json());
    }

    #[test]
    fn what_cannot_be_rendered_is_told_with_its_place() {
        for (text, expected) in [
            (
                "a: '{{ nothing }}'",
                "line 1, column 4: `a`: the template cannot be rendered",
            ),
            ("a: {b: '{{ x'}", "`a.b`: `{{` has no closing `}}`"),
            ("a: '{% if'", "`{%` has no closing `%}`"),
            (
                "variables: {a: '{{ b }}', b: '{{ a }}'}",
                "in a circle: `a`, `b`",
            ),
            ("a: '{{ 1 + }}'", "cannot be read"),
            (
                "variables: {n: 1}\na: '{{ n * users }}'",
                "cannot be rendered: there is no `users`",
            ),
            (
                "variables: {n: 1}\na: '{{ n * n.x }}'",
                "cannot be rendered: ",
            ),
        ] {
            let told = rendered(text).unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
