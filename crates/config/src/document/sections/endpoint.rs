//! `models` and `endpoint`.

use serde_json::{Value, json};

use crate::document::limits::{
    above_zero, finite_above_zero, finite_from_zero, from_zero, not_empty, not_empty_text, share,
};
use crate::document::node::{Node, NodeValue};
use crate::document::read::{Definitions, Dump, Read, Reader, section};
use crate::document::values::{Anything, Credential, Named, OneOf};
use crate::profile::{
    ConnectionReuse, EndpointType, ModelSelection, ReadinessMode, RequestContentType,
    TransportKind, UrlStrategy,
};

section! {
    /// The models that requests name.
    pub(crate) struct ModelsSection {
        strategy: OneOf<ModelSelection> = OneOf::word("round_robin");
        items: Vec<ModelItem>, not_empty;
    }
}

section! {
    /// A model.
    pub(crate) struct ModelItem {
        name: String, not_empty_text;
        weight: Option<f64> = None, share;
        lora: Option<String> = None;
        modalities: Option<Vec<String>> = None;
        tokenizer: Option<ModelTokenizer> = None;
    }
}

section! {
    /// The tokenizer of one model.
    pub(crate) struct ModelTokenizer {
        name: String;
    }
}

section! {
    /// Whom to ask, and how.
    pub(crate) struct EndpointSection {
        urls: Vec<String>, not_empty;
        url_strategy: OneOf<UrlStrategy> = OneOf::word("round_robin");
        r#type: OneOf<EndpointType> = OneOf::word("chat");
        path: Option<String> = None, |path| match path {
            Some(path) if !path.starts_with('/') => Some("does not start with `/`".to_owned()),
            _ => None,
        };
        api_key: Option<Credential> = None;
        timeout: f64 = 21600.0, from_zero;
        streaming: bool = false;
        transport: Option<OneOf<TransportKind>> = None;
        connection_reuse: OneOf<ConnectionReuse> = OneOf::word("pooled");
        use_legacy_max_tokens: bool = false;
        use_server_token_count: bool = false;
        per_chunk_usage: bool = false;
        template: Option<TemplateSection> = None;
        headers: Named<Credential> = Named::default();
        extra: Named<Anything> = Named::default();
        download_video_content: bool = false;
        request_content_type: Option<OneOf<RequestContentType>> = None;
        session_header: Option<String> = None;
        uuid_and_strip: bool = false;
        wait_for_model_timeout: f64 = 0.0, from_zero;
        wait_for_model_interval: f64 = 5.0, above_zero;
        wait_for_model_mode: OneOf<ReadinessMode> = OneOf::word("inference");
        reset_kv_cache: Option<Switched<ResetKvCache>> = None;
        server_profiler: Option<Switched<ServerProfilerSection>> = None;
    }
}

section! {
    /// A body of the user's own.
    pub(crate) struct TemplateSection {
        body: String;
        response_field: String = "text".to_owned();
    }
}

section! {
    /// Emptying the server's prefix cache.
    pub(crate) struct ResetKvCache {
        timeout_seconds: Option<f64> = None, finite_above_zero;
        max_retry_seconds: Option<f64> = None, finite_from_zero;
        path: Option<String> = None, below_the_server;
    }
}

section! {
    /// The server's own profiler.
    pub(crate) struct ServerProfilerSection {
        timeout_seconds: Option<f64> = None, finite_above_zero;
        start_path: Option<String> = None, below_the_server;
        stop_path: Option<String> = None, below_the_server;
    }
}

fn below_the_server(path: &Option<String>) -> Option<String> {
    let path = path.as_ref()?;
    (!path.starts_with('/') || path.contains("://"))
        .then(|| "is not a path of the server, which begins with `/`".to_owned())
}

/// A section that may also be `true`, for all defaults, or `false`, for nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Switched<T>(pub(crate) Option<T>);

impl<T: Read> Read for Switched<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            NodeValue::Bool(false) => Some(Self(None)),
            NodeValue::Bool(true) => {
                T::read(&Node::map(node.mark), reader).map(|on| Self(Some(on)))
            }
            _ => T::read(node, reader).map(|section| Self(Some(section))),
        }
    }

    fn dump(&self, dump: Dump) -> Value {
        self.0
            .as_ref()
            .map_or(Value::Null, |section| section.dump(dump))
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({ "anyOf": [bool::schema(definitions), T::schema(definitions)] })
    }
}
