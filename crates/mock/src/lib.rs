//! The mock inference server for demos, tests and benchmarks.
