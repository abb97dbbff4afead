//! The headers of control requests: the program's name, the user's own headers, and the key.
//!
//! They come from the endpoint crate's [`HeaderTemplate`], so that a server meets the same
//! credentials here as in the load. What identifies a request or a session is left out: there is
//! none.

use aiperf_endpoint::EndpointError;
use aiperf_endpoint::headers::{AffinityHeaders, HeaderSettings, HeaderTemplate, RequestIds};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Stands in the place of identifiers. No header that HTTP can carry holds this character.
const NO_ID: &str = "\u{1}";

/// Headers of an inference request without its identifiers.
pub(crate) fn of_inference(settings: &HeaderSettings) -> Result<HeaderMap, EndpointError> {
    let template = HeaderTemplate::new(HeaderSettings {
        session_header: None,
        affinity: AffinityHeaders {
            session_id: false,
            session_affinity: false,
            smg_routing_key: false,
            dynamo_session_id: false,
        },
        ..settings.clone()
    })?;
    let ids = RequestIds {
        x_request_id: NO_ID,
        x_correlation_id: NO_ID,
        parent_correlation_id: None,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in template.headers(ids).filter(|(_, value)| *value != NO_ID) {
        insert(&mut headers, name, value)?;
    }
    Ok(headers)
}

/// Headers of everything else: the user's own `Accept` and `Content-Type`, or none.
pub(crate) fn of_control(settings: &HeaderSettings) -> Result<HeaderMap, EndpointError> {
    let mut headers = of_inference(settings)?;
    for name in [ACCEPT, CONTENT_TYPE] {
        headers.remove(&name);
        let given = settings.custom.iter().rev();
        let mut given = given.filter(|(custom, _)| custom.eq_ignore_ascii_case(name.as_str()));
        if let Some((name, value)) = given.next() {
            insert(&mut headers, name, value)?;
        }
    }
    Ok(headers)
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), EndpointError> {
    let invalid = || EndpointError::Header {
        name: name.to_owned(),
    };
    let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    let mut content = HeaderValue::from_str(value).map_err(|_| invalid())?;
    content.set_sensitive(aiperf_redact::is_sensitive_header(name));
    headers.insert(field, content);
    Ok(())
}

#[cfg(test)]
mod tests {
    use aiperf_endpoint::EndpointType;

    use super::*;

    fn check(
        endpoint_type: EndpointType,
        build: fn(&HeaderSettings) -> Result<HeaderMap, EndpointError>,
        custom: &[(&str, &str)],
        expected: &[(&str, &str)],
    ) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = build(&HeaderSettings {
            endpoint_type,
            user_agent: "aiperf/test".to_owned(),
            streaming: true,
            api_key: Some("secret-key".to_owned()),
            custom: custom.iter().map(owned).collect(),
            session_header: Some("X-Session".to_owned()),
            affinity: AffinityHeaders {
                dynamo_session_id: true,
                ..AffinityHeaders::default()
            },
        })
        .unwrap();
        let mut found: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{endpoint_type} {custom:?}");
    }

    #[test]
    fn hooks_carry_the_users_headers_and_the_key_and_no_identifiers() {
        check(
            EndpointType::Chat,
            of_control,
            &[("X-Tenant", "t"), ("authorization", "Bearer other")],
            &[
                ("authorization", "Bearer secret-key"),
                ("user-agent", "aiperf/test"),
                ("x-tenant", "t"),
            ],
        );
        check(
            EndpointType::Messages,
            of_control,
            &[("X-Request-ID", "mine"), ("accept", "text/plain")],
            &[
                ("accept", "text/plain"),
                ("anthropic-version", "2023-06-01"),
                ("user-agent", "aiperf/test"),
                ("x-api-key", "secret-key"),
                ("x-request-id", "mine"),
            ],
        );
    }

    #[test]
    fn an_inference_probe_says_what_it_sends_and_what_it_takes() {
        check(
            EndpointType::Chat,
            of_inference,
            &[("Accept", "text/plain")],
            &[
                ("accept", "text/event-stream"),
                ("authorization", "Bearer secret-key"),
                ("content-type", "application/json"),
                ("user-agent", "aiperf/test"),
            ],
        );
    }

    #[test]
    fn a_key_is_marked_so_that_no_log_shows_it() {
        let headers = of_control(&HeaderSettings {
            user_agent: "aiperf/test".to_owned(),
            api_key: Some("secret-key".to_owned()),
            ..HeaderSettings::default()
        });
        assert!(!format!("{headers:?}").contains("secret-key"));
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_without_its_value() {
        let error = of_control(&HeaderSettings {
            api_key: Some("secret\nkey".to_owned()),
            ..HeaderSettings::default()
        })
        .unwrap_err();
        assert!(error.to_string().contains("`Authorization`"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
