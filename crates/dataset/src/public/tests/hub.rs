//! The hub and its cache.

use std::collections::HashMap;
use std::path::Path;

use aiperf_tokenizer::HubEnvironment;
use serde_json::json;

use super::super::{HubFetch, PublicPlan};
use super::{load, load_plan, texts};

fn offline_environment(home: &Path) -> HubEnvironment {
    let variables = HashMap::from([
        ("HOME", home.display().to_string()),
        ("HF_HUB_OFFLINE", "1".to_owned()),
    ]);
    HubEnvironment::from_lookup(&|name| variables.get(name).cloned())
}

#[test]
fn offline_the_cache_is_used_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let hub = HubFetch::new(offline_environment(home.path()));
    let error = load("spec_al_math500", &hub).unwrap_err().to_string();
    assert!(
        error.contains("offline mode is on") && error.contains("--input-file"),
        "{error}"
    );
    let error = load("spec_bench", &hub).unwrap_err().to_string();
    assert!(
        error.contains("offline mode is on; download `https://"),
        "{error}"
    );

    let cache = home
        .path()
        .join(".cache/huggingface/hub/datasets--HuggingFaceH4--MATH-500");
    std::fs::create_dir_all(cache.join("refs")).unwrap();
    std::fs::write(cache.join("refs/main"), "abc").unwrap();
    std::fs::create_dir_all(cache.join("snapshots/abc")).unwrap();
    std::fs::write(
        cache.join("snapshots/abc/test.jsonl"),
        "{\"problem\":\"p\"}",
    )
    .unwrap();
    assert_eq!(texts(&load("spec_al_math500", &hub).unwrap()), [["p"]]);
    let mut plan = PublicPlan::new("spec_al_math500").unwrap();
    plan.revision = Some("other".to_owned());
    assert!(load_plan(plan, &hub).is_err());

    let shared = home.path().join(".cache/aiperf/datasets");
    std::fs::create_dir_all(&shared).unwrap();
    std::fs::write(
        shared.join("spec_bench_question.jsonl"),
        "{\"turns\":[\"q\"]}",
    )
    .unwrap();
    assert_eq!(texts(&load("spec_bench", &hub).unwrap()), [["q"]]);
}

#[test]
fn a_hub_that_cannot_be_reached_is_named_at_once() {
    let home = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let environment = HubEnvironment {
        offline: false,
        endpoint: endpoint.clone(),
        ..offline_environment(home.path())
    };
    let error = load("aimo", &HubFetch::new(environment))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&endpoint) && error.contains("cannot be reached"),
        "{error}"
    );
}

/// A hub over HTTP that has one file and wants a token.
fn serve(token: &'static str, path: &'static str, content: &'static str) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request: Vec<String> = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let Some(first) = request.first() else {
                continue;
            };
            let authorized = request
                .iter()
                .any(|line| line.to_lowercase() == format!("authorization: bearer {token}"));
            let (status, body) = if !authorized {
                ("401 Unauthorized", String::new())
            } else if first.contains("/api/datasets/") {
                let info = json!({"sha": "abc", "siblings": [{"rfilename": path}]});
                ("200 OK", info.to_string())
            } else if first.contains(path) {
                ("206 Partial Content", content.to_owned())
            } else {
                ("404 Not Found", String::new())
            };
            let total = content.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\ncontent-range: bytes 0-{}/{total}\r\n\
                 x-repo-commit: abc\r\netag: \"e\"\r\nconnection: close\r\n\r\n{body}",
                body.len(),
                total - 1,
            );
        }
    });
    endpoint
}

#[test]
fn a_hub_is_asked_with_the_token_and_its_files_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let endpoint = serve("secret", "train.jsonl", "{\"problem\":\"p\"}");
    let environment = HubEnvironment {
        offline: false,
        endpoint,
        token: Some("secret".to_owned()),
        ..offline_environment(home.path())
    };
    let loaded = load("aimo", &HubFetch::new(environment.clone())).unwrap();
    assert_eq!(texts(&loaded), [["p"]]);
    let offline = HubFetch::new(offline_environment(home.path()));
    assert_eq!(texts(&load("aimo", &offline).unwrap()), [["p"]]);

    let other_home = tempfile::tempdir().unwrap();
    let without_token = HubEnvironment {
        token: None,
        cache: other_home.path().to_path_buf(),
        ..environment
    };
    let error = load("aimo", &HubFetch::new(without_token))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("status 401") && error.contains("HF_TOKEN"),
        "{error}"
    );
}
