#![allow(clippy::unwrap_used)]
use std::path::Path;
use aiperf_config::{PROFILE, Parsed, Surroundings, input_config, resolve};
use serde_json::{Value, json};
#[test]
fn differential() {
    let rows: Vec<Value> = serde_json::from_str(&std::fs::read_to_string("/tmp/h/diff.json").unwrap()).unwrap();
    let mut seen = std::collections::BTreeMap::<String, (usize, String)>::new();
    for row in rows {
        let line = row["line"].as_str().unwrap();
        let ours = match PROFILE.parse(line.split_whitespace()) {
            Ok(Parsed::Values(args)) => match resolve(&args, Surroundings { stdout_is_terminal: false }) {
                Ok(r) => Ok(input_config(&args, &r.config, Path::new("auto"))),
                Err(e) => Err(e.problems().iter().map(|p| p.to_string()).collect::<Vec<_>>().join(" / ")),
            },
            Err(e) => Err(e.to_string()),
            _ => panic!(),
        };
        let key = match (row.get("ok"), ours) {
            (None, Err(_)) => continue,
            (None, Ok(_)) => format!("WE ACCEPT: {}", row["err"].as_str().unwrap()),
            (Some(_), Err(e)) => format!("WE REFUSE: {e}"),
            (Some(expected), Ok(got)) => {
                let mut expected = expected.clone();
                let e = expected.as_object_mut().unwrap();
                for s in ["network_latency", "otel", "mlflow", "wandb"] { e.remove(s); }
                for s in ["gpu_telemetry", "server_metrics"] { if e.get(s).is_some_and(|t| t["enabled"] == true) { e.remove(s); } }
                let a = e["artifacts"].as_object_mut().unwrap();
                a.remove("auto_plot"); a.remove("plot_required"); a.insert("dir".into(), json!("auto"));
                for p in e["phases"].as_array_mut().unwrap() {
                    if p["type"] == "fixed_schedule" && !line.contains("--request-count") { p.as_object_mut().unwrap().remove("requests"); }
                }
                if expected == got { continue; }
                let mut d = String::from("DIFFERS: ");
                for k in ["models","endpoint","datasets","phases","artifacts","tokenizer","runtime"] { if expected[k] != got[k] { d += &format!("{k} {} != {}", expected[k], got[k]); } }
                d
            }
        };
        let key: String = key.chars().take(230).collect();
        let entry = seen.entry(key).or_insert((0, line.to_owned()));
        entry.0 += 1;
        if line.len() < entry.1.len() { entry.1 = line.to_owned(); }
    }
    for (key, (count, line)) in seen { println!("{count} {key}\n      {line}"); }
}
