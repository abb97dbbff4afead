//! Bodies rendered from the user's Jinja template.
//!
//! The dialect of the language is that of Jinja2 with HTML escaping on, as the reference has it:
//! `{{ text }}` turns `'` into `&#39;`, `{{ text|tojson }}` is the safe form; none, true and false
//! are spelled as in Python; what is not defined renders as nothing.

mod python;
mod variables;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment};
use serde_json::Value;

use crate::error::EndpointError;
use crate::format::FormatContext;

/// Templates that a run may name in place of giving one.
const NAMED: [(&str, &str); 1] = [("nv-embedqa", r#"{"text": {{ texts|tojson }}}"#)];

/// The only template of the environment.
const NAME: &str = "body";

/// A template, compiled once. Two are equal if their text is.
#[derive(Clone)]
pub struct BodyTemplate {
    source: Arc<str>,
    environment: Arc<Environment<'static>>,
    /// The variables that it refers to.
    wanted: Arc<HashSet<String>>,
}

impl BodyTemplate {
    /// Compiles the template that `source` is, or names. Fails on a syntax error. A filter that
    /// does not exist shows when the first body is rendered.
    ///
    /// A source that is the path of a file is taken for the template itself: reading files is the
    /// caller's affair.
    pub fn compile(source: &str) -> Result<Self, EndpointError> {
        let named = NAMED.iter().find(|(name, _)| *name == source);
        let source: Arc<str> = named.map_or(source, |(_, body)| body).into();
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(python::write);
        environment.add_filter("tojson", python::to_json);
        environment.add_filter("escape", python::escape);
        environment.add_filter("e", python::escape);
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment
            .add_template_owned(NAME, source.to_string())
            .map_err(|error| EndpointError::TemplateSyntax {
                line: error.line().unwrap_or(1),
                reason: reason_of(&error),
            })?;
        let compiled = environment
            .get_template(NAME)
            .map_err(|error| failed(&error))?;
        let wanted = compiled.undeclared_variables(false);
        Ok(Self {
            source,
            wanted: Arc::new(wanted),
            environment: Arc::new(environment),
        })
    }

    /// The template's text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders the body of a request. The newest turn supplies the variables.
    pub(crate) fn render(&self, context: &FormatContext<'_>) -> Result<Value, EndpointError> {
        let template = self
            .environment
            .get_template(NAME)
            .map_err(|error| failed(&error))?;
        let rendered = template
            .render(variables::of(context, &self.wanted)?)
            .map_err(|error| failed(&error))?;
        serde_json::from_str(&rendered).map_err(|error| EndpointError::TemplateNotJson {
            reason: error.to_string(),
            start: rendered.chars().take(100).collect(),
        })
    }
}

fn failed(error: &minijinja::Error) -> EndpointError {
    EndpointError::TemplateRender {
        line: error.line().unwrap_or(1),
        reason: reason_of(error),
    }
}

fn reason_of(error: &minijinja::Error) -> String {
    let kind = error.kind().to_string();
    match error.detail() {
        Some(detail) => format!("{kind}: {detail}"),
        None => kind,
    }
}

impl PartialEq for BodyTemplate {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for BodyTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("BodyTemplate")
            .field(&self.source)
            .finish()
    }
}

#[cfg(test)]
mod tests;
