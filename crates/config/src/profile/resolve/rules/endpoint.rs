//! What flags must not say together about the server.

use super::dataset::generated_text;
use super::{Breach, Rule, breach};
use crate::profile::choices::{EndpointType, ModelSelection, RequestContentType};
use crate::profile::resolve::endpoint::{self, PAYLOAD_TEMPLATE, UNIX};
use crate::profile::resolve::load::Load;
use crate::profile::resolve::{given, listed};

pub(in crate::profile::resolve) const RULES: &[Rule] = &[
    Rule {
        name: "the template type needs a template",
        breach: |load| {
            let without = endpoint::kind(load.args) == EndpointType::Template
                && !load.args.extra_inputs.contains_key(PAYLOAD_TEMPLATE);
            without.then(|| {
                breach(
                    format!("`--endpoint-type template` needs `--extra-inputs {PAYLOAD_TEMPLATE}`"),
                    format!("name a file or give the body itself: `--extra-inputs {PAYLOAD_TEMPLATE}:FILE`"),
                )
            })
        },
    },
    Rule {
        name: "weights go with weighted models",
        breach: model_weights,
    },
    Rule {
        name: "usage in every chunk needs a chat stream with the server's counts",
        breach: per_chunk_usage,
    },
    Rule {
        name: "stored responses are counted by the server",
        breach: |load| {
            let stores = load
                .args
                .extra_inputs
                .get("store")
                .is_some_and(|store| store == true);
            let wrong = stores
                && endpoint::kind(load.args) == EndpointType::Responses
                && !given(load.args.use_server_token_count);
            wrong.then(|| {
                breach(
                    "`--extra-inputs store:true` with `--endpoint-type responses` needs `--use-server-token-count`",
                    "the server adds earlier turns to prompts, which nobody else can count",
                )
            })
        },
    },
    Rule {
        name: "images are sent by id in chats only",
        breach: |load| {
            let kind = endpoint::kind(load.args);
            (given(load.args.uuid_and_strip) && kind != EndpointType::Chat).then(|| {
                breach(
                    format!("`--uuid-and-strip` does not go with `--endpoint-type {kind}`"),
                    "only `--endpoint-type chat` knows images by id",
                )
            })
        },
    },
    Rule {
        name: "bodies have the format of their type",
        breach: |load| {
            let kind = endpoint::kind(load.args);
            let taken = if kind.capabilities().multipart {
                RequestContentType::Multipart
            } else {
                RequestContentType::Json
            };
            let wrong = load
                .args
                .request_content_type
                .filter(|given| *given != taken)?;
            Some(breach(
                format!(
                    "`--request-content-type {wrong}` does not go with `--endpoint-type {kind}`"
                ),
                format!("that type takes `{taken}`; leave the flag away"),
            ))
        },
    },
    Rule {
        name: "a Unix socket takes requests only",
        breach: unix_with_more,
    },
    Rule {
        name: "a client key needs a certificate",
        breach: |load| {
            let args = load.args;
            (args.tls_client_key.is_some() && args.tls_client_cert.is_none()).then(|| {
                breach(
                    "`--tls-client-key` needs `--tls-client-cert`",
                    "name the certificate that the key belongs to",
                )
            })
        },
    },
    Rule {
        name: "trusted certificates are checked",
        breach: |load| {
            let args = load.args;
            (args.tls_ca_file.is_some() && given(args.no_tls_verify)).then(|| {
                breach(
                    "`--tls-ca-file` does not go with `--no-tls-verify`",
                    "either certificates are checked or not; leave one of them away",
                )
            })
        },
    },
    Rule {
        name: "a tokenizer needs something to count",
        breach: |load| {
            let args = load.args;
            let flags = listed(&[
                ("--tokenizer", args.tokenizer.is_some()),
                ("--tokenizer-revision", args.tokenizer_revision.is_some()),
                ("--apply-chat-template", given(args.apply_chat_template)),
            ]);
            without_text(load, flags)
        },
    },
    Rule {
        name: "generated text needs a type that takes text",
        breach: |load| {
            let args = load.args;
            let of_batches = [
                ("--isl-block-size", args.isl_block_size.is_some()),
                ("--prompt-batch-size", args.prompt_batch_size.is_some()),
            ];
            let flags = listed(&[&generated_text(args)[..], &of_batches].concat());
            without_text(load, flags)
        },
    },
    Rule {
        name: "a system prompt needs a type with system messages",
        breach: |load| {
            let args = load.args;
            let kind = endpoint::kind(args);
            let flags = listed(&[
                ("--system-prompt", args.prefix.system_prompt.is_some()),
                (
                    "--system-prompt-file",
                    args.prefix.system_prompt_file.is_some(),
                ),
            ]);
            let (flags, several) = flags.filter(|_| !kind.capabilities().system_messages)?;
            let verb = if several { "do" } else { "does" };
            Some(breach(
                format!("{flags} {verb} not go with `--endpoint-type {kind}`"),
                "the types with system messages are chat, responses, messages and chat_embeddings",
            ))
        },
    },
];

