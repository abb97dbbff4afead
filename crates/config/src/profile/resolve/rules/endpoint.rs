//! What flags must not say together about the server.

use super::dataset::generated_text;
use super::{Breach, Rule, breach};
use crate::profile::choices::ModelSelection;
use crate::profile::resolve::endpoint;
use crate::profile::resolve::load::Load;
use crate::profile::resolve::{given, listed};

pub(in crate::profile::resolve) const RULES: &[Rule] = &[
    Rule {
        name: "weights belong to weighted models",
        breach: model_weights,
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
];

fn model_weights(load: &Load) -> Option<Breach> {
    let is_weighted = load.args.model_selection == Some(ModelSelection::Weighted);
    (!load.args.model_weights.is_empty() && !is_weighted).then(|| {
        breach(
            "`--model-weights` needs `--model-selection-strategy weighted`",
            "add it, or leave the weights out",
        )
    })
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
