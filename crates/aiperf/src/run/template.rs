//! The user's own body and the way to read its answers: `payload_template` and `response_field`
//! among the extra inputs.

use std::path::Path;

use aiperf_config::profile::{EndpointType, template_text};
use aiperf_endpoint::response_field::ResponseField;
use aiperf_endpoint::template::BodyTemplate;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::environment::expand_home;

const TEMPLATE: &str = "payload_template";
const RESPONSE_FIELD: &str = "response_field";

/// Names the user's own folder where a template's file begins with `~`.
pub(crate) fn expand_path(extra: &mut Map<String, Value>) {
    if let Some(Value::String(given)) = extra.get_mut(TEMPLATE)
        && given.starts_with("~/")
    {
        *given = expand_home(Path::new(given)).display().to_string();
    }
}

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
            let text = template_text(&given).with_context(|| {
                format!("the template `{given}` (`--extra-inputs {TEMPLATE}`) cannot be read")
            })?;
            let template = BodyTemplate::compile(&text)
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
