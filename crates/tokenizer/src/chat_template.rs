//! Chat templates: how a server turns messages into the one text that its model reads.
//!
//! The language is Jinja2 in the dialect of Hugging Face's `transformers`: blocks leave no blank
//! lines behind, nothing is escaped, and there are `raise_exception`, `strftime_now` and a `tojson`
//! that writes JSON as Python does.

use std::fs;
use std::path::Path;

use jiff::civil::date;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value, context};
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{Formatter, PrettyFormatter};

/// The only template of the environment.
const NAME: &str = "chat";

/// A tokenizer's chat template, compiled once.
pub(crate) struct ChatTemplate {
    environment: Environment<'static>,
    /// Texts of special tokens that templates print.
    bos_token: Option<String>,
    eos_token: Option<String>,
}

impl ChatTemplate {
    /// The template that the files beside a `tokenizer.json` hold. One that cannot be understood
    /// counts as none, with a warning.
    pub(crate) fn beside(file: &Path) -> Option<Self> {
        let folder = file.parent()?;
        let config = fs::read(folder.join("tokenizer_config.json")).ok();
        let config: Json = config
            .and_then(|content| serde_json::from_slice(&content).ok())
            .unwrap_or_default();
        let source = fs::read_to_string(folder.join("chat_template.jinja")).ok();
        let source = source.or_else(|| default_template(config.get("chat_template")?))?;
        let token = |key: &str| special_token(config.get(key)?);
        Self::compile(&source, token("bos_token"), token("eos_token"))
            .inspect_err(|error| {
                tracing::warn!(
                    "the chat template of `{}` cannot be used: {error}",
                    file.display()
                );
            })
            .ok()
    }

    fn compile(
        source: &str,
        bos_token: Option<String>,
        eos_token: Option<String>,
    ) -> Result<Self, Error> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?;
        environment.set_syntax(syntax);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_formatter(write_like_python);
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_filter("tojson", to_json);
        environment.add_function(
            "raise_exception",
            |reason: String| -> Result<Value, Error> {
                Err(Error::new(ErrorKind::InvalidOperation, reason))
            },
        );
        environment.add_function("strftime_now", |format: String| strftime(&format));
        environment.add_template_owned(NAME, without_training_marks(source))?;
        Ok(Self {
            environment,
            bos_token,
            eos_token,
        })
    }

    /// The text of the messages with the opening of an answer.
    pub(crate) fn render(&self, messages: &[impl Serialize]) -> Result<String, Error> {
        let none = Value::from(());
        self.environment.get_template(NAME)?.render(context! {
            messages => Value::from(Serde(messages)),
            add_generation_prompt => true,
            bos_token => self.bos_token.as_deref().unwrap_or(""),
            eos_token => self.eos_token.as_deref().unwrap_or(""),
            tools => none.clone(),
            documents => none,
        })
    }
}

/// A template, or the one of several that is named `default`.
fn default_template(entry: &Json) -> Option<String> {
    if let Some(source) = entry.as_str() {
        return Some(source.to_owned());
    }
    let named = entry.as_array()?.iter();
    let default = named
        .filter(|template| template["name"] == "default")
        .find_map(|template| template["template"].as_str());
    default.map(str::to_owned)
}

/// A token's text, written as it is or as an object.
fn special_token(entry: &Json) -> Option<String> {
    let text = entry.as_str().or_else(|| entry.get("content")?.as_str())?;
    Some(text.to_owned())
}

/// The template without the marks of what is trained on; they print nothing.
fn without_training_marks(source: &str) -> String {
    let mut source = source.to_owned();
    for word in ["generation", "endgeneration"] {
        for (before, after) in [("", ""), ("-", ""), ("", "-"), ("-", "-")] {
            let mark = format!("{{%{before} {word} {after}%}}");
            let comment = format!("{{#{before} {word} {after}#}}");
            source = source.replace(&mark, &comment);
        }
    }
    source
}

