//! Servers that are reached through a proxy.
//!
//! Requests to `http` servers go to the proxy as they are, with the whole URL in the request line.
//! To `https` servers (and for HTTP/2) the proxy opens a tunnel, and sees nothing of what goes through.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::failure::{TransportError, TransportFailure};
use crate::stream::StampedStream;
use crate::target::Target;

/// The longest head that a proxy may answer with.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Which servers are reached through which proxy; by default all are reached directly.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exempt: Vec<String>,
}

/// A proxy, which is spoken to without encryption.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What may be shown of it.
    pub(crate) authority: String,
    /// Its user and password. Marked as sensitive, so that no debug output holds it.
    pub(crate) authorization: Option<HeaderValue>,
}

/// A variable that names no usable proxy. The value is left out: it may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{variable}` does not name a usable proxy: {reason}")]
pub struct InvalidProxy {
    /// The variable.
    pub variable: String,
    /// What is wrong with its value.
    pub reason: String,
}

impl Proxies {
    /// Proxies as environment variables name them: `HTTP_PROXY` for `http` servers, `HTTPS_PROXY` for
    /// `https` servers, and `NO_PROXY` with a list of hosts that are reached directly. Names in lower
    /// case go before those in upper case.
    ///
    /// # Errors
    /// A value that is no URL, or one with a scheme other than `http`.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidProxy> {
        let find = |name: &str| {
            [name.to_ascii_lowercase(), name.to_owned()]
                .into_iter()
                .find_map(|name| lookup(&name).map(|value| (name, value)))
                .filter(|(_, value)| !value.is_empty())
        };
        let proxy = |name: &str| find(name).map(|(name, url)| parse(&name, &url)).transpose();
        let exempt = find("NO_PROXY").map(|(_, list)| list).unwrap_or_default();
        Ok(Self {
            http: proxy("HTTP_PROXY")?,
            https: proxy("HTTPS_PROXY")?,
            exempt: exempt
                .split(',')
                .map(|name| name.trim().to_ascii_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
        })
    }

    /// The proxy on the way to a server.
    pub(crate) fn towards(&self, target: &Target) -> Option<&Proxy> {
        let proxy = if target.is_tls {
            self.https.as_ref()
        } else {
            self.http.as_ref()
        }?;
        let is_direct = target.unix_socket.is_some() || self.is_exempt(&target.host, target.port);
        (!is_direct).then_some(proxy)
    }

    /// An entry stands for a host and everything below it, with a port for that port alone; `*`
    /// stands for all.
    fn is_exempt(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        self.exempt.iter().any(|entry| {
            let name = match entry.rsplit_once(':') {
                Some((name, number)) if number.parse() == Ok(port) => name,
                _ => entry.as_str(),
            };
            let name = name.trim_start_matches('[').trim_end_matches(']');
            let name = name.trim_start_matches('.');
            entry == "*"
                || host == name
                || host
                    .strip_suffix(name)
                    .is_some_and(|rest| !name.is_empty() && rest.ends_with('.'))
        })
    }
}

fn parse(variable: &str, value: &str) -> Result<Proxy, InvalidProxy> {
    let invalid = |reason: String| InvalidProxy {
        variable: variable.to_owned(),
        reason,
    };
    let with_scheme = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let url = url::Url::parse(&with_scheme).map_err(|error| invalid(error.to_string()))?;
    if let Some(reason) = unusable_scheme(url.scheme()) {
        return Err(invalid(reason));
    }
    let host = url
        .host_str()
        .ok_or_else(|| invalid("it names no host".to_owned()))?;
    let port = url.port().unwrap_or(80);
    Ok(Proxy {
        authority: format!("{host}:{port}"),
        host: host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned(),
        port,
        authorization: basic_authorization(&url)
            .map_err(|()| invalid("its user or password cannot be sent".to_owned()))?,
    })
}

/// Why a proxy of this scheme is of no use; `None` if it is.
fn unusable_scheme(scheme: &str) -> Option<String> {
    const INSTEAD: &str = "name one that speaks plain HTTP, as in `http://HOST:PORT`";
    match scheme {
        "http" => None,
        "https" => Some(format!(
            "proxies that are themselves reached over TLS are not supported; {INSTEAD} (it tunnels \
             to `https` servers, too)"
        )),
        _ if scheme.starts_with("socks") => {
            Some(format!("SOCKS proxies are not supported; {INSTEAD}"))
        }
        _ => Some(format!("`{scheme}` is no scheme of a proxy; {INSTEAD}")),
    }
}

