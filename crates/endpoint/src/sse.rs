//! Server-sent events: where a stream's messages begin and end, when each was complete, and what
//! fields it holds.
//!
//! The parser works on the whole body with marks that say which read brought which bytes; so the
//! messages cannot depend on how the network cut the stream. Nothing here fails: any bytes are a
//! stream, if perhaps one without messages.

mod fields;
mod message;

pub use fields::{Field, data_text, fields, lone_data, names_error};
pub use message::{Message, Messages};

#[cfg(test)]
mod tests;
