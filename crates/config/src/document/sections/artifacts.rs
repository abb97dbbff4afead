//! `artifacts`: what is written, and where.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::document::limits::{above_zero, not_empty_text};
use crate::document::node::Node;
use crate::document::read::{Definitions, Dump, Field, Read, Reader, section};
use crate::document::user_files;
use crate::document::values::{Anything, FormatsOrNone, OneOf, Seconds, words};

words! {
    /// Formats of the summary.
    SummaryFormat = "json";
    /// Formats of records.
    RecordsFormat = "jsonl";
    /// Formats of the user's own files.
    UserFileFormat = "json", "yaml", "text";
}

section! {
    /// What is written, and where.
    pub(crate) struct ArtifactsSection {
        dir: PathBuf = PathBuf::from("artifacts");
        prefix: Option<String> = None;
        summary: FormatsOrNone<SummaryFormat> = FormatsOrNone::Formats(vec![OneOf::word("json")]);
        records: FormatsOrNone<RecordsFormat> = FormatsOrNone::Formats(vec![OneOf::word("jsonl")]);
        raw: bool = false;
        trace: bool = false;
        slice_duration: Option<Seconds> = None, above_zero;
        show_trace_timing: bool = false;
        user_files: Vec<UserFile> = Vec::new();
        auto_plot: bool = false;
        plot_required: bool = false;
        export_outputs_json: bool = false;
    }
}

section! {
    /// A file of the user's own, made when the run begins.
    pub(crate) struct UserFileSection {
        path: String, not_empty_text;
        format: Option<OneOf<UserFileFormat>> = None;
        content: Anything;
    }
}

/// A file of the user's own. Keys that it does not have are only warned of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserFile(pub(crate) UserFileSection);

impl Read for UserFile {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let mut known = node.clone();
        if let (Some(entries), Some(kept)) = (node.as_map(), known.as_map_mut()) {
            for entry in entries.iter() {
                if !matches!(entry.key.as_str(), "path" | "format" | "content") {
                    kept.remove(&entry.key);
                    reader.warn(&entry.key, entry.mark, "no such key; it is ignored");
                }
            }
        }
        let mut file = UserFileSection::read(&known, reader)?;
        let is_text = file.content.0.as_text().is_some();
        let format = match *file.format {
            Some(format) => format,
            None => {
                let format = OneOf::word(if is_text { "text" } else { "json" });
                file.format = Field::default_of(Some(format));
                format
            }
        };
        if format.is("text") != is_text {
            let message = if is_text {
                format!(
                    "the format `{}` needs a map or a list as `content`",
                    format.name()
                )
            } else {
                "the format `text` needs a text as `content`".to_owned()
            };
            reader.fault(node, message);
        }
        user_files::check_templates(&file.content.0, reader);
        let path = &*file.path;
        let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
        let names_nothing = path.split('/').all(|part| matches!(part, "" | "."));
        if leaves || names_nothing || path.chars().any(char::is_control) {
            reader.within("path", |reader| {
                reader.fault_with(
                    node,
                    format!(
                        "`{}` is no file below the run's folder",
                        path.escape_debug()
                    ),
                    "give a relative path without `..`",
                );
            });
        }
        Some(Self(file))
    }

    fn dump(&self, dump: Dump) -> Value {
        self.0.dump(dump)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "object", "required": ["path", "content"] })
    }
}
