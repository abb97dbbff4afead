//! `inputs.json`: what every conversation of the dataset sends, written before the first request.
//!
//! Streamed: memory holds one request body at a time, whatever the size of the dataset.

use std::io::Write;
use std::path::Path;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_transcode::Transcoder;

use crate::ExportError;
use crate::json::write_pretty;
use crate::write::{Access, PendingFile};

/// Writes the file one session at a time. Until [`InputsWriter::finish`] the final name does not
/// exist; dropped before, nothing is left.
#[derive(Debug)]
pub struct InputsWriter {
    file: PendingFile,
    sessions: u64,
}

impl InputsWriter {
    /// Starts the file at `path`.
    pub fn create(path: &Path) -> Result<Self, ExportError> {
        let mut file = PendingFile::create(path, Access::Usual)?;
        file.write_all(b"{\n  \"data\": [")
            .map_err(|source| file.failed(source))?;
        Ok(Self { file, sessions: 0 })
    }

    /// Adds a conversation: its id and one JSON request body per turn, as formatted for that turn
    /// alone. The order of the bodies' keys is kept.
    pub fn session(
        &mut self,
        session_id: &str,
        payloads: &[impl AsRef<[u8]>],
    ) -> Result<(), ExportError> {
        let separator: &[u8] = if self.sessions == 0 {
            b"\n    "
        } else {
            b",\n    "
        };
        self.file
            .write_all(separator)
            .map_err(|source| self.file.failed(source))?;
        self.sessions += 1;
        let session = Session {
            session_id,
            payloads: Payloads(payloads),
        };
        write_pretty(&mut self.file, &session, 2).map_err(|source| {
            if source.is_io() {
                self.file.failed(source.into())
            } else {
                ExportError::Payload {
                    path: self.file.path().to_owned(),
                    session_id: session_id.to_owned(),
                    source,
                }
            }
        })
    }

    /// Completes the file.
    pub fn finish(mut self) -> Result<(), ExportError> {
        let ending: &[u8] = if self.sessions == 0 {
            b"]\n}"
        } else {
            b"\n  ]\n}"
        };
        self.file
            .write_all(ending)
            .map_err(|source| self.file.failed(source))?;
        self.file.commit()
    }
}

/// Writes the whole file from an iterator of (session id, request bodies).
pub fn write_inputs<Id: AsRef<str>, Body: AsRef<[u8]>>(
    path: &Path,
    sessions: impl IntoIterator<Item = (Id, Vec<Body>)>,
) -> Result<(), ExportError> {
    let mut writer = InputsWriter::create(path)?;
    for (session_id, payloads) in sessions {
        writer.session(session_id.as_ref(), &payloads)?;
    }
    writer.finish()
}

struct Session<'a, Body> {
    session_id: &'a str,
    payloads: Payloads<'a, Body>,
}

struct Payloads<'a, Body>(&'a [Body]);

impl<Body: AsRef<[u8]>> Serialize for Session<'_, Body> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry("session_id", self.session_id)?;
        members.serialize_entry("payloads", &self.payloads)?;
        members.end()
    }
}

impl<Body: AsRef<[u8]>> Serialize for Payloads<'_, Body> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(self.0.len()))?;
        for body in self.0 {
            let mut deserializer = serde_json::Deserializer::from_slice(body.as_ref());
            items.serialize_element(&Transcoder::new(&mut deserializer))?;
            deserializer.end().map_err(serde::ser::Error::custom)?;
        }
        items.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written(sessions: Vec<(&str, Vec<&str>)>) -> Result<String, ExportError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("inputs.json");
        let outcome = write_inputs(&path, sessions);
        let names: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(
            names.len(),
            usize::from(outcome.is_ok()),
            "a temporary file stayed behind"
        );
        outcome.map(|()| std::fs::read_to_string(&path).unwrap())
    }

    #[test]
    fn bodies_keep_their_key_order_and_are_indented() {
        let text = written(vec![
            (
                "session_000000",
                vec![
                    r#"{"messages":[{"role":"user","content":"é \"quoted\""}],"model":"m","stream":true}"#,
                    r#"{"z":1,"a":{},"t":0.7}"#,
                ],
            ),
            ("session_000001", vec![]),
        ])
        .unwrap();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_dataset_without_conversations_is_an_empty_list() {
        assert_eq!(written(vec![]).unwrap(), "{\n  \"data\": []\n}");
    }

    #[test]
    fn the_streamed_text_equals_the_text_made_in_one_piece() {
        let bodies = [r#"{"a":[1,2.5,null,true],"b":"x"}"#, "[]"];
        let text = written(vec![("s", bodies.to_vec()), ("t", bodies.to_vec())]).unwrap();
        let parsed: Vec<Value> = bodies
            .iter()
            .map(|body| serde_json::from_str(body).unwrap())
            .collect();
        let whole = json!({"data": [
            {"session_id": "s", "payloads": parsed},
            {"session_id": "t", "payloads": parsed},
        ]});
        assert_eq!(text, crate::json::pretty(&whole).unwrap());
    }

    #[test]
    fn figures_keep_all_their_digits() {
        let body = r#"{"a":240.03609239942662,"b":123.12362997254405,"c":1e-7}"#;
        let text = written(vec![("s", vec![body])]).unwrap();
        for digits in ["240.03609239942662", "123.12362997254405", "1e-7"] {
            assert!(text.contains(digits), "{text}");
        }
    }

    #[test]
    fn a_body_that_is_not_json_names_its_session_and_leaves_no_file() {
        for body in ["{\"a\":", "{} trailing", ""] {
            let error = written(vec![("session_7", vec![body])]).unwrap_err();
            assert!(error.to_string().contains("session `session_7`"), "{error}");
        }
    }
}
