//! Recognising the first content of a stream while it arrives.

use std::sync::Arc;

use aiperf_endpoint::format::EndpointSettings;
use aiperf_endpoint::parse::parse_with;
use aiperf_endpoint::{ReadMark, Transcript};
use aiperf_engine::FirstContent;

/// Looks at an answer with the parser that will read it in the end.
pub(crate) struct FirstContentOf(Arc<EndpointSettings>);

impl FirstContentOf {
    pub(crate) fn new(settings: &Arc<EndpointSettings>) -> Self {
        Self(Arc::clone(settings))
    }
}

impl FirstContent for FirstContentOf {
    fn watch(&self) -> Box<dyn FnMut(Option<&str>, &[u8]) -> bool> {
        let settings = Arc::clone(&self.0);
        let mut body = Vec::new();
        Box::new(move |content_type, bytes| {
            body.extend_from_slice(bytes);
            // Only whole events are read: the rest of the body is not there yet.
            let Some(end) = end_of_events(&body) else {
                return false;
            };
            let reads = [ReadMark { at: 1, end }];
            let transcript = Transcript {
                content_type,
                body: &body[..end],
                reads: &reads,
                ended_at: 1,
                method_is_post: true,
            };
            let has_content = !parse_with(&settings, &transcript).parts.is_empty();
            // What holds no content is not read again.
            body.drain(..end);
            has_content
        })
    }
}

/// Where the last event that is complete ends.
fn end_of_events(body: &[u8]) -> Option<usize> {
    let ends = |blank_line: &[u8]| {
        let mut windows = body.windows(blank_line.len());
        let start = windows.rposition(|window| window == blank_line)?;
        Some(start + blank_line.len())
    };
    ends(b"\n\n").max(ends(b"\r\n\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_counts_and_a_role_does_not() {
        let recogniser = FirstContentOf::new(&Arc::default());
        let mut is_content = recogniser.watch();
        let mut show = |delta: &str| {
            let event = format!(
                "data: {{\"object\":\"chat.completion.chunk\",\"choices\":[{{\"delta\":{delta}}}]}}\n\n"
            );
            let (head, tail) = event.split_at(event.len() / 2);
            let early = is_content(Some("text/event-stream"), head.as_bytes());
            (
                early,
                is_content(Some("text/event-stream"), tail.as_bytes()),
            )
        };
        assert_eq!(
            show("{\"role\":\"assistant\",\"content\":\"\"}"),
            (false, false)
        );
        assert_eq!(show("{\"content\":\"one\"}"), (false, true));
    }

    #[test]
    fn a_body_that_is_no_stream_has_no_first_content() {
        let recogniser = FirstContentOf::new(&Arc::default());
        let mut is_content = recogniser.watch();
        assert!(!is_content(Some("application/json"), b"{\"choices\":[]}"));
    }
}
