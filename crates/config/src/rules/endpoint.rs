//! Rules about models and the server.

use aiperf_endpoint::model_selection::ModelSelection as Shares;
use aiperf_endpoint::url::unix_socket;

use super::said::Listed;
use super::{Rule, Told, View};
use crate::profile::{
    DEFAULT_READINESS_INTERVAL_SECONDS, DEFAULT_READINESS_MODE, EndpointType, ModelSelection,
    RequestContentType,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "the template type needs a template",
        check: |view, told| {
            if view.kind() == EndpointType::Template && !view.template.is_given() {
                told.tell(
                    &[view.kind.mark()],
                    format!("{} needs {}", view.kind_name(), view.template.name()),
                    view.words.choose(
                        "name a file or give the body itself: `--extra-inputs payload_template:FILE`",
                        "give the body: `template: {body: '…'}`",
                    ),
                );
            }
        },
    },
    Rule {
        name: "weighted models have weights",
        check: weights,
    },
    Rule {
        name: "usage in every chunk needs a chat stream with the server's counts",
        check: |view, told| {
            if !view.per_chunk_usage.is(true) {
                return;
            }
            let missing = if !view.use_server_token_count.is(true) {
                view.use_server_token_count.on()
            } else if view.kind() != EndpointType::Chat {
                view.kind.asked(EndpointType::Chat)
            } else if !view.streaming.is(true) {
                view.streaming.on()
            } else {
                return;
            };
            let name = view.per_chunk_usage.name();
            told.tell(
                &[view.per_chunk_usage.mark()],
                format!("{name} needs {missing}"),
                format!("chunks have the server's counts in chat streams only; add it, or leave {name} away"),
            );
        },
    },
    Rule {
        name: "stored responses are counted by the server",
        check: |view, told| {
            // As the reference reads it: no other word is a yes.
            let stores = view
                .store
                .value()
                .is_some_and(|store| match store.as_str() {
                    Some(text) => text.trim().eq_ignore_ascii_case("true"),
                    None => *store == true,
                });
            let is_responses = view.kind() == EndpointType::Responses;
            if stores && is_responses && !view.use_server_token_count.is(true) {
                let store = view
                    .words
                    .choose("`--extra-inputs store:true`", "`store: true`");
                told.tell(
                    &[view.store.mark(), view.kind.mark()],
                    format!(
                        "{store} with {} needs {}",
                        view.kind_name(),
                        view.use_server_token_count.on()
                    ),
                    "the server adds earlier turns to prompts, which nobody else can count",
                );
            }
        },
    },
    Rule {
        name: "images are sent by id in chats only",
        check: |view, told| {
            if view.uuid_and_strip.is(true) && view.kind() != EndpointType::Chat {
                told.tell(
                    &[view.uuid_and_strip.mark(), view.kind.mark()],
                    format!(
                        "{} does not go with {}",
                        view.uuid_and_strip.name(),
                        view.kind_name()
                    ),
                    format!(
                        "only {} knows images by id",
                        view.kind.asked(EndpointType::Chat)
                    ),
                );
            }
        },
    },
    Rule {
        name: "bodies have the format of their type",
        check: |view, told| {
            let taken = if view.kind().capabilities().multipart {
                RequestContentType::Multipart
            } else {
                RequestContentType::Json
            };
            let asked = &view.request_content_type;
            if asked.given().is_some_and(|given| *given != taken) {
                told.tell(
                    &[asked.mark(), view.kind.mark()],
                    format!("{} does not go with {}", asked.whole(), view.kind_name()),
                    format!("that type takes `{taken}`; leave {} away", asked.name()),
                );
            }
        },
    },
    Rule {
        name: "readiness options need a readiness timeout",
        check: readiness_without_timeout,
    },
    Rule {
        name: "a video job is not followed over a Unix socket",
        check: video_over_unix,
    },
    Rule {
        name: "a tokenizer needs something to count",
        check: |view, told| {
            let given = Listed::of(&view.tokenizer.iter().collect::<Vec<_>>());
            if let Some(given) = given.filter(|_| !view.takes_text()) {
                told.tell(
                    &given.marks,
                    given.clash(&view.kind_name()),
                    "that type takes no text and answers with none",
                );
            }
        },
    },
    Rule {
        name: "a system prompt needs a type with system messages",
        check: |view, told| {
            let given = Listed::of(&[&view.system_prompt, &view.system_prompt_file]);
            let takes_it = view.kind().capabilities().system_messages;
            if let Some(given) = given.filter(|_| !takes_it) {
                told.tell(
                    &given.marks,
                    given.clash(&view.kind_name()),
                    "the types with system messages are chat, responses, messages and chat_embeddings",
                );
            }
        },
    },
];

fn weights(view: &View, told: &mut Told) {
    if !view.model_selection.is(ModelSelection::Weighted) {
        return;
    }
    let weights: Option<Vec<f64>> = view
        .model_weights
        .value()
        .and_then(|weights| weights.iter().copied().collect());
    let message = match weights.map(|weights| Shares::weighted(&weights)) {
        Some(Ok(_)) => return,
        Some(Err(refused)) => format!("{}: {refused}", view.model_weights.name()),
        None => format!(
            "{} needs one of {} for each {}",
            view.model_selection.whole(),
            view.model_weights.name(),
            view.models.name()
        ),
    };
    told.tell(
        &[view.model_weights.mark(), view.model_selection.mark()],
        message,
        view.words.choose(
            "give each model's share of the requests, 1 in all: `--model-weights 0.7,0.3` for two",
            "give each model's share of the requests, 1 in all: `items: [{name: a, weight: 0.7}, …]`",
        ),
    );
}

fn readiness_without_timeout(view: &View, told: &mut Told) {
    if view
        .readiness_timeout
        .value()
        .is_some_and(|seconds| *seconds > 0.0)
    {
        return;
    }
    let (mode, interval) = (&view.readiness_mode, &view.readiness_interval);
    let mut names = Vec::new();
    if mode
        .given()
        .is_some_and(|mode| *mode != DEFAULT_READINESS_MODE)
    {
        names.push(mode.name());
    }
    if interval
        .given()
        .is_some_and(|seconds| *seconds != DEFAULT_READINESS_INTERVAL_SECONDS)
    {
        names.push(interval.name());
    }
    if names.is_empty() {
        return;
    }
    let verb = if names.len() > 1 { "need" } else { "needs" };
    told.tell(
        &[mode.mark(), interval.mark()],
        format!(
            "{} {verb} {}",
            names.join(", "),
            view.readiness_timeout.name()
        ),
        format!(
            "say how long to wait: {}, more than 0",
            view.readiness_timeout.asked("SECONDS")
        ),
    );
}

fn video_over_unix(view: &View, told: &mut Told) {
    let is_unix = view
        .urls
        .value()
        .is_some_and(|urls| urls.iter().any(|url| unix_socket(url).is_some()));
    if !is_unix || view.kind() != EndpointType::VideoGeneration {
        return;
    }
    told.tell(
        &[view.urls.mark()],
        format!("{} does not go with a `unix:` address", view.kind_name()),
        format!(
            "give the server a port as well, and use {}",
            view.words
                .choose("`--url http://HOST:PORT`", "`url: http://HOST:PORT`")
        ),
    );
}
