//! Where requests go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::uri::PathAndQuery;
use percent_encoding::percent_decode_str;
use thiserror::Error;

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
    /// Takes an absolute `http` or `https` URL apart.
    ///
    /// # Errors
    /// The URL has no host, another scheme, or characters that no request line may hold.
    pub fn parse(url: &str) -> Result<Self, InvalidTarget> {
        let invalid = |reason: &str| InvalidTarget {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let parsed = url::Url::parse(url).map_err(|error| invalid(&error.to_string()))?;
        let is_tls = match parsed.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(invalid("the scheme must be `http` or `https`")),
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
        })
    }
}

/// User and password as RFC 7617 wants them; `None` where the URL has neither.
fn basic_authorization(url: &url::Url) -> Result<Option<HeaderValue>, ()> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let plain = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let mut credentials = plain(url.username());
    credentials.push(b':');
    credentials.extend(plain(url.password().unwrap_or_default()));
    let mut value =
        HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials))).map_err(|_| ())?;
    value.set_sensitive(true);
    Ok(Some(value))
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
    fn other_schemes_are_refused() {
        assert!(
            Target::parse("ftp://h/")
                .unwrap_err()
                .to_string()
                .contains("scheme")
        );
    }
}