/// User and password of a URL as RFC 7617 wants them; `None` where the URL has neither.
pub(crate) fn basic_authorization(url: &url::Url) -> Result<Option<HeaderValue>, ()> {
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

/// Lets the proxy at the other end of `stream` connect to the target.
pub(crate) async fn open_tunnel(
    stream: &mut StampedStream,
    proxy: &Proxy,
    target: &Target,
) -> Result<(), TransportError> {
    let failed = |reason: &str| {
        TransportError::new(
            TransportFailure::Connect,
            format!(
                "the proxy `{}` opened no tunnel to `{}`: {reason}",
                proxy.authority, target.authority
            ),
        )
    };
    let destination = target.host_and_port();
    let mut request =
        format!("CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    let broken = |_| failed("the connection broke");
    stream.write_all(&request).await.map_err(broken)?;

    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await.map_err(broken)? == 0 {
            return Err(failed("it closed the connection"));
        }
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut fields);
        match head.parse(&answer) {
            Ok(httparse::Status::Complete(_)) => {
                return match head.code {
                    Some(200..=299) => Ok(()),
                    code => Err(failed(&format!(
                        "it answered {} {}",
                        code.unwrap_or_default(),
                        head.reason.unwrap_or_default()
                    ))),
                };
            }
            Ok(httparse::Status::Partial) if answer.len() < LONGEST_ANSWER => {}
            _ => return Err(failed("its answer is not HTTP")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, InvalidProxy> {
        Proxies::from_variables(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn way(proxies: &Proxies, url: &str) -> Option<String> {
        let target = Target::parse(url).unwrap();
        proxies
            .towards(&target)
            .map(|proxy| proxy.authority.clone())
    }

    #[test]
    fn each_scheme_has_its_proxy_and_lower_case_goes_first() {
        let proxies = proxies(&[
            ("HTTP_PROXY", "http://upper:1"),
            ("http_proxy", "plain:3128"),
            ("HTTPS_PROXY", "http://[::1]:2/"),
        ])
        .unwrap();
        assert_eq!(way(&proxies, "http://h/"), Some("plain:3128".to_owned()));
        assert_eq!(way(&proxies, "https://h/"), Some("[::1]:2".to_owned()));
        assert_eq!(way(&proxies, "unix:/run/x.sock"), None);
        assert_eq!(way(&Proxies::default(), "http://h/"), None);
    }

    #[test]
    fn exempt_hosts_are_reached_directly() {
        for (list, url, is_direct) in [
            ("*", "http://a.b/", true),
            ("example.com", "http://example.com/", true),
            ("example.com", "http://EU.Example.com/", true),
            (".example.com", "http://example.com/", true),
            ("example.com", "http://myexample.com/", false),
            ("other, example.com:8000", "http://example.com:8000/", true),
            ("example.com:8000", "http://example.com:9000/", false),
            ("::1", "http://[::1]:8000/", true),
            ("[::1]:8000", "http://[::1]:8000/", true),
            ("127.0.0.1", "http://127.0.0.1:1/", true),
            ("", "http://h/", false),
        ] {
            let proxies = proxies(&[("HTTP_PROXY", "p:1"), ("NO_PROXY", list)]).unwrap();
            assert_eq!(way(&proxies, url).is_none(), is_direct, "{list} {url}");
        }
    }

    #[test]
    fn a_bad_value_is_reported_by_its_variable_and_without_its_password() {
        for value in ["socks5://u:secret@h:1", "http://u:secret@:1"] {
            let message = proxies(&[("HTTPS_PROXY", value)]).unwrap_err().to_string();
            assert!(message.starts_with("`HTTPS_PROXY`"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_kind_of_proxy_that_is_not_supported_is_called_by_its_name() {
        for (value, said) in [
            ("socks5://h:1", "SOCKS proxies are not supported"),
            ("socks5h://h:1", "SOCKS proxies are not supported"),
            ("https://h:1", "reached over TLS are not supported"),
            ("ftp://h:1", "`ftp` is no scheme of a proxy"),
        ] {
            let message = proxies(&[("HTTP_PROXY", value)]).unwrap_err().to_string();
            assert!(message.contains(said), "{message}");
            assert!(message.contains("`http://HOST:PORT`"), "{message}");
        }
    }

    #[test]
    fn credentials_are_kept_out_of_debug_output() {
        let proxies = proxies(&[("HTTP_PROXY", "http://user:secret@h:1")]).unwrap();
        assert!(proxies.http.as_ref().unwrap().authorization.is_some());
        assert!(!format!("{proxies:?}").contains(&STANDARD.encode("user:secret")));
    }
}