fn model_weights(load: &Load) -> Option<Breach> {
    use aiperf_endpoint::model_selection::ModelSelection as Shares;

    let (models, weights) = (&load.args.models, &load.args.model_weights);
    let is_weighted = load.args.model_selection == Some(ModelSelection::Weighted);
    if !is_weighted {
        return (!weights.is_empty()).then(|| {
            breach(
                "`--model-weights` needs `--model-selection-strategy weighted`",
                "add it, or leave the weights out",
            )
        });
    }
    if weights.len() != models.len() {
        return Some(breach(
            "`--model-selection-strategy weighted` needs one of `--model-weights` for each `--model`",
            "for two models: `--model-weights 0.7,0.3`",
        ));
    }
    let refused = Shares::weighted(weights).err()?;
    Some(breach(
        format!("`--model-weights`: {refused}"),
        "give each model's share of the requests, 1 in all",
    ))
}

fn per_chunk_usage(load: &Load) -> Option<Breach> {
    let args = load.args;
    if !given(args.per_chunk_usage) {
        return None;
    }
    let kind = endpoint::kind(args);
    let missing = if !given(args.use_server_token_count) {
        "`--use-server-token-count`"
    } else if kind != EndpointType::Chat {
        "`--endpoint-type chat`"
    } else if !given(args.streaming) {
        "`--streaming`"
    } else {
        return None;
    };
    Some(breach(
        format!("`--per-chunk-usage` needs {missing}"),
        "chunks have the server's counts in chat streams only; add it, or leave `--per-chunk-usage` away",
    ))
}

fn unix_with_more(load: &Load) -> Option<Breach> {
    let args = load.args;
    let is_unix = args.urls.iter().any(|url| url.starts_with(UNIX));
    let is_video = endpoint::kind(args) == EndpointType::VideoGeneration;
    let waits = args
        .wait_for_model_timeout_seconds
        .is_some_and(|seconds| seconds > 0.0);
    let flags = listed(&[
        ("--endpoint-type video_generation", is_video),
        ("--wait-for-model-timeout", waits),
        ("--reset-kv-cache", given(args.reset_kv_cache)),
        ("--server-profiler", given(args.server_profiler)),
    ]);
    let (flags, several) = flags.filter(|_| is_unix)?;
    let verb = if several { "do" } else { "does" };
    Some(breach(
        format!("{flags} {verb} not go with a `unix:` address"),
        "give the server a port as well, and use `--url http://HOST:PORT`",
    ))
}

fn without_text(load: &Load, flags: Option<(String, bool)>) -> Option<Breach> {
    let (flags, several) = flags.filter(|_| !endpoint::takes_text(load.args))?;
    let verb = if several { "do" } else { "does" };
    let kind = endpoint::kind(load.args);
    Some(breach(
        format!("{flags} {verb} not go with `--endpoint-type {kind}`"),
        "that type takes no text and answers with none",
    ))
}
