//! Images, audio and video of a row: URLs and encoded data stay as they are, local files are read.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// What a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaKind {
    Image,
    Audio,
    Video,
}

impl MediaKind {
    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }

    /// Accepted file extensions, each with the format's name on the wire.
    fn formats(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Image => &[("png", "png"), ("jpg", "jpeg"), ("jpeg", "jpeg")],
            Self::Audio => &[("wav", "wav"), ("mp3", "mp3")],
            Self::Video => &[("mp4", "mp4"), ("webm", "webm")],
        }
    }

    fn is_encoded(self, content: &str) -> bool {
        let prefixes: &[&str] = match self {
            Self::Image | Self::Video => &["data:"],
            Self::Audio => &["data:", "wav,", "mp3,"],
        };
        prefixes.iter().any(|prefix| content.starts_with(prefix))
    }
}

/// The content as it goes into a body; the error is a reason without the key.
pub(super) fn ready_to_send(kind: MediaKind, content: String) -> Result<String, String> {
    if content.is_empty() || kind.is_encoded(&content) {
        return Ok(content);
    }
    if let Some((scheme, rest)) = content.split_once("://") {
        let has_host = !rest.split('/').next().unwrap_or_default().is_empty();
        if scheme.is_empty() || !has_host {
            return Err(format!("`{content}` is a URL without scheme or host"));
        }
        return Ok(content);
    }
    encode_file(kind, Path::new(&content))
}

/// The file's bytes, unchanged, with their format told by the extension.
fn encode_file(kind: MediaKind, path: &Path) -> Result<String, String> {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase);
    let format = extension.and_then(|extension| {
        kind.formats()
            .iter()
            .find(|(known, _)| *known == extension)
            .map(|(_, format)| *format)
    });
    let Some(format) = format else {
        let known: Vec<&str> = kind
            .formats()
            .iter()
            .map(|(extension, _)| *extension)
            .collect();
        return Err(format!(
            "`{}` is neither a URL, nor encoded data, nor a file ending in {}",
            path.display(),
            known.join(", ")
        ));
    };
    let bytes = fs::read(path)
        .map_err(|error| format!("cannot read {} `{}`: {error}", kind.name(), path.display()))?;
    let encoded = BASE64_STANDARD.encode(bytes);
    Ok(match kind {
        MediaKind::Audio => format!("{format},{encoded}"),
        MediaKind::Image | MediaKind::Video => {
            format!("data:{}/{format};base64,{encoded}", kind.name())
        }
    })
}

/// Whether a row has content of any kind, by its keys.
pub(super) fn has_content_key(row: &serde_json::Map<String, Value>) -> bool {
    [
        "text", "texts", "image", "images", "audio", "audios", "video", "videos",
    ]
    .iter()
    .any(|key| row.get(*key).is_some_and(|value| !value.is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_encoded_data_stay_as_they_are() {
        for (kind, content) in [
            (MediaKind::Image, "data:image/png;base64,AAAA"),
            (MediaKind::Image, "https://host/cat.gif"),
            (MediaKind::Audio, "wav,AAAA"),
            (MediaKind::Audio, "mp3,AAAA"),
            (MediaKind::Audio, "s3://bucket/a"),
            (MediaKind::Video, "data:video/mp4;base64,AAAA"),
        ] {
            assert_eq!(
                ready_to_send(kind, content.to_owned()).as_deref(),
                Ok(content)
            );
        }
    }

    #[test]
    fn local_files_are_encoded_with_the_format_of_their_extension() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, name, expected) in [
            (MediaKind::Image, "a.png", "data:image/png;base64,aGk="),
            (MediaKind::Image, "a.JPG", "data:image/jpeg;base64,aGk="),
            (MediaKind::Audio, "a.wav", "wav,aGk="),
            (MediaKind::Audio, "a.mp3", "mp3,aGk="),
            (MediaKind::Video, "a.webm", "data:video/webm;base64,aGk="),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, "hi").unwrap();
            let ready = ready_to_send(kind, path.display().to_string());
            assert_eq!(ready.as_deref(), Ok(expected));
        }
    }

    #[test]
    fn other_formats_missing_files_and_broken_urls_give_reasons() {
        for (kind, content, reason) in [
            (
                MediaKind::Image,
                "cat.gif",
                "nor a file ending in png, jpg, jpeg",
            ),
            (
                MediaKind::Image,
                "/no/such/cat.png",
                "cannot read image `/no/such/cat.png`",
            ),
            (MediaKind::Audio, "noise", "nor a file ending in wav, mp3"),
            (MediaKind::Video, "http:///x.mp4", "without scheme or host"),
            (MediaKind::Video, "://host/x.mp4", "without scheme or host"),
        ] {
            let error = ready_to_send(kind, content.to_owned()).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
