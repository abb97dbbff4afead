//! An answer, from its first byte to its last.

use std::ops::ControlFlow;

use super::Http1Error;
use super::body::{Body, Fed};
use super::head::{self, AnswerHead, Parsed};

/// The longest head that is waited for: as much as HTTP/2 allows here.
const LONGEST_HEAD: usize = 256 * 1024;

/// An incomplete head up to this length is looked at again with every read, so that what is no
/// HTTP is found out at once; a longer one only where it may have come to its end.
const QUICKLY_PARSED: usize = 4 * 1024;

/// Takes an answer in, piece by piece.
pub(crate) trait AnswerSink {
    /// The head is there.
    fn take_head(&mut self, head: AnswerHead);

    /// A piece of the body is there. `Break` ends the exchange before the answer is complete.
    fn take_data(&mut self, data: &[u8]) -> ControlFlow<()>;
}

/// What came of bytes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The answer goes on.
    More,
    /// The answer is complete.
    Complete,
    /// Whoever takes the answer wants no more of it.
    Stopped,
}

/// Reads one answer.
#[derive(Debug)]
pub(crate) struct AnswerReader {
    answers_head: bool,
    /// The beginning of a head whose end is missing.
    partial: Vec<u8>,
    /// The body, once the head is there.
    body: Option<Body>,
    keeps_alive: bool,
}

impl AnswerReader {
    /// Reads the answer to a request, which may be one with the method `HEAD`.
    pub(crate) fn new(answers_head: bool) -> Self {
        Self {
            answers_head,
            partial: Vec::new(),
            body: None,
            keeps_alive: false,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        sink: &mut impl AnswerSink,
    ) -> Result<Progress, Http1Error> {
        if self.body.is_some() {
            return self.feed_body(bytes, sink);
        }
        if self.partial.is_empty() {
            return self.feed_head(bytes, sink);
        }
        let mut joined = std::mem::take(&mut self.partial);
        let known = joined.len();
        joined.extend_from_slice(bytes);
        if joined.len() <= QUICKLY_PARSED || may_end(&joined, known) {
            return self.feed_head(&joined, sink);
        }
        self.keep_partial(joined)
    }

    /// The connection has ended. That completes the answer, or is an error.
    pub(crate) fn end(&mut self) -> Result<Progress, Http1Error> {
        self.keeps_alive = false;
        match &self.body {
            Some(body) => body.end().map(|()| Progress::Complete),
            None => Err(Http1Error::Closed),
        }
    }

    /// Whether, once the answer is complete, the connection can be used again as far as the server
    /// is concerned.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.keeps_alive
    }

    fn feed_head(
        &mut self,
        bytes: &[u8],
        sink: &mut impl AnswerSink,
    ) -> Result<Progress, Http1Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match head::parse(rest, self.answers_head)? {
                None => return self.keep_partial(rest.to_vec()),
                Some(Parsed::Interim { length }) => rest = &rest[length..],
                Some(Parsed::Final { length, head }) => {
                    self.keeps_alive = head.keeps_alive;
                    self.body = Some(Body::new(head.framing));
                    sink.take_head(head);
                    return self.feed_body(&rest[length..], sink);
                }
            }
        }
        Ok(Progress::More)
    }

    fn keep_partial(&mut self, partial: Vec<u8>) -> Result<Progress, Http1Error> {
        if partial.len() >= LONGEST_HEAD {
            return Err(Http1Error::Head("the head is too long".to_owned()));
        }
        self.partial = partial;
        Ok(Progress::More)
    }

    fn feed_body(
        &mut self,
        bytes: &[u8],
        sink: &mut impl AnswerSink,
    ) -> Result<Progress, Http1Error> {
        let Some(body) = &mut self.body else {
            return Ok(Progress::More);
        };
        Ok(match body.feed(bytes, |data| sink.take_data(data))? {
            Fed::More => Progress::More,
            Fed::Stopped => {
                self.keeps_alive = false;
                Progress::Stopped
            }
            Fed::Complete { used } => {
                // What nobody has asked for makes everything doubtful that would follow.
                self.keeps_alive &= used == bytes.len();
                Progress::Complete
            }
        })
    }
}

/// Whether there is a blank line that ends behind the first `known` bytes.
fn may_end(bytes: &[u8], known: usize) -> bool {
    let recent = &bytes[known.saturating_sub(3)..];
    let ends = |window: &[u8]| window.starts_with(b"\n\n") || window.starts_with(b"\n\r\n");
    (0..recent.len()).any(|start| ends(&recent[start..]))
}

#[cfg(test)]
pub(super) mod tests {
    use http::StatusCode;
    use proptest::prelude::*;

    use super::*;

    /// All of an answer.
    #[derive(Debug, Default, PartialEq)]
    pub(in crate::h1) struct Whole {
        pub(in crate::h1) head: Option<AnswerHead>,
        pub(in crate::h1) data: Vec<u8>,
    }

    impl AnswerSink for Whole {
        fn take_head(&mut self, head: AnswerHead) {
            assert_eq!(self.head, None);
            self.head = Some(head);
        }

