//! The header fields of requests: the same for all, of the request, of its session, of its turn.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::correlation::CorrelationId;

/// The header fields of every request, in order.
#[derive(Debug, Clone, Default)]
pub struct HeaderPlan {
    /// Later fields replace earlier ones of the same name.
    pub fields: Vec<HeaderField>,
    /// Before which of them a turn's own fields stand.
    pub turn_fields_at: usize,
}

/// One header field.
#[derive(Debug, Clone)]
pub struct HeaderField {
    /// Its name.
    pub name: HeaderName,
    /// Where its value comes from.
    pub value: HeaderValueSource,
}

/// Where a header field's value comes from.
#[derive(Debug, Clone)]
pub enum HeaderValueSource {
    /// The same for all requests.
    Fixed(HeaderValue),
    /// The request's id.
    RequestId,
    /// The session's id.
    CorrelationId,
}

impl HeaderPlan {
    pub(crate) fn render(
        &self,
        request_id: Uuid,
        correlation_id: &CorrelationId,
        of_turn: Option<&HeaderMap>,
    ) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.fields.len() + 2);
        for (position, field) in self.fields.iter().enumerate() {
            if position == self.turn_fields_at {
                for (name, value) in of_turn.into_iter().flatten() {
                    headers.insert(name.clone(), value.clone());
                }
            }
            let value = match &field.value {
                HeaderValueSource::Fixed(value) => value.clone(),
                HeaderValueSource::RequestId => uuid_value(request_id),
                HeaderValueSource::CorrelationId => correlation_value(correlation_id),
            };
            headers.insert(field.name.clone(), value);
        }
        headers
    }
}

fn correlation_value(id: &CorrelationId) -> HeaderValue {
    match id {
        CorrelationId::Random(id) => uuid_value(Uuid::from_u128(*id)),
        // A conversation's id is the user's: what a header cannot hold is left out.
        CorrelationId::User(_) | CorrelationId::Scheduled(_) => {
            let mut text = id.to_string();
            text.retain(|letter| !letter.is_control());
            HeaderValue::from_bytes(text.as_bytes())
                .unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
        }
    }
}

fn uuid_value(id: Uuid) -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text))
        .expect("a hyphenated UUID consists of visible ASCII characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_header_fields_replace_earlier_ones_of_the_same_name() {
        let field = |name: &'static str, value| HeaderField {
            name: HeaderName::from_static(name),
            value,
        };
        let plan = HeaderPlan {
            turn_fields_at: 1,
            fields: vec![
                field("x-request-id", HeaderValueSource::RequestId),
                field(
                    "accept",
                    HeaderValueSource::Fixed(HeaderValue::from_static("a")),
                ),
                field(
                    "accept",
                    HeaderValueSource::Fixed(HeaderValue::from_static("b")),
                ),
                field("x-correlation-id", HeaderValueSource::CorrelationId),
            ],
        };
        let mut of_turn = HeaderMap::new();
        of_turn.insert("x-request-id", HeaderValue::from_static("turn"));
        of_turn.insert("accept", HeaderValue::from_static("turn"));
        let rendered = plan.render(
            Uuid::from_u128(1),
            &CorrelationId::Random(2),
            Some(&of_turn),
        );
        assert_eq!(rendered["accept"], "b");
        assert_eq!(rendered["x-request-id"], "turn");
        assert_eq!(
            rendered["x-correlation-id"],
            "00000000-0000-0000-0000-000000000002"
        );
    }
}
