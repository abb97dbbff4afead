//! The engine against servers: how many requests are sent, when, by whom, and what becomes of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod cancellations;
mod closed_loop;
mod ends;
mod faults;
mod limits;
mod open_loop;
mod seamless;
mod server;
mod sessions;
mod stop_rules;
mod support;
mod timelines;
mod turns_at_the_end;
