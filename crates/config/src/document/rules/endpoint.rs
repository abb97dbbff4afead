//! Rules about models and the endpoint.

use aiperf_endpoint::Capabilities;
use aiperf_endpoint::url::unix_socket;

use super::Rule;
use crate::document::fault::Fault;
use crate::document::node::Mark;
use crate::document::read::Field;
use crate::document::sections::endpoint::EndpointSection;
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
        if !url.contains("://") && unix_socket(url).is_none() {
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

pub(super) const RULES: &[Rule] = &[Rule {
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
}];
