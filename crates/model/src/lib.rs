//! Serde types and readers for every file that aiperf writes.