        fn take_data(&mut self, data: &[u8]) -> ControlFlow<()> {
            assert!(self.head.is_some() && !data.is_empty());
            self.data.extend_from_slice(data);
            ControlFlow::Continue(())
        }
    }

    /// Feeds pieces until the answer is complete, then what is left, and at last perhaps the end of
    /// the connection.
    pub(in crate::h1) fn read<'a>(
        pieces: impl IntoIterator<Item = &'a [u8]>,
        answers_head: bool,
        closes: bool,
    ) -> (Whole, Result<Progress, Http1Error>, bool) {
        let mut reader = AnswerReader::new(answers_head);
        let mut whole = Whole::default();
        let mut has_surplus = false;
        let mut last = Ok(Progress::More);
        for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
            if matches!(last, Ok(Progress::More)) {
                last = reader.feed(piece, &mut whole);
            } else {
                has_surplus = true;
            }
        }
        if closes && matches!(last, Ok(Progress::More)) {
            last = reader.end();
        }
        let is_usable = last.is_ok() && reader.keeps_alive() && !has_surplus;
        (whole, last, is_usable)
    }

    const ANSWER: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n\
        HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

    #[test]
    fn an_answer_is_the_same_wherever_it_is_cut() {
        for cut in 0..=ANSWER.len() {
            let (start, end) = ANSWER.as_bytes().split_at(cut);
            let (whole, last, is_usable) = read([start, end], false, false);
            assert_eq!(last.unwrap(), Progress::Complete, "{cut}");
            assert_eq!(whole.head.unwrap().status, StatusCode::OK);
            assert_eq!(whole.data, b"hello");
            assert!(is_usable);
        }
    }

    #[test]
    fn what_follows_an_answer_makes_the_connection_unusable() {
        let answer = format!("{ANSWER}HTTP/1.1 408 Request Timeout\r\n\r\n");
        let (whole, last, is_usable) = read([answer.as_bytes()], false, false);
        assert_eq!(last.unwrap(), Progress::Complete);
        assert_eq!(whole.data, b"hello");
        assert!(!is_usable);
    }

    #[test]
    fn the_end_of_the_connection_ends_an_answer_without_a_length_and_cuts_any_other() {
        let until_close = b"HTTP/1.1 200 OK\r\n\r\nto the end".as_slice();
        let (whole, last, is_usable) = read([until_close], false, true);
        assert_eq!(last.unwrap(), Progress::Complete);
        assert_eq!(whole.data, b"to the end");
        assert!(!is_usable);
        for end in 0..ANSWER.len() {
            let (_, last, _) = read([&ANSWER.as_bytes()[..end]], false, true);
            assert!(matches!(last, Err(Http1Error::Closed)), "{end}: {last:?}");
        }
    }

    #[test]
    fn the_answer_to_head_has_no_body() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".as_slice();
        let (whole, last, is_usable) = read([text], true, false);
        assert_eq!(last.unwrap(), Progress::Complete);
        assert!(whole.data.is_empty() && is_usable);
    }

    #[test]
    fn what_is_no_http_is_found_out_before_its_end() {
        for text in ["SSH-2.0-OpenSSH_9.6\r\n", "{\"error\": 1}"] {
            let (_, last, _) = read(text.as_bytes().chunks(1), false, false);
            assert!(matches!(last, Err(Http1Error::Head(_))), "{text}: {last:?}");
        }
    }

    #[test]
    fn long_heads_are_read_and_endless_ones_are_not() {
        let field = format!("X-Long: {}\r\n", "x".repeat(10_000));
        let text = format!("HTTP/1.1 204 No Content\r\n{}\r\n", field.repeat(20));
        for size in [1000, 7919] {
            let (whole, last, _) = read(text.as_bytes().chunks(size), false, false);
            assert_eq!(last.unwrap(), Progress::Complete);
            assert_eq!(whole.head.unwrap().headers.len(), 20);
        }
        let text = format!("HTTP/1.1 204 No Content\r\n{}", field.repeat(30));
        let (_, last, _) = read(text.as_bytes().chunks(8192), false, false);
        assert!(last.unwrap_err().to_string().contains("too long"));
    }

    struct Impatient;

    impl AnswerSink for Impatient {
        fn take_head(&mut self, _head: AnswerHead) {}

        fn take_data(&mut self, _data: &[u8]) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }

    #[test]
    fn an_answer_that_nobody_wants_to_its_end_costs_the_connection() {
        let mut reader = AnswerReader::new(false);
        let fed = reader.feed(ANSWER.as_bytes(), &mut Impatient).unwrap();
        assert_eq!((fed, reader.keeps_alive()), (Progress::Stopped, false));
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_end_in_no_panic_and_cuts_change_nothing(
            noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            size in 1usize..40,
        ) {
            let mut bytes = ANSWER.as_bytes().to_vec();
            for (place, byte) in noise {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let (whole, last, is_usable) = read([bytes.as_slice()], false, true);
            let (cut, cut_last, cut_usable) = read(bytes.chunks(size), false, true);
            prop_assert_eq!(&whole, &cut);
            prop_assert_eq!(format!("{last:?}"), format!("{cut_last:?}"));
            prop_assert_eq!(is_usable, cut_usable);
        }
    }
}
