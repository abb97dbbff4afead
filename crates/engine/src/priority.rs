//! Letting an I/O thread run as soon as it has something to do.
//!
//! A thread of ordinary priority waits for its turn while something else computes on its core, for
//! some milliseconds. Answers then go on being stamped by the kernel, but it joins what arrives
//! meanwhile under the stamp of the last segment, so a first token gets the instant of the third.
//! A thread of real-time priority does not wait. Linux grants that to root, to `CAP_SYS_NICE`, and
//! within `RLIMIT_RTPRIO` (`ulimit -r`); who may not have it stays as he is.
//!
//! Such a thread could keep everything else from its core: recorders, and a server on the same
//! machine. So only one that leaves a good part of its core to others has this priority, and one
//! that is busy gives it back: it would win nothing anyway, as it is its own work that makes it late.
//! And only while something waits for a processor most of the time, as the kernel's pressure
//! figures tell: waking at once for each segment costs processor time that a thread with its core to
//! itself can save.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;

use aiperf_clock::precise::PreciseTimer;
use aiperf_clock::{MILLISECOND, Nanos, monotonic_now, thread_cpu_now};

/// Which priority I/O threads ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IoPriority {
    /// Real time while they need little of their core, where that is permitted.
    #[default]
    Auto,
    /// That of the program.
    Normal,
}

/// How often a thread looks at what it has used: over some turns of a closed loop, whose slots like
/// to march in step.
const PERIOD: Nanos = 100 * MILLISECOND;

/// When a thread looks first: soon, as its first requests are under way.
const FIRST_PERIOD: Nanos = PERIOD / 5;

/// From which pressure on processors count as wanted by others. The threads of this program put 10
/// to 40 % on a core that they share, another program that computes all the time 60 to 100 %.
const WANTED: f64 = 0.55;

/// What a thread goes by, each as a share of the time since it looked last.
#[derive(Debug, Clone, Copy)]
struct Load {
    /// For which it computed itself.
    own: f64,
    /// For which something on this machine waited for a processor.
    pressure: f64,
}

impl Load {
    fn calls_for_realtime(self, is_realtime: bool) -> bool {
        // What was given back is not asked for again at once.
        let most_own = if is_realtime { 0.6 } else { 0.4 };
        self.own < most_own && self.pressure > WANTED
    }
}

/// The priority of one I/O thread.
pub(crate) struct Priority {
    wanted: IoPriority,
    /// What was known when the thread looked last; nothing where the system tells nothing.
    latest: RefCell<Option<Totals>>,
    meter: RealtimeMeter,
}

impl Priority {
    pub(crate) fn new(wanted: IoPriority) -> Self {
        Self {
            wanted,
            latest: RefCell::new(Totals::now()),
            meter: RealtimeMeter::default(),
        }
    }

    /// For how long the thread has run in real time.
    pub(crate) fn realtime(&self, now: Nanos) -> Nanos {
        self.meter.total(now)
    }

    /// Keeps this thread at the priority that fits its load; never ends.
    pub(crate) async fn adapt(&self, timer: &PreciseTimer) -> Infallible {
        if self.wanted == IoPriority::Auto && self.follow_load(timer).await.is_none() {
            self.meter.note(false, monotonic_now());
            tracing::debug!(
                "I/O threads stay at ordinary priority: no permission, or no pressure figures"
            );
        }
        std::future::pending().await
    }

    /// Ends where the system tells nothing of its load, or lets this thread not change its priority.
    async fn follow_load(&self, timer: &PreciseTimer) -> Option<Infallible> {
        let mut rank = Rank::of_this_thread()?;
        timer.sleep_until(monotonic_now() + FIRST_PERIOD).await;
        loop {
            // Phases that overlap share the thread.
            rank.is_realtime = self.meter.is_realtime();
            let totals = Totals::now()?;
            let before = self.latest.replace(Some(totals))?;
            let wanted = totals.since(&before).calls_for_realtime(rank.is_realtime);
            if wanted != rank.is_realtime {
                rank.become_realtime(wanted)?;
                self.meter.note(wanted, totals.wall);
            }
            timer.sleep_until(totals.wall + PERIOD).await;
        }
    }
}

