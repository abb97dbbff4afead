//! Prometheus' text format, read as leniently as its own Python client reads it.
//!
//! One reader serves the classic format and OpenMetrics: what the second adds (exemplars, `# UNIT`,
//! `# EOF`, `_total` below a counter declared without it) does not occur in the first. Crates for
//! this format insist on declared types, ordered families or the final `# EOF`, and servers do not.

mod sample;

use std::collections::HashMap;

use sample::parse_sample;

/// Label names and values, sorted by name.
pub type Labels = Vec<(String, String)>;

/// What a metric says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds.
    Histogram,
    /// Quantiles that the server computed.
    Summary,
    /// Anything else, or nothing.
    Unknown,
}

/// Samples that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Name; that of a counter without `_total`.
    pub name: String,
    /// What the server says of it.
    pub help: String,
    /// What it says it is.
    pub declared: Declared,
    /// In the order of the page.
    pub samples: Vec<Sample>,
}

/// One line with a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Name with its ending, such as `_bucket`.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// May be infinite or not a number.
    pub value: f64,
}

/// A line that is neither a comment nor a sample.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no sample of Prometheus' text format: {reason}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads a page.
///
/// A sample whose name does not belong to the family before it ends that family and begins one of its
/// own, without type and description; such samples of one name are one family.
///
/// # Errors
/// The first line that is no sample.
pub fn parse(page: &str) -> Result<Vec<Family>, ParseError> {
    let mut reader = Reader::default();
    for (index, line) in page.lines().enumerate() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            reader.comment(comment);
        } else if !line.is_empty() {
            let sample = parse_sample(line).map_err(|reason| ParseError {
                line: index + 1,
                reason,
            })?;
            reader.sample(sample);
        }
    }
    reader.close();
    Ok(reader.families)
}

#[derive(Default)]
struct Reader {
    families: Vec<Family>,
    /// Where families are that came with a sample.
    undeclared: HashMap<String, usize>,
    open: Option<Family>,
    /// The open family was declared, and did not come with a sample.
    is_declared: bool,
}

impl Reader {
    fn comment(&mut self, comment: &str) {
        let (keyword, rest) = word(comment);
        let (name, text) = word(rest);
        if name.is_empty() {
            return;
        }
        match keyword {
            "HELP" => self.family(name).help = unescaped(text),
            "TYPE" => self.family(name).declared = declared(text),
            _ => {}
        }
    }

    /// The open family if it has this name, else a new one.
    fn family(&mut self, name: &str) -> &mut Family {
        let is_open = self.is_declared
            && self
                .open
                .as_ref()
                .is_some_and(|family| family.name == name && family.samples.is_empty());
        if !is_open {
            self.close();
            self.is_declared = true;
        }
        self.open.get_or_insert_with(|| Family {
            name: name.to_owned(),
            help: String::new(),
            declared: Declared::Unknown,
            samples: Vec::new(),
        })
    }

    fn sample(&mut self, sample: Sample) {
        if let Some(family) = self.open.as_mut().filter(|family| belongs(family, &sample)) {
            family.samples.push(sample);
            return;
        }
        self.close();
        self.is_declared = false;
        self.open = Some(Family {
            name: sample.name.clone(),
            help: String::new(),
            declared: Declared::Unknown,
            samples: vec![sample],
        });
    }

    fn close(&mut self) {
        let Some(mut family) = self.open.take() else {
            return;
        };
        if !self.is_declared {
            let place = self.undeclared.get(&family.name);
            if let Some(known) = place.and_then(|&place| self.families.get_mut(place)) {
                known.samples.append(&mut family.samples);
                return;
            }
            let place = self.families.len();
            self.undeclared.insert(family.name.clone(), place);
        }
        if family.declared == Declared::Counter
            && let Some(stem) = family.name.strip_suffix("_total")
        {
            family.name = stem.to_owned();
        }
        self.families.push(family);
    }
}

/// Whether the name of a sample is one that the family may have.
fn belongs(family: &Family, sample: &Sample) -> bool {
    let Some(ending) = sample.name.strip_prefix(&*family.name) else {
        return false;
    };
    match family.declared {
        Declared::Counter => matches!(ending, "" | "_total"),
        Declared::Gauge | Declared::Unknown => ending.is_empty(),
        Declared::Histogram => matches!(ending, "_count" | "_sum" | "_bucket"),
        Declared::Summary => matches!(ending, "" | "_count" | "_sum"),
    }
}

fn declared(text: &str) -> Declared {
    match text.trim() {
        "counter" => Declared::Counter,
        "gauge" => Declared::Gauge,
        "histogram" => Declared::Histogram,
        "summary" => Declared::Summary,
        _ => Declared::Unknown,
    }
}

/// The first word and what comes after the blanks behind it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => result.push('\n'),
            Some('\\') => result.push('\\'),
            Some(other) => result.extend(['\\', other]),
            None => result.push('\\'),
        }
    }
    result
}

#[cfg(test)]
mod tests;
