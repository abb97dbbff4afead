//! Files of the user's own: `artifacts.userFiles`. Their texts are templates that may name what is
//! known only when the run begins, so they are rendered then; whether they can be read at all is
//! checked with the rest of the document.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use minijinja::Value;

use super::emit::to_yaml;
use super::fault::{DocumentError, Fault};
use super::node::{Node, NodeValue};
use super::read::Reader;
use super::sections::artifacts::{UserFile, UserFileFormat};
use super::sections::envelope::Envelope;
use super::substitution::node_of;
use super::template::{Renderer, engine, value_of};
use super::values::OneOf;

/// What a template of a file may name besides the variables. A fact goes before a variable of its
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// When the run begins, in seconds since the epoch.
    pub epoch: String,
    /// The last part of the run's folder.
    pub job_name: String,
    /// That of Kubernetes; empty elsewhere.
    pub namespace: String,
    /// The first model.
    pub model: String,
    /// The first address, credentials removed.
    pub endpoint_url: String,
    /// The run's folder.
    pub artifact_dir: String,
}

impl RunFacts {
    fn entries(&self) -> [(&'static str, &str); 6] {
        [
            ("epoch", &self.epoch),
            ("job_name", &self.job_name),
            ("namespace", &self.namespace),
            ("model", &self.model),
            ("endpoint_url", &self.endpoint_url),
            ("artifact_dir", &self.artifact_dir),
        ]
    }
}

/// The files of a document and the variables that they may name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserFiles {
    files: Vec<Template>,
    variables: BTreeMap<String, Node>,
}

#[derive(Debug, Clone, PartialEq)]
struct Template {
    path: PathBuf,
    format: OneOf<UserFileFormat>,
    content: Node,
}

/// A file that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Relative to the run's folder; has a file name and does not leave the folder.
    pub path: PathBuf,
    /// The whole file.
    pub text: String,
}

/// What starts a template or a comment of one.
const MARKERS: [&str; 3] = ["{{", "{%", "{#"];
const NAMES: &str = "names are those of `variables`, and `epoch`, `job_name`, `namespace`, `model`, \
                     `endpoint_url` and `artifact_dir`";

impl UserFiles {
    pub(super) fn of(envelope: &Envelope) -> Self {
        let files = envelope.benchmark.artifacts.user_files.iter();
        let variables = envelope.variables.0.iter();
        Self {
            files: files.map(Template::of).collect(),
            variables: variables
                .map(|(name, value)| (name.clone(), value.0.clone()))
                .collect(),
        }
    }

    /// Where the files go, relative to the run's folder.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// The variables that no file sees, because a fact of the run has their name.
    pub fn hidden_variables(&self, facts: &RunFacts) -> Vec<&'static str> {
        let names = facts.entries().map(|(name, _)| name);
        let is_hidden = |name: &&str| !self.files.is_empty() && self.variables.contains_key(*name);
        names.into_iter().filter(is_hidden).collect()
    }

    /// All files, in the order of the document.
    ///
    /// # Errors
    /// A template names what is not there, or asks for what cannot be done.
    pub fn render(&self, facts: &RunFacts) -> Result<Vec<RenderedFile>, DocumentError> {
        let variables = self.variables.iter();
        let variables = variables.map(|(name, node)| (name.as_str(), value_of(node)));
        let facts = facts
            .entries()
            .map(|(name, fact)| (name, Value::from(fact)));
        let context: BTreeMap<&str, Value> = variables.chain(facts).collect();
        let engine = engine();
        let renderer = Renderer {
            engine: &engine,
            context: Value::from(context),
            names: NAMES,
        };
        let mut faults = Vec::new();
        let mut rendered = Vec::with_capacity(self.files.len());
        for (index, file) in self.files.iter().enumerate() {
            let place = format!("benchmark.artifacts.userFiles.{index}.content");
            let mut content = file.content.clone();
            let keeps_text = file.format.is("text");
            render(&mut content, &renderer, keeps_text, &place, &mut faults);
            rendered.push(RenderedFile {
                path: file.path.clone(),
                text: file.text_of(&content),
            });
        }
        DocumentError::unless_empty(faults, rendered)
    }
}

impl Template {
    fn of(file: &UserFile) -> Self {
        let written = Path::new(&*file.0.path).components();
        Self {
            path: written
                .filter(|part| matches!(part, Component::Normal(_)))
                .collect(),
            // The reader has filled it in.
            format: file.0.format.unwrap_or_else(|| OneOf::word("json")),
            content: file.0.content.0.clone(),
        }
    }

    fn text_of(&self, content: &Node) -> String {
        let value = content.to_json();
        match self.format.name() {
            "yaml" => to_yaml(&value),
            "text" => content.as_text().unwrap_or_default().to_owned(),
            _ => format!("{value:#}"),
        }
    }
}

/// Renders every text of a tree; what was a template gets the type that it looks like, unless texts
/// are to stay texts. Keys are no templates.
fn render(
    node: &mut Node,
    renderer: &Renderer,
    keeps_text: bool,
    place: &str,
    faults: &mut Vec<Fault>,
) {
    let mark = node.mark;
    match &mut node.value {
        NodeValue::Text(text) if is_template(text) => match renderer.render(text) {
            Ok(rendered) if keeps_text => *node = Node::text(rendered, mark),
            Ok(rendered) => *node = node_of(rendered, mark),
            Err(fault) => faults.push(fault.at(place, mark)),
        },
        NodeValue::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let place = format!("{place}.{index}");
                render(item, renderer, keeps_text, &place, faults);
            }
        }
        NodeValue::Map(entries) => {
            for entry in entries.iter_mut() {
                let place = format!("{place}.{}", entry.key);
                render(&mut entry.value, renderer, keeps_text, &place, faults);
            }
        }
        _ => {}
    }
}

fn is_template(text: &str) -> bool {
    MARKERS.iter().any(|marker| text.contains(marker))
}

/// Tells which templates below `content` cannot be read.
pub(super) fn check_templates(content: &Node, reader: &mut Reader) {
    reader.within("content", |reader| {
        let engine = engine();
        check_below(content, &engine, reader);
    });
}

fn check_below(node: &Node, engine: &minijinja::Environment<'static>, reader: &mut Reader) {
    match &node.value {
        NodeValue::Text(text) if is_template(text) => {
            if let Err(error) = engine.template_from_str(text) {
                reader.fault(node, format!("the template cannot be read: {error}"));
            }
        }
        NodeValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                reader.within(index.to_string(), |reader| {
                    check_below(item, engine, reader);
                });
            }
        }
        NodeValue::Map(entries) => {
            for entry in entries.iter() {
                reader.within(&entry.key, |reader| {
                    check_below(&entry.value, engine, reader);
                });
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
