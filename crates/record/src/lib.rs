//! Turns finished exchanges into records: parse, count tokens, compute, append.
