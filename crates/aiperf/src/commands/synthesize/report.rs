//! Pages to look at: the distributions, and which blocks a cache would hold. They need no network.

use anyhow::Result;
use serde_json::Value;

use super::quality::{Observed, observed};
use super::sessions::Sessions;
use super::settings::Settings;
use super::statistics::Statistics;

const STYLE: &str = "<style>body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;\
    color:#1c2430;background:#fff}table{border-collapse:collapse;margin:.5em 0}td,th{padding:.1em .8em;\
    text-align:right;border-bottom:1px solid #dde3ea}svg{display:block;background:#f6f8fa}\
    .bar{display:flex;height:12px;margin:1px 0}.bar i{display:block;height:100%}\
    summary{cursor:pointer;font-family:monospace}</style>";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>{STYLE}</head>\n\
         <body><h1>{title}</h1>\n{body}</body></html>\n"
    )
}

/// `report.html`: a histogram of every kind of value.
pub(super) fn report_page(sessions: &Sessions, settings: &Settings) -> String {
    let mut body = format!(
        "<p>{} sessions, {} turns, blocks of {} tokens, at most {} tokens of context.</p>\n",
        sessions.all.len(),
        sessions.turn_count(),
        settings.block_size,
        settings.max_prompt_tokens
    );
    for one in observed(sessions, settings) {
        body.push_str(&section(&one));
    }
    page("Synthesized sessions", &body)
}

fn section(one: &Observed) -> String {
    let found = Statistics::of(&one.values);
    let target = match one.target {
        Some((mean, median)) => format!("<p>Wanted: mean {mean:.0}, median {median:.0}</p>"),
        None => String::new(),
    };
    let values = [
        ("mean", found.mean),
        ("median", found.median),
        ("p05", found.p05),
        ("p25", found.p25),
        ("p75", found.p75),
        ("p95", found.p95),
        ("p99", found.p99),
    ];
    let headings: String = values
        .iter()
        .map(|(name, _)| format!("<th>{name}</th>"))
        .collect();
    let cells: String = values
        .iter()
        .map(|(_, value)| format!("<td>{value:.1}</td>"))
        .collect();
    format!(
        "<h2>{}</h2>{target}\n<table><tr>{headings}</tr><tr>{cells}</tr></table>\n{}\n",
        one.title,
        histogram(&one.values, found.p99)
    )
}

/// Up to the 99th percentile, so that single values do not flatten the rest; what is beyond is in the last
/// bar.
fn histogram(values: &[f64], most: f64) -> String {
    const BARS: usize = 60;
    const WIDTH: usize = 900;
    const HEIGHT: usize = 140;
    let mut counts = [0_usize; BARS];
    let step = (most / BARS as f64).max(f64::MIN_POSITIVE);
    for value in values {
        counts[((value / step) as usize).min(BARS - 1)] += 1;
    }
    let highest = counts.iter().copied().max().unwrap_or(1).max(1);
    let width = WIDTH / BARS;
    let bars = counts.iter().enumerate().map(|(place, count)| {
        let height = count * HEIGHT / highest;
        format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\" fill=\"#3b6ea8\"><title>{:.0} to {:.0}: {count}</title></rect>",
            place * width,
            HEIGHT - height,
            width - 1,
            step * place as f64,
            step * (place + 1) as f64,
        )
    });
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" width=\"{WIDTH}\" role=\"img\">{}<text x=\"2\" y=\"{}\" font-size=\"12\">0</text>\
         <text x=\"{WIDTH}\" y=\"{}\" font-size=\"12\" text-anchor=\"end\">{most:.0}</text></svg>",
        HEIGHT + 18,
        bars.collect::<String>(),
        HEIGHT + 14,
        HEIGHT + 14,
    )
}

/// `cache_explorer.html`: a bar for every turn, of what all share, what a group shares, what the session
/// had already, and what is new.
pub(super) fn cache_page(structure: &Value) -> Result<String> {
    const SCRIPT: &str = "<div id=\"list\"></div><script>\n\
        const data=JSON.parse(document.getElementById('data').textContent);\n\
        const colour={'L1':'#2f5d8a','L1.5':'#6aa2d8','L2':'#8cc084','L3':'#e0a04b'};\n\
        const list=document.getElementById('list');\n\
        const most=Math.max(1,...data.sessions.flatMap(s=>s.turns.map(t=>t.num_blocks)));\n\
        for(const session of data.sessions){\n\
          const box=document.createElement('details');\n\
          const head=document.createElement('summary');\n\
          head.textContent=session.session_id+': '+session.turns.length+' turns';\n\
          box.append(head);\n\
          box.addEventListener('toggle',()=>{\n\
            if(box.childElementCount>1)return;\n\
            for(const turn of session.turns){\n\
              const bar=document.createElement('div');bar.className='bar';\n\
              for(const part of turn.segments){\n\
                const piece=document.createElement('i');\n\
                piece.style.width=(100*part.count/most)+'%';\n\
                piece.style.background=colour[part.layer];\n\
                piece.style.opacity=part.status==='new'?1:.6;\n\
                piece.title=`turn ${turn.turn_index}: ${part.count} blocks, ${part.layer}, ${part.status}`;\n\
                bar.append(piece);\n\
              }\n\
              box.append(bar);\n\
            }\n\
          });\n\
          list.append(box);\n\
        }\n</script>\n";
    // In a script element nothing but its end tag is special.
    let data = serde_json::to_string(structure)?.replace("</", "<\\/");
    let body = format!(
        "<p>Dark blue: shared by all. Light blue: shared by a group. Green: the session's own. Orange: new in the \
         turn. Paler: held by the cache.</p>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n{SCRIPT}"
    );
    Ok(page("Blocks of synthesized sessions", &body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_are_whole_and_load_nothing() {
        let settings = Settings::default().checked().unwrap();
        let sessions = Sessions::make(&settings, 1, 5).unwrap();
        let report = report_page(&sessions, &settings);
        assert_eq!(report.matches("<svg").count(), 5);
        let cache = cache_page(&json!({"sessions": [], "x": "</script>"})).unwrap();
        for text in [&report, &cache] {
            assert!(text.ends_with("</body></html>\n"));
            assert!(!text.contains("http"), "something is loaded");
        }
        assert_eq!(cache.matches("</script>").count(), 2);
    }

    #[test]
    fn a_histogram_counts_every_value() {
        let text = histogram(&[0.0, 1.0, 1.0, 500.0], 100.0);
        assert_eq!(text.matches("<rect").count(), 60);
        let counted: usize = text
            .split("</title>")
            .filter_map(|part| part.rsplit_once(": ")?.1.parse::<usize>().ok())
            .sum();
        assert_eq!(counted, 4);
    }
}
