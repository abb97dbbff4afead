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

    let (images, image_uuids) = images(&mut fields)?;
    let turn = Turn {
        texts: modality(&mut fields, "text", "texts", None)?,
        images,
        image_uuids,
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

/// The images and their identifiers, which servers cache them under.
fn images(fields: &mut Fields) -> Result<(Vec<Media>, Vec<Vec<String>>), Flaw> {
    let uuids = match fields.array("image_uuids")? {
        Some(items) => Some(read_uuids("image_uuids", items)?),
        None => None,
    };
    let Some(uuids) = uuids else {
        let named = fields.peek("images").map(uuids_of_objects).transpose()?;
        let images = modality(fields, "image", "images", Some(MediaKind::Image))?;
        let named = named.unwrap_or_default();
        for (index, (image, uuids)) in images.iter().zip(&named).enumerate() {
            if !uuids.is_empty() && uuids.len() != image.contents.len() {
                return Err(Flaw::at(
                    format!("images[{index}].uuids"),
                    format!(
                        "{} identifiers for {} contents",
                        uuids.len(),
                        image.contents.len()
                    ),
                ));
            }
        }
        let has_any = named.iter().any(|uuids| !uuids.is_empty());
        return Ok((images, if has_any { named } else { Vec::new() }));
    };
    if fields.peek("image").is_some_and(|image| !image.is_null()) {
        return Err(Flaw::at(
            "image_uuids",
            "goes with `images`, not with `image`",
        ));
    }
    let first = fields.peek("images").and_then(|images| images.get(0));
    if first.is_some_and(Value::is_object) {
        return Err(Flaw::at(
            "image_uuids",
            "goes with a list of strings; objects in `images` carry `uuids` of their own",
        ));
    }
    let mut images = modality(fields, "image", "images", Some(MediaKind::Image))?;
    if images.is_empty() {
        // References to images that the server already has.
        images.push(Media {
            name: String::new(),
            contents: vec![String::new(); uuids.len()],
        });
    }
    let contents = images[0].contents.len();
    if contents != uuids.len() {
        return Err(Flaw::at(
            "image_uuids",
            format!("{} identifiers for {contents} images", uuids.len()),
        ));
    }
    Ok((images, vec![uuids]))
}

/// The identifiers of each object in `images`.
fn uuids_of_objects(images: &Value) -> Result<Vec<Vec<String>>, Flaw> {
    let images = images.as_array().map_or(&[][..], Vec::as_slice);
    let of_object = |(index, image): (usize, &Value)| match image.get("uuids") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            let place = format!("images[{index}].uuids");
            if items.is_empty() {
                return Ok(Vec::new());
            }
            read_uuids(&place, items.clone())
        }
        Some(other) => Err(expected(
            format!("images[{index}].uuids"),
            "an array",
            other,
        )),
    };
    if !images.iter().any(|image| image.get("uuids").is_some()) {
        return Ok(Vec::new());
    }
    images.iter().enumerate().map(of_object).collect()
}

fn read_uuids(key: &str, items: Vec<Value>) -> Result<Vec<String>, Flaw> {
    let uuids = read_strings(key, items)?;
    if uuids.is_empty() || uuids.iter().any(String::is_empty) {
        return Err(Flaw::at(key, "must hold identifiers that are not empty"));
    }
    Ok(uuids)
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
