//! Where the body of an answer ends (RFC 9112, section 6.3).

use std::ops::ControlFlow;

use super::Http1Error;
use super::chunked::Chunked;

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// Where the connection ends.
    UntilClose,
}

/// What came of bytes that were fed to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fed {
    /// The body goes on.
    More,
    /// The body is complete, after so many of the bytes.
    Complete { used: usize },
    /// Whoever takes the data wants no more of it.
    Stopped,
}

/// A body, as far as it has been read.
#[derive(Debug)]
pub(crate) enum Body {
    /// So many bytes are missing.
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Empty => Self::Length(0),
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(Chunked::new()),
            Framing::UntilClose => Self::UntilClose,
        }
    }

    /// Takes the next bytes, and hands on what is data in them; pieces are never empty.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Fed, Http1Error> {
        let used = match self {
            Self::Chunked(chunked) => return chunked.feed(bytes, take),
            Self::Length(missing) => {
                let used =
                    usize::try_from(*missing).map_or(bytes.len(), |all| all.min(bytes.len()));
                *missing -= used as u64;
                used
            }
            Self::UntilClose => bytes.len(),
        };
        let data = &bytes[..used];
        if !data.is_empty() && take(data).is_break() {
            return Ok(Fed::Stopped);
        }
        Ok(match self {
            Self::Length(0) => Fed::Complete { used },
            _ => Fed::More,
        })
    }

    /// The connection has ended before the body was complete.
    pub(crate) fn end(&self) -> Result<(), Http1Error> {
        match self {
            Self::UntilClose => Ok(()),
            Self::Length(_) | Self::Chunked(_) => Err(Http1Error::Closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(framing: Framing, pieces: &[&str], data: &str, end: Fed) {
        let mut body = Body::new(framing);
        let mut found = Vec::new();
        let mut last = Fed::More;
        for piece in pieces {
            assert_eq!(last, Fed::More);
            last = body
                .feed(piece.as_bytes(), |part| {
                    assert!(!part.is_empty());
                    found.extend_from_slice(part);
                    ControlFlow::Continue(())
                })
                .unwrap();
        }
        assert_eq!(
            (found.as_slice(), last),
            (data.as_bytes(), end),
            "{pieces:?}"
        );
    }

    #[test]
    fn a_body_ends_where_its_framing_says() {
        check(Framing::Empty, &["rest"], "", Fed::Complete { used: 0 });
        check(Framing::Length(0), &[""], "", Fed::Complete { used: 0 });
        check(
            Framing::Length(3),
            &["abc"],
            "abc",
            Fed::Complete { used: 3 },
        );
        check(
            Framing::Length(3),
            &["a", "bcd"],
            "abc",
            Fed::Complete { used: 2 },
        );
        check(Framing::Length(u64::MAX), &["abc"], "abc", Fed::More);
        check(Framing::UntilClose, &["a", "", "b"], "ab", Fed::More);
        check(
            Framing::Chunked,
            &["1\r\na", "\r\n0\r\n\r\n"],
            "a",
            Fed::Complete { used: 7 },
        );
    }

    #[test]
    fn only_a_body_without_a_length_may_end_with_the_connection() {
        for (framing, may_end) in [
            (Framing::Length(1), false),
            (Framing::Chunked, false),
            (Framing::UntilClose, true),
        ] {
            assert_eq!(Body::new(framing).end().is_ok(), may_end, "{framing:?}");
        }
    }

    #[test]
    fn whoever_takes_the_data_can_stop() {
        for framing in [Framing::Length(1), Framing::UntilClose] {
            let fed = Body::new(framing).feed(b"a", |_| ControlFlow::Break(()));
            assert_eq!(fed.unwrap(), Fed::Stopped);
        }
    }
}
