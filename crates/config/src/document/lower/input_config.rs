//! The `input_config` block of the summary, for a run that a file describes.

use std::path::Path;

use aiperf_redact::REDACTED;
use serde_json::{Value, json};

use crate::document::{Document, Dump};
use crate::profile::ProfileConfig;

/// What was written, with flags over it, in the reference's names and without credentials.
/// `artifact_dir` is where files really go, which the reference records as well.
pub fn input_config(document: &Document, config: &ProfileConfig, artifact_dir: &Path) -> Value {
    let mut block = document.dump_benchmark(Dump::Given);
    let Some(body) = block.as_object_mut() else {
        return block;
    };
    let mut set = |section: &str, key: &str, value: Value| {
        let section = body.entry(section).or_insert_with(|| json!({}));
        if let Some(section) = section.as_object_mut() {
            section.insert(key.to_owned(), value);
        }
    };
    set("artifacts", "dir", json!(artifact_dir.to_string_lossy()));
    set("runtime", "ui", json!(config.runtime.ui.name()));
    hide_credentials(&mut block);
    block
}

/// Takes credentials out of a dumped body.
pub fn hide_credentials(body: &mut Value) {
    let Some(endpoint) = body.get_mut("endpoint").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(key) = endpoint.get_mut("api_key") {
        *key = json!(REDACTED);
    }
    let hide_in_url = |url: &mut Value| {
        if let Some(text) = url.as_str() {
            *url = json!(aiperf_redact::url(text));
        }
    };
    endpoint.get_mut("path").into_iter().for_each(hide_in_url);
    if let Some(urls) = endpoint.get_mut("urls").and_then(Value::as_array_mut) {
        urls.iter_mut().for_each(hide_in_url);
    }
    if let Some(headers) = endpoint.get_mut("headers").and_then(Value::as_object_mut) {
        for (name, value) in headers {
            let shown = aiperf_redact::header_value(name, value.as_str().unwrap_or_default());
            *value = json!(shown);
        }
    }
    if let Some(extra) = endpoint.get_mut("extra")
        && let Some(fields) = extra.as_object()
    {
        *extra = aiperf_redact::fields(fields).into();
    }
}
