//! Does the server's list of models name the model?
//!
//! Ready: status 200 and an entry of `data` whose `id` is the model. A server without such a list
//! (404) is ready when its base address answers with a status of the 2xx range.

use std::time::Duration;

use aiperf_endpoint::url::compose;
use http::StatusCode;
use serde::Deserialize;

use super::{ProbedEndpoint, Verdict, refused};
use crate::client::ControlClient;
use crate::error::{ControlError, RequestFailure};
use crate::origin::{Address, Destination};

/// The path of the list, by OpenAI's convention.
const LIST_PATH: &str = "/v1/models";

/// A question about one model.
#[derive(Debug, Clone)]
pub(super) struct ModelsProbe {
    model: String,
    list: Destination,
    base: Destination,
}

#[derive(Deserialize)]
struct List {
    data: Vec<serde_json::Value>,
}

impl ModelsProbe {
    pub(super) fn new(
        endpoint: &ProbedEndpoint<'_>,
        url: &str,
        model: &str,
    ) -> Result<Self, ControlError> {
        let (base, list) = addresses(endpoint, url)?;
        Ok(Self {
            model: model.to_owned(),
            list: Destination::new(&list)?,
            base: Destination::new(&base)?,
        })
    }

    pub(super) fn what(&self) -> String {
        format!(
            "model `{}` in the list at `{}`",
            self.model, self.list.shown
        )
    }

    pub(super) async fn ask(
        &self,
        client: &ControlClient,
        patience: impl Fn() -> Duration,
    ) -> Verdict {
        let reply = match client.get(&self.list, patience()).await {
            Ok(reply) => reply,
            Err(RequestFailure::Status(status)) => return refused(status),
            Err(failure) => return Verdict::NotReady(failure.to_string()),
        };
        match reply.status {
            StatusCode::OK if lists(&reply.body, &self.model) => {
                Verdict::Ready("the list names the model")
            }
            StatusCode::OK => Verdict::NotReady("the list does not name the model".to_owned()),
            StatusCode::NOT_FOUND => self.ask_base(client, patience()).await,
            status => refused(status),
        }
    }

    /// For servers that have no list.
    async fn ask_base(&self, client: &ControlClient, patience: Duration) -> Verdict {
        let base = &self.base.shown;
        match client.get(&self.base, patience).await {
            Ok(reply) if reply.status.is_success() => {
                Verdict::Ready("there is no list of models, but the base address answers")
            }
            Ok(reply) => Verdict::NotReady(format!(
                "status 404, and `{base}` answers with status {}",
                reply.status.as_u16()
            )),
            Err(failure) => Verdict::NotReady(format!("status 404, and GET `{base}` {failure}")),
        }
    }
}

fn lists(body: &[u8], model: &str) -> bool {
    serde_json::from_slice::<List>(body).is_ok_and(|list| {
        let ids = list.data.iter().filter_map(|entry| entry.get("id"));
        ids.into_iter().any(|id| id == model)
    })
}

/// The base address of the API, and that of its list of models. The path of inference requests is
/// no part of either, so a URL that is complete with it leads to the same list as one without.
fn addresses(endpoint: &ProbedEndpoint<'_>, url: &str) -> Result<(String, String), ControlError> {
    let mut base = Address::parse(url)?;
    let prefix = api_prefix(endpoint, base.url.path()).to_owned();
    base.url.set_path(&prefix);
    let kind = endpoint.settings.endpoint_type;
    let mut list = base.clone();
    list.url = compose(base.url.as_str(), Some(LIST_PATH), kind, false)?;
    Ok((base.text(), list.text()))
}

