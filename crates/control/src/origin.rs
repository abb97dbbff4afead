//! Servers, as opposed to URLs: several URLs may lead to one server, which is told things once.

use aiperf_endpoint::{EndpointType, url::compose};
use aiperf_transport::Target;
use url::Url;

use crate::error::ControlError;
use crate::hook::Hook;

/// A URL that requests can be sent to, and how it may be shown.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) target: Target,
    /// The URL without credentials.
    pub(crate) shown: String,
}

impl Destination {
    pub(crate) fn new(url: &str) -> Result<Self, ControlError> {
        let shown = aiperf_redact::url(url).into_owned();
        let target = Target::parse(url).map_err(|error| ControlError::Url {
            url: shown.clone(),
            reason: error.reason,
        })?;
        Ok(Self { target, shown })
    }
}

/// Refuses a hook path that is not plainly a path: joined to a server's address it could lead to
/// another server.
///
/// # Errors
/// [`ControlError::Path`], which names the flag.
pub fn check_path(hook: Hook, path: &str) -> Result<(), ControlError> {
    if path.starts_with('/') && !path.contains("://") {
        return Ok(());
    }
    Err(ControlError::Path {
        flag: hook.path_flag(),
        path: path.to_owned(),
    })
}

/// Where a hook is sent: its path at every server of `urls`, each server once, in the order in which
/// they are first named. What the URLs have beyond the server (path, query) is left out.
pub(crate) fn hook_destinations(
    hook: Hook,
    urls: &[String],
    path: &str,
) -> Result<Vec<Destination>, ControlError> {
    check_path(hook, path)?;
    origins(urls)?
        .iter()
        .map(|origin| Destination::new(&format!("{origin}{path}")))
        .collect()
}

/// `scheme://host:port` of each server, with the user and password of the URL that named it first.
fn origins(urls: &[String]) -> Result<Vec<String>, ControlError> {
    let mut known = Vec::new();
    let mut origins = Vec::new();
    for url in urls {
        let mut url = base(url)?;
        let origin = url.origin();
        if known.contains(&origin) {
            continue;
        }
        known.push(origin);
        url.set_path("");
        url.set_query(None);
        origins.push(url.as_str().trim_end_matches('/').to_owned());
    }
    Ok(origins)
}

/// A URL of the command line taken apart, its scheme added where it has none.
pub(crate) fn base(url: &str) -> Result<Url, ControlError> {
    Ok(compose(url, Some("/"), EndpointType::default(), false)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(urls: &[&str], path: &str, expected: &[&str]) {
        let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
        let found = hook_destinations(Hook::KvCacheReset, &urls, path).unwrap();
        let found: Vec<String> = found
            .into_iter()
            .map(|to| {
                let scheme = if to.target.is_tls { "https" } else { "http" };
                format!("{scheme}://{}{}", to.target.authority, to.target.path)
            })
            .collect();
        assert_eq!(found, expected, "{urls:?}");
    }

    #[test]
    fn each_server_is_named_once_in_the_order_of_the_urls() {
        check(
            &[
                "http://b:8000/v1",
                "a:8000",
                "http://b:8000/v1/chat/completions?api-version=1",
                "HTTP://A:8000/x",
                "http://a",
                "https://a",
                "http://a:80/",
                "http://[::1]:9/v1",
            ],
            "/reset_prefix_cache",
            &[
                "http://b:8000/reset_prefix_cache",
                "http://a:8000/reset_prefix_cache",
                "http://a/reset_prefix_cache",
                "https://a/reset_prefix_cache",
                "http://[::1]:9/reset_prefix_cache",
            ],
        );
    }

    #[test]
    fn a_path_stays_on_its_server() {
        check(&["h"], "/a/../b?mode=all", &["http://h/b?mode=all"]);
        check(&["h"], "//other/x", &["http://h//other/x"]);
        for path in ["", "reset", "http://other/x", "/x?to=http://other"] {
            let error = check_path(Hook::ProfilerStop, path).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("`--server-profiler-stop-path`"),
                "{error}"
            );
        }
    }

    #[test]
    fn credentials_of_a_url_are_sent_and_not_shown() {
        let urls = ["http://me:pass@h:1/v1?token=abc".to_owned()];
        let [to] = &hook_destinations(Hook::KvCacheReset, &urls, "/r").unwrap()[..] else {
            panic!("one server");
        };
        assert_eq!(to.shown, "http://<redacted>@h:1/r");
        assert!(to.target.authorization.is_some());
    }

    #[test]
    fn an_address_that_is_no_url_is_named_without_its_credentials() {
        let urls = ["http://me:pass@h:99999/".to_owned()];
        let error = hook_destinations(Hook::KvCacheReset, &urls, "/r").unwrap_err();
        assert!(error.to_string().contains("<redacted>@h:99999"), "{error}");
        assert!(!error.to_string().contains("pass"), "{error}");
    }
}
