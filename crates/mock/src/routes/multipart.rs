//! Forms in `multipart/form-data`.

use std::collections::BTreeMap;
use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;

use crate::connection::Request;

/// A form that was read: the last field of each name.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) fields: BTreeMap<String, Field>,
}

/// A field of a form.
#[derive(Debug)]
pub(super) struct Field {
    /// Only files have one.
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Bytes,
}

impl Form {
    /// Reads the body of a request. The error is a message for the client.
    pub(super) async fn read(request: &Request) -> Result<Self, String> {
        let content_type = request.header("content-type").unwrap_or_default();
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| "the body is not `multipart/form-data` with a boundary".to_owned())?;
        let body = Bytes::copy_from_slice(&request.body);
        let whole = stream::once(std::future::ready(Ok::<_, Infallible>(body)));
        let mut parts = multer::Multipart::new(whole, boundary);
        let mut form = Self::default();
        let broken = |error: multer::Error| format!("the form is not valid: {error}");
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().ok_or("a part of the form has no name")?;
            // Fields that may come more than once are named `image[]` by some clients.
            let name = name.strip_suffix("[]").unwrap_or(name).to_owned();
            let field = Field {
                file_name: part.file_name().map(str::to_owned),
                content_type: part.content_type().map(ToString::to_string),
                bytes: part.bytes().await.map_err(broken)?,
            };
            form.fields.insert(name, field);
        }
        Ok(form)
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let field = self.fields.get(name)?;
        Some(String::from_utf8_lossy(&field.bytes).into_owned())
    }

    /// The text of a field that there must be.
    pub(super) fn required_text(&self, name: &str) -> Result<String, String> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| format!("field `{name}` is missing"))
    }

    /// A field that is a file with something in it and a content type.
    pub(super) fn required_file(&self, name: &str) -> Result<&Field, String> {
        let field = self
            .fields
            .get(name)
            .ok_or_else(|| format!("file `{name}` is missing"))?;
        if field.file_name.is_none() || field.content_type.is_none() {
            return Err(format!(
                "`{name}` is not a file with a name and a content type"
            ));
        }
        if field.bytes.is_empty() {
            return Err(format!("file `{name}` is empty"));
        }
        Ok(field)
    }
}
