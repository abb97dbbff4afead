//! What is written, and where.

use std::path::{Component, Path, PathBuf};

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{ExportFormat, ExportLevel};
use crate::profile::goodput;

pub(super) static GOODPUT: Group<ProfileArgs> = Group {
    title: "Goodput",
    flags: &[SLOS],
};

pub(super) static OUTPUT: Group<ProfileArgs> = Group {
    title: "Output",
    flags: &[
        ARTIFACT_DIR,
        EXPORT_PREFIX,
        EXPORT_LEVEL,
        SLICE_DURATION,
        EXPORT_OUTPUTS_JSON,
        EXPORT_FORMATS,
    ],
};

pub(super) static HTTP_TRACE: Group<ProfileArgs> = Group {
    title: "HTTP Trace",
    flags: &[EXPORT_HTTP_TRACE, SHOW_TRACE_TIMING],
};

const SLOS: Flag<ProfileArgs> = Flag {
    names: &["goodput"],
    short: None,
    kind: Kind::Text(|args, text| {
        args.goodput = goodput::thresholds(&text)?;
        Ok(())
    }),
    value: "METRIC:NUMBER ...",
    default: "",
    path: "benchmark.slos",
    help: "Limits that a good request keeps, in the metrics' display units, separated by blanks in one quoted word.",
};

const ARTIFACT_DIR: Flag<ProfileArgs> = Flag {
    names: &["output-artifact-dir", "artifact-dir"],
    short: None,
    kind: Kind::Path(|args, path| {
        if path.as_os_str().is_empty() {
            return Err("must not be empty".into());
        }
        args.artifact_dir = Some(path);
        Ok(())
    }),
    value: "DIRECTORY",
    default: "a directory below `artifacts` named after model, endpoint and load",
    path: "benchmark.artifacts.dir",
    help: "Where files go. A directory given here is used as it is.",
};

const EXPORT_PREFIX: Flag<ProfileArgs> = Flag {
    names: &["profile-export-prefix", "profile-export-file"],
    short: None,
    kind: Kind::Path(|args, path| {
        args.export_prefix = Some(relative_prefix(&path).ok_or("names no file")?);
        Ok(())
    }),
    value: "NAME",
    default: "profile_export",
    path: "benchmark.artifacts.prefix",
    help: "What names of files begin with; a known ending such as `.json` is taken off.",
};

const EXPORT_LEVEL: Flag<ProfileArgs> = Flag {
    names: &["export-level", "profile-export-level"],
    short: None,
    kind: Kind::Choice {
        names: ExportLevel::NAMES,
        later: &[],
        set: |args, word| {
            args.export_level = chosen(word)?;
            Ok(())
        },
    },
    value: "LEVEL",
    default: "records",
    path: "benchmark.artifacts.records",
    help: "How much to write about each request: nothing, its metrics, or also the request and the response in full.",
};

const SLICE_DURATION: Flag<ProfileArgs> = Flag {
    names: &["slice-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.slice_duration_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.artifacts.slice_duration",
    help: "Write all metrics also for each stretch of so many seconds, counted from the first request.",
};

const EXPORT_OUTPUTS_JSON: Flag<ProfileArgs> = Flag {
    names: &["export-outputs-json"],
    short: None,
    kind: Kind::Switch(|args, on| args.export_outputs_json = Some(on)),
    value: "",
    default: "",
    path: "benchmark.artifacts.export_outputs_json",
    help: "Write the text of every answer to `outputs.json`.",
};

const EXPORT_FORMATS: Flag<ProfileArgs> = Flag {
    names: &["export-formats"],
    short: None,
    kind: Kind::List(|args, words| {
        for word in words {
            let format = ExportFormat::named(&word)
                .ok_or_else(|| format!("must be among {}", ExportFormat::NAMES.join(", ")))?;
            if !args.export_formats.contains(&format) {
                args.export_formats.push(format);
            }
        }
        Ok(())
    }),
    value: "FORMAT",
    default: "",
    path: "",
    help: "Write records and time slices in these formats as well: parquet.",
};

const EXPORT_HTTP_TRACE: Flag<ProfileArgs> = Flag {
    names: &["export-http-trace"],
    short: None,
    kind: Kind::Switch(|args, on| args.export_http_trace = Some(on)),
    value: "",
    default: "",
    path: "benchmark.artifacts.trace",
    help: "Write the instants of each connection and transfer with each record.",
};

const SHOW_TRACE_TIMING: Flag<ProfileArgs> = Flag {
    names: &["show-trace-timing"],
    short: None,
    kind: Kind::Switch(|args, on| args.show_trace_timing = Some(on)),
    value: "",
    default: "",
    path: "benchmark.artifacts.show_trace_timing",
    help: "Show a table of connection and transfer times at the end.",
};

/// Files go to the artifact directory, so of an absolute prefix only the last part counts. `None`
/// where that is missing.
fn relative_prefix(typed: &Path) -> Option<PathBuf> {
    let last_part = typed.file_name()?;
    Some(if typed.is_absolute() {
        last_part.into()
    } else {
        typed
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_kept_as_typed_but_leads_out_of_no_directory_by_being_absolute() {
        for (typed, kept) in [
            ("foo", Some("foo")),
            ("foo.json", Some("foo.json")),
            ("b/foo.json", Some("b/foo.json")),
            ("b//foo/", Some("b/foo")),
            ("./foo", Some("foo")),
            ("/a/b/foo.json", Some("foo.json")),
            ("", None),
            (".", None),
            ("..", None),
            ("/", None),
        ] {
            assert_eq!(
                relative_prefix(Path::new(typed)),
                kept.map(PathBuf::from),
                "{typed}"
            );
        }
    }
}
