//! The head of an answer: status line and header fields (RFC 9112, sections 4 and 5).

use std::mem::MaybeUninit;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Http1Error;
use super::body::Framing;

/// Header fields that an answer may have at most.
pub(crate) const MOST_FIELDS: usize = 256;

/// What an answer consists of besides its body.
#[derive(Debug, PartialEq)]
pub(crate) struct AnswerHead {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// How the end of the body is found.
    pub(crate) framing: Framing,
    /// Whether the server wants to go on with the connection.
    pub(crate) keeps_alive: bool,
}

/// The head at the beginning of some bytes, and its length.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed {
    /// That of an interim answer (1xx), after which the real one comes.
    Interim { length: usize },
    /// That of the answer.
    Final { length: usize, head: AnswerHead },
}

/// Reads the head at the beginning of `bytes`; `None` where its end is missing. Answers to `HEAD`
/// requests have no body, whatever they say.
pub(crate) fn parse(bytes: &[u8], answers_head: bool) -> Result<Option<Parsed>, Http1Error> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut answer = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut answer,
        bytes,
        &mut fields,
    );
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(Http1Error::Head(error.to_string())),
    };
    let status = StatusCode::from_u16(answer.code.unwrap_or_default())
        .map_err(|error| Http1Error::Head(error.to_string()))?;
    // After 101 the connection speaks something else, so that is the last word of HTTP.
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Some(Parsed::Interim { length }));
    }
    let is_http11 = answer.version == Some(1);
    let headers = own(answer.headers)?;
    let framing = framing(status, &headers, is_http11, answers_head)?;
    let keeps_alive = framing != Framing::UntilClose
        && status != StatusCode::SWITCHING_PROTOCOLS
        && keeps_alive(&headers, is_http11);
    Ok(Some(Parsed::Final {
        length,
        head: AnswerHead {
            status,
            headers,
            framing,
            keeps_alive,
        },
    }))
}

fn own(fields: &[httparse::Header<'_>]) -> Result<HeaderMap, Http1Error> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes())
            .map_err(|error| Http1Error::Head(error.to_string()))?;
        let value = HeaderValue::from_bytes(field.value)
            .map_err(|error| Http1Error::Head(error.to_string()))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// RFC 9112, section 6.3.
fn framing(
    status: StatusCode,
    headers: &HeaderMap,
    is_http11: bool,
    answers_head: bool,
) -> Result<Framing, Http1Error> {
    let has_no_body = status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    if has_no_body || answers_head {
        return Ok(Framing::Empty);
    }
    if let Some(last) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        if !is_http11 {
            return Err(Http1Error::Head(
                "HTTP/1.0 knows no transfer encodings".to_owned(),
            ));
        }
        let last = last.to_str().ok().and_then(|line| line.rsplit(',').next());
        let is_chunked = last.is_some_and(|name| name.trim().eq_ignore_ascii_case("chunked"));
        return Ok(if is_chunked {
            Framing::Chunked
        } else {
            Framing::UntilClose
        });
    }
    if !headers.contains_key(CONTENT_LENGTH) {
        return Ok(Framing::UntilClose);
    }
    content_length(headers)
        .map(Framing::Length)
        .ok_or_else(|| Http1Error::Head("invalid content length".to_owned()))
}

/// The length that all fields and all their parts agree on.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    let mut agreed = None;
    for line in headers.get_all(CONTENT_LENGTH) {
        for part in line.to_str().ok()?.split(',') {
            let digits = part.trim();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let length: u64 = digits.parse().ok()?;
            if agreed.is_some_and(|agreed| agreed != length) {
                return None;
            }
            agreed = Some(length);
        }
    }
    agreed
}

fn keeps_alive(headers: &HeaderMap, is_http11: bool) -> bool {
    if says(headers, "close") {
        return false;
    }
    is_http11 || says(headers, "keep-alive")
}

