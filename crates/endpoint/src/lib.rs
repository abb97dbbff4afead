//! What is said to an inference endpoint and how its answers are understood.
//!
//! Pure: no socket, no file, no clock, no thread. Bodies, URLs and headers are built from
//! [`conversation`] types and settings; answers are parsed from bytes and the instants at which
//! those bytes were read.

pub mod conversation;
