//! Pretended GPUs on a page such as NVIDIA's DCGM exporter has. Their figures follow the load:
//! tokens per second since the last look, as a share of the most that was ever seen.

use std::sync::Mutex;

use aiperf_clock::{Nanos, SECOND};

use super::exposition::Exposition;

/// The load of this many tokens per second is full, until more was seen.
const LEAST_FULL_LOAD: f64 = 100.0;

/// Looks that are closer together than this see the same load.
const WINDOW: Nanos = SECOND / 10;

const IDLE_WATTS: f64 = 80.0;
const FULL_WATTS: f64 = 650.0;
const MEMORY_MIB: f64 = 144_384.0;

/// All GPUs, which share the load.
pub(crate) struct Gpus {
    count: u64,
    name: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    looked: Nanos,
    tokens: u64,
    load: f64,
    full_load: f64,
    /// Of one GPU, since the start, in millijoules.
    energy: f64,
    looks: u64,
}

impl Gpus {
    pub(crate) fn new(count: u64, name: &str, start: Nanos) -> Self {
        Self {
            count,
            name: name.to_owned(),
            state: Mutex::new(State {
                looked: start,
                full_load: LEAST_FULL_LOAD,
                ..State::default()
            }),
        }
    }

    /// The page of the exporter with this number, at `now`, when `tokens` were served in all.
    pub(crate) fn exposition(&self, exporter: u64, now: Nanos, tokens: u64) -> String {
        let (load, energy, looks) = {
            // A panic in between leaves figures that are off by one look.
            let mut state = self
                .state
                .lock()
                .unwrap_or_else(|broken| broken.into_inner());
            state.look(now, tokens);
            (state.load, state.energy, state.looks)
        };
        let mut page = Exposition::new("DCGM_FI_", &[]);
        // A flicker of a few per mille, so that two looks are not the same page.
        let flicker = 1.0 + (looks % 7) as f64 / 1_000.0;
        let watts = watts(load) * flicker;
        let used = MEMORY_MIB * (0.6 + 0.3 * load);
        for (name, kind, help, value) in [
            (
                "DEV_GPU_UTIL",
                "gauge",
                "GPU utilization (in %).",
                (load * 100.0).round(),
            ),
            ("DEV_POWER_USAGE", "gauge", "Power draw (in W).", watts),
            (
                "DEV_POWER_MGMT_LIMIT",
                "gauge",
                "Power limit (in W).",
                700.0,
            ),
            (
                "DEV_TOTAL_ENERGY_CONSUMPTION",
                "counter",
                "Energy since boot (in mJ).",
                energy.round(),
            ),
            (
                "DEV_FB_USED",
                "gauge",
                "Memory used (in MiB).",
                used.round(),
            ),
            (
                "DEV_FB_FREE",
                "gauge",
                "Memory free (in MiB).",
                (MEMORY_MIB - used).round(),
            ),
            ("DEV_FB_TOTAL", "gauge", "Memory (in MiB).", MEMORY_MIB),
            (
                "DEV_GPU_TEMP",
                "gauge",
                "GPU temperature (in C).",
                (35.0 + 40.0 * load).round(),
            ),
            (
                "DEV_MEMORY_TEMP",
                "gauge",
                "Memory temperature (in C).",
                (40.0 + 45.0 * load).round(),
            ),
            (
                "DEV_SM_CLOCK",
                "gauge",
                "SM clock (in MHz).",
                (345.0 + 1_635.0 * load).round(),
            ),
            ("DEV_MEM_CLOCK", "gauge", "Memory clock (in MHz).", 3_201.0),
            (
                "DEV_MEM_COPY_UTIL",
                "gauge",
                "Memory utilization (in %).",
                (load * 60.0).round(),
            ),
            (
                "PROF_SM_ACTIVE",
                "gauge",
                "Share of active SM cycles.",
                load,
            ),
            ("DEV_DEC_UTIL", "gauge", "Decoder utilization (in %).", 0.0),
            ("DEV_ENC_UTIL", "gauge", "Encoder utilization (in %).", 0.0),
            ("DEV_XID_ERRORS", "gauge", "The last XID error.", 0.0),
            (
                "DEV_POWER_VIOLATION",
                "counter",
                "Throttled for power (in ns).",
                0.0,
            ),
            (
                "DEV_THERMAL_VIOLATION",
                "counter",
                "Throttled for heat (in ns).",
                0.0,
            ),
        ] {
            page.head(name, kind, help);
            for gpu in 0..self.count {
                page.sample(name, &self.labels(exporter, gpu), value);
            }
        }
        page.into_text()
    }

    fn labels(&self, exporter: u64, gpu: u64) -> String {
        format!(
            "gpu=\"{gpu}\",UUID=\"GPU-0000{exporter:04x}-0000-0000-0000-{gpu:012x}\",\
             pci_bus_id=\"{exporter:08X}:{gpu:02X}:00.0\",device=\"nvidia{gpu}\",\
             modelName=\"{}\",Hostname=\"mock-{exporter}\"",
            self.name.replace(['"', '\\', '\n'], "_")
        )
    }
}

impl State {
    fn look(&mut self, now: Nanos, tokens: u64) {
        self.looks += 1;
        let since = now.saturating_sub(self.looked);
        if since < WINDOW {
            return;
        }
        let seconds = since as f64 / SECOND as f64;
        let rate = tokens.saturating_sub(self.tokens) as f64 / seconds;
        self.full_load = self.full_load.max(rate);
        self.load = rate / self.full_load;
        self.energy += watts(self.load) * seconds * 1_000.0;
        self.looked = now;
        self.tokens = tokens;
    }
}

fn watts(load: f64) -> f64 {
    IDLE_WATTS + (FULL_WATTS - IDLE_WATTS) * load
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(page: &str, name: &str) -> f64 {
        let name = format!("DCGM_FI_DEV_{name}{{gpu=\"1\"");
        let line = page.lines().find(|line| line.starts_with(&name)).unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    #[test]
    fn figures_follow_the_load_and_energy_only_grows() {
        let gpus = Gpus::new(2, "NVIDIA H200", 0);
        let idle = gpus.exposition(1, SECOND, 0);
        let busy = gpus.exposition(1, 2 * SECOND, 50);
        let full = gpus.exposition(1, 3 * SECOND, 1_050);
        let less = gpus.exposition(1, 4 * SECOND, 1_550);
        let utilization = [&idle, &busy, &full, &less].map(|page| value(page, "GPU_UTIL"));
        assert_eq!(utilization, [0.0, 50.0, 100.0, 50.0]);
        let energy =
            [&idle, &busy, &full, &less].map(|page| value(page, "TOTAL_ENERGY_CONSUMPTION"));
        assert_eq!(energy, [80_000.0, 445_000.0, 1_095_000.0, 1_460_000.0]);
    }

    #[test]
    fn two_looks_at_once_agree_on_the_load() {
        let gpus = Gpus::new(2, "x", 0);
        let first = gpus.exposition(1, SECOND, 50);
        let second = gpus.exposition(2, SECOND + 1, 51);
        assert_eq!(value(&first, "GPU_UTIL"), value(&second, "GPU_UTIL"));
        assert!(second.contains("Hostname=\"mock-2\""));
    }
}
