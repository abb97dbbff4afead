//! The real program against servers of this process: what a user sees, what lies on disk
//! afterwards, and whether the reference can read it.
//!
//! One module per concern; `support` has the folder to work in and the servers. Snapshots show
//! exit code, standard output and standard error with paths, times and ports replaced.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[macro_use]
mod support;

mod cli_arguments;
mod cli_chat;
mod cli_commands;
mod cli_completions;
mod cli_config;
mod cli_connections;
mod cli_dashboard;
mod cli_endings;
mod cli_endpoints;
mod cli_environment;
mod cli_failures;
mod cli_files;
mod cli_help;
mod cli_inputs;
mod cli_pasted;
mod cli_reports;
mod cli_secrets;
mod config_phases;
mod config_user_files;
mod conformance;
mod dataset_bodies;
mod files_content;
mod files_matrix;
mod files_summarize;
mod load_closed;
mod load_ends;
mod load_open;
mod load_servers;
mod load_traces;
mod load_truth;
mod network_latency;
mod runs_plans;
mod server_metrics;
