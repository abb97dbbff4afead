//! Pages that are looked at: health, models, metrics, and the state of the mock itself.

use std::io;
use std::sync::atomic::Ordering::Relaxed;

use http::StatusCode;
use serde_json::json;

use super::{After, Service};
use crate::metrics::pages as metrics_pages;
use crate::options::MetricsStyle;
use crate::protocol::models_body;
use crate::response::{JSON, Page, TEXT};

const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page that needs no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Health,
    State,
    /// In the style of the options.
    Metrics,
    Styled(MetricsStyle),
    /// A worker behind Dynamo's frontend, by the name of its component.
    DynamoComponent(&'static str),
    /// The exporter of GPU figures with this number.
    Gpus(u64),
}

impl Kind {
    pub(super) fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/health" | "/" => Self::Health,
            "/mock/state" => Self::State,
            "/metrics" => Self::Metrics,
            "/vllm/metrics" => Self::Styled(MetricsStyle::Vllm),
            "/sglang/metrics" => Self::Styled(MetricsStyle::Sglang),
            "/trtllm/metrics" => Self::Styled(MetricsStyle::TrtLlm),
            "/dynamo_frontend/metrics" => Self::Styled(MetricsStyle::Dynamo),
            "/dynamo_component/prefill/metrics" => Self::DynamoComponent("prefill"),
            "/dynamo_component/decode/metrics" => Self::DynamoComponent("decode"),
            "/dcgm1/metrics" => Self::Gpus(1),
            "/dcgm2/metrics" => Self::Gpus(2),
            _ => return None,
        })
    }
}

impl Service<'_> {
    pub(super) async fn models(&mut self) -> io::Result<After> {
        let options = &self.shared.options;
        if options.no_models_page {
            let message = "there is nothing at `/v1/models`";
            return self.refuse(StatusCode::NOT_FOUND, message).await;
        }
        if !self.is_ready_after(options.models_ready_after_ms) {
            let message = "the models are still loading";
            return self.refuse(StatusCode::SERVICE_UNAVAILABLE, message).await;
        }
        let body = models_body(self.shared.model_names(), self.created());
        self.send(&Page::ok(JSON, body)).await
    }

    pub(super) async fn page_of(&mut self, kind: Kind) -> io::Result<After> {
        match kind {
            Kind::Health => self.send(&Page::ok(TEXT, "")).await,
            Kind::State => {
                let body = self.state().to_string();
                self.send(&Page::ok(JSON, body)).await
            }
            _ => self.scrape(kind).await,
        }
    }

    async fn scrape(&mut self, kind: Kind) -> io::Result<After> {
        let shared = self.shared;
        let scrape = shared.scrapes.fetch_add(1, Relaxed) + 1;
        if let Some(every) = shared.options.scrape_error_every
            && scrape.is_multiple_of(every)
        {
            let message = "simulated failure of a scrape";
            return self
                .refuse(StatusCode::INTERNAL_SERVER_ERROR, message)
                .await;
        }
        let text = match kind {
            Kind::Gpus(exporter) => {
                let now = shared.clock.now();
                let tokens = shared.metrics.generation_tokens.load(Relaxed)
                    + shared.metrics.prompt_tokens.load(Relaxed);
                shared.gpus.exposition(exporter, now, tokens)
            }
            Kind::DynamoComponent(component) => metrics_pages::dynamo_component(shared, component),
            Kind::Styled(style) => metrics_pages::of_style(shared, style),
            _ => metrics_pages::of_style(shared, shared.options.metrics),
        };
        self.send(&Page::ok(EXPOSITION, text)).await
    }

    /// What the mock has counted.
    fn state(&self) -> serde_json::Value {
        let metrics = &self.shared.metrics;
        json!({
            "connections": metrics.connections.load(Relaxed),
            "requests": metrics.requests.load(Relaxed),
            "faults": metrics.faults.load(Relaxed),
            "running": metrics.running.load(Relaxed),
            "output_tokens": metrics.generation_tokens.load(Relaxed),
            "scrapes": self.shared.scrapes.load(Relaxed),
            "hooks": self.shared.hooks.state(),
        })
    }
}