/// What threads call first that this one starts, for looking up names say: the system hands real time
/// down to them, and they may compute for long.
pub(crate) fn of_helpers() -> impl Fn() + Send + Sync + 'static {
    let nice = Rank::of_this_thread().map(|rank| rank.nice);
    move || {
        if let Some(nice) = nice
            && is_realtime()
        {
            let mut inherited = Rank {
                nice,
                is_realtime: true,
            };
            // Giving real time back is always permitted.
            let _ = inherited.become_realtime(false);
        }
    }
}

/// How long a thread has run in real time.
#[derive(Debug, Default)]
struct RealtimeMeter {
    before: Cell<Nanos>,
    since: Cell<Option<Nanos>>,
}

impl RealtimeMeter {
    fn is_realtime(&self) -> bool {
        self.since.get().is_some()
    }

    fn total(&self, now: Nanos) -> Nanos {
        let since = self.since.get();
        self.before.get() + since.map_or(0, |since| now.saturating_sub(since))
    }

    fn note(&self, is_realtime: bool, now: Nanos) {
        self.before.set(self.total(now));
        self.since.set(is_realtime.then_some(now));
    }
}

/// Where the load is computed from: times that only grow.
#[derive(Debug, Clone, Copy)]
struct Totals {
    wall: Nanos,
    cpu: Nanos,
    waiting: Nanos,
}

impl Totals {
    fn now() -> Option<Self> {
        let pressure = std::fs::read_to_string("/proc/pressure/cpu").ok()?;
        Some(Self {
            wall: monotonic_now(),
            cpu: thread_cpu_now(),
            waiting: waiting(&pressure)?,
        })
    }

    fn since(&self, before: &Self) -> Load {
        let wall = self.wall.saturating_sub(before.wall).max(1) as f64;
        Load {
            own: self.cpu.saturating_sub(before.cpu) as f64 / wall,
            pressure: self.waiting.saturating_sub(before.waiting) as f64 / wall,
        }
    }
}

/// The time for which at least one thread of this machine waited for a processor, of the kernel's
/// text about it.
fn waiting(pressure: &str) -> Option<Nanos> {
    let line = pressure.lines().find(|line| line.starts_with("some "))?;
    let total = line.split_once("total=")?.1;
    let micros: u64 = total.trim().parse().ok()?;
    Some(micros * 1_000)
}

/// Nice value 0 on the scale of the `thread-priority` crate.
#[cfg(target_os = "linux")]
const NICE_0: u8 = 47;

/// The scheduling of the calling thread.
struct Rank {
    /// What the program was started with.
    nice: i32,
    is_realtime: bool,
}

#[cfg(target_os = "linux")]
impl Rank {
    fn of_this_thread() -> Option<Self> {
        Some(Self {
            nice: rustix::process::getpriority_process(None).ok()?,
            is_realtime: false,
        })
    }

    /// `None` where that is not permitted.
    fn become_realtime(&mut self, is_realtime: bool) -> Option<()> {
        use thread_priority::{
            NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadPriority,
            ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
        };

        let (priority, policy) = if is_realtime {
            let policy = RealtimeThreadSchedulePolicy::RoundRobin;
            (ThreadPriority::Min, ThreadSchedulePolicy::Realtime(policy))
        } else {
            let policy = NormalThreadSchedulePolicy::Other;
            let nice_0 = ThreadPriority::Crossplatform(NICE_0.try_into().ok()?);
            (nice_0, ThreadSchedulePolicy::Normal(policy))
        };
        set_thread_priority_and_policy(thread_native_id(), priority, policy).ok()?;
        if !is_realtime {
            rustix::process::setpriority_process(None, self.nice).ok()?;
        }
        self.is_realtime = is_realtime;
        Some(())
    }
}

