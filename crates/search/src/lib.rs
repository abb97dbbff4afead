//! Several runs as one plan: repeated runs, sweeps, and what they say together.
//!
//! Everything here is a function of plain data: no file, no clock, no server. The program carries
//! out the plan and hands the results back.
//!
//! | Module | What it answers |
//! |---|---|
//! | [`order`] | which run comes next, and after which pause |
//! | [`seed`] | which seed a run has |
//! | [`layout`] | where the files of runs and aggregates are |
//! | [`outcome`] | what a run left behind, and whether it counts |
//! | [`confidence`] | how a statistic came out over runs |
//! | [`aggregate`] | what the runs of one configuration say together |
//! | [`collated`] | what their requests say together |
//! | [`convergence`] | whether runs agree well enough to stop |
//! | [`sweep`] | what the variations of a sweep say together |
//! | [`points`] | the points of Sobol sequences and Latin hypercubes |
//!
//! Formulas and names of files are the reference's.

pub mod aggregate;
pub mod collated;
pub mod confidence;
pub mod convergence;
pub mod layout;
pub mod order;
pub mod outcome;
pub mod points;
pub mod seed;
pub mod sweep;
