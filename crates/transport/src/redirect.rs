//! Answers that point elsewhere (RFC 9110, section 15.4).

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION,
};
use http::{HeaderMap, Method, StatusCode};

use crate::failure::{TransportError, TransportFailure};
use crate::perform::OutgoingRequest;
use crate::target::Target;

/// How many hops one exchange may take beyond the first.
pub(crate) const MOST_REDIRECTS: usize = 10;

/// Where an answer points, if it is one that can be followed.
pub(crate) fn location(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let location = matches!(status.as_u16(), 301..=303 | 307 | 308)
        .then(|| headers.get(LOCATION))
        .flatten()?;
    String::from_utf8(location.as_bytes().to_vec()).ok()
}

/// The way from hop to hop.
pub(crate) struct Trail {
    origin: Target,
    /// What is asked for next.
    pub(crate) target: Target,
    has_become_get: bool,
    has_left_origin: bool,
}

impl Trail {
    pub(crate) fn begin(target: Target) -> Self {
        Self {
            origin: target.clone(),
            target,
            has_become_get: false,
            has_left_origin: false,
        }
    }

    /// Goes on to where an answer with this status points.
    pub(crate) fn go(&mut self, status: StatusCode, location: &str) -> Result<(), TransportError> {
        let mut next = self.resolve(location)?;
        if next.is_same_server(&self.origin) && !self.has_left_origin {
            if next.authorization.is_none() {
                next.authorization.clone_from(&self.origin.authorization);
            }
        } else {
            self.has_left_origin = true;
        }
        // 307 and 308 repeat the request; the others ask for what came of it.
        self.has_become_get |= matches!(status.as_u16(), 301..=303);
        self.target = next;
        Ok(())
    }

    fn resolve(&self, location: &str) -> Result<Target, TransportError> {
        let here = &self.target;
        let base = format!("{}://{}{}", here.scheme(), here.authority, here.path);
        let joined = url::Url::parse(&base)
            .and_then(|base| base.join(location))
            .map_err(|error| bad_location(&error.to_string()))?;
        let is_relative = url::Url::parse(location).is_err() && !location.starts_with("//");
        if is_relative && here.unix_socket.is_some() {
            let path = match joined.query() {
                Some(query) => format!("{}?{query}", joined.path()),
                None => joined.path().to_owned(),
            };
            let path = path.parse();
            return path
                .map(|path| here.with_path(path))
                .map_err(|_| bad_location("it cannot be asked for"));
        }
        // A server must not choose a socket of this host.
        if !matches!(joined.scheme(), "http" | "https") {
            return Err(bad_location("its scheme is neither `http` nor `https`"));
        }
        Target::parse(joined.as_str()).map_err(|error| bad_location(&error.reason))
    }

    /// Changes a request as the hops so far demand.
    pub(crate) fn adapt(&self, mut request: OutgoingRequest) -> OutgoingRequest {
        let headers = &mut request.headers;
        if self.has_become_get {
            if request.method != Method::HEAD {
                request.method = Method::GET;
            }
            request.body.clear();
            for about_the_body in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
                headers.remove(about_the_body);
            }
        }
        if self.has_left_origin {
            let secret: Vec<_> = headers
                .iter()
                .filter(|(name, value)| {
                    value.is_sensitive()
                        || [AUTHORIZATION, COOKIE, HOST].contains(name)
                        || aiperf_redact::is_sensitive_header(name.as_str())
                })
                .map(|(name, _)| name.clone())
                .collect();
            for name in secret {
                headers.remove(name);
            }
        }
        request
    }
}

fn bad_location(reason: &str) -> TransportError {
    TransportError::new(
        TransportFailure::NotHttp,
        format!("the answer is a redirect to a place that cannot be used: {reason}"),
    )
}

