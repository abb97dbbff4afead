//! Where metrics are asked for.

/// The addresses of metrics: those of the servers, then those that the user names, each once.
pub fn metrics_urls<'a>(urls: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for url in urls {
        let url = metrics_url(url);
        if !all.contains(&url) {
            all.push(url);
        }
    }
    all
}

/// `…/metrics` below the path that the address has.
fn metrics_url(url: &str) -> String {
    let url = url.trim();
    if let Some(socket) = url.strip_prefix("unix:") {
        return at_socket(socket.strip_prefix("//").unwrap_or(socket));
    }
    let scheme = if has_scheme(url) { "" } else { "http://" };
    let (url, query) = match url.split_once('?') {
        Some((url, query)) => (url, format!("?{query}")),
        None => (url, String::new()),
    };
    let url = url.trim_end_matches('/');
    let path = if url.ends_with("/metrics") {
        ""
    } else {
        "/metrics"
    };
    format!("{scheme}{url}{path}{query}")
}

fn has_scheme(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    ["http://", "https://"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
}

/// `unix:SOCKET:PATH`: what is behind the second colon is a path on the server.
fn at_socket(address: &str) -> String {
    let (socket, path) = match address.find(":/") {
        Some(colon) => (&address[..colon], &address[colon + 1..]),
        None => (address, ""),
    };
    let path = path.trim_end_matches('/');
    let metrics = if path.ends_with("/metrics") {
        ""
    } else {
        "/metrics"
    };
    format!("unix:{socket}:{path}{metrics}")
}

/// Where else the server of an address may show metrics, in the order in which they are tried when the
/// address itself does not answer: the root of a server whose API is below a path.
pub(crate) fn at_root(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    (path != "metrics").then(|| format!("{scheme}://{authority}/metrics"))
}

/// Where TensorRT-LLM shows Prometheus' format: its `/metrics` is a list of iterations in JSON.
pub(crate) fn of_tensorrt(url: &str) -> Option<String> {
    let stem = url.strip_suffix("/metrics")?;
    (!stem.ends_with("/prometheus")).then(|| format!("{stem}/prometheus/metrics"))
}

/// Host, port and path without `/metrics`: how tables name an address.
pub(crate) fn display(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let path = path.strip_suffix("/metrics").unwrap_or(path);
    format!("{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_metrics_and_occur_once() {
        let urls = [
            "http://h:8000/v1",
            "h:8000",
            "http://h:8000/",
            "h:8081",
            "https://m/metrics/",
            "http://h:8000",
            "n:1/metrics?key=a",
            "unix:/run/a.sock",
            "unix:///run/b.sock:/v1/",
        ];
        assert_eq!(
            metrics_urls(urls),
            [
                "http://h:8000/v1/metrics",
                "http://h:8000/metrics",
                "http://h:8081/metrics",
                "https://m/metrics",
                "http://n:1/metrics?key=a",
                "unix:/run/a.sock:/metrics",
                "unix:/run/b.sock:/v1/metrics",
            ]
        );
    }

    #[test]
    fn other_places_of_the_same_server() {
        assert_eq!(
            at_root("http://h:8000/v1/metrics").as_deref(),
            Some("http://h:8000/metrics")
        );
        assert_eq!(at_root("http://h:8000/metrics"), None);
        assert_eq!(
            of_tensorrt("http://h/metrics").as_deref(),
            Some("http://h/prometheus/metrics")
        );
        assert_eq!(of_tensorrt("http://h/prometheus/metrics"), None);
    }

    #[test]
    fn tables_name_host_and_port() {
        for (url, shown) in [
            ("http://127.0.0.1:18400/metrics", "127.0.0.1:18400"),
            ("http://<redacted>@h:1/v1/metrics?key=<redacted>", "h:1/v1"),
            ("https://h/prometheus/metrics", "h/prometheus"),
        ] {
            assert_eq!(display(url), shown);
        }
    }
}
