//! Sends the plan: I/O threads, slots, pacing, cancellation, drain.
