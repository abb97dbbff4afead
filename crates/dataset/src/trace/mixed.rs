//! Sessions whose rows do not go together.

use std::path::Path;

use super::rows::{InputKind, Rows};
use crate::error::DatasetError;
use crate::sessions::Sessions;

/// A session whose rows hold their whole history cannot have others beside them.
pub(super) fn refuse(sessions: &Sessions, rows: &Rows, path: &Path) -> Result<(), DatasetError> {
    for session in 0..sessions.len() {
        let [_, _, ..] = sessions.rows_of(session) else {
            continue;
        };
        let mut kinds = sessions
            .rows_of(session)
            .iter()
            .map(|&row| rows.head(row as usize));
        let Some(first) = kinds.next() else { continue };
        let goes_with = |kind: InputKind| {
            kind == first.kind || !(kind.is_self_contained() || first.kind.is_self_contained())
        };
        if let Some(other) = kinds.find(|head| !goes_with(head.kind)) {
            return Err(DatasetError::Row {
                path: path.to_path_buf(),
                line: other.line as usize,
                flaw: format!(
                    "session `{}` has {} here and {} in line {}; a session holds one of \
                     `messages`, `payload`, or texts",
                    sessions.name(session).unwrap_or_default(),
                    word(other.kind),
                    word(first.kind),
                    first.line
                ),
                further_lines: 0,
            });
        }
    }
    Ok(())
}

fn word(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Tokens => "`input_length`",
        InputKind::Text => "`text_input`",
        InputKind::Messages => "`messages`",
        InputKind::Payload => "`payload`",
    }
}