pub(crate) fn too_many() -> TransportError {
    TransportError::new(
        TransportFailure::TooManyRedirects,
        format!("more than {MOST_REDIRECTS} redirects"),
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request() -> OutgoingRequest {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer secret"),
            ("x-api-key", "secret"),
            ("cookie", "a=b"),
            ("content-type", "application/json"),
            ("x-request-id", "1"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        OutgoingRequest {
            method: Method::POST,
            headers,
            body: Bytes::from_static(b"{}"),
        }
    }

    fn hop(from: &str, status: u16, location: &str) -> Result<Trail, TransportError> {
        let mut trail = Trail::begin(Target::parse(from).unwrap());
        trail.go(StatusCode::from_u16(status).unwrap(), location)?;
        Ok(trail)
    }

    #[test]
    fn three_statuses_become_a_get_and_two_repeat_the_request() {
        for (status, method, body) in [
            (301, Method::GET, ""),
            (302, Method::GET, ""),
            (303, Method::GET, ""),
            (307, Method::POST, "{}"),
            (308, Method::POST, "{}"),
        ] {
            let adapted = hop("http://h/a", status, "/b").unwrap().adapt(request());
            assert_eq!(
                (adapted.method, &adapted.body[..]),
                (method, body.as_bytes())
            );
            assert_eq!(adapted.headers.contains_key(CONTENT_TYPE), !body.is_empty());
            assert_eq!(adapted.headers["authorization"], "Bearer secret");
        }
    }

    #[test]
    fn credentials_stay_with_the_server_that_they_were_meant_for() {
        for (location, stays) in [
            ("/b", true),
            ("http://h:80/b", true),
            ("https://h/b", false),
            ("http://h:8080/b", false),
            ("//other/b", false),
        ] {
            let trail = hop("http://user:word@h/a", 307, location).unwrap();
            let adapted = trail.adapt(request());
            assert_eq!(trail.target.authorization.is_some(), stays, "{location}");
            for name in ["authorization", "x-api-key", "cookie"] {
                assert_eq!(
                    adapted.headers.contains_key(name),
                    stays,
                    "{location} {name}"
                );
            }
            assert_eq!(adapted.headers["x-request-id"], "1");
        }
        // Not even after the way back.
        let mut trail = hop("http://u:p@h/a", 307, "http://other/b").unwrap();
        trail
            .go(StatusCode::TEMPORARY_REDIRECT, "http://h/c")
            .unwrap();
        assert!(trail.target.authorization.is_none());
        assert!(!trail.adapt(request()).headers.contains_key(AUTHORIZATION));
    }

    #[test]
    fn a_location_is_read_from_where_it_was_given() {
        for (from, location, host, path) in [
            (
                "http://h/v1/chat",
                "completions?a=b",
                "h",
                "/v1/completions?a=b",
            ),
            ("http://h/v1", "https://i:1/x", "i", "/x"),
            ("unix:/run/x.sock:/v1/a", "b", "localhost", "/v1/b"),
        ] {
            let target = hop(from, 307, location).unwrap().target;
            assert_eq!((target.host.as_str(), target.path.as_str()), (host, path));
            let is_unix = from.starts_with("unix:");
            assert_eq!(target.unix_socket.is_some(), is_unix);
        }
        for location in ["unix:/run/docker.sock:/x", "file:///etc/passwd", "http://"] {
            assert!(hop("http://h/", 302, location).is_err(), "{location}");
        }
    }

    #[test]
    fn only_redirects_with_a_place_are_followed() {
        let mut headers = HeaderMap::new();
        assert_eq!(location(StatusCode::FOUND, &headers), None);
        headers.insert(LOCATION, "/x".parse().unwrap());
        assert_eq!(location(StatusCode::FOUND, &headers).as_deref(), Some("/x"));
        for other in [
            StatusCode::OK,
            StatusCode::NOT_MODIFIED,
            StatusCode::CREATED,
        ] {
            assert_eq!(location(other, &headers), None);
        }
    }
}
