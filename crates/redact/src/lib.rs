//! What must not be shown: credentials in headers, URLs, request fields and command lines.
//!
//! Names decide, not values: a header, flag, field or query parameter that is called like a
//! secret has its value replaced by [`REDACTED`]. Too much hidden is an annoyance, too little a
//! leak, so every rule covers at least what the reference covers, and what cannot be read is hidden
//! whole.
//!
//! - [`header_value`], [`is_sensitive_header`]: request headers
//! - [`fields`], [`is_sensitive_field`]: fields that are merged into request bodies
//! - [`url`]: user names, passwords and query parameters of addresses
//! - [`command_line`]: all of these as flags, and the line quoted for a shell
//! - [`Secrets`]: the credentials of this run by their values, for what servers say of them
//!
//! Pure text in, text out. Absent: request and response bodies, which are measured data and are
//! written as they are.

mod command_line;
mod field;
mod header;
mod literal;
mod url;

pub use command_line::command_line;
pub use field::{fields, is_sensitive_field};
pub use header::{header_value, is_sensitive_header};
pub use literal::Secrets;
pub use url::url;

/// What stands in place of a secret.
pub const REDACTED: &str = "<redacted>";
