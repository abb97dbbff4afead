//! What flags about the server, tokens, files and the screen do less than they seem to.

use super::{Advice, text};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{DatasetFormat, EndpointType, ExportLevel, ModelSelection, Ui};
use crate::profile::resolve::dataset::is_synthetic;
use crate::profile::resolve::endpoint;
use crate::profile::resolve::load::Load;
use crate::profile::resolve::{given, listed};

/// In the order in which it is given.
pub(super) const ADVICE: &[fn(&Load) -> Advice] = &[
    one_model,
    legacy_max_tokens,
    tls_without_https,
    tokenizer_of_nothing,
    revision_without_hub,
    bodies_as_they_are,
    trace_without_records,
    overruled_by_verbosity,
    formats_of_nothing,
];

fn one_model(load: &Load) -> Advice {
    let selection = load.args.model_selection?;
    let idle = selection == ModelSelection::Random && load.args.models.len() == 1;
    idle.then(|| {
        text(
            format!("`--model-selection-strategy {selection}` has no effect with one model"),
            "name more than one: `--model NAME,NAME`",
        )
    })
}

fn legacy_max_tokens(load: &Load) -> Advice {
    let args = load.args;
    let asked = given(args.use_legacy_max_tokens);
    let kind = endpoint::kind(args);
    if asked && kind != EndpointType::Chat {
        return Some(text(
            format!("`--use-legacy-max-tokens` has no effect with `--endpoint-type {kind}`"),
            "only chats have two names for the limit",
        ));
    }
    let limited = args.osl_mean.is_some() || args.sequence_distribution.is_some();
    (asked && is_synthetic(args) && !limited).then(|| {
        text(
            "`--use-legacy-max-tokens` has no effect without `--osl`",
            "answers have no limit that could be called one way or the other: `--osl TOKENS`",
        )
    })
}

/// Why there is no certificate to check, where that is so.
fn tls_without_https(load: &Load) -> Advice {
    let args = load.args;
    let (flags, several) = listed(&[
        ("--tls-ca-file", args.tls_ca_file.is_some()),
        ("--tls-client-cert", args.tls_client_cert.is_some()),
        ("--tls-client-key", args.tls_client_key.is_some()),
    ])?;
    let is_https = |url: &String| {
        let scheme = url.trim_start().as_bytes().get(..6);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https:"))
    };
    let verb = if several { "have" } else { "has" };
    (!args.urls.iter().any(is_https)).then(|| {
        text(
            format!("{flags} {verb} no effect without an `https` address"),
            "write the scheme, `--url https://HOST`; only a redirect would need it here",
        )
    })
}

fn tokenizer_of_nothing(load: &Load) -> Advice {
    let args = load.args;
    let (flags, several) = listed(&[
        ("--tokenizer", args.tokenizer.is_some()),
        ("--tokenizer-revision", args.tokenizer_revision.is_some()),
        ("--apply-chat-template", given(args.apply_chat_template)),
    ])?;
    // Traces that name lengths get their text from a tokenizer all the same.
    let has_texts = args
        .custom_dataset_type
        .is_some_and(|format| !format.is_trace());
    let verb = if several { "have" } else { "has" };
    (given(args.use_server_token_count) && has_texts).then(|| {
        text(
            format!("{flags} {verb} no effect with `--use-server-token-count` and texts of a file"),
            "the server counts, and nothing is made up; leave one of them away",
        )
    })
}

fn revision_without_hub(load: &Load) -> Advice {
    let args = load.args;
    let name = args.tokenizer.as_deref()?;
    args.tokenizer_revision.as_ref()?;
    let is_built_in = name == "builtin" || name.ends_with("_base") && !name.contains('/');
    let is_local = std::path::Path::new(name).exists();
    (is_built_in || is_local).then(|| {
        text(
            format!("`--tokenizer-revision` has no effect with `--tokenizer {name}`"),
            "only tokenizers of the hub have revisions",
        )
    })
}

/// Whether each request of the data is a whole body.
fn has_bodies(args: &ProfileArgs) -> bool {
    matches!(
        args.custom_dataset_type,
        Some(DatasetFormat::RawPayload | DatasetFormat::InputsJson)
    )
}

fn bodies_as_they_are(load: &Load) -> Advice {
    let args = load.args;
    let format = args.custom_dataset_type.filter(|_| has_bodies(args))?;
    let (flags, several) = listed(&[
        ("--extra-inputs", !args.extra_inputs.is_empty()),
        ("--osl", args.osl_mean.is_some()),
        (
            "--use-legacy-max-tokens",
            given(args.use_legacy_max_tokens) && endpoint::kind(args) == EndpointType::Chat,
        ),
        ("--system-prompt", args.prefix.system_prompt.is_some()),
        (
            "--system-prompt-file",
            args.prefix.system_prompt_file.is_some(),
        ),
    ])?;
    let verb = if several { "have" } else { "has" };
    Some(text(
        format!("{flags} {verb} no effect with `--custom-dataset-type {format}`"),
        "its bodies are sent as they are; say it in the file",
    ))
}

fn trace_without_records(load: &Load) -> Advice {
    let args = load.args;
    let idle = given(args.export_http_trace) && args.export_level == Some(ExportLevel::Summary);
    idle.then(|| {
        text(
            "`--export-http-trace` has no effect beside `--export-level summary`",
            "the trace is a part of the records: `--export-level records`",
        )
    })
}

fn overruled_by_verbosity(load: &Load) -> Advice {
    let args = load.args;
    let loud = match (given(args.extra_verbose), given(args.verbose)) {
        (true, _) => "`--extra-verbose`",
        (false, true) => "`--verbose`",
        (false, false) => return None,
    };
    let (flags, several) = listed(&[
        ("--log-level", args.log_level.is_some()),
        ("--ui", args.ui.is_some_and(|ui| ui != Ui::Simple)),
        (
            "--verbose",
            given(args.extra_verbose) && given(args.verbose),
        ),
    ])?;
    let verb = if several { "have" } else { "has" };
    Some(text(
        format!("{flags} {verb} no effect beside {loud}"),
        "leave one of them away",
    ))
}

fn formats_of_nothing(load: &Load) -> Advice {
    let args = load.args;
    let idle = given(args.no_server_metrics) && !args.server_metrics_formats.is_empty();
    idle.then(|| {
        text(
            "`--server-metrics-formats` has no effect beside `--no-server-metrics`",
            "leave one of them away",
        )
    })
}
