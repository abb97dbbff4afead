//! The head of a request, as bytes.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};

use super::head::says;
use crate::proxy::Proxy;
use crate::target::Target;

/// Requests that a proxy passes on: they name the whole URL, and who may ask the proxy.
pub(crate) struct AbsoluteForm {
    authorization: Option<HeaderValue>,
}

impl AbsoluteForm {
    pub(crate) fn through(proxy: &Proxy) -> Self {
        Self {
            authorization: proxy.authorization.clone(),
        }
    }
}

/// A request without its body.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Target,
    /// What is asked for, in place of what the target names.
    pub(crate) path: &'a PathAndQuery,
    /// Header fields; what is missing of `Host`, `Authorization` and the length is added.
    pub(crate) headers: &'a HeaderMap,
}

/// What surrounds the body of a request besides its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoded {
    /// What is written after the body.
    pub(super) tail: &'static [u8],
    /// The request says that the connection is to be closed.
    pub(super) closes: bool,
}

impl RequestHead<'_> {
    /// Writes the head of a request with a body of this length. Fields come in the order in which
    /// they were put in, names in lower case.
    pub(super) fn encode(
        &self,
        form: Option<&AbsoluteForm>,
        body_length: usize,
        out: &mut Vec<u8>,
    ) -> Encoded {
        self.request_line(form.is_some(), out);
        let proxy_authorization = form.and_then(|form| form.authorization.as_ref());
        for (name, value) in self.headers {
            let is_written_below = name == CONTENT_LENGTH
                || name == TRANSFER_ENCODING
                || (name == PROXY_AUTHORIZATION && proxy_authorization.is_some());
            if !is_written_below {
                field(out, name.as_str(), value.as_bytes());
            }
        }
        let missing = |name| !self.headers.contains_key(name);
        if let Some(authorization) = &self.target.authorization
            && missing(AUTHORIZATION)
        {
            field(out, AUTHORIZATION.as_str(), authorization.as_bytes());
        }
        if missing(HOST) {
            field(out, HOST.as_str(), self.target.host_header.as_bytes());
        }
        if let Some(authorization) = proxy_authorization {
            field(out, PROXY_AUTHORIZATION.as_str(), authorization.as_bytes());
        }
        let tail = self.end(body_length, out);
        Encoded {
            tail,
            closes: says(self.headers, "close"),
        }
    }

    fn request_line(&self, is_absolute: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        if is_absolute {
            let Target { authority, .. } = self.target;
            for part in [self.target.scheme(), "://", authority] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        out.extend_from_slice(self.path.as_str().as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
    }

    /// The length of the body, and the end of the head. Who asks for the chunked coding gets the
    /// body as one chunk.
    fn end(&self, body_length: usize, out: &mut Vec<u8>) -> &'static [u8] {
        if body_length > 0 && self.headers.contains_key(TRANSFER_ENCODING) {
            self.transfer_encoding(out);
            out.extend_from_slice(format!("\r\n{body_length:x}\r\n").as_bytes());
            return b"\r\n0\r\n\r\n";
        }
        // Methods that seldom have a body say nothing of one that is not there.
        let may_be_silent = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];
        let is_silent = body_length == 0
            && may_be_silent.contains(self.method)
            && !self.headers.contains_key(CONTENT_LENGTH);
        if !is_silent {
            let mut digits = itoa::Buffer::new();
            let length = digits.format(body_length);
            field(out, CONTENT_LENGTH.as_str(), length.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        b""
    }

    fn transfer_encoding(&self, out: &mut Vec<u8>) {
        let lines: Vec<&[u8]> = self
            .headers
            .get_all(TRANSFER_ENCODING)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        let mut codings = lines.join(&b", "[..]);
        let last = codings.rsplit(|&byte| byte == b',').next();
        let last = last.unwrap_or_default().trim_ascii();
        if !last.eq_ignore_ascii_case(b"chunked") {
            codings.extend_from_slice(b", chunked");
        }
        field(out, TRANSFER_ENCODING.as_str(), &codings);
    }
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn encode(
        method: &Method,
        url: &str,
        fields: &[(&str, &str)],
        form: Option<&AbsoluteForm>,
        body_length: usize,
    ) -> (String, Encoded) {
        let target = Target::parse(url).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let head = RequestHead {
            method,
            target: &target,
            path: &target.path,
            headers: &headers,
        };
        let mut out = Vec::new();
        let encoded = head.encode(form, body_length, &mut out);
        (String::from_utf8(out).unwrap(), encoded)
    }

    #[test]
    fn a_request_names_path_fields_host_and_length() {
        let fields = [
            ("X-B", "1"),
            ("Content-Type", "application/json"),
            ("x-b", "2"),
        ];
        let (text, encoded) = encode(&Method::POST, "http://h:81/v1?a=b", &fields, None, 12);
        assert_eq!(
            text,
            "POST /v1?a=b HTTP/1.1\r\nx-b: 1\r\nx-b: 2\r\ncontent-type: application/json\r\n\
             host: h:81\r\ncontent-length: 12\r\n\r\n"
        );
        assert_eq!(
            encoded,
            Encoded {
                tail: b"",
                closes: false
            }
        );
    }

    #[test]
    fn fields_of_the_request_go_before_those_of_the_url() {
        let own = [("host", "other"), ("authorization", "Bearer x")];
        let (text, _) = encode(&Method::GET, "http://u:p@h/", &own, None, 0);
        assert_eq!(
            text,
            "GET / HTTP/1.1\r\nhost: other\r\nauthorization: Bearer x\r\n\r\n"
        );
        let (text, _) = encode(&Method::GET, "http://u:p@h/", &[], None, 0);
        assert_eq!(
            text,
            "GET / HTTP/1.1\r\nauthorization: Basic dTpw\r\nhost: h\r\n\r\n"
        );
    }

    /// What the reference's HTTP library says of bodies that are not there.
    #[test]
    fn methods_that_expect_a_body_say_that_there_is_none() {
        for (method, says_so) in [
            (Method::POST, true),
            (Method::PUT, true),
            (Method::PATCH, true),
            (Method::DELETE, true),
            (Method::GET, false),
            (Method::HEAD, false),
            (Method::OPTIONS, false),
        ] {
            let (text, _) = encode(&method, "http://h/", &[], None, 0);
            assert_eq!(text.contains("content-length: 0\r\n"), says_so, "{text}");
            let (text, _) = encode(&method, "http://h/", &[("content-length", "0")], None, 0);
            assert_eq!(text.matches("content-length: 0\r\n").count(), 1, "{text}");
        }
    }

    #[test]
    fn the_length_is_that_of_the_body() {
        let wrong = [("content-length", "999")];
        let (text, _) = encode(&Method::POST, "http://h/", &wrong, None, 3);
        assert!(
            text.ends_with("\r\nhost: h\r\ncontent-length: 3\r\n\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_body_is_one_chunk_where_the_request_asks_for_chunks() {
        for (asked, sent) in [
            ("chunked", "chunked"),
            ("gzip, Chunked", "gzip, Chunked"),
            ("gzip", "gzip, chunked"),
        ] {
            let fields = [("Transfer-Encoding", asked), ("Content-Length", "5")];
            let (text, encoded) = encode(&Method::POST, "http://h/", &fields, None, 26);
            assert_eq!(
                text,
                format!("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: {sent}\r\n\r\n1a\r\n")
            );
            assert_eq!(encoded.tail, b"\r\n0\r\n\r\n");
        }
        let (text, encoded) = encode(
            &Method::POST,
            "http://h/",
            &[("Transfer-Encoding", "chunked")],
            None,
            0,
        );
        assert_eq!(
            text,
            "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n"
        );
        assert_eq!(encoded.tail, b"");
    }

    #[test]
    fn a_proxy_is_told_the_whole_url_and_its_own_credentials() {
        let form = AbsoluteForm {
            authorization: Some(HeaderValue::from_static("Basic own")),
        };
        let fields = [("proxy-authorization", "Basic other")];
        let (text, _) = encode(&Method::GET, "http://h:81/x", &fields, Some(&form), 0);
        assert_eq!(
            text,
            "GET http://h:81/x HTTP/1.1\r\nhost: h:81\r\nproxy-authorization: Basic own\r\n\r\n"
        );
        let anonymous = AbsoluteForm {
            authorization: None,
        };
        let (text, _) = encode(&Method::GET, "http://h/x", &fields, Some(&anonymous), 0);
        assert_eq!(
            text,
            "GET http://h/x HTTP/1.1\r\nproxy-authorization: Basic other\r\nhost: h\r\n\r\n"
        );
    }

    #[test]
    fn a_request_can_ask_for_the_end_of_the_connection() {
        for (value, closes) in [("close", true), ("x, Close", true), ("keep-alive", false)] {
            let fields = [("connection", value)];
            let (_, encoded) = encode(&Method::GET, "http://h/", &fields, None, 0);
            assert_eq!(encoded.closes, closes, "{value}");
        }
    }
}
