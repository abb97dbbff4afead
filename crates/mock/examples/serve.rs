//! Serves until a line or the end of standard input comes, for checks of speed by hand:
//! `serve [PORT [TTFT_MS [ITL_MS [THREADS [TRUTH_FILE]]]]]`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use aiperf_mock::{MockOptions, MockServer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default: f64| {
        arguments
            .get(place)
            .map_or(Ok(default), |argument| argument.parse::<f64>())
    };
    let options = MockOptions {
        port: number(0, 0.0)? as u16,
        ttft_ms: number(1, 0.0)?,
        itl_ms: number(2, 0.0)?,
        threads: number(3, 1.0)? as usize,
        truth_file: arguments.get(4).map(Into::into),
        ..MockOptions::default()
    };
    let mut server = MockServer::start(options)?;
    println!("listening on {}", server.url());
    std::io::stdin().read_line(&mut String::new())?;
    server.shutdown();
    Ok(())
}
