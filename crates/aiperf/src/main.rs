//! Measures generative-AI inference servers.
fn main() {}
