use super::*;

const IDS: RequestIds<'static> = RequestIds {
    x_request_id: "rid",
    x_correlation_id: "cid",
    parent_correlation_id: None,
};

fn settings() -> HeaderSettings {
    HeaderSettings {
        user_agent: "aiperf/0.1.0".into(),
        ..HeaderSettings::default()
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The headers as `Name: value` lines.
fn lines(settings: HeaderSettings, ids: RequestIds<'_>) -> Vec<String> {
    let template = HeaderTemplate::new(settings).unwrap();
    template
        .headers(ids)
        .map(|(name, value)| format!("{name}: {value}"))
        .collect()
}

#[test]
fn the_headers_of_a_plain_request_stand_in_a_fixed_order() {
    assert_eq!(
        lines(
            HeaderSettings {
                streaming: true,
                ..settings()
            },
            IDS
        ),
        [
            "User-Agent: aiperf/0.1.0",
            "X-Request-ID: rid",
            "X-Correlation-ID: cid",
            "Accept: text/event-stream",
            "Content-Type: application/json",
            "X-Session-Affinity: cid",
        ]
    );
}

#[test]
fn user_headers_override_identity_but_not_the_content_headers() {
    let custom = vec![
        pair("user-agent", "me"),
        pair("x-request-id", "mine"),
        pair("accept", "text/html"),
        pair("content-type", "text/plain"),
        pair("X-A", "1"),
        pair("x-a", "2"),
        pair("Authorization", "Basic x"),
        pair("x-session-affinity", "mine"),
    ];
    assert_eq!(
        lines(
            HeaderSettings {
                custom,
                api_key: Some("k".into()),
                ..settings()
            },
            IDS
        ),
        [
            "user-agent: me",
            "x-request-id: mine",
            "X-Correlation-ID: cid",
            "Accept: application/json",
            "Content-Type: application/json",
            "x-a: 2",
            "Authorization: Bearer k",
            "X-Session-Affinity: cid",
        ]
    );
}

#[test]
fn the_session_header_renames_the_correlation_header() {
    let headers = lines(
        HeaderSettings {
            session_header: Some("X-Sid".into()),
            ..settings()
        },
        IDS,
    );
    assert_eq!(headers[2], "X-Sid: cid");
}

#[test]
fn routing_headers_appear_as_switched_on_and_the_parent_only_for_children() {
    let affinity = AffinityHeaders {
        session_id: true,
        session_affinity: true,
        smg_routing_key: true,
        dynamo_session_id: true,
    };
    let of = |ids| {
        lines(
            HeaderSettings {
                affinity,
                ..settings()
            },
            ids,
        )
        .split_off(5)
    };
    let root = [
        "X-Session-ID: cid",
        "X-Session-Affinity: cid",
        "X-SMG-Routing-Key: cid",
        "X-Dynamo-Session-ID: cid",
    ];
    assert_eq!(of(IDS), root);
    let child = of(RequestIds {
        parent_correlation_id: Some("pid"),
        ..IDS
    });
    assert_eq!(child[..4], root);
    assert_eq!(child[4..], ["X-Dynamo-Parent-Session-ID: pid"]);
    let off = AffinityHeaders {
        session_affinity: false,
        ..AffinityHeaders::default()
    };
    assert_eq!(
        lines(
            HeaderSettings {
                affinity: off,
                ..settings()
            },
            IDS
        )
        .len(),
        5
    );
}

#[test]
fn anthropic_presents_the_key_its_own_way() {
    let headers = |custom| {
        lines(
            HeaderSettings {
                endpoint_type: EndpointType::Messages,
                api_key: Some("k".into()),
                custom,
                ..settings()
            },
            IDS,
        )
    };
    assert_eq!(
        headers(vec![])[3..5],
        ["anthropic-version: 2023-06-01", "x-api-key: k"]
    );
    assert_eq!(
        headers(vec![
            pair("anthropic-version", "2024-01-01"),
            pair("X-Api-Key", "mine")
        ])[3..5],
        ["anthropic-version: 2024-01-01", "x-api-key: k"]
    );
}

#[test]
fn a_multipart_body_brings_its_own_content_type() {
    let settings = HeaderSettings {
        endpoint_type: EndpointType::ImageEdit,
        ..settings()
    };
    assert!(
        !lines(settings, IDS)
            .iter()
            .any(|line| line.starts_with("Content-Type"))
    );
}

#[test]
fn headers_of_a_turn_override_the_users_and_lose_against_the_routing_headers() {
    let template = HeaderTemplate::new(HeaderSettings {
        custom: vec![pair("X-A", "1")],
        ..settings()
    })
    .unwrap();
    let extra = [
        pair("x-a", "2"),
        pair("X-B", "3"),
        pair("X-Session-Affinity", "mine"),
    ];
    let headers = template.headers_with(IDS, &extra);
    assert_eq!(headers[3..5], [pair("x-a", "2"), pair("X-B", "3")]);
    assert_eq!(headers.last(), Some(&pair("X-Session-Affinity", "cid")));
    assert_eq!(template.headers_with(IDS, &[])[3], pair("X-A", "1"));
}

#[test]
fn a_header_that_http_cannot_carry_is_refused_without_showing_its_value() {
    for (name, value) in [("X-A", "a\r\nb"), ("X A", "1"), ("", "1")] {
        let custom = vec![pair(name, value)];
        let error = HeaderTemplate::new(HeaderSettings {
            custom,
            ..settings()
        })
        .unwrap_err();
        assert_eq!(error, EndpointError::Header { name: name.into() });
    }
}
