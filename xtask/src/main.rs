//! Chores of the repository: `cargo xtask test`, `bench`, `generate`.

mod bench;
mod generate;
mod test;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  test      install what the tests need, then run every check and every test
  bench     build, start the mock server and measure; prints a table and writes JSON
  generate  write the generated references under docs/; with --check, fail if they are stale
";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match words.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => bail!("{USAGE}"),
    };
    match command {
        "test" => test::run(rest),
        "bench" => bench::run(rest),
        "generate" => generate::run(rest),
        _ => bail!("unknown command `{command}`\n\n{USAGE}"),
    }
}
