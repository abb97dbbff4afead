//! An answer as it came over the wire: bytes, and the instants at which they were read.

use std::borrow::Cow;

pub use aiperf_clock::ReadMark;

use crate::sse::Messages;

/// The body of a 2xx answer. Instants are nanoseconds of the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Transcript<'a> {
    /// The `Content-Type` header, if there was one.
    pub content_type: Option<&'a str>,
    /// The body, without transfer or content encoding.
    pub body: &'a [u8],
    /// The reads that produced the body, in order.
    pub reads: &'a [ReadMark],
    /// When the body ended, or the connection failed.
    pub ended_at: u64,
    /// Whether the request was a POST; only those answer with events.
    pub method_is_post: bool,
}

/// What a body is. Its `Content-Type` decides, never whether a stream was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// Server-sent events.
    Events,
    /// One text, usually JSON.
    Text,
    /// Neither.
    Binary,
}

impl<'a> Transcript<'a> {
    /// What the body is.
    ///
    /// A missing type and `application/octet-stream` mean binary, unless the body is JSON: then
    /// the server forgot the header, and the answer is good.
    pub fn kind(&self) -> BodyKind {
        let media_type = self.media_type();
        if self.method_is_post && media_type.eq_ignore_ascii_case("text/event-stream") {
            return BodyKind::Events;
        }
        if media_type.is_empty() || media_type.eq_ignore_ascii_case("application/octet-stream") {
            return if self.body_is_json() {
                BodyKind::Text
            } else {
                BodyKind::Binary
            };
        }
        let family = media_type.split('/').next().unwrap_or_default();
        if ["video", "image", "audio"]
            .iter()
            .any(|binary| family.eq_ignore_ascii_case(binary))
        {
            return BodyKind::Binary;
        }
        BodyKind::Text
    }

    /// The events of the body, whatever its kind.
    pub fn messages(&self) -> Messages<'a> {
        Messages::new(self)
    }

    /// The body as text. Bytes that are no UTF-8 become replacement characters, so that one bad
    /// byte does not cost the answer.
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }

    /// The content type without its parameters; empty if there is none.
    pub(crate) fn media_type(&self) -> &'a str {
        self.content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
    }

    fn body_is_json(&self) -> bool {
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(first, Some(b'{' | b'['))
            && serde_json::from_slice::<serde::de::IgnoredAny>(self.body).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(content_type: Option<&str>, body: &str) -> BodyKind {
        Transcript {
            content_type,
            body: body.as_bytes(),
            reads: &[],
            ended_at: 1,
            method_is_post: true,
        }
        .kind()
    }

    #[test]
    fn the_content_type_decides_what_a_body_is() {
        for (content_type, expected) in [
            ("text/event-stream", BodyKind::Events),
            ("Text/Event-Stream; charset=utf-8", BodyKind::Events),
            ("text/event-stream2", BodyKind::Text),
            ("application/json", BodyKind::Text),
            ("text/plain", BodyKind::Text),
            ("image/png", BodyKind::Binary),
            ("video/mp4", BodyKind::Binary),
            ("Audio/wav", BodyKind::Binary),
            ("application/octet-stream", BodyKind::Binary),
        ] {
            assert_eq!(
                kind(Some(content_type), "data: x\n\n"),
                expected,
                "{content_type}"
            );
        }
        assert_eq!(kind(None, "data: x\n\n"), BodyKind::Binary);
    }

    #[test]
    fn json_without_a_telling_content_type_is_text() {
        assert_eq!(kind(None, " {\"a\":1} "), BodyKind::Text);
        assert_eq!(
            kind(Some("application/octet-stream"), "[1]"),
            BodyKind::Text
        );
        assert_eq!(kind(None, "{\"a\":1"), BodyKind::Binary);
        assert_eq!(kind(None, "7"), BodyKind::Binary);
        assert_eq!(kind(Some("image/png"), "{}"), BodyKind::Binary);
    }

    #[test]
    fn only_a_post_is_answered_with_events() {
        let transcript = Transcript {
            content_type: Some("text/event-stream"),
            body: b"data: x\n\n",
            reads: &[],
            ended_at: 1,
            method_is_post: false,
        };
        assert_eq!(transcript.kind(), BodyKind::Text);
    }
}