/// Whether the calling thread runs in real time.
#[cfg(target_os = "linux")]
fn is_realtime() -> bool {
    let policy = thread_priority::thread_schedule_policy();
    matches!(
        policy,
        Ok(thread_priority::ThreadSchedulePolicy::Realtime(_))
    )
}

#[cfg(not(target_os = "linux"))]
fn is_realtime() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
impl Rank {
    fn of_this_thread() -> Option<Self> {
        None
    }

    fn become_realtime(&mut self, _is_realtime: bool) -> Option<()> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_realtime_where_processors_are_wanted_and_it_needs_little_of_its_own() {
        for (own, pressure, is_realtime, wanted) in [
            (0.0, 0.0, false, false),
            (0.3, 0.55, false, false),
            (0.3, 0.56, false, true),
            (0.5, 0.9, false, false),
            (0.5, 0.9, true, true),
            (0.6, 0.9, true, false),
            (0.3, 0.56, true, true),
            (0.3, 0.55, true, false),
        ] {
            let load = Load { own, pressure };
            assert_eq!(load.calls_for_realtime(is_realtime), wanted, "{load:?}");
        }
    }

    #[test]
    fn the_load_is_what_grew_since_the_last_look() {
        let before = Totals {
            wall: 1_000,
            cpu: 100,
            waiting: 5_000,
        };
        let totals = Totals {
            wall: 2_000,
            cpu: 350,
            waiting: 5_500,
        };
        let load = totals.since(&before);
        assert_eq!((load.own, load.pressure), (0.25, 0.5));
    }

    #[test]
    fn the_time_that_threads_waited_is_read_from_the_kernels_text() {
        let text = "some avg10=18.89 avg60=26.08 avg300=40.78 total=14502703016\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
        assert_eq!(waiting(text), Some(14_502_703_016_000));
        assert_eq!(waiting("some avg10=18.89"), None);
        assert_eq!(waiting(""), None);
    }

    #[test]
    fn the_meter_adds_up_what_was_run_in_real_time() {
        let meter = RealtimeMeter::default();
        assert_eq!(meter.total(5), 0);
        meter.note(true, 10);
        assert_eq!(meter.total(30), 20);
        meter.note(true, 40);
        meter.note(false, 50);
        assert_eq!(meter.total(90), 40);
        meter.note(true, 100);
        assert_eq!(meter.total(101), 41);
    }

    /// Policy and nice value of the calling thread, as the kernel tells them.
    #[cfg(target_os = "linux")]
    fn scheduling() -> (String, String) {
        let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let after_name = text.rsplit_once(')').unwrap().1;
        let fields: Vec<_> = after_name.split_whitespace().collect();
        // Fields 41 and 19 of proc(5); the name was the second.
        (fields[41 - 3].to_owned(), fields[19 - 3].to_owned())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_gives_real_time_back_has_the_priority_that_it_had() {
        std::thread::spawn(|| {
            let before = scheduling();
            let mut rank = Rank::of_this_thread().unwrap();
            if rank.become_realtime(true).is_none() {
                assert_eq!(scheduling(), before, "refused, and changed all the same");
                return;
            }
            assert_eq!(scheduling().0, "2", "SCHED_RR");
            rank.become_realtime(false).unwrap();
            assert_eq!(scheduling(), before);
        })
        .join()
        .unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_a_realtime_thread_starts_is_an_ordinary_one() {
        std::thread::spawn(|| {
            let before = scheduling();
            let begin = of_helpers();
            let mut rank = Rank::of_this_thread().unwrap();
            let is_permitted = rank.become_realtime(true).is_some();
            let helper = std::thread::spawn(move || {
                let inherited = scheduling();
                begin();
                (inherited, scheduling())
            });
            let (inherited, after) = helper.join().unwrap();
            assert_eq!(inherited.0 == "2", is_permitted, "SCHED_RR is handed down");
            assert_eq!(after, before);
        })
        .join()
        .unwrap();
    }
}
