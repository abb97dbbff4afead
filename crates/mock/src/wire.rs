//! HTTP/1.1 request framing: the head, and bodies of known length or in chunks. Pure: bytes in,
//! values out; the socket is `connection`'s.

use bytes::{Buf, BytesMut};
use http::StatusCode;

/// The longest request head that is read.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;

/// The longest request body that is read: room for images, audio and million-token prompts.
pub(crate) const MAX_BODY_BYTES: u64 = 256 * 1024 * 1024;

const MAX_HEADERS: usize = 100;

/// A request that cannot be read to its end, so that the connection has to be closed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) status: StatusCode,
    pub(crate) reason: &'static str,
}

impl Unreadable {
    fn malformed(reason: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            reason,
        }
    }

    fn body_too_long() -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            reason: "the body exceeds 256 MiB",
        }
    }
}

/// What the head of a request says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// Without the query.
    pub(crate) path: String,
    /// What follows the `?`; empty without one.
    pub(crate) query: String,
    pub(crate) framing: Framing,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
    pub(crate) request_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Other,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// Reads the head at the start of `bytes`; `None` while it is incomplete. The number is its length.
pub(crate) fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Unreadable> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD_BYTES => return Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Err(Unreadable {
                status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                reason: "the head exceeds 64 KiB or 100 headers",
            });
        }
        Err(_) => return Err(Unreadable::malformed("the request head is not HTTP/1.1")),
    };
    if request.version != Some(1) {
        return Err(Unreadable {
            status: StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            reason: "only HTTP/1.1 is served",
        });
    }
    let target = request.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut head = Head {
        method: match request.method {
            Some("GET") => Method::Get,
            Some("POST") => Method::Post,
            _ => Method::Other,
        },
        path: path.to_owned(),
        query: query.to_owned(),
        framing: Framing::Length(0),
        keep_alive: true,
        expects_continue: false,
        request_id: None,
    };
    for header in request.headers.iter() {
        read_header(&mut head, header)?;
    }
    Ok(Some((head, length)))
}

fn read_header(head: &mut Head, header: &httparse::Header<'_>) -> Result<(), Unreadable> {
    let is = |name: &str| header.name.eq_ignore_ascii_case(name);
    let value = header.value.trim_ascii();
    // A body in chunks stays one, whatever length is claimed beside it (RFC 9112, 6.3).
    if is("content-length") && head.framing != Framing::Chunked {
        let length = std::str::from_utf8(value)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or(Unreadable::malformed("`Content-Length` is not a number"))?;
        if length > MAX_BODY_BYTES {
            return Err(Unreadable::body_too_long());
        }
        head.framing = Framing::Length(length);
    } else if is("transfer-encoding") {
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Unreadable {
                status: StatusCode::NOT_IMPLEMENTED,
                reason: "the only transfer encoding served is `chunked`",
            });
        }
        head.framing = Framing::Chunked;
    } else if is("connection") {
        let asks_to_close = value
            .split(|&byte| byte == b',')
            .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"));
        head.keep_alive &= !asks_to_close;
    } else if is("expect") {
        head.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
    } else if is("x-request-id") {
        head.request_id = Some(String::from_utf8_lossy(value).into_owned());
    }
    Ok(())
}

/// The headers of a head that [`parse_head`] has accepted, in order, with their names as sent.
/// Values that are not UTF-8 are left out.
pub(crate) fn headers_of(head: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let lines = head.split(|&byte| byte == b'\n').skip(1);
    lines.filter_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        Some((name.trim(), value.trim()))
    })
}

/// Takes a chunked body out of its framing, as it comes in.
#[derive(Debug, Default)]
pub(crate) struct ChunkedBody {
    body: BytesMut,
    state: ChunkState,
}

#[derive(Debug, Default, Clone, Copy)]
enum ChunkState {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailer,
}

