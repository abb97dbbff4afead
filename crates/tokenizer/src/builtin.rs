//! The encodings inside the program: o200k_base and its older relatives.
//!
//! Absent here: files, the network, and any work at start-up. The tables are constants made by
//! the build script; the first encoding touches only the pages it needs.

mod encoding;
mod layout;
mod merge;
mod pieces;
mod rank_table;

pub(crate) use encoding::{BuiltinEncoding, find};
