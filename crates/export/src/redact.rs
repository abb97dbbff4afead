//! What is written or shown must not give credentials away.
//!
//! Names decide, never values: a header, flag or query parameter that is called like a secret has
//! its value replaced by [`REDACTED`]. Too much hidden is an annoyance, too little a leak, so every
//! rule covers at least what the reference covers.

mod command_line;
mod headers;
mod url;

pub use command_line::command_line;
pub use headers::{header_value, is_sensitive_header};
pub use url::redact_url;

/// What stands in place of a secret.
pub const REDACTED: &str = "<redacted>";
