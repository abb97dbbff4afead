//! When to send: arrivals, phases and stop conditions as functions of seed and index; pure.
