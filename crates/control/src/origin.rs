//! Servers, as opposed to URLs: several URLs may lead to one server, which is told things once.

use aiperf_endpoint::EndpointType;
use aiperf_endpoint::url::{compose, unix_socket};
use aiperf_transport::Target;
use url::{Position, Url};

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
    servers(urls)?
        .iter()
        .map(|server| Destination::new(&format!("{}{path}", server.text().trim_end_matches('/'))))
        .collect()
}

/// Each server, without path and query, with the user and password of the URL that named it first.
fn servers(urls: &[String]) -> Result<Vec<Address>, ControlError> {
    let mut servers: Vec<Address> = Vec::new();
    for url in urls {
        let mut address = Address::parse(url)?;
        if servers.iter().any(|known| known.is_same_server(&address)) {
            continue;
        }
        address.url.set_path("");
        address.url.set_query(None);
        servers.push(address);
    }
    Ok(servers)
}

/// A URL of the command line taken apart, its scheme added where it has none.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// The socket of a `unix:` URL.
    socket: Option<String>,
    /// The URL; at a socket, that of what is asked for, as if of `localhost`.
    pub(crate) url: Url,
}

impl Address {
    pub(crate) fn parse(address: &str) -> Result<Self, ControlError> {
        let parse = |url: &str| compose(url, Some("/"), EndpointType::default(), false);
        let Some((socket, path)) = unix_socket(address) else {
            return Ok(Self {
                socket: None,
                url: parse(address)?,
            });
        };
        Ok(Self {
            socket: Some(socket.to_owned()),
            url: parse(&format!("http://localhost{path}"))?,
        })
    }

    /// The whole address again.
    pub(crate) fn text(&self) -> String {
        match &self.socket {
            None => self.url.as_str().to_owned(),
            Some(socket) => format!("unix:{socket}:{}", &self.url[Position::BeforePath..]),
        }
    }

    fn is_same_server(&self, other: &Self) -> bool {
        self.socket == other.socket && self.url.origin() == other.url.origin()
    }
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
    fn a_socket_is_a_server_of_its_own() {
        let urls = [
            "unix:/run/a.sock:/v1",
            "unix:///run/a.sock",
            "http://localhost/v1",
            "unix:/run/b.sock",
        ];
        let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
        let found = hook_destinations(Hook::ProfilerStart, &urls, "/start?all=1").unwrap();
        let shown: Vec<&str> = found.iter().map(|to| &*to.shown).collect();
        assert_eq!(
            shown,
            [
                "unix:/run/a.sock:/start?all=1",
                "http://localhost/start?all=1",
                "unix:/run/b.sock:/start?all=1"
            ]
        );
        let socket = found[0].target.unix_socket.as_deref();
        assert_eq!(socket, Some(std::path::Path::new("/run/a.sock")));
        assert_eq!(found[0].target.path, "/start?all=1");
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
