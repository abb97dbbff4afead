//! Rules about models and the endpoint.

use aiperf_endpoint::Capabilities;

use super::{Rule, Told};
use crate::document::fault::Fault;
use crate::document::node::Mark;
use crate::document::read::Field;
use crate::document::sections::endpoint::EndpointSection;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::values::OneOf;
use crate::profile::{EndpointType, check_url};

/// What the protocol can do.
pub(in crate::document) fn capabilities(
    endpoint: &EndpointSection,
) -> Option<&'static Capabilities> {
    endpoint.r#type.choice().map(EndpointType::capabilities)
}

/// Addresses get a scheme; what the protocol settles is settled.
pub(super) fn settle(endpoint: &mut EndpointSection, warnings: &mut Vec<Fault>) {
    for url in &mut endpoint.urls.value {
        if !url.contains("://") && !url.starts_with("unix:") {
            url.insert_str(0, "http://");
        }
    }
    let Some(kind) = capabilities(endpoint) else {
        return;
    };
    if *endpoint.streaming && !kind.streams {
        warnings.push(
            Fault::new(format!(
                "has no effect: `type: {}` cannot stream",
                kind.name
            ))
            .at("benchmark.endpoint.streaming", endpoint.streaming.place())
            .hint("leave it away; answers come in one piece"),
        );
        endpoint.streaming.value = false;
    }
    // As the reference does, which writes it also where nobody asked for it.
    if kind.multipart && endpoint.request_content_type.is_none() {
        endpoint.request_content_type = Field {
            value: Some(OneOf::word("multipart/form-data")),
            mark: Some(Mark::Nowhere),
        };
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "weights of models are their shares",
        check: weights,
    },
    Rule {
        name: "addresses lead somewhere",
        check: |body, told| {
            for (index, url) in body.endpoint.urls.iter().enumerate() {
                if let Err(reason) = check_url(url) {
                    told.at(
                        format!("endpoint.urls.{index}"),
                        body.endpoint.urls.place(),
                        format!("`{}` {reason}", aiperf_redact::url(url)),
                        "write it like `http://localhost:8000`",
                    );
                }
            }
        },
    },
    Rule {
        name: "the template type needs a template",
        check: |body, told| {
            let endpoint = &body.endpoint;
            if endpoint.r#type.is("template") && endpoint.template.is_none() {
                told.at(
                    "endpoint.type",
                    endpoint.r#type.place(),
                    "`template` needs `benchmark.endpoint.template`",
                    "give the body: `template: {body: '…'}`",
                );
            }
        },
    },
    Rule {
        name: "images are sent by id in chats only",
        check: |body, told| {
            let endpoint = &body.endpoint;
            if *endpoint.uuid_and_strip && !endpoint.r#type.is("chat") {
                told.at(
                    "endpoint.uuidAndStrip",
                    endpoint.uuid_and_strip.place(),
                    format!("does not go with `type: {}`", endpoint.r#type.name()),
                    "only `type: chat` knows images by id",
                );
            }
        },
    },
    Rule {
        name: "usage in every chunk needs a chat stream with the server's counts",
        check: |body, told| {
            let endpoint = &body.endpoint;
            if !*endpoint.per_chunk_usage {
                return;
            }
            let missing = if !*endpoint.use_server_token_count {
                "useServerTokenCount: true"
            } else if !endpoint.r#type.is("chat") {
                "type: chat"
            } else if !*endpoint.streaming {
                "streaming: true"
            } else {
                return;
            };
            told.at(
                "endpoint.perChunkUsage",
                endpoint.per_chunk_usage.place(),
                format!("needs `{missing}`"),
                "chunks have the server's counts in chat streams only",
            );
        },
    },
    Rule {
        name: "stored responses are counted by the server",
        check: |body, told| {
            let endpoint = &body.endpoint;
            let stores = endpoint.extra.0.iter().any(|(key, value)| {
                let on = match value.0.to_json() {
                    serde_json::Value::String(text) => {
                        matches!(text.to_lowercase().as_str(), "true" | "1" | "yes" | "on")
                    }
                    value => value == true || value == 1,
                };
                key == "store" && on
            });
            if stores && endpoint.r#type.is("responses") && !*endpoint.use_server_token_count {
                told.at(
                    "endpoint.extra",
                    endpoint.extra.place(),
                    "`store: true` with `type: responses` needs `useServerTokenCount: true`",
                    "the server adds earlier turns to prompts, which nobody else can count",
                );
            }
        },
    },
    Rule {
        name: "readiness options need a readiness timeout",
        check: |body, told| {
            let endpoint = &body.endpoint;
            if *endpoint.wait_for_model_timeout > 0.0 {
                return;
            }
            let interval = &endpoint.wait_for_model_interval;
            let mode = &endpoint.wait_for_model_mode;
            for (name, wrong, mark) in [
                ("waitForModelInterval", **interval != 5.0, interval.place()),
                ("waitForModelMode", !mode.is("inference"), mode.place()),
            ] {
                if wrong {
                    told.at(
                        format!("endpoint.{name}"),
                        mark,
                        "needs `benchmark.endpoint.waitForModelTimeout` above 0",
                        "say how many seconds to wait",
                    );
                }
            }
        },
    },
    Rule {
        name: "bodies have the format of their type",
        check: |body, told| {
            let endpoint = &body.endpoint;
            let (Some(given), Some(kind)) =
                (*endpoint.request_content_type, capabilities(endpoint))
            else {
                return;
            };
            if given.is("multipart/form-data") != kind.multipart {
                told.at(
                    "endpoint.requestContentType",
                    endpoint.request_content_type.place(),
                    format!("`{}` does not go with `type: {}`", given.name(), kind.name),
                    "leave it away: the type settles the format",
                );
            }
        },
    },
];

fn weights(body: &BenchmarkSection, told: &mut Told) {
    let models = &body.models;
    if !models.strategy.is("weighted") {
        return;
    }
    let weights: Option<Vec<f64>> = models.items.iter().map(|model| *model.weight).collect();
    let message = match weights {
        None => "`strategy: weighted` needs a `weight` for each model".to_owned(),
        Some(weights) => {
            let sum: f64 = weights.iter().sum();
            if (0.99..=1.01).contains(&sum) {
                return;
            }
            format!("the weights of the models are {sum} in all, not 1")
        }
    };
    told.at(
        "models",
        models.strategy.place(),
        message,
        "give each model's share of the requests: `items: [{name: a, weight: 0.7}, …]`",
    );
}
