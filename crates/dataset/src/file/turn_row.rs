//! The keys of one turn: a row of `single_turn`, or an element of `turns` in `multi_turn`.

use aiperf_endpoint::conversation::{Media, Turn};
use serde_json::{Map, Value};

use super::fields::{Fields, Flaw, expected};
use super::media::{self, MediaKind};

/// A turn as it is written in a file.
pub(super) struct TurnRow {
    pub(super) turn: Turn,
    /// Not empty.
    pub(super) session_id: Option<String>,
}

/// Reads a turn. Keys that no format knows are ignored.
pub(super) fn read(row: Map<String, Value>) -> Result<TurnRow, Flaw> {
    let mut fields = Fields::new(row);
    let type_name = fields.string("type")?;
    if let Some(name) = type_name.filter(|name| name != "single_turn") {
        return Err(Flaw::at(
            "type",
            format!("expected `single_turn`, found `{name}`"),
        ));
    }
    if fields.take("image_uuids").is_some() {
        return Err(Flaw::at(
            "image_uuids",
            "references to cached images are not supported",
        ));
    }

    let turn = Turn {
        texts: modality(&mut fields, "text", "texts", None)?,
        images: modality(&mut fields, "image", "images", Some(MediaKind::Image))?,
        audios: modality(&mut fields, "audio", "audios", Some(MediaKind::Audio))?,
        videos: modality(&mut fields, "video", "videos", Some(MediaKind::Video))?,
        role: fields.string("role")?.filter(|role| !role.is_empty()),
        max_tokens: fields.positive_integer("output_length")?,
        timestamp_ms: fields.number("timestamp")?,
        delay_ms: fields.number("delay")?,
        extra_body: fields.object("extra")?.unwrap_or_default(),
        ..Turn::default()
    };
    let session_id = fields.string("session_id")?.filter(|id| !id.is_empty());

    let media = [&turn.texts, &turn.images, &turn.audios, &turn.videos];
    if media.iter().all(|items| items.is_empty()) {
        return Err(Flaw::whole(
            "a turn needs at least one of `text`, `texts`, `image`, `images`, `audio`, `audios`, \
             `video`, `videos`",
        ));
    }
    // Zero counts as absent here, so that a trace may start at 0 and still have delays.
    let is_set = |value: Option<f64>| value.is_some_and(|value| value != 0.0);
    if is_set(turn.timestamp_ms) && is_set(turn.delay_ms) {
        return Err(Flaw::at("delay", "cannot be set together with `timestamp`"));
    }
    Ok(TurnRow { turn, session_id })
}

/// One kind of content under its two keys: a string, or a list of strings or of
/// `{name, contents}` objects. Media other than text are made ready to send.
fn modality(
    fields: &mut Fields,
    one: &str,
    many: &str,
    media_kind: Option<MediaKind>,
) -> Result<Vec<Media>, Flaw> {
    let single = fields.string(one)?.filter(|content| !content.is_empty());
    let list = fields.array(many)?.filter(|items| !items.is_empty());
    let mut items = match (single, list) {
        (Some(_), Some(_)) => {
            return Err(Flaw::at(
                many,
                format!("cannot be set together with `{one}`"),
            ));
        }
        (Some(content), None) => vec![Media::unnamed(content)],
        (None, Some(items)) => read_list(many, items)?,
        (None, None) => return Ok(Vec::new()),
    };
    if let Some(media_kind) = media_kind {
        let key = if items.len() == 1 && items[0].contents.len() == 1 {
            one
        } else {
            many
        };
        for content in items.iter_mut().flat_map(|item| &mut item.contents) {
            *content = media::ready_to_send(media_kind, std::mem::take(content))
                .map_err(|reason| Flaw::at(key, reason))?;
        }
    }
    Ok(items)
}

fn read_list(key: &str, items: Vec<Value>) -> Result<Vec<Media>, Flaw> {
    // The first element decides: the list holds strings, or it holds named objects.
    if items[0].is_object() {
        let objects = items.into_iter().enumerate();
        return objects
            .map(|(index, item)| read_named(key, index, item))
            .collect();
    }
    let contents = read_strings(key, items)?;
    Ok(vec![Media {
        name: String::new(),
        contents,
    }])
}

fn read_named(key: &str, index: usize, item: Value) -> Result<Media, Flaw> {
    let place = format!("{key}[{index}]");
    let Value::Object(object) = item else {
        return Err(expected(place, "an object", &item));
    };
    let mut fields = Fields::new(object);
    let read = |fields: &mut Fields| {
        let name = fields.string("name")?.unwrap_or_default();
        let contents = read_strings("contents", fields.array("contents")?.unwrap_or_default())?;
        Ok(Media { name, contents })
    };
    read(&mut fields).map_err(|flaw: Flaw| flaw.inside(&place))
}

fn read_strings(key: &str, items: Vec<Value>) -> Result<Vec<String>, Flaw> {
    let strings = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| match item {
            Value::String(text) => Ok(text),
            other => Err(expected(format!("{key}[{index}]"), "a string", &other)),
        });
    strings.collect()
}
