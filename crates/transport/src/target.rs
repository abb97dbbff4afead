//! Where requests go.

use std::path::{Path, PathBuf};

use http::HeaderValue;
use http::uri::PathAndQuery;
use percent_encoding::percent_decode_str;
use thiserror::Error;

use crate::proxy::basic_authorization;

/// One URL that requests are sent to, taken apart once.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Host name or address, without brackets.
    pub host: String,
    /// The port to connect to.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
    /// What stands in the request line.
    pub path: PathAndQuery,
    /// What stands in the `Host` header.
    pub authority: String,
    /// The same, ready to send.
    pub host_header: HeaderValue,
    /// User and password of the URL, as an `Authorization` header that is sent where the request
    /// brings none.
    pub authorization: Option<HeaderValue>,
    /// The socket of the file system to connect to, in place of host and port.
    pub unix_socket: Option<PathBuf>,
}

/// A URL that cannot be a target.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{url}` is not a usable URL: {reason}")]
pub struct InvalidTarget {
    /// The URL as given.
    pub url: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Target {
    /// Takes an absolute `http` or `https` URL apart, or one of a Unix socket:
    /// `unix:/path/of/socket`, where what is asked for follows after a colon:
    /// `unix:/run/server.sock:/v1/models`.
    ///
    /// # Errors
    /// The URL has no host, another scheme, or characters that no request line may hold.
    pub fn parse(url: &str) -> Result<Self, InvalidTarget> {
        if let Some(rest) = url.strip_prefix("unix:") {
            return Self::parse_unix(url, rest);
        }
        let invalid = |reason: &str| InvalidTarget {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let parsed = url::Url::parse(url).map_err(|error| invalid(&error.to_string()))?;
        let is_tls = match parsed.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(invalid("the scheme must be `http`, `https` or `unix`")),
        };
        let host = parsed
            .host_str()
            .ok_or_else(|| invalid("it names no host"))?;
        let port = parsed
            .port_or_known_default()
            .ok_or_else(|| invalid("it names no port"))?;
        let path = match parsed.query() {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        };
        let path = PathAndQuery::try_from(path).map_err(|error| invalid(&error.to_string()))?;
        let authority = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let host_header =
            HeaderValue::from_str(&authority).map_err(|_| invalid("the host is not valid"))?;
        let authorization = basic_authorization(&parsed)
            .map_err(|()| invalid("its user or password cannot be sent"))?;
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        Ok(Self {
            host,
            port,
            is_tls,
            path,
            authority,
            host_header,
            authorization,
            unix_socket: None,
        })
    }

    fn parse_unix(url: &str, rest: &str) -> Result<Self, InvalidTarget> {
        let invalid = |reason: &str| InvalidTarget {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (socket, path) = match rest.find(":/") {
            Some(colon) => (&rest[..colon], &rest[colon + 1..]),
            None => (rest, "/"),
        };
        let socket = percent_decode_str(socket).decode_utf8();
        let socket = socket.map_err(|_| invalid("the path of its socket is not UTF-8"))?;
        let socket = Path::new(socket.as_ref());
        if !socket.is_absolute() {
            return Err(invalid(
                "a `unix:` URL is `unix:/path/of/socket`, or `unix:/path/of/socket:/path` to ask \
                 for a path",
            ));
        }
        let path = PathAndQuery::try_from(path).map_err(|error| invalid(&error.to_string()))?;
        Ok(Self {
            host: "localhost".to_owned(),
            port: 80,
            is_tls: false,
            path,
            authority: "localhost".to_owned(),
            host_header: HeaderValue::from_static("localhost"),
            authorization: None,
            unix_socket: Some(socket.to_owned()),
        })
    }

    /// The same server, asked for something else.
    pub fn with_path(&self, path: PathAndQuery) -> Self {
        Self {
            path,
            ..self.clone()
        }
    }

    /// Whether both are reached by the same connections.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        self.is_tls == other.is_tls
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.unix_socket == other.unix_socket
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// Host and port, the latter also where it is the usual one.
    pub(crate) fn host_and_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// What messages call the server.
    pub(crate) fn shown(&self) -> std::borrow::Cow<'_, str> {
        match &self.unix_socket {
            Some(path) => path.to_string_lossy(),
            None => self.authority.as_str().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (url, host, port, tls, path, authority) in [
            ("http://h/v1/x?a=b", "h", 80, false, "/v1/x?a=b", "h"),
            ("https://h:8443", "h", 8443, true, "/", "h:8443"),
            (
                "http://[::1]:8000/v1",
                "::1",
                8000,
                false,
                "/v1",
                "[::1]:8000",
            ),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(
                (
                    target.host.as_str(),
                    target.port,
                    target.is_tls,
                    target.path.as_str()
                ),
                (host, port, tls, path)
            );
            assert_eq!(target.authority, authority);
        }
    }

    #[test]
    fn user_and_password_become_basic_authentication() {
        let header = |url: &str| Target::parse(url).unwrap().authorization;
        // `us er:p@ss` in Base64.
        assert_eq!(
            header("http://us%20er:p%40ss@h").unwrap(),
            "Basic dXMgZXI6cEBzcw=="
        );
        assert_eq!(header("http://h"), None);
    }

    #[test]
    fn a_unix_socket_is_named_by_its_path() {
        for (url, socket, path) in [
            ("unix:/run/x.sock", "/run/x.sock", "/"),
            ("unix:///run/x.sock", "/run/x.sock", "/"),
            (
                "unix:/run/x.sock:/v1/chat?a=b",
                "/run/x.sock",
                "/v1/chat?a=b",
            ),
            ("unix:/run/a%20b.sock:/v1", "/run/a b.sock", "/v1"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(target.unix_socket.as_deref(), Some(Path::new(socket)));
            assert_eq!((target.path.as_str(), target.is_tls), (path, false));
            assert_eq!(target.host_header, "localhost");
        }
        for url in ["unix:", "unix:run/x.sock", "unix://x.sock"] {
            let message = Target::parse(url).unwrap_err().to_string();
            assert!(message.contains("unix:/path/of/socket"), "{message}");
        }
    }

    #[test]
    fn the_same_server_may_be_asked_for_several_things() {
        let target = |url| Target::parse(url).unwrap();
        let server = target("http://h:80/a");
        assert!(server.is_same_server(&target("http://H/b?c")));
        assert!(server.is_same_server(&server.with_path("/d".parse().unwrap())));
        for other in ["https://h/a", "http://h:81/a", "http://i/a", "unix:/h:/a"] {
            assert!(!server.is_same_server(&target(other)), "{other}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        assert!(
            Target::parse("ftp://h/")
                .unwrap_err()
                .to_string()
                .contains("scheme")
        );
    }
}
