//! Command line flags and the resolved configuration of a run.
