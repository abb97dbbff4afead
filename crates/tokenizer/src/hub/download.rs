//! Downloads into the shared cache, with one short attempt to connect before anything else.

use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};
use url::Url;

use super::HubEnvironment;
use crate::error::TokenizerError;

/// Brings a repository's tokenizer files into the cache; returns the snapshot's folder.
pub(super) fn download(
    name: &str,
    revision: &str,
    environment: &HubEnvironment,
) -> Result<PathBuf, TokenizerError> {
    // The client library waits half a minute for a connection and has no setting for it.
    check_reachable(environment).map_err(|reason| TokenizerError::Unreachable {
        name: name.to_owned(),
        cache: environment.cache.clone(),
        endpoint: environment.endpoint.clone(),
        reason,
    })?;

    let failed = |reason: String| TokenizerError::Download {
        name: name.to_owned(),
        endpoint: environment.endpoint.clone(),
        reason,
    };
    let cache =
        std::path::absolute(&environment.cache).map_err(|error| failed(error.to_string()))?;
    let api = ApiBuilder::from_cache(Cache::new(cache))
        .with_endpoint(environment.endpoint.clone())
        .with_token(environment.token.clone())
        .with_progress(false)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let repository = api.repo(Repo::with_revision(
        name.to_owned(),
        RepoType::Model,
        revision.to_owned(),
    ));
    let file = repository
        .get("tokenizer.json")
        .map_err(|error| match status(&error) {
            Some(status @ (401 | 403)) => TokenizerError::AccessRefused {
                name: name.to_owned(),
                endpoint: environment.endpoint.clone(),
                status,
            },
            Some(404) => TokenizerError::NotFound {
                name: name.to_owned(),
                revision: revision.to_owned(),
                endpoint: environment.endpoint.clone(),
            },
            _ => failed(error.to_string()),
        })?;
    for optional in [
        "tokenizer_config.json",
        "special_tokens_map.json",
        "chat_template.jinja",
    ] {
        if let Err(error) = repository.get(optional) {
            tracing::debug!("`{name}` has no `{optional}`: {error}");
        }
    }
    file.parent()
        .map(PathBuf::from)
        .ok_or_else(|| failed("the cache has no folder".to_owned()))
}

/// The HTTP status in an error of the client library, which only its text tells.
fn status(error: &ApiError) -> Option<u16> {
    let text = error.to_string();
    let (_, after) = text.split_once("status code ")?;
    after.get(..3)?.parse().ok()
}

impl HubEnvironment {
    /// Resolves the hub's name (or the proxy's) and connects once.
    ///
    /// # Errors
    /// Why the hub cannot be reached, in words.
    pub fn check_reachable(&self) -> Result<(), String> {
        check_reachable(self)
    }
}

fn check_reachable(environment: &HubEnvironment) -> Result<(), String> {
    let address = environment.proxy.as_ref().unwrap_or(&environment.endpoint);
    let (host, port) = host_and_port(address)?;
    let timeout = environment.connect_timeout;
    let (sender, receiver) = mpsc::channel();
    // Name resolution knows no time limit of its own, so it gets a thread that may be left behind.
    thread::spawn(move || {
        let _ = sender.send(connect(&host, port, timeout));
    });
    receiver
        .recv_timeout(timeout)
        .unwrap_or_else(|_| Err(format!("no connection within {} s", timeout.as_secs_f64())))
}

fn connect(host: &str, port: u16, timeout: Duration) -> Result<(), String> {
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|error| format!("cannot resolve `{host}`: {error}"))?;
    let mut last_failure = format!("`{host}` has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(_) => return Ok(()),
            Err(error) => last_failure = format!("{address}: {error}"),
        }
    }
    Err(last_failure)
}

fn host_and_port(address: &str) -> Result<(String, u16), String> {
    let with_scheme = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let url = Url::parse(&with_scheme).map_err(|error| format!("`{address}`: {error}"))?;
    let host = url
        .host_str()
        .ok_or_else(|| format!("`{address}` names no host"))?;
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    Ok((host, url.port_or_known_default().unwrap_or(443)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    fn environment(endpoint: &str, cache: &std::path::Path) -> HubEnvironment {
        HubEnvironment {
            endpoint: endpoint.to_owned(),
            cache: cache.to_path_buf(),
            ..HubEnvironment::from_lookup(&|_| None)
        }
    }

    /// A hub that answers every request with one status.
    fn hub_with_status(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let request = lines
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty());
                if request.count() > 0 {
                    let _ = write!(
                        stream,
                        "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    );
                }
            }
        });
        endpoint
    }

    #[test]
    fn a_hub_that_refuses_connections_fails_at_once_with_the_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let error =
            download("org/name", "main", &environment(&endpoint, folder.path())).unwrap_err();
        assert!(
            matches!(error, TokenizerError::Unreachable { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(&endpoint), "{error}");
    }

    #[test]
    fn refused_access_and_missing_repositories_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let attempt = |status| {
            let endpoint = hub_with_status(status);
            download("org/name", "main", &environment(&endpoint, folder.path())).unwrap_err()
        };
        let error = attempt("401 Unauthorized");
        assert!(
            matches!(error, TokenizerError::AccessRefused { status: 401, .. }),
            "{error}"
        );
        assert!(error.hint().contains("HF_TOKEN"));
        let error = attempt("404 Not Found");
        assert!(matches!(error, TokenizerError::NotFound { .. }), "{error}");
        let error = attempt("500 Internal Server Error");
        assert!(matches!(error, TokenizerError::Download { .. }), "{error}");
    }

    #[test]
    fn hosts_and_ports_are_read_from_endpoints_and_proxies() {
        for (address, expected) in [
            ("https://huggingface.co", ("huggingface.co", 443)),
            ("http://mirror:8080", ("mirror", 8080)),
            ("proxy.local:3128", ("proxy.local", 3128)),
            ("http://[::1]:80", ("::1", 80)),
        ] {
            let (host, port) = host_and_port(address).unwrap();
            assert_eq!((host.as_str(), port), expected);
        }
    }
}
