//! Where a request goes.

use ::url::{Url, form_urlencoded};

use crate::error::EndpointError;
use crate::kind::EndpointType;

/// The URL of a request: the server's address with the endpoint's path appended.
///
/// The path is `custom_endpoint` if that is given (`/` appends nothing), else the type's. What the
/// address already ends with is not appended again, so an address may be given with `/v1` or with
/// the whole path. A query in the address is kept, each parameter once.
pub fn compose(
    base: &str,
    custom_endpoint: Option<&str>,
    endpoint_type: EndpointType,
    streaming: bool,
) -> Result<Url, EndpointError> {
    if let Some((socket, path)) = unix_socket(base) {
        let served = format!("http://localhost{path}");
        let asked = compose(&served, custom_endpoint, endpoint_type, streaming)?;
        return at_socket(socket, &asked);
    }
    let address = if base.contains("://") {
        base.to_owned()
    } else {
        format!("http://{}", base.trim())
    };
    let mut url = Url::parse(&address).map_err(|error| EndpointError::Url {
        url: aiperf_redact::url(base).into_owned(),
        reason: error.to_string(),
    })?;
    let capabilities = endpoint_type.capabilities();
    let of_type = capabilities
        .streaming_path
        .filter(|_| streaming)
        .or(capabilities.path);
    let sub_path = custom_endpoint.or(of_type).unwrap_or_default();
    // A query that comes with the path goes before the address's own.
    let (sub_path, sub_query) = sub_path.split_once('?').unwrap_or((sub_path, ""));
    let path = join(
        url.path().trim_end_matches('/'),
        sub_path.trim_start_matches('/'),
    );
    let query = merged_query(sub_query, url.query().unwrap_or_default());
    url.set_path(&path);
    url.set_query(query.as_deref());
    url.set_fragment(None);
    Ok(url)
}

/// The socket and the base path of a Unix address: `unix:/path/of/socket`, or
/// `unix:/path/of/socket:/path`, where what is asked for follows after the colon. Slashes as of other
/// addresses (`unix:///path`) may stand before the socket. `None` for other addresses.
pub fn unix_socket(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("unix:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    Some(match rest.find(":/") {
        Some(colon) => (&rest[..colon], &rest[colon + 1..]),
        None => (rest, ""),
    })
}

/// The Unix address of what a URL asks for at a socket.
fn at_socket(socket: &str, asked: &Url) -> Result<Url, EndpointError> {
    let url = format!("unix:{socket}:{}", &asked[::url::Position::BeforePath..]);
    Url::parse(&url).map_err(|error| EndpointError::Url {
        url,
        reason: error.to_string(),
    })
}

fn join(base: &str, sub_path: &str) -> String {
    let ends_alike = base
        .strip_suffix(sub_path)
        .is_some_and(|head| head.ends_with('/'));
    if sub_path.is_empty() || ends_alike {
        return base.to_owned();
    }
    let sub_path = match sub_path.strip_prefix("v1/") {
        Some(rest) if base.ends_with("/v1") => rest,
        _ => sub_path,
    };
    format!("{base}/{sub_path}")
}

