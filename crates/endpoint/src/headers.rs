//! The headers of a request.
//!
//! A run fixes all of them but the identifiers, so a [`HeaderTemplate`] is made once and filled in
//! per request without allocation. `Host` and `Content-Length` are the transport's.

use http::{HeaderName, HeaderValue};

use crate::error::EndpointError;
use crate::kind::{Authentication, EndpointType};

/// What a run says about headers.
#[derive(Debug, Clone, Default)]
pub struct HeaderSettings {
    /// The API being spoken; decides how the key is presented.
    pub endpoint_type: EndpointType,
    /// `aiperf/<version>`.
    pub user_agent: String,
    /// Whether a stream is asked for.
    pub streaming: bool,
    /// The API key.
    pub api_key: Option<String>,
    /// The user's own headers, in order.
    pub custom: Vec<(String, String)>,
    /// Name of the header that carries the session's identifier, in place of `X-Correlation-ID`.
    pub session_header: Option<String>,
    /// Which routing headers to add.
    pub affinity: AffinityHeaders,
}

/// Headers by which routers keep a session on one server. All carry the session's identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AffinityHeaders {
    /// `X-Session-ID`.
    pub session_id: bool,
    /// `X-Session-Affinity`.
    pub session_affinity: bool,
    /// `X-SMG-Routing-Key`.
    pub smg_routing_key: bool,
    /// `X-Dynamo-Session-ID`, and `X-Dynamo-Parent-Session-ID` for sessions that have a parent.
    pub dynamo_session_id: bool,
}

impl Default for AffinityHeaders {
    fn default() -> Self {
        Self {
            session_id: false,
            session_affinity: true,
            smg_routing_key: false,
            dynamo_session_id: false,
        }
    }
}

/// What differs from request to request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestIds<'a> {
    /// Unique to the request.
    pub x_request_id: &'a str,
    /// The session's identifier.
    pub x_correlation_id: &'a str,
    /// The parent session's identifier, if the session has one.
    pub parent_correlation_id: Option<&'a str>,
}

/// The headers of a run's requests, with gaps for what differs.
#[derive(Debug, Clone)]
pub struct HeaderTemplate {
    settings: HeaderSettings,
    /// For requests whose turn brings no headers of its own.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    value: Slot,
}

#[derive(Debug, Clone)]
enum Slot {
    Fixed(String),
    RequestId,
    CorrelationId,
    ParentCorrelationId,
}

impl HeaderTemplate {
    /// Lays the headers out. Fails on a header that HTTP cannot carry.
    pub fn new(settings: HeaderSettings) -> Result<Self, EndpointError> {
        let entries = layout(&settings, &[]);
        for entry in &entries {
            let name_is_valid = HeaderName::from_bytes(entry.name.as_bytes()).is_ok();
            let value_is_valid = match &entry.value {
                Slot::Fixed(value) => HeaderValue::from_str(value).is_ok(),
                _ => true,
            };
            if !(name_is_valid && value_is_valid) {
                return Err(EndpointError::Header {
                    name: entry.name.clone(),
                });
            }
        }
        Ok(Self { settings, entries })
    }

    /// The headers of a request whose turn brings none of its own, in order.
    pub fn headers<'t>(
        &'t self,
        ids: RequestIds<'t>,
    ) -> impl Iterator<Item = (&'t str, &'t str)> + 't {
        self.entries.iter().filter_map(move |entry| {
            let value = match &entry.value {
                Slot::Fixed(value) => value,
                Slot::RequestId => ids.x_request_id,
                Slot::CorrelationId => ids.x_correlation_id,
                Slot::ParentCorrelationId => ids.parent_correlation_id?,
            };
            Some((entry.name.as_str(), value))
        })
    }

    /// The headers of a request whose turn brings `extra` ones. They override the user's, and lose
    /// against `Accept`, `Content-Type` and the routing headers.
    pub fn headers_with(
        &self,
        ids: RequestIds<'_>,
        extra: &[(String, String)],
    ) -> Vec<(String, String)> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        if extra.is_empty() {
            return self.headers(ids).map(owned).collect();
        }
        let merged = Self {
            settings: HeaderSettings::default(),
            entries: layout(&self.settings, extra),
        };
        merged.headers(ids).map(owned).collect()
    }
}

/// All headers in order. A later one overrides an earlier one of the same name, whatever the case,
/// and takes its place.
fn layout(settings: &HeaderSettings, extra: &[(String, String)]) -> Vec<Entry> {
    let capabilities = settings.endpoint_type.capabilities();
    let mut entries = Vec::new();
    let fixed = |value: &str| Slot::Fixed(value.to_owned());
    set(&mut entries, "User-Agent", fixed(&settings.user_agent));
    set(&mut entries, "X-Request-ID", Slot::RequestId);
    let session_header = settings
        .session_header
        .as_deref()
        .unwrap_or("X-Correlation-ID");
    set(&mut entries, session_header, Slot::CorrelationId);

    if capabilities.authentication == Authentication::Anthropic {
        set(&mut entries, "anthropic-version", fixed("2023-06-01"));
    }
    for (name, value) in &settings.custom {
        set(&mut entries, name, fixed(value));
    }
    if let Some(key) = &settings.api_key {
        match capabilities.authentication {
            Authentication::Bearer => {
                set(
                    &mut entries,
                    "Authorization",
                    Slot::Fixed(format!("Bearer {key}")),
                );
            }
            Authentication::Anthropic => set(&mut entries, "x-api-key", fixed(key)),
        }
    }
    for (name, value) in extra {
        set(&mut entries, name, fixed(value));
    }

    let accept = if settings.streaming {
        "text/event-stream"
    } else {
        "application/json"
    };
    set(&mut entries, "Accept", fixed(accept));
    if !capabilities.multipart {
        // A multipart body brings its own, with the boundary.
        set(&mut entries, "Content-Type", fixed("application/json"));
    }

    let affinity = settings.affinity;
    for (is_on, name, slot) in [
        (affinity.session_id, "X-Session-ID", Slot::CorrelationId),
        (
            affinity.session_affinity,
            "X-Session-Affinity",
            Slot::CorrelationId,
        ),
        (
            affinity.smg_routing_key,
            "X-SMG-Routing-Key",
            Slot::CorrelationId,
        ),
        (
            affinity.dynamo_session_id,
            "X-Dynamo-Session-ID",
            Slot::CorrelationId,
        ),
        (
            affinity.dynamo_session_id,
            "X-Dynamo-Parent-Session-ID",
            Slot::ParentCorrelationId,
        ),
    ] {
        if is_on {
            // The router must see the true session: what the user gave is removed, place and all.
            entries.retain(|entry: &Entry| !entry.name.eq_ignore_ascii_case(name));
            entries.push(Entry {
                name: name.to_owned(),
                value: slot,
            });
        }
    }
    entries
}

fn set(entries: &mut Vec<Entry>, name: &str, value: Slot) {
    let entry = Entry {
        name: name.to_owned(),
        value,
    };
    match entries
        .iter_mut()
        .find(|known| known.name.eq_ignore_ascii_case(name))
    {
        Some(known) => *known = entry,
        None => entries.push(entry),
    }
}

#[cfg(test)]
mod tests;
