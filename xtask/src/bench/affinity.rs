//! Which processor core a process runs on.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// Hidden subcommand: keeps one core busy until it is ended.
pub(super) const SPIN_COMMAND: &str = "__spin";

#[cfg(target_os = "linux")]
mod system {
    use anyhow::Result;
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    /// The cores that this process may use, in order.
    pub(crate) fn cores() -> Result<Vec<usize>> {
        let set = sched_getaffinity(Pid::this())?;
        Ok((0..CpuSet::count())
            .filter(|&core| set.is_set(core).unwrap_or(false))
            .collect())
    }

    /// Restricts the calling thread, and what it starts from now on.
    pub(crate) fn restrict_to(cores: &[usize]) -> Result<()> {
        let mut set = CpuSet::new();
        cores.iter().try_for_each(|&core| set.set(core))?;
        Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use anyhow::{Result, bail};

    pub(crate) fn cores() -> Result<Vec<usize>> {
        bail!("the benchmarks pin processes to cores and read /proc, so they need Linux")
    }

    pub(crate) fn restrict_to(_cores: &[usize]) -> Result<()> {
        bail!("the benchmarks need Linux")
    }
}

pub(super) use system::cores;

/// Starts a process that may use `core` alone.
pub(super) fn spawn_on(core: usize, command: &mut Command) -> Result<Child> {
    let own = cores()?;
    system::restrict_to(&[core])?;
    let child = command.spawn();
    system::restrict_to(&own)?;
    child.with_context(|| format!("cannot start `{}`", command.get_program().display()))
}

/// A process of ordinary priority that wants a core all the time. Dropping it ends it.
pub(super) struct Spinner(Child);

impl Spinner {
    pub(super) fn start(core: usize) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", SPIN_COMMAND]).stdin(Stdio::null());
        Ok(Self(spawn_on(core, &mut command)?))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        // Neither can fail for a child that is running and ours.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The spinning process itself. It ends by itself after a while, should nobody end it.
pub(super) fn spin(_words: &[String]) -> Result<()> {
    let end = aiperf_clock::monotonic_now() + 600 * aiperf_clock::SECOND;
    while aiperf_clock::monotonic_now() < end {
        std::hint::spin_loop();
    }
    Ok(())
}