/// Whether one of the `Connection` fields holds this word.
pub(crate) fn says(headers: &HeaderMap, word: &str) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|found| found.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str, answers_head: bool) -> Result<AnswerHead, String> {
        match parse(text.as_bytes(), answers_head) {
            Ok(Some(Parsed::Final { length, head })) => {
                assert_eq!(length, text.len());
                Ok(head)
            }
            Ok(other) => panic!("{text:?}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_end_of_the_body_follows_from_status_and_fields() {
        for (head_of, framing) in [
            ("1.1 200 OK\r\n", Framing::UntilClose),
            ("1.1 200\r\nContent-Length: 5\r\n", Framing::Length(5)),
            (
                "1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n",
                Framing::Length(5),
            ),
            (
                "1.1 200 OK\r\nContent-Length: 5 , 005\r\n",
                Framing::Length(5),
            ),
            ("1.0 200 OK\r\nContent-Length: 0\r\n", Framing::Length(0)),
            (
                "1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n",
                Framing::Chunked,
            ),
            (
                "1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
                Framing::Chunked,
            ),
            (
                "1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                Framing::Chunked,
            ),
            (
                "1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                Framing::Chunked,
            ),
            (
                "1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n",
                Framing::UntilClose,
            ),
            (
                "1.1 204 No Content\r\nContent-Length: 5\r\n",
                Framing::Empty,
            ),
            (
                "1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n",
                Framing::Empty,
            ),
            ("1.1 101 Switching Protocols\r\n", Framing::Empty),
            ("1.1 503 Busy\r\nContent-Length: 1\r\n", Framing::Length(1)),
        ] {
            let text = format!("HTTP/{head_of}\r\n");
            assert_eq!(head(&text, false).unwrap().framing, framing, "{text:?}");
            assert_eq!(
                head(&text, true).unwrap().framing,
                Framing::Empty,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_connection_is_kept_if_version_and_server_say_so() {
        for (version, connection, kept) in [
            ("1.1", "", true),
            ("1.1", "Connection: keep-alive\r\n", true),
            ("1.1", "Connection: Close\r\n", false),
            ("1.1", "Connection: x, close\r\n", false),
            (
                "1.1",
                "Connection: close\r\nConnection: keep-alive\r\n",
                false,
            ),
            ("1.0", "", false),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let text = format!("HTTP/{version} 200 OK\r\n{connection}Content-Length: 1\r\n\r\n");
            assert_eq!(head(&text, false).unwrap().keeps_alive, kept, "{text:?}");
        }
        let until_close = head("HTTP/1.1 200 OK\r\n\r\n", false).unwrap();
        let switching = head("HTTP/1.1 101 Switching Protocols\r\n\r\n", false).unwrap();
        assert!(!until_close.keeps_alive && !switching.keeps_alive);
    }

    #[test]
    fn status_and_fields_are_kept_as_they_are() {
        let text = "HTTP/1.1 299 \u{e9}\nX-A:  b c \nX-a: d\nSet-Cookie:\n\n";
        let head = head(text, false).unwrap();
        assert_eq!(head.status.as_u16(), 299);
        let values: Vec<_> = head.headers.get_all("x-a").iter().collect();
        assert_eq!(values, ["b c", "d"]);
        assert_eq!(head.headers["set-cookie"], "");
    }

    #[test]
    fn interim_answers_are_told_from_the_last() {
        for status in ["100 Continue", "102 Processing", "103 Early Hints", "199 X"] {
            let text = format!("HTTP/1.1 {status}\r\nLink: x\r\n\r\n");
            let length = text.len();
            let parsed = parse(format!("{text}HTTP").as_bytes(), false).unwrap();
            assert_eq!(parsed, Some(Parsed::Interim { length }));
        }
    }

    #[test]
    fn a_head_without_its_end_is_waited_for() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(
                parse(&text.as_bytes()[..end], false).unwrap(),
                None,
                "{end}"
            );
        }
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let many = "X: y\r\n".repeat(MOST_FIELDS + 1);
        for text in [
            "SSH-2.0-OpenSSH_9.6\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 099 X\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            &format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        ] {
            assert!(!head(text, false).unwrap_err().is_empty());
        }
    }
}
