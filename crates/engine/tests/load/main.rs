//! The engine against servers: how many requests are sent, when, by whom, and what becomes of them.

mod closed_loop;
mod ends;
mod faults;
mod open_loop;
mod server;
mod sessions;
mod support;