impl ChunkedBody {
    /// Consumes what it can of `incoming`; `true` once the last chunk and the trailer were read.
    pub(crate) fn feed(&mut self, incoming: &mut BytesMut) -> Result<bool, Unreadable> {
        loop {
            match self.state {
                ChunkState::Size => match httparse::parse_chunk_size(incoming) {
                    Ok(httparse::Status::Complete((line_length, size))) => {
                        if size.saturating_add(self.body.len() as u64) > MAX_BODY_BYTES {
                            return Err(Unreadable::body_too_long());
                        }
                        incoming.advance(line_length);
                        self.state = if size == 0 {
                            ChunkState::Trailer
                        } else {
                            ChunkState::Data(size)
                        };
                    }
                    Ok(httparse::Status::Partial) if incoming.len() < MAX_HEAD_BYTES => {
                        return Ok(false);
                    }
                    _ => return Err(Unreadable::malformed("a chunk has no proper size")),
                },
                ChunkState::Data(missing) => {
                    if incoming.is_empty() {
                        return Ok(false);
                    }
                    let taken = missing.min(incoming.len() as u64);
                    self.body.extend_from_slice(&incoming[..taken as usize]);
                    incoming.advance(taken as usize);
                    self.state = if taken == missing {
                        ChunkState::DataEnd
                    } else {
                        ChunkState::Data(missing - taken)
                    };
                }
                ChunkState::DataEnd => {
                    if incoming.len() < 2 {
                        return Ok(false);
                    }
                    if !incoming.starts_with(b"\r\n") {
                        return Err(Unreadable::malformed("a chunk is longer than its size"));
                    }
                    incoming.advance(2);
                    self.state = ChunkState::Size;
                }
                ChunkState::Trailer => {
                    let Some(end) = incoming.iter().position(|&byte| byte == b'\n') else {
                        if incoming.len() < MAX_HEAD_BYTES {
                            return Ok(false);
                        }
                        return Err(Unreadable::malformed("the trailer exceeds 64 KiB"));
                    };
                    let line_is_empty = incoming[..end].trim_ascii().is_empty();
                    incoming.advance(end + 1);
                    if line_is_empty {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// The body. Whole once [`ChunkedBody::feed`] returned `true`.
    pub(crate) fn into_body(self) -> BytesMut {
        self.body
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head_of(lines: &str) -> Result<Option<(Head, usize)>, Unreadable> {
        parse_head(lines.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn a_head_yields_what_the_server_acts_upon() {
        let text = "POST /v1/completions?a=b HTTP/1.1\nHost: x\ncontent-length: 12\n\
                    X-Request-ID: abc\nExpect: 100-continue\nConnection: Close\n\n";
        let (head, length) = head_of(text).unwrap().unwrap();
        assert_eq!(length, text.len() + text.lines().count());
        assert_eq!(
            head,
            Head {
                method: Method::Post,
                path: "/v1/completions".to_owned(),
                query: "a=b".to_owned(),
                framing: Framing::Length(12),
                keep_alive: false,
                expects_continue: true,
                request_id: Some("abc".to_owned()),
            }
        );
    }

    #[test]
    fn headers_are_found_again_with_the_names_that_were_sent() {
        let head = b"GET / HTTP/1.1\r\nHost: a:1\r\nX-Empty:\r\nx-B:  two words \r\n\r\n";
        let headers: Vec<_> = headers_of(head).collect();
        assert_eq!(
            headers,
            [("Host", "a:1"), ("X-Empty", ""), ("x-B", "two words")]
        );
    }

    #[test]
    fn a_head_is_incomplete_until_its_last_byte() {
        let text = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(parse_head(&text[..end]), Ok(None), "{end} bytes");
        }
        assert!(parse_head(text).unwrap().is_some());
    }

    #[test]
    fn chunks_outrank_a_length_in_either_order() {
        for headers in [
            "Content-Length: 5\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\nContent-Length: 5",
        ] {
            let (head, _) = head_of(&format!("POST / HTTP/1.1\n{headers}\n\n"))
                .unwrap()
                .unwrap();
            assert_eq!(head.framing, Framing::Chunked, "{headers}");
        }
    }

    #[test]
    fn heads_that_cannot_be_served_say_why() {
        let long = format!("GET / HTTP/1.1\nX: {}", "x".repeat(MAX_HEAD_BYTES));
        for (text, status) in [
            ("nonsense\n\n", 400),
            ("GET / HTTP/1.0\n\n", 505),
            ("POST / HTTP/1.1\nContent-Length: many\n\n", 400),
            ("POST / HTTP/1.1\nContent-Length: 999999999999\n\n", 413),
            ("POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\n", 501),
            (long.as_str(), 431),
        ] {
            assert_eq!(head_of(text).unwrap_err().status.as_u16(), status);
        }
    }

    #[test]
    fn broken_chunks_are_refused() {
        for text in ["zz\r\n", "2\r\nabc\r\n0\r\n\r\n", "fffffffffff\r\n"] {
            let refused = ChunkedBody::default().feed(&mut BytesMut::from(text));
            assert!(refused.is_err(), "{text:?}: {refused:?}");
        }
    }

    proptest! {
        #[test]
        fn a_chunked_body_comes_out_whole_however_it_is_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(1usize..30, 1..60),
        ) {
            let mut framed = Vec::new();
            for chunk in &chunks {
                framed.extend_from_slice(format!("{:x};ext=1\r\n", chunk.len()).as_bytes());
                framed.extend_from_slice(chunk);
                framed.extend_from_slice(b"\r\n");
            }
            framed.extend_from_slice(b"0\r\nTrailer: x\r\n\r\nNEXT");

            let mut body = ChunkedBody::default();
            let mut incoming = BytesMut::new();
            let mut rest = &framed[..];
            let mut cuts = cuts.into_iter().cycle();
            let mut complete = false;
            while !complete {
                prop_assert!(!rest.is_empty(), "never complete");
                let (piece, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                incoming.extend_from_slice(piece);
                rest = later;
                complete = body.feed(&mut incoming).unwrap();
            }
            incoming.extend_from_slice(rest);
            prop_assert_eq!(&incoming[..], b"NEXT");
            prop_assert_eq!(&body.into_body()[..], &chunks.concat()[..]);
        }
    }
}