/// What stands before the path of inference requests.
fn api_prefix<'p>(endpoint: &ProbedEndpoint<'_>, path: &'p str) -> &'p str {
    let path = path.trim_end_matches('/');
    let row = endpoint.settings.endpoint_type.capabilities();
    let of_type = [row.path, row.streaming_path];
    let custom = endpoint.custom_endpoint.map(|path| {
        let (path, _query) = path.split_once('?').unwrap_or((path, ""));
        path.trim_end_matches('/')
    });
    let known = of_type.into_iter().chain([custom]).flatten();
    for inference_path in known.filter(|path| !path.is_empty()) {
        if let Some(prefix) = path.strip_suffix(inference_path) {
            return prefix;
        }
    }
    // Types without a path of their own have the whole path in the URL.
    if row.path.is_none() && custom.is_none() {
        return path.find("/v1/").map_or("", |version| &path[..version]);
    }
    path
}

#[cfg(test)]
mod tests {
    use aiperf_endpoint::format::EndpointSettings;

    use super::*;

    #[test]
    fn the_list_is_beside_the_inference_path_however_much_of_it_the_url_has() {
        for (url, endpoint_type, custom, base, list) in [
            ("h:1", "chat", None, "http://h:1/", "http://h:1/v1/models"),
            (
                "http://h/v1",
                "chat",
                None,
                "http://h/v1",
                "http://h/v1/models",
            ),
            (
                "http://h/v1/",
                "embeddings",
                None,
                "http://h/v1",
                "http://h/v1/models",
            ),
            (
                "http://h/openai/v1",
                "chat",
                None,
                "http://h/openai/v1",
                "http://h/openai/v1/models",
            ),
            (
                "http://h/openai/v1/chat/completions?api-version=1",
                "chat",
                None,
                "http://h/openai?api-version=1",
                "http://h/openai/v1/models?api-version=1",
            ),
            (
                "http://h/proxy",
                "completions",
                None,
                "http://h/proxy",
                "http://h/proxy/v1/models",
            ),
            (
                "http://h/a/generate_stream",
                "huggingface_generate",
                None,
                "http://h/a",
                "http://h/a/v1/models",
            ),
            (
                "http://h",
                "chat",
                Some("/mine"),
                "http://h/",
                "http://h/v1/models",
            ),
            (
                "http://h/x/mine",
                "chat",
                Some("/mine?a=b"),
                "http://h/x",
                "http://h/x/v1/models",
            ),
            (
                "http://h/x",
                "chat",
                Some("/"),
                "http://h/x",
                "http://h/x/v1/models",
            ),
            (
                "http://h/infer",
                "raw",
                None,
                "http://h/",
                "http://h/v1/models",
            ),
            (
                "unix:///run/s.sock:/a/v1/chat/completions",
                "chat",
                None,
                "unix:/run/s.sock:/a",
                "unix:/run/s.sock:/a/v1/models",
            ),
            (
                "http://h/a/v1/chat/completions",
                "template",
                None,
                "http://h/a",
                "http://h/a/v1/models",
            ),
        ] {
            let settings = EndpointSettings {
                endpoint_type: endpoint_type.parse().unwrap(),
                ..EndpointSettings::default()
            };
            let endpoint = ProbedEndpoint {
                urls: &[],
                custom_endpoint: custom,
                settings: &settings,
            };
            let (found_base, found_list) = addresses(&endpoint, url).unwrap();
            assert_eq!(
                (&*found_base, &*found_list),
                (base, list),
                "{url} {endpoint_type} {custom:?}"
            );
        }
    }

    #[test]
    fn only_an_entry_of_the_list_names_a_model() {
        for (body, expected) in [
            (
                r#"{"object":"list","data":[{"id":"other"},{"id":"m"}]}"#,
                true,
            ),
            (r#"{"data":["m", null, {"name":"x"}, {"id":"m"}]}"#, true),
            (r#"{"data":[{"id":"m2"},{"id":["m"]},{"name":"m"}]}"#, false),
            (r#"{"data":[]}"#, false),
            (r#"{"data":"m"}"#, false),
            (r#"[{"id":"m"}]"#, false),
            ("m", false),
            ("", false),
        ] {
            assert_eq!(lists(body.as_bytes(), "m"), expected, "{body}");
        }
    }
}
