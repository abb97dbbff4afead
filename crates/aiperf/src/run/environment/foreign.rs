//! Variables of other programs and libraries that count here too.

/// One such variable.
pub(super) struct Foreign {
    pub(super) name: &'static str,
    /// Where it comes from.
    pub(super) of: &'static str,
    /// One sentence.
    pub(super) meaning: &'static str,
}

const fn hub(name: &'static str, meaning: &'static str) -> Foreign {
    Foreign {
        name,
        of: "Hugging Face hub",
        meaning,
    }
}

const fn of(of: &'static str, name: &'static str, meaning: &'static str) -> Foreign {
    Foreign { name, of, meaning }
}

pub(super) const FOREIGN: &[Foreign] = &[
    hub(
        "HF_HUB_CACHE",
        "The folder of downloaded tokenizers and datasets.",
    ),
    hub("HUGGINGFACE_HUB_CACHE", "The same, under its old name."),
    hub(
        "HF_HOME",
        "The folder above it, where it is not named itself.",
    ),
    hub("HF_HUB_OFFLINE", "Any value: nothing is downloaded."),
    hub("TRANSFORMERS_OFFLINE", "The same, under another name."),
    hub(
        "HF_TOKEN",
        "The token for models and datasets that are not public. A secret.",
    ),
    hub("HUGGING_FACE_HUB_TOKEN", "The same, under its old name."),
    hub(
        "HF_TOKEN_PATH",
        "The file that holds the token, where no variable does.",
    ),
    hub("HF_ENDPOINT", "The address of another hub."),
    of(
        "OpenAI clients",
        "OPENAI_API_KEY",
        "The key of `aiperf chat`, where `--api-key` is not given. A secret.",
    ),
    of(
        "proxies",
        "HTTP_PROXY",
        "The proxy to `http` servers: for requests with `AIPERF_HTTP_TRUST_ENV`, for downloads always. Also in lower case.",
    ),
    of("proxies", "HTTPS_PROXY", "The same for `https` servers."),
    of(
        "proxies",
        "ALL_PROXY",
        "The proxy for downloads from the hub.",
    ),
    of(
        "proxies",
        "NO_PROXY",
        "Hosts that requests reach directly, separated by commas.",
    ),
    of(
        "TLS",
        "SSL_CERT_FILE",
        "A file with the certificate authorities that are trusted, instead of the system's.",
    ),
    of("TLS", "SSL_CERT_DIR", "A folder of such files."),
    of(
        "system",
        "HOME",
        "What `~` in paths means, and where the hub's folder is looked for.",
    ),
    of(
        "system",
        "XDG_CACHE_HOME",
        "Where the hub's folder is looked for, instead of `~/.cache`.",
    ),
    of(
        "terminals",
        "NO_COLOR",
        "Any value: the report has no colours.",
    ),
    of("system", "TZ", "The time zone of log lines."),
];
