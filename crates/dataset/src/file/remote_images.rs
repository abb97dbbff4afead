//! Images that rows name by URLs, for endpoints that fetch nothing themselves.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use aiperf_endpoint::conversation::Conversation;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

const UNKNOWN_FORMAT: &str = "image/jpeg";

/// Puts the images themselves in the place of their URLs. Each is downloaded once.
pub(super) fn inline(
    conversations: &mut [Conversation],
    timeout: Duration,
    parallel: usize,
) -> Result<(), String> {
    let mut urls: Vec<String> = contents_of(conversations)
        .filter(|content| is_url(content))
        .map(|content| content.to_owned())
        .collect();
    urls.sort();
    urls.dedup();
    let images = download_all(&urls, timeout, parallel)?;
    for content in contents_of(conversations) {
        if let Some(image) = images.get(content.as_str()) {
            content.clone_from(image);
        }
    }
    Ok(())
}

fn contents_of(conversations: &mut [Conversation]) -> impl Iterator<Item = &mut String> {
    conversations
        .iter_mut()
        .flat_map(|conversation| &mut conversation.turns)
        .flat_map(|turn| &mut turn.images)
        .flat_map(|image| &mut image.contents)
}

fn is_url(content: &str) -> bool {
    let scheme = content.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

fn download_all(
    urls: &[String],
    timeout: Duration,
    parallel: usize,
) -> Result<HashMap<&str, String>, String> {
    let agent = ureq::AgentBuilder::new()
        .timeout(timeout)
        .try_proxy_from_env(true)
        .build();
    let waiting = Mutex::new(urls.iter());
    let next = || {
        let mut waiting = waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        waiting.next()
    };
    let work = || -> Result<Vec<(&str, String)>, String> {
        let mut images = Vec::new();
        while let Some(url) = next() {
            let image = download(&agent, url)
                .map_err(|reason| format!("cannot download image `{url}`: {reason}"))?;
            images.push((url.as_str(), image));
        }
        Ok(images)
    };
    let threads = parallel.clamp(1, urls.len().max(1));
    let shares = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect::<Result<Vec<_>, String>>()
    })?;
    Ok(shares.into_iter().flatten().collect())
}

fn download(agent: &ureq::Agent, url: &str) -> Result<String, String> {
    let answer = agent.get(url).call().map_err(|error| match error {
        ureq::Error::Status(status, _) => format!("status {status}"),
        ureq::Error::Transport(failure) => failure.to_string(),
    })?;
    if answer.status() != 200 {
        return Err(format!("status {}", answer.status()));
    }
    let format = Some(answer.content_type().to_owned())
        .filter(|format| format.starts_with("image/"))
        .unwrap_or_else(|| UNKNOWN_FORMAT.to_owned());
    let mut bytes = Vec::new();
    answer
        .into_reader()
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(format!(
        "data:{format};base64,{}",
        BASE64_STANDARD.encode(bytes)
    ))
}
