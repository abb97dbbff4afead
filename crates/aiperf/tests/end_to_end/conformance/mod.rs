//! What other people's tools rely on: the reference's own models read our files, and a run of the
//! reference beside one of ours differs in nothing but what is listed with its reason.
//!
//! `cargo xtask test` installs the reference into `.venv`. Without it these tests check nothing,
//! say so, and fail where `CI` is set.

mod aggregates;
mod columns;
mod comparison;
mod figures;
mod reference;
mod server_metrics;
mod user_files;
mod validation;
