//! The other clients: the reference, and `wrk`, which sends the same bytes and measures little.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::launch::{Cost, Launch};
use super::setting::Setting;

/// The reference's program.
pub(super) struct Reference {
    pub(super) program: PathBuf,
    pub(super) environment: Vec<(&'static str, OsString)>,
}

impl Reference {
    /// The one that was named, else the one in the repository's virtual environment.
    pub(super) fn find(named: Option<&Path>, root: &Path) -> Result<Option<Self>> {
        let program = match named {
            Some(path) => path
                .canonicalize()
                .with_context(|| format!("there is no reference at `{}`", path.display()))?,
            None => root.join(".venv/bin/aiperf"),
        };
        if !program.exists() {
            return Ok(None);
        }
        // No look at the network: that time is not the program's.
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("HF_HUB_OFFLINE", "1".into()),
            ("TRANSFORMERS_OFFLINE", "1".into()),
        ];
        // The table of the built-in tokenizer, where it was laid down beside the program.
        let tables = program
            .ancestors()
            .skip(1)
            .take(3)
            .map(|folder| folder.join("tiktoken"));
        if let Some(table) = tables.into_iter().find(|folder| folder.is_dir()) {
            environment.push(("TIKTOKEN_CACHE_DIR", table.into()));
        }
        Ok(Some(Self {
            program,
            environment,
        }))
    }
}

pub(super) fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Some print their version and fail.
    command.status().is_ok()
}

/// What `wrk` reached.
pub(super) struct WrkResult {
    pub(super) requests_per_second: f64,
    pub(super) requests: f64,
    pub(super) cost: Cost,
}

/// Posts `body` to `url` over and over, on one thread.
pub(super) fn wrk(
    setting: &Setting,
    url: &str,
    body: &str,
    connections: u32,
    seconds: u32,
) -> Result<WrkResult> {
    if body.contains("]===]") {
        bail!("the body cannot be quoted in a wrk script");
    }
    let folder = setting.fresh_folder("wrk")?;
    let script = folder.join("post.lua");
    let text = format!(
        "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
         wrk.body = [===[{body}]===]\n"
    );
    std::fs::write(&script, text)?;
    let output = folder.join("output");
    let words = [
        "--threads=1".into(),
        format!("--connections={connections}").into(),
        format!("--duration={seconds}s").into(),
        "--script".into(),
        script.into_os_string(),
        url.into(),
    ];
    let cost = Launch {
        program: Path::new("wrk"),
        words: words.into(),
        environment: &[],
        core: setting.client_core,
        output: output.clone(),
    }
    .measure()?;
    read_wrk(&std::fs::read_to_string(output)?, cost)
}

fn read_wrk(text: &str, cost: Cost) -> Result<WrkResult> {
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        bail!("wrk had errors:\n{text}");
    }
    let rate = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    let requests = text
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "));
    let (Some(rate), Some((requests, _))) = (rate, requests) else {
        bail!("the output of wrk is not understood:\n{text}");
    };
    Ok(WrkResult {
        requests_per_second: rate.trim().parse()?,
        requests: requests.trim().parse()?,
        cost,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Running 2s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\n  \
                          Thread Stats   Avg      Stdev     Max   +/- Stdev\n  \
                          50000 requests in 2.00s, 10.00MB read\nRequests/sec:  25000.50\n\
                          Transfer/sec:      5.00MB\n";

    fn cost() -> Cost {
        Cost {
            wall_s: 2.0,
            cpu_s: 1.0,
            peak_mb: 5.0,
            memory: Vec::new(),
            code: Some(0),
        }
    }

    #[test]
    fn the_output_of_wrk_is_read() {
        let result = read_wrk(OUTPUT, cost()).unwrap();
        assert_eq!(
            (result.requests_per_second, result.requests),
            (25_000.5, 50_000.0)
        );
    }

    #[test]
    fn a_peer_with_errors_is_no_peer() {
        let text = format!("{OUTPUT}  Non-2xx or 3xx responses: 3\n");
        assert!(read_wrk(&text, cost()).is_err());
    }
}
