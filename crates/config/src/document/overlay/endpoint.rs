//! Flags about models and the endpoint.

use serde_json::{Value, json};

use super::{Sheet, child, seconds, set, some};
use crate::document::node::{Mark, Node};
use crate::profile::ProfileArgs;

impl Sheet<'_> {
    pub(super) fn endpoint(&mut self, args: &ProfileArgs) {
        let body = &mut *self.body;
        if !args.models.is_empty() {
            let items: Vec<Value> = args
                .models
                .iter()
                .map(|name| json!({ "name": name }))
                .collect();
            set(body, &["models", "items"], "--model", Some(items.into()));
        }
        set(
            body,
            &["models", "strategy"],
            "--model-selection-strategy",
            some(args.model_selection.map(|way| way.name())),
        );
        for (index, weight) in args.model_weights.iter().enumerate() {
            let items = child(body, "models", Mark::Nowhere).get_mut("items");
            let item = items
                .and_then(Node::as_list_mut)
                .and_then(|items| items.get_mut(index));
            if let Some(item) = item.and_then(Node::as_map_mut) {
                set(item, &["weight"], "--model-weights", Some(json!(weight)));
            }
        }
        let endpoint = child(body, "endpoint", Mark::Nowhere);
        let mut put = |key: &str, flag: &'static str, value: Option<Value>| {
            set(endpoint, &[key], flag, value);
        };
        if !args.urls.is_empty() {
            put("urls", "--url", Some(json!(args.urls)));
        }
        put(
            "url_strategy",
            "--url-strategy",
            some(args.url_strategy.map(|way| way.name())),
        );
        put(
            "type",
            "--endpoint-type",
            some(args.endpoint_type.map(|kind| kind.name())),
        );
        put(
            "path",
            "--custom-endpoint",
            some(args.custom_endpoint.clone()),
        );
        put(
            "api_key",
            "--api-key",
            some(args.api_key.as_ref().map(|key| key.expose().to_owned())),
        );
        put(
            "timeout",
            "--request-timeout-seconds",
            seconds(args.request_timeout_seconds),
        );
        put("streaming", "--streaming", some(args.streaming));
        put(
            "transport",
            "--transport",
            some(args.transport.map(|way| way.name())),
        );
        put(
            "connection_reuse",
            "--connection-reuse-strategy",
            some(args.connection_reuse.map(|way| way.name())),
        );
        put(
            "use_legacy_max_tokens",
            "--use-legacy-max-tokens",
            some(args.use_legacy_max_tokens),
        );
        put(
            "use_server_token_count",
            "--use-server-token-count",
            some(args.use_server_token_count),
        );
        put(
            "per_chunk_usage",
            "--per-chunk-usage",
            some(args.per_chunk_usage),
        );
        put(
            "download_video_content",
            "--download-video-content",
            some(args.download_video_content),
        );
        put(
            "request_content_type",
            "--request-content-type",
            some(args.request_content_type.map(|kind| kind.name())),
        );
        put(
            "session_header",
            "--session-header",
            some(args.session_header.clone()),
        );
        put(
            "uuid_and_strip",
            "--uuid-and-strip",
            some(args.uuid_and_strip),
        );
        put(
            "wait_for_model_timeout",
            "--wait-for-model-timeout",
            seconds(args.wait_for_model_timeout_seconds),
        );
        put(
            "wait_for_model_mode",
            "--wait-for-model-mode",
            some(args.wait_for_model_mode.map(|mode| mode.name())),
        );
        put(
            "wait_for_model_interval",
            "--wait-for-model-interval",
            seconds(args.wait_for_model_interval_seconds),
        );
        put(
            "reset_kv_cache",
            "--reset-kv-cache",
            args.reset_kv_cache.map(|on| json!(on)),
        );
        put(
            "server_profiler",
            "--server-profiler",
            args.server_profiler.map(|on| json!(on)),
        );
        for (section, key, flag, value) in [
            (
                "reset_kv_cache",
                "timeout_seconds",
                "--reset-kv-cache-timeout",
                seconds(args.reset_kv_cache_timeout_seconds),
            ),
            (
                "reset_kv_cache",
                "path",
                "--reset-kv-cache-path",
                some(args.reset_kv_cache_path.clone()),
            ),
            (
                "server_profiler",
                "timeout_seconds",
                "--server-profiler-timeout",
                seconds(args.server_profiler_timeout_seconds),
            ),
            (
                "server_profiler",
                "start_path",
                "--server-profiler-start-path",
                some(args.server_profiler_start_path.clone()),
            ),
            (
                "server_profiler",
                "stop_path",
                "--server-profiler-stop-path",
                some(args.server_profiler_stop_path.clone()),
            ),
        ] {
            set(endpoint, &[section, key], flag, value);
        }
        for header in &args.headers {
            set(
                endpoint,
                &["headers", &header.name],
                "--header",
                Some(json!(header.value)),
            );
        }
        for (key, value) in &args.extra_inputs {
            set(
                endpoint,
                &["extra", key],
                "--extra-inputs",
                Some(value.clone()),
            );
        }
    }
}
