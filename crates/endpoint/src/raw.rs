//! The responses of an exchange as the raw export shows them.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::sse;
use crate::transcript::{BodyKind, Transcript};

/// One element of a raw record's `responses`. Serialises to the shape that the file has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RawResponse<'a> {
    /// An event of a stream.
    Event {
        /// When it was complete, on the monotonic clock.
        perf_ns: u64,
        /// Its fields.
        packets: Vec<Packet>,
    },
    /// A body that is text.
    Text {
        /// When it was complete.
        perf_ns: u64,
        /// The body.
        text: Cow<'a, str>,
        /// Its media type without parameters.
        #[serde(skip_serializing_if = "Option::is_none")]
        content_type: Option<&'a str>,
    },
    /// A body that is no text.
    Binary {
        /// When it was complete.
        perf_ns: u64,
        /// The body, base64.
        raw_bytes: String,
        /// Its media type without parameters.
        #[serde(skip_serializing_if = "Option::is_none")]
        content_type: Option<&'a str>,
    },
}

/// A field of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Packet {
    /// The field's name.
    pub name: String,
    /// Its value; absent for a line without a colon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The responses of an exchange. An error event ends them and is not among them; the record's
/// error tells of it.
pub fn responses<'a>(
    transcript: &Transcript<'a>,
) -> impl Iterator<Item = RawResponse<'a>> + use<'a> {
    let kind = transcript.kind();
    let events = (kind == BodyKind::Events).then(|| transcript.messages());
    let events = events.into_iter().flatten().map_while(|message| {
        let text = message.text();
        let fields = sse::fields(&text);
        let is_error = sse::lone_data(&text).is_none() && sse::names_error(&fields);
        (!is_error).then(|| RawResponse::Event {
            perf_ns: message.at,
            packets: fields
                .into_iter()
                .map(|field| Packet {
                    name: field.name.to_owned(),
                    value: field.value.map(Cow::into_owned),
                })
                .collect(),
        })
    });
    events.chain(whole_body(transcript, kind))
}

/// The body as one response, unless it is a stream.
fn whole_body<'a>(transcript: &Transcript<'a>, kind: BodyKind) -> Option<RawResponse<'a>> {
    let perf_ns = transcript.ended_at;
    let content_type = transcript.content_type.map(|_| transcript.media_type());
    match kind {
        BodyKind::Events => None,
        BodyKind::Text => Some(RawResponse::Text {
            perf_ns,
            text: transcript.text(),
            content_type,
        }),
        BodyKind::Binary => {
            let raw_bytes = STANDARD.encode(transcript.body);
            Some(RawResponse::Binary {
                perf_ns,
                raw_bytes,
                content_type,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::ReadMark;

    fn exported(content_type: &str, body: &[u8]) -> String {
        let reads = [ReadMark {
            at: 5,
            end: body.len(),
        }];
        let transcript = Transcript {
            content_type: Some(content_type),
            body,
            reads: &reads,
            ended_at: 9,
            method_is_post: true,
        };
        serde_json::to_string(&responses(&transcript).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn an_event_has_one_packet_per_field() {
        assert_eq!(
            exported(
                "text/event-stream",
                b": p\nx\n\ndata: {\"a\":1}\n\ndata: [DONE]"
            ),
            r#"[{"perf_ns":5,"packets":[{"name":"comment","value":"p"},{"name":"x"}]},{"perf_ns":5,"packets":[{"name":"data","value":"{\"a\":1}"}]},{"perf_ns":9,"packets":[{"name":"data","value":"[DONE]"}]}]"#
        );
    }

    #[test]
    fn an_error_event_ends_the_responses() {
        assert_eq!(
            exported(
                "text/event-stream",
                b"data: a\n\nevent: error\ndata: b\n\ndata: c\n\n"
            ),
            r#"[{"perf_ns":5,"packets":[{"name":"data","value":"a"}]}]"#
        );
    }

    #[test]
    fn other_bodies_are_one_response() {
        assert_eq!(
            exported("application/json; charset=utf-8", b"{}"),
            r#"[{"perf_ns":9,"text":"{}","content_type":"application/json"}]"#
        );
        assert_eq!(
            exported("image/png", b"ab\xff\x00"),
            r#"[{"perf_ns":9,"raw_bytes":"YWL/AA==","content_type":"image/png"}]"#
        );
    }
}
