//! The chunked transfer coding (RFC 9112, section 7.1), byte by byte.

use std::ops::ControlFlow;

use super::Http1Error;
use super::body::Fed;
use super::head::MOST_FIELDS;

/// The longest extensions of one chunk, and the longest trailers of one body. Both are read for
/// nothing.
const LONGEST_ASIDE: usize = 16 * 1024;

/// A chunked body, as far as it has been read.
#[derive(Debug)]
pub(crate) struct Chunked {
    state: State,
    /// The size of the chunk as far as it is known; then what is missing of it.
    size: u64,
    /// Bytes of the extension of this chunk.
    extension: usize,
    /// Kept only to be checked: a body whose sizes were damaged looks like one with odd trailers.
    trailers: Vec<u8>,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The first digit of a size.
    Size,
    /// Another digit, or what ends the size.
    MoreSize,
    /// Blanks after the size.
    Blank,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    /// The first byte of a trailer, or the end.
    TrailerStart,
    Trailer,
    TrailerLineFeed,
    LastLineFeed,
    Done,
}

impl Chunked {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Size,
            size: 0,
            extension: 0,
            trailers: Vec::new(),
        }
    }

    /// Takes the next bytes, and hands on what is data in them.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Fed, Http1Error> {
        let mut rest = bytes;
        while self.state != State::Done {
            if self.state == State::Data {
                let length =
                    usize::try_from(self.size).map_or(rest.len(), |size| size.min(rest.len()));
                let (data, after) = rest.split_at(length);
                if data.is_empty() {
                    return Ok(Fed::More);
                }
                rest = after;
                self.size -= length as u64;
                if self.size == 0 {
                    self.state = State::DataReturn;
                }
                if take(data).is_break() {
                    return Ok(Fed::Stopped);
                }
                continue;
            }
            let Some((&byte, after)) = rest.split_first() else {
                return Ok(Fed::More);
            };
            rest = after;
            self.state = self.step(byte)?;
        }
        Ok(Fed::Complete {
            used: bytes.len() - rest.len(),
        })
    }

    fn step(&mut self, byte: u8) -> Result<State, Http1Error> {
        let bad = |reason| Err(Http1Error::Framing(reason));
        Ok(match (self.state, byte) {
            (State::Size, _) => {
                (self.size, self.extension) = (0, 0);
                self.digit(byte)?
            }
            (State::MoreSize | State::Blank, b' ' | b'\t') => State::Blank,
            (State::MoreSize | State::Blank, b';') => State::Extension,
            (State::MoreSize | State::Blank | State::Extension, b'\r') => State::SizeLineFeed,
            (State::MoreSize, _) => self.digit(byte)?,
            (State::Blank, _) => return bad("a chunk size is followed by something else"),
            (State::Extension, b'\n') => return bad("the extension of a chunk holds a line break"),
            (State::Extension, _) => {
                self.extension += 1;
                if self.extension >= LONGEST_ASIDE {
                    return bad("the extension of a chunk is too long");
                }
                State::Extension
            }
            (State::SizeLineFeed, b'\n') if self.size == 0 => State::TrailerStart,
            (State::SizeLineFeed, b'\n') => State::Data,
            (State::SizeLineFeed, _) => return bad("the line of a chunk size has no proper end"),
            (State::DataReturn, b'\r') => State::DataLineFeed,
            (State::DataLineFeed, b'\n') => State::Size,
            (State::DataReturn | State::DataLineFeed, _) => {
                return bad("a chunk is longer than its size");
            }
            (State::TrailerStart, b'\r') => {
                self.keep_end_of_trailers(byte)?;
                State::LastLineFeed
            }
            (State::TrailerStart | State::Trailer, _) => {
                self.keep_trailer(byte)?;
                match byte {
                    b'\r' => State::TrailerLineFeed,
                    _ => State::Trailer,
                }
            }
            (State::TrailerLineFeed, b'\n') => {
                self.keep_trailer(byte)?;
                State::TrailerStart
            }
            (State::LastLineFeed, b'\n') => {
                self.keep_end_of_trailers(byte)?;
                self.check_trailers()?;
                State::Done
            }
            (State::TrailerLineFeed | State::LastLineFeed, _) => {
                return bad("a trailer has no proper end");
            }
            // Neither is asked for a single byte.
            (State::Data | State::Done, _) => self.state,
        })
    }

    fn digit(&mut self, byte: u8) -> Result<State, Http1Error> {
        let digit = char::from(byte)
            .to_digit(16)
            .ok_or(Http1Error::Framing("a chunk size is not a number"))?;
        self.size = self
            .size
            .checked_mul(16)
            .and_then(|size| size.checked_add(u64::from(digit)))
            .ok_or(Http1Error::Framing("a chunk size is too large"))?;
        Ok(State::MoreSize)
    }

    /// Almost every body ends with an empty line and nothing to check.
    fn keep_end_of_trailers(&mut self, byte: u8) -> Result<(), Http1Error> {
        if self.trailers.is_empty() {
            return Ok(());
        }
        self.keep_trailer(byte)
    }

    fn keep_trailer(&mut self, byte: u8) -> Result<(), Http1Error> {
        self.trailers.push(byte);
        if self.trailers.len() >= LONGEST_ASIDE {
            return Err(Http1Error::Framing("the trailers are too long"));
        }
        Ok(())
    }

    fn check_trailers(&mut self) -> Result<(), Http1Error> {
        let trailers = std::mem::take(&mut self.trailers);
        if trailers.is_empty() {
            return Ok(());
        }
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        match httparse::parse_headers(&trailers, &mut fields) {
            Ok(httparse::Status::Complete(_)) => Ok(()),
            _ => Err(Http1Error::Framing("a trailer is not a header field")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The data of a body that is fed at once, and what came of it.
    fn feed(bytes: &[u8]) -> (Vec<u8>, Result<Fed, String>) {
        feed_pieces([bytes])
    }

    fn feed_pieces<'a>(
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> (Vec<u8>, Result<Fed, String>) {
        let mut chunked = Chunked::new();
        let mut data = Vec::new();
        let mut last = Ok(Fed::More);
        for piece in pieces {
            last = chunked
                .feed(piece, |part| {
                    data.extend_from_slice(part);
                    ControlFlow::Continue(())
                })
                .map_err(|error| error.to_string());
            if !matches!(last, Ok(Fed::More)) {
                break;
            }
        }
        (data, last)
    }

    #[test]
    fn sizes_are_hexadecimal_and_what_stands_beside_them_is_skipped() {
        for (bytes, data) in [
            ("0\r\n\r\n", ""),
            ("3\r\nabc\r\n0\r\n\r\n", "abc"),
            ("A\r\n0123456789\r\n00\r\n\r\n", "0123456789"),
            ("00a \t\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("1;x=\"y\"; z\r\na\r\n1 ;\r\nb\r\n0;last\r\n\r\n", "ab"),
            ("1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", "\r\n"),
            ("1\r\na\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", "a"),
        ] {
            let (found, end) = feed(bytes.as_bytes());
            assert_eq!(found, data.as_bytes(), "{bytes:?}");
            assert_eq!(end, Ok(Fed::Complete { used: bytes.len() }), "{bytes:?}");
        }
    }

    #[test]
    fn what_follows_the_body_is_left_alone() {
        let (data, end) = feed(b"1\r\na\r\n0\r\n\r\nHTTP/1.1");
        assert_eq!(
            (data.as_slice(), end),
            (&b"a"[..], Ok(Fed::Complete { used: 11 }))
        );
    }

    #[test]
    fn broken_framing_is_refused_and_the_data_before_it_is_handed_on() {
        let long = "x".repeat(LONGEST_ASIDE);
        for (bytes, data, reason) in [
            ("\r\n", "", "not a number"),
            ("g\r\n", "", "not a number"),
            ("-1\r\n", "", "not a number"),
            ("1\n", "", "not a number"),
            ("1 1\r\n", "", "something else"),
            ("10000000000000000\r\n", "", "too large"),
            ("ffffffffffffffffff\r\n", "", "too large"),
            ("1\rx", "", "no proper end"),
            ("1;a\nb\r\n", "", "line break"),
            (&format!("1;{long}"), "", "extension of a chunk is too long"),
            ("1\r\nab", "a", "longer than its size"),
            ("1\r\na\rb", "a", "longer than its size"),
            ("1\r\na\r\n0\r\nX: y\rz", "a", "no proper end"),
            ("0\r\n\rx", "", "no proper end"),
            ("0\r\nno field\r\n\r\n", "", "not a header field"),
            (&format!("0\r\nX: {long}"), "", "trailers are too long"),
        ] {
            let (found, end) = feed(bytes.as_bytes());
            assert_eq!(found, data.as_bytes(), "{bytes:?}");
            let error = end.unwrap_err();
            assert!(error.contains(reason), "{bytes:?}: {error}");
        }
    }

    #[test]
    fn extensions_are_limited_for_each_chunk_and_not_for_the_body() {
        let chunk = format!("1;{}\r\na\r\n", "x".repeat(LONGEST_ASIDE / 2));
        let bytes = chunk.repeat(5) + "0\r\n\r\n";
        assert_eq!(feed(bytes.as_bytes()).0, b"aaaaa");
    }

    #[test]
    fn whoever_takes_the_data_can_stop() {
        let mut chunked = Chunked::new();
        let fed = chunked.feed(b"1\r\na\r\n1\r\nb\r\n", |_| ControlFlow::Break(()));
        assert_eq!(fed.unwrap(), Fed::Stopped);
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            chunks in prop::collection::vec("[a-z\r\n]{1,20}", 0..6),
            noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut bytes: Vec<u8> = chunks
                .iter()
                .flat_map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()).into_bytes())
                .chain(*b"0\r\n\r\n")
                .collect();
            for (place, byte) in noise {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            let (data, end) = feed_pieces(pieces);
            let whole = feed(&bytes);
            // Where a body ends is counted from the piece that ends it.
            prop_assert_eq!(data, whole.0);
            prop_assert_eq!(
                std::mem::discriminant(&end), std::mem::discriminant(&whole.1), "{:?}", end
            );
            let each_byte = feed_pieces(bytes.chunks(1)).0;
            prop_assert_eq!(each_byte, feed(&bytes).0);
        }
    }
}
