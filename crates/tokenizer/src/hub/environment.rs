//! What the process's environment says about the hub.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the cache is, whether the network may be used, and how.
#[derive(Clone)]
pub struct HubEnvironment {
    /// The folder that holds `models--org--name` folders.
    pub cache: PathBuf,
    /// The network must not be used.
    pub offline: bool,
    /// Bearer token for gated and private models.
    pub token: Option<String>,
    /// Address of the hub, without trailing slash.
    pub endpoint: String,
    /// Proxy that the connection goes through.
    pub proxy: Option<String>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// How long name resolution and connecting may take before the hub counts as unreachable.
    pub connect_timeout: Duration,
}

impl HubEnvironment {
    /// Reads the process's environment variables.
    pub fn from_process() -> Self {
        Self::from_lookup(&|name| std::env::var(name).ok())
    }

    /// Reads variables through a function. The variables and their order are those of the Python
    /// library `huggingface_hub`, so both find the same cache.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let home = set("HOME").map(PathBuf::from);
        let expand = |path: String| expand_home(&path, home.as_deref());

        let hub_home = set("HF_HOME").map(expand).unwrap_or_else(|| {
            set("XDG_CACHE_HOME")
                .map(expand)
                .or_else(|| home.as_ref().map(|home| home.join(".cache")))
                .unwrap_or_else(|| PathBuf::from(".cache"))
                .join("huggingface")
        });
        let cache = set("HF_HUB_CACHE")
            .or_else(|| set("HUGGINGFACE_HUB_CACHE"))
            .map(expand)
            .unwrap_or_else(|| hub_home.join("hub"));
        let token_file = set("HF_TOKEN_PATH")
            .map(expand)
            .unwrap_or_else(|| hub_home.join("token"));
        let token = set("HF_TOKEN")
            .or_else(|| set("HUGGING_FACE_HUB_TOKEN"))
            .or_else(|| std::fs::read_to_string(token_file).ok())
            .map(|token| token.trim().to_owned())
            .filter(|token| !token.is_empty());
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        let proxy = [
            "ALL_PROXY",
            "all_proxy",
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
        ]
        .iter()
        .find_map(|name| set(name));
        Self {
            cache,
            // Any value counts, even `0`.
            offline: set("HF_HUB_OFFLINE")
                .or_else(|| set("TRANSFORMERS_OFFLINE"))
                .is_some(),
            token,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            proxy,
            home,
            connect_timeout: Duration::from_secs(5),
        }
    }
}

impl std::fmt::Debug for HubEnvironment {
    /// The token stays out of logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HubEnvironment")
            .field("cache", &self.cache)
            .field("offline", &self.offline)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

fn expand_home(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(below_home), Some(home)) => home.join(below_home),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> HubEnvironment {
        HubEnvironment::from_lookup(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_cache_is_where_python_libraries_have_it() {
        for (variables, cache) in [
            (&[("HOME", "/h")][..], "/h/.cache/huggingface/hub"),
            (
                &[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")],
                "/x/huggingface/hub",
            ),
            (&[("HOME", "/h"), ("HF_HOME", "~/hf")], "/h/hf/hub"),
            (
                &[("HF_HOME", "/hf"), ("HUGGINGFACE_HUB_CACHE", "/old")],
                "/old",
            ),
            (
                &[("HF_HUB_CACHE", "/new"), ("HUGGINGFACE_HUB_CACHE", "/old")],
                "/new",
            ),
        ] {
            assert_eq!(environment(variables).cache, Path::new(cache));
        }
    }

    #[test]
    fn any_value_that_is_not_empty_means_offline() {
        assert!(environment(&[("HF_HUB_OFFLINE", "0")]).offline);
        assert!(environment(&[("TRANSFORMERS_OFFLINE", "1")]).offline);
        assert!(!environment(&[("HF_HUB_OFFLINE", "")]).offline);
        assert!(!environment(&[]).offline);
    }

    #[test]
    fn the_token_comes_from_the_variable_or_the_file_and_is_not_printed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "from-file\n").unwrap();
        let home = folder.path().to_str().unwrap();
        assert_eq!(
            environment(&[("HF_HOME", home)]).token.as_deref(),
            Some("from-file")
        );
        let both = environment(&[("HF_HOME", home), ("HF_TOKEN", "from-variable")]);
        assert_eq!(both.token.as_deref(), Some("from-variable"));
        assert!(!format!("{both:?}").contains("from-variable"));
    }
}
