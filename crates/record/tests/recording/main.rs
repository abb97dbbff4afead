//! From finished exchanges to lines and columns, and what recording may not do to sending.

mod behind;
mod failures;
mod full_disk;
mod lines;
mod raw_lines;
mod support;
