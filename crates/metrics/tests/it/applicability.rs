//! Which metrics a run has.

use crate::common::{active, chat};
use aiperf_metrics::{EndpointTraits, RunContext};

#[test]
fn a_metric_is_dropped_when_its_condition_is_not_met() {
    let base = chat();
    let no_streaming = RunContext {
        streaming: false,
        ..chat()
    };
    let server_tokens = RunContext {
        use_server_token_count: true,
        ..chat()
    };
    let accuracy = RunContext {
        accuracy: true,
        ..chat()
    };
    let no_audio = RunContext {
        endpoint: EndpointTraits {
            supports_audio: false,
            ..chat().endpoint
        },
        ..chat()
    };
    let cases = [
        ("time_to_first_token", &no_streaming),
        ("usage_discrepancy_count", &server_tokens),
        ("osl_mismatch_count", &accuracy),
        ("usage_prompt_audio_tokens", &no_audio),
    ];
    for (tag, context) in cases {
        assert!(active(&base).contains(tag), "{tag} is there in a full run");
        assert!(!active(context).contains(tag), "{tag}");
    }
    for tag in ["goodput", "thinking_efficiency"] {
        assert!(!active(&base).contains(tag), "{tag} has to be asked for");
    }
}

#[test]
fn an_endpoint_without_tokens_still_has_what_other_metrics_need() {
    let endpoint = EndpointTraits {
        tokenizes_input: true,
        ..EndpointTraits::default()
    };
    let embeddings = active(&RunContext {
        endpoint,
        ..RunContext::default()
    });
    assert!(embeddings.contains("usage_discrepancy_count"));
    assert!(
        embeddings.contains("output_sequence_length"),
        "drawn in by the discrepancy count"
    );
    assert!(!embeddings.contains("total_osl"));
    assert!(!embeddings.contains("output_token_throughput"));
}

#[test]
fn a_wrong_objective_is_refused_before_the_run() {
    let slos = [("time_to_frist_token".to_owned(), 1.0)]
        .into_iter()
        .collect();
    let error = aiperf_metrics::ActiveMetrics::new(&RunContext { slos, ..chat() }).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("did you mean `time_to_first_token`?"),
        "{error}"
    );
}

#[test]
fn active_metrics_follow_the_order_of_the_catalog() {
    let active = active(&chat());
    let mut catalog = aiperf_metrics::catalog::catalog().iter();
    for metric in active.metrics() {
        assert!(
            catalog.any(|other| other.tag == metric.tag),
            "{} is out of order",
            metric.tag
        );
    }
}