/// The parameters of both queries, encoded anew; of a repeated one, the first.
fn merged_query(first: &str, second: &str) -> Option<String> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for query in [first, second] {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !parameters.iter().any(|(known, _)| *known == name) {
                parameters.push((name.into_owned(), value.into_owned()));
            }
        }
    }
    (!parameters.is_empty()).then(|| {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unix_address_is_a_socket_and_a_path() {
        for (address, expected) in [
            ("unix:/run/s.sock", Some(("/run/s.sock", ""))),
            ("unix:///run/s.sock", Some(("/run/s.sock", ""))),
            ("unix:/run/s.sock:/v1?a=b", Some(("/run/s.sock", "/v1?a=b"))),
            ("unix:///run/s:1.sock:/v1", Some(("/run/s:1.sock", "/v1"))),
            ("unix:", Some(("", ""))),
            ("http://unix:/x", None),
            ("/run/s.sock", None),
        ] {
            assert_eq!(unix_socket(address), expected, "{address}");
        }
    }

    #[test]
    fn what_a_unix_socket_is_asked_for_follows_after_a_colon() {
        for (base, expected) in [
            ("unix:/run/s.sock", "unix:/run/s.sock:/v1/chat/completions"),
            (
                "unix:///run/s.sock",
                "unix:/run/s.sock:/v1/chat/completions",
            ),
            (
                "unix:/run/s.sock:/v1",
                "unix:/run/s.sock:/v1/chat/completions",
            ),
            (
                "unix:/run/s.sock:/a?b=1",
                "unix:/run/s.sock:/a/v1/chat/completions?b=1",
            ),
        ] {
            let url = compose(base, None, EndpointType::Chat, true).unwrap();
            assert_eq!(url.as_str(), expected);
        }
    }

    fn check(base: &str, endpoint_type: &str, custom: Option<&str>, expected: &str) {
        let url = compose(base, custom, endpoint_type.parse().unwrap(), false).unwrap();
        assert_eq!(url.as_str(), expected, "{base} {endpoint_type} {custom:?}");
    }

    #[test]
    fn the_endpoint_path_is_appended_unless_the_address_has_it() {
        for base in [
            "localhost:8000",
            "http://localhost:8000",
            "http://localhost:8000/",
        ] {
            check(
                base,
                "chat",
                None,
                "http://localhost:8000/v1/chat/completions",
            );
        }
        check("http://h/v1", "chat", None, "http://h/v1/chat/completions");
        check("http://h/v1/", "chat", None, "http://h/v1/chat/completions");
        check(
            "http://h/openai/v1",
            "chat",
            None,
            "http://h/openai/v1/chat/completions",
        );
        check(
            "http://h/v1/chat/completions",
            "chat",
            None,
            "http://h/v1/chat/completions",
        );
        check(
            "http://h/proxy",
            "chat",
            None,
            "http://h/proxy/v1/chat/completions",
        );
        check(
            "http://h/v1",
            "cohere_rankings",
            None,
            "http://h/v1/v2/rerank",
        );
        check(
            "http://h//v1//",
            "chat",
            None,
            "http://h//v1/chat/completions",
        );
        check(
            "http://[::1]:80/v1",
            "completions",
            None,
            "http://[::1]/v1/completions",
        );
    }

    #[test]
    fn a_custom_endpoint_replaces_the_path_of_the_type() {
        check("http://h", "chat", Some("/v2/chat"), "http://h/v2/chat");
        check("http://h/x", "chat", Some("/"), "http://h/x");
        check(
            "http://h?b=2",
            "chat",
            Some("/v2/chat?a=1"),
            "http://h/v2/chat?a=1&b=2",
        );
    }

    #[test]
    fn types_without_a_path_use_the_address_as_it_is() {
        check("http://h/infer/", "raw", None, "http://h/infer");
        check("http://h/infer/", "template", None, "http://h/infer");
    }

    #[test]
    fn a_streaming_path_is_used_when_streaming() {
        let compose = |streaming| {
            compose(
                "http://h/generate",
                None,
                EndpointType::HuggingfaceGenerate,
                streaming,
            )
        };
        assert_eq!(
            compose(true).unwrap().as_str(),
            "http://h/generate/generate_stream"
        );
        assert_eq!(compose(false).unwrap().as_str(), "http://h/generate");
    }

    #[test]
    fn the_query_is_kept_with_each_parameter_once() {
        check(
            "http://h/a?api-version=1&x=&y=1&y=2",
            "chat",
            None,
            "http://h/a/v1/chat/completions?api-version=1&x=&y=1",
        );
        check(
            "http://h/a?q=a%20b#part",
            "chat",
            None,
            "http://h/a/v1/chat/completions?q=a+b",
        );
    }

    #[test]
    fn an_address_that_is_no_url_is_named_in_the_error() {
        let error = compose("http://", None, EndpointType::Chat, false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`http://` is not a usable URL: empty host"
        );
    }
}
