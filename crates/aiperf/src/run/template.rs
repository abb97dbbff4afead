//! The user's own body and the way to read its answers: `payload_template` and `response_field`
//! among the extra inputs.

use std::path::{Path, PathBuf};

use aiperf_config::profile::EndpointType;
use aiperf_endpoint::response_field::ResponseField;
use aiperf_endpoint::template::BodyTemplate;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

const TEMPLATE: &str = "payload_template";
const RESPONSE_FIELD: &str = "response_field";

/// What the extra inputs say about bodies and answers, and the extra inputs that are left.
pub(super) struct Custom {
    pub(super) template: Option<BodyTemplate>,
    pub(super) response_field: Option<ResponseField>,
    pub(super) extra: Map<String, Value>,
}

/// Takes both out of the extra inputs.
///
/// # Errors
/// The type needs a template and there is none, or one of the two cannot be understood.
pub(super) fn take(kind: EndpointType, extra: &Map<String, Value>) -> Result<Custom> {
    let mut extra = extra.clone();
    if !matches!(kind, EndpointType::Template | EndpointType::Raw) {
        return Ok(Custom {
            template: None,
            response_field: None,
            extra,
        });
    }
    let mut text = |key: &str| match extra.shift_remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => bail!("`--extra-inputs {key}` must be a text, and is `{other}`"),
    };
    let (template, field) = (text(TEMPLATE)?, text(RESPONSE_FIELD)?);
    let template = match template {
        Some(given) if kind == EndpointType::Template => {
            let source = source(given)?;
            let template = BodyTemplate::compile(&source)
                .with_context(|| format!("`--extra-inputs {TEMPLATE}` is not a template"))?;
            Some(template)
        }
        None if kind == EndpointType::Template => bail!(
            "`--endpoint-type template` needs a template: `--extra-inputs {TEMPLATE}:FILE`, the \
             template itself, or the name of one, such as `nv-embedqa`"
        ),
        _ => None,
    };
    let response_field = match field {
        Some(field) => ResponseField::for_type(kind, &field)
            .with_context(|| format!("`--extra-inputs {RESPONSE_FIELD}` cannot be used"))?,
        None => None,
    };
    Ok(Custom {
        template,
        response_field,
        extra,
    })
}

/// The text of the file that is named, or what was given.
fn source(given: String) -> Result<String> {
    let path = expanded(&given);
    if !is_plain_file(&path) {
        return Ok(given);
    }
    std::fs::read_to_string(&path).with_context(|| {
        format!(
            "the template `{}` (`--extra-inputs {TEMPLATE}`) cannot be read",
            path.display()
        )
    })
}

fn expanded(given: &str) -> PathBuf {
    match (given.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => given.into(),
    }
}

/// A regular file that no symbolic link leads to: a template is text first, and must not become
/// another file by what someone else placed in a directory.
fn is_plain_file(path: &Path) -> bool {
    let is_link = |part: &Path| {
        std::fs::symlink_metadata(part).is_ok_and(|metadata| metadata.file_type().is_symlink())
    };
    path.is_file() && !path.ancestors().any(is_link)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn extra(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn both_are_taken_out_of_the_extra_inputs() {
        let given = extra(&json!({
            "payload_template": "{\"q\": {{ text|tojson }}}",
            "response_field": "answer.text",
            "temperature": 0.5,
        }));
        let custom = take(EndpointType::Template, &given).unwrap();
        assert!(custom.template.is_some() && custom.response_field.is_some());
        assert_eq!(custom.extra, extra(&json!({"temperature": 0.5})));
        let chat = take(EndpointType::Chat, &given).unwrap();
        assert_eq!(chat.extra, given);
    }

    #[test]
    fn a_file_is_read_and_a_link_to_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("body.json");
        std::fs::write(&path, "{\"file\": 1}").unwrap();
        let name = path.to_str().unwrap().to_owned();
        assert_eq!(source(name).unwrap(), "{\"file\": 1}");
        #[cfg(unix)]
        {
            let link = path.with_file_name("link.json");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            let name = link.to_str().unwrap().to_owned();
            assert_eq!(source(name.clone()).unwrap(), name);
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = |given: Value| {
            let error = take(EndpointType::Template, &extra(&given)).err().unwrap();
            format!("{error:#}")
        };
        assert!(error(json!({})).contains("--extra-inputs payload_template"));
        assert!(error(json!({"payload_template": 7})).contains("`7`"));
        assert!(error(json!({"payload_template": "{{ text"})).contains("payload_template"));
        let field = json!({"payload_template": "{}", "response_field": "a["});
        assert!(error(field).contains("response_field"));
    }
}