/// A fixed day: counts shall not depend on when they are made.
fn strftime(format: &str) -> Result<String, Error> {
    let day = date(2025, 1, 15).at(12, 0, 0, 0);
    jiff::fmt::strtime::format(format, day)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// Writes a value that a template prints.
fn write_like_python(output: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    let written = match value.kind() {
        ValueKind::Undefined => Ok(()),
        ValueKind::None => output.write_str("None"),
        ValueKind::Bool => output.write_str(if value.is_true() { "True" } else { "False" }),
        _ => write!(output, "{value}"),
    };
    written.map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// The filter `tojson`: keys in their order, a blank after separators; `indent` sets it over several
/// lines.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands keyword arguments over by value"
)]
fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    // What else there is in `transformers` changes no template that is in use.
    let _: Option<bool> = options.get("ensure_ascii")?;
    let bad = |error: serde_json::Error| {
        Error::new(ErrorKind::BadSerialization, "cannot be written as JSON").with_source(error)
    };
    let mut json = Vec::new();
    match indent {
        Some(width) => {
            let blanks = " ".repeat(width);
            let formatter = PrettyFormatter::with_indent(blanks.as_bytes());
            let mut serializer = serde_json::Serializer::with_formatter(&mut json, formatter);
            value.serialize(&mut serializer).map_err(bad)?;
        }
        None => {
            let mut serializer = serde_json::Serializer::with_formatter(&mut json, OneLine);
            value.serialize(&mut serializer).map_err(bad)?;
        }
    }
    Ok(Value::from(String::from_utf8_lossy(&json).into_owned()))
}

/// JSON on one line, with a blank after commas and colons.
struct OneLine;

impl Formatter for OneLine {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn render(source: &str, messages: &[Json]) -> String {
        let bos = Some("<s>".to_owned());
        let template = ChatTemplate::compile(source, bos, None).unwrap();
        template.render(messages).unwrap()
    }

    #[test]
    fn templates_of_transformers_render_as_there() {
        for (source, expected) in [
            // Blocks leave neither their line ends nor their indentation.
            (
                "{% for m in messages %}\n  {% if true %}\n{{ m.role }};\n  {% endif %}\n{% endfor %}\n",
                "user;\nassistant;\n",
            ),
            (
                "{{ bos_token }}{% if add_generation_prompt %}>{% endif %}",
                "<s>>",
            ),
            ("{{ messages[-1]['content'] | trim }}", "a & b"),
            ("{{ messages[0].content.split('l')[0] }}", "he"),
            ("{{ messages[::-1][0].role }}", "assistant"),
            ("{{ none }} {{ true }} {{ nothing }}", "None True "),
            ("{% if tools is none %}no tools{% endif %}", "no tools"),
            (
                "{{ {'a': [1, 'é<'], 'b': none} | tojson }}",
                "{\"a\": [1, \"é<\"], \"b\": null}",
            ),
            ("{{ [1] | tojson(indent=2) }}", "[\n  1\n]"),
            ("{%- generation -%}x{% endgeneration %}", "x"),
            ("{{ strftime_now('%d %b %Y') }}", "15 Jan 2025"),
        ] {
            let messages = [
                json!({"role": "user", "content": "hello"}),
                json!({"role": "assistant", "content": " a & b "}),
            ];
            assert_eq!(render(source, &messages), expected, "{source}");
        }
    }

    #[test]
    fn a_template_may_refuse_messages() {
        let source = "{{ raise_exception('roles must alternate') }}";
        let template = ChatTemplate::compile(source, None, None).unwrap();
        let error = template.render(&[json!({"role": "user"})]).unwrap_err();
        assert!(
            error.to_string().contains("roles must alternate"),
            "{error}"
        );
    }

    #[test]
    fn a_template_is_found_beside_the_tokenizer_in_each_of_its_forms() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokenizer.json");
        assert!(ChatTemplate::beside(&file).is_none());
        let said = |config: Json| {
            fs::write(
                folder.path().join("tokenizer_config.json"),
                config.to_string(),
            )
            .unwrap();
            let template = ChatTemplate::beside(&file)?;
            Some(template.render(&[json!({"role": "user"})]).unwrap())
        };
        assert_eq!(said(json!({"chat_template": "one"})).unwrap(), "one");
        let several = json!([
            {"name": "tool_use", "template": "tools"},
            {"name": "default", "template": "{{ bos_token }}two"},
        ]);
        let bos = json!({"content": "<b>"});
        assert_eq!(
            said(json!({"chat_template": several, "bos_token": bos})).unwrap(),
            "<b>two"
        );
        assert_eq!(said(json!({"chat_template": "{% if %}"})), None);
        fs::write(folder.path().join("chat_template.jinja"), "three").unwrap();
        assert_eq!(said(json!({"chat_template": "one"})).unwrap(), "three");
    }
}
