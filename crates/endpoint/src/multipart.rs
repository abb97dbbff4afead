//! `multipart/form-data`: a JSON payload becomes parts (RFC 7578).
//!
//! Members become parts in their order. Null is left out; an object with a text `b64_data` is a
//! file; texts are sent as they are; everything else as its JSON. The boundary is made of the
//! payload, so that the same payload gives the same bytes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

use crate::dialect::Members;
use crate::error::EndpointError;
use crate::kind::EndpointType;

/// A body as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireBody {
    /// Its bytes; their number is the `Content-Length`.
    pub bytes: Vec<u8>,
    /// The `Content-Type` that the body brings along. None for JSON, whose header the run's
    /// [header template](crate::headers::HeaderTemplate) has.
    pub content_type: Option<String>,
}

/// The wire body of a payload that [`format`](crate::format::format) made: the payload itself, or
/// for multipart types the parts that are made of it.
///
/// Files and exports keep the payload; only the wire sees this.
pub fn wire_body(endpoint_type: EndpointType, payload: Vec<u8>) -> Result<WireBody, EndpointError> {
    if endpoint_type.capabilities().multipart {
        return encode(&payload);
    }
    Ok(WireBody {
        bytes: payload,
        content_type: None,
    })
}

/// Strict: characters outside the alphabet and missing padding are refused. Bits that no byte
/// needs are let pass, because encoders differ there.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// One part: its header lines, and what it holds.
struct Part<'p> {
    head: String,
    content: Cow<'p, [u8]>,
}

/// The parts of a payload, which must be a JSON object.
pub fn encode(payload: &[u8]) -> Result<WireBody, EndpointError> {
    let members = std::str::from_utf8(payload).ok().and_then(Members::parse);
    let members =
        members.ok_or_else(|| EndpointError::Multipart("the payload is no JSON object".into()))?;
    let parts: Vec<Part<'_>> = members
        .iter()
        .filter_map(|(name, value)| part(name, value).transpose())
        .collect::<Result<_, _>>()?;
    let boundary = boundary(payload, &parts);
    let length = |part: &Part<'_>| part.head.len() + part.content.len() + boundary.len() + 8;
    let mut bytes =
        Vec::with_capacity(parts.iter().map(length).sum::<usize>() + boundary.len() + 8);
    for part in &parts {
        bytes.extend_from_slice(b"--");
        bytes.extend_from_slice(boundary.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(part.head.as_bytes());
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&part.content);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"--");
    bytes.extend_from_slice(boundary.as_bytes());
    bytes.extend_from_slice(b"--\r\n");
    Ok(WireBody {
        bytes,
        content_type: Some(format!("multipart/form-data; boundary={boundary}")),
    })
}

/// The part of a member; none for null.
fn part<'p>(name: &str, value: &'p str) -> Result<Option<Part<'p>>, EndpointError> {
    let content = match value.as_bytes() {
        b"null" => return Ok(None),
        [b'{', ..] => match Members::parse(value).filter(|file| file.text("b64_data").is_some()) {
            Some(file) => return file_part(name, &file).map(Some),
            None => Cow::Borrowed(value.as_bytes()),
        },
        [b'"', ..] => {
            let text: String = serde_json::from_str(value)
                .map_err(|error| EndpointError::Multipart(format!("field `{name}`: {error}")))?;
            Cow::Owned(text.into_bytes())
        }
        _ => Cow::Borrowed(value.as_bytes()),
    };
    let head = format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=\"{}\"",
        quoted(name)
    );
    Ok(Some(Part { head, content }))
}

fn file_part(name: &str, file: &Members<'_>) -> Result<Part<'static>, EndpointError> {
    let base64 = file.text("b64_data").unwrap_or_default();
    let content = BASE64.decode(base64.as_bytes()).map_err(|error| {
        EndpointError::Multipart(format!(
            "`b64_data` of field `{name}` is no base64: {error}"
        ))
    })?;
    let media_type = file
        .string("content_type")
        .unwrap_or_else(|| "application/octet-stream".into());
    if media_type.contains(char::is_control) {
        return Err(EndpointError::Multipart(format!(
            "`content_type` of field `{name}` has line breaks or control characters"
        )));
    }
    let filename = file.string("filename").unwrap_or_else(|| name.to_owned());
    Ok(Part {
        head: format!(
            "Content-Type: {media_type}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"",
            quoted(name),
            quoted(&filename)
        ),
        content: Cow::Owned(content),
    })
}

/// A name between quotation marks, escaped as browsers do (HTML, multipart/form-data encoding
/// algorithm).
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A boundary that no part holds: a hash of the payload, hashed on until it occurs nowhere.
fn boundary(payload: &[u8], parts: &[Part<'_>]) -> String {
    let mut hash = fnv1a(FNV_OFFSET, payload);
    loop {
        let boundary = format!("{hash:032x}");
        let finder = memmem::Finder::new(boundary.as_bytes());
        let occurs = |part: &Part<'_>| {
            finder.find(&part.content).is_some() || finder.find(part.head.as_bytes()).is_some()
        };
        if !parts.iter().any(occurs) {
            return boundary;
        }
        hash = fnv1a(hash, b"-");
    }
}

/// Of the 128-bit FNV-1a hash (<http://www.isthe.com/chongo/tech/comp/fnv/>).
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

fn fnv1a(seed: u128, bytes: &[u8]) -> u128 {
    bytes.iter().fold(seed, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(FNV_PRIME)
    })
}

#[cfg(test)]
mod tests;
