//! What all cases share: the built program, the cores, a folder, the peers that are there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::affinity;
use super::options::Options;
use super::peers::{Reference, is_installed};
use crate::test::repository_root;
use crate::test::shell::{cargo, run, say};

pub(super) struct Setting {
    pub(super) options: Options,
    /// The release build.
    pub(super) aiperf: PathBuf,
    /// Where the client that is measured runs.
    pub(super) client_core: usize,
    /// Where the mock server runs.
    pub(super) server_core: usize,
    pub(super) reference: Option<Reference>,
    pub(super) has_wrk: bool,
    /// The one-minute load of the machine before anything was started.
    pub(super) load_before: f64,
    folder: PathBuf,
}

impl Setting {
    /// Builds what is not fresh and looks around.
    ///
    /// # Errors
    /// The build fails, or this is not Linux.
    pub(super) fn prepare(options: Options) -> Result<Self> {
        let cores = affinity::cores()?;
        let (Some(&client_core), Some(&server_core)) = (cores.first(), cores.last()) else {
            anyhow::bail!("the system names no core that may be used");
        };
        let root = repository_root();
        if options.wants_program() {
            let words = ["build", "--release", "--package", "aiperf"];
            run(cargo().current_dir(&root).args(words))?;
        }
        let target = target_folder(&root);
        let folder = target.join("bench");
        std::fs::create_dir_all(&folder)?;
        raise_descriptor_limit();

        let load_before = load_average();
        if client_core == server_core {
            say("note: one core for client and server; times are not to be trusted");
        }
        if load_before > 0.5 {
            say(&format!(
                "note: load {load_before:.1}; figures of a busy machine are noise"
            ));
        }
        let has_wrk = is_installed("wrk");
        if !has_wrk {
            say("note: `wrk` is not installed, so there is nothing to set throughput against");
        }
        let reference = Reference::find(options.reference.as_deref(), &root)?;
        if reference.is_none() {
            say("note: no reference; give `--reference PATH` to measure it too");
        }
        Ok(Self {
            options,
            aiperf: target.join("release").join("aiperf"),
            client_core,
            server_core,
            reference,
            has_wrk,
            load_before,
            folder,
        })
    }

    /// An empty folder for one run of a program.
    pub(super) fn fresh_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        Ok(folder)
    }

    /// Builds the harnesses of the recorder; returns where they are.
    pub(super) fn build_harnesses(&self) -> Result<PathBuf> {
        let root = repository_root();
        let words = [
            "build",
            "--release",
            "--package",
            "aiperf-record",
            "--examples",
        ];
        run(cargo().current_dir(&root).args(words))?;
        Ok(target_folder(&root).join("release").join("examples"))
    }
}

fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// The server and `wrk` do not all raise it themselves; they inherit ours.
fn raise_descriptor_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        say(&format!(
            "note: the limit of open files stays as it is: {error}"
        ));
    }
}

fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|load| load.parse().ok())
        .unwrap_or(f64::NAN)
}
