//! `aiperf plugins`: what can be chosen, by category.

mod registry;

use aiperf_config::command::{Example, Flag, Group, Kind, nearest_word};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use aiperf_export::console::{Align, Cell, Column, Overflow, Paints, Table, notice_panel};
use anyhow::{Result, bail};

use crate::exit::Exit;
use crate::version::VERSION;
use registry::{CATEGORIES, Category, Entry};

/// The width of tables, whatever the terminal's.
const WIDTH: usize = 100;

#[derive(Default)]
struct PluginsArgs {
    category: Option<String>,
    name: Option<String>,
    all: bool,
    validate: bool,
}

static PLUGINS: Command<PluginsArgs> = Command {
    name: "plugins",
    about: "Lists what can be chosen: endpoint types, formats of datasets, public datasets, arrival patterns, metrics \
            and so on, each with what it is. All of it is part of the program; there are no packages to install.",
    groups: &[&LISTING],
    positional: Some(Positional {
        value: "CATEGORY NAME",
        help: "A category, such as `endpoint`, and one of its entries. Without them, an overview.",
        many: true,
        set: |args, word| {
            if args.category.is_none() {
                args.category = Some(word);
            } else if args.name.is_none() {
                args.name = Some(word);
            } else {
                return Err(format!("`{word}` is one word too many"));
            }
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[
        Example {
            purpose: "The endpoint types",
            line: "aiperf plugins endpoint",
        },
        Example {
            purpose: "One of them",
            line: "aiperf plugins endpoint responses",
        },
        Example {
            purpose: "Everything, by name",
            line: "aiperf plugins --all",
        },
    ],
};

static LISTING: Group<PluginsArgs> = Group {
    title: "Listing",
    flags: &[
        Flag {
            names: &["all"],
            short: Some("a"),
            kind: Kind::Switch(|args, on| args.all = on),
            value: "",
            default: "",
            path: "",
            help: "List all categories with the names of their entries.",
        },
        Flag {
            names: &["validate"],
            short: Some("v"),
            kind: Kind::Switch(|args, on| args.validate = on),
            value: "",
            default: "",
            path: "",
            help: "Check that no name is given twice in a category and that every entry is described.",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    let names = CATEGORIES.iter().map(|category| category.name);
    PLUGINS.summary().with_words(names)
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match PLUGINS.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    if args.validate {
        return validate();
    }
    let text = match (args.all, args.category, args.name) {
        (true, _, _) => all_categories(),
        (_, None, _) => packages(),
        (_, Some(category), None) => one_category(find_category(&category)?),
        (_, Some(category), Some(name)) => one_entry(find_category(&category)?, &name)?,
    };
    super::print(&text)?;
    Ok(Exit::Success)
}

/// What kebab case, snake case and capital letters have in common.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

fn find_category(word: &str) -> Result<&'static Category> {
    let wanted = plain(word);
    if let Some(found) = CATEGORIES.iter().find(|category| category.name == wanted) {
        return Ok(found);
    }
    let names = || CATEGORIES.iter().map(|category| category.name);
    if registry::ONLY_OF_THE_REFERENCE.contains(&wanted.as_str()) {
        bail!(
            "`{wanted}` is a category of AIPerf's plugins that is empty here\n  hint: there is {}",
            listed(names())
        );
    }
    match nearest_word(&wanted, names()) {
        Some(nearest) => bail!("no category is called `{word}`\n  hint: did you mean `{nearest}`?"),
        None => bail!(
            "no category is called `{word}`\n  hint: there is {}",
            listed(names())
        ),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn packages() -> String {
    let columns = vec![
        Column::new("Package", Align::Left),
        Column::new("Version", Align::Left),
        Column::new("Plugins", Align::Right),
        Column::new("Description", Align::Left).overflow(Overflow::Fold),
    ];
    let mut table = Table::new("Installed Packages", columns);
    let count: usize = CATEGORIES
        .iter()
        .map(|category| category.entries().len())
        .sum();
    table.push(vec![
        Cell::from("aiperf"),
        Cell::from(VERSION),
        Cell::from(count.to_string()),
        Cell::from("Built in"),
    ]);
    format!(
        "{}\n`aiperf plugins --all` lists all categories and what is in them.\n",
        table.render(WIDTH, Paints::Plain)
    )
}

fn all_categories() -> String {
    let columns = vec![
        Column::new("Category", Align::Left),
        Column::new("Plugins", Align::Left).overflow(Overflow::Fold),
    ];
    let mut table = Table::new("Plugin Categories", columns);
    for category in CATEGORIES {
        let names: Vec<String> = category
            .entries()
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        table.push(vec![
            Cell::from(category.name),
            Cell::from(names.join(", ")),
        ]);
    }
    format!(
        "{}\n`aiperf plugins CATEGORY` tells what the entries of a category are.\n",
        table.render(WIDTH, Paints::Plain)
    )
}

fn one_category(category: &Category) -> String {
    let columns = vec![
        Column::new("Type", Align::Left),
        Column::new("Description", Align::Left).overflow(Overflow::Fold),
    ];
    let mut table = Table::new(&format!("{} Types", category.name), columns);
    for entry in category.entries() {
        table.push(vec![Cell::from(entry.name), Cell::from(entry.about)]);
    }
    format!(
        "{}\n\n{}\n`aiperf plugins {} NAME` shows one of them.\n",
        category.about,
        table.render(WIDTH, Paints::Plain),
        category.name
    )
}

fn one_entry(category: &Category, name: &str) -> Result<String> {
    let entries = category.entries();
    let wanted = plain(name);
    let Some(entry) = entries.iter().find(|entry| plain(&entry.name) == wanted) else {
        bail!(
            "Not found: {}:{name}\n  hint: there is {}",
            category.name,
            listed(entries.iter().map(|entry| entry.name.as_str()))
        );
    };
    let chosen = match category.flag {
        Some(flag) => format!("Chosen by: --{flag} {}\n", entry.name),
        None => String::new(),
    };
    Ok(notice_panel(
        &format!("{}:{}", category.name, entry.name),
        &format!(
            "Type: {}\nCategory: {}\nPackage: aiperf {VERSION}\n{chosen}\n{}",
            entry.name, category.name, entry.about
        ),
    ))
}

fn validate() -> Result<Exit> {
    let all = || {
        CATEGORIES.iter().flat_map(|category| {
            let entries = category.entries().into_iter();
            entries.map(|entry| (category.name, entry))
        })
    };
    let twice: Vec<String> = CATEGORIES
        .iter()
        .flat_map(|category| given_twice(category.name, &category.entries()))
        .collect();
    let bare: Vec<String> = all()
        .filter(|(_, entry)| entry.about.is_empty())
        .map(|(category, entry)| format!("{category}:{}", entry.name))
        .collect();
    let mut text = "Validating plugins...\n\n".to_owned();
    for (check, flaws) in [("Names", &twice), ("Descriptions", &bare)] {
        let verdict = if flaws.is_empty() { "OK" } else { "FAIL" };
        text.push_str(&format!("({verdict}) {check}\n"));
        for flaw in flaws {
            text.push_str(&format!("    {flaw}\n"));
        }
    }
    let passed = twice.is_empty() && bare.is_empty();
    text.push_str(if passed {
        "\nAll checks passed\n"
    } else {
        "\nValidation failed\n"
    });
    super::print(&text)?;
    Ok(if passed { Exit::Success } else { Exit::Failure })
}

fn given_twice(category: &str, entries: &[Entry]) -> Vec<String> {
    let names: Vec<String> = entries.iter().map(|entry| plain(&entry.name)).collect();
    let repeated = names
        .iter()
        .enumerate()
        .filter(|(place, name)| names[..*place].contains(name));
    repeated
        .map(|(_, name)| format!("{category}:{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_named_once_and_described() {
        for category in CATEGORIES {
            let entries = category.entries();
            assert!(!entries.is_empty(), "{}", category.name);
            assert_eq!(given_twice(category.name, &entries), [""; 0]);
            for entry in &entries {
                assert!(!entry.about.is_empty(), "{}:{}", category.name, entry.name);
            }
        }
        assert_eq!(validate().unwrap(), Exit::Success);
    }

    #[test]
    fn names_that_differ_in_their_separators_are_the_same() {
        let entry = |name: &str| Entry {
            name: name.to_owned(),
            about: String::new(),
        };
        let entries = [entry("a-b"), entry("c"), entry("a_B")];
        assert_eq!(given_twice("k", &entries), ["k:a-b"]);
    }

    #[test]
    fn categories_are_found_in_both_cases() {
        for word in [
            "public-dataset-loader",
            "public_dataset_loader",
            "Public-Dataset_Loader",
        ] {
            assert_eq!(find_category(word).unwrap().name, "public-dataset-loader");
        }
        let message = |word| find_category(word).err().unwrap().to_string();
        assert!(message("service").contains("that is empty here"));
        assert!(message("endpiont").contains("did you mean `endpoint`?"));
        assert!(message("qqqqqqqq").contains("`endpoint`, "));
    }

    #[test]
    fn every_category_of_the_reference_is_here_or_known_to_be_empty() {
        // Of AIPerf 0.13.0.
        const ALL: &str = "accumulator accuracy-benchmark accuracy-grader analyzer api-router arrival-pattern \
            communication communication-client console-exporter convergence-criterion custom-dataset-loader \
            data-exporter dataset-backing-store dataset-client-store dataset-composer dataset-sampler endpoint \
            gpu-telemetry-collector plot public-dataset-loader ramp record-observer record-processor search-planner \
            search-recipe search-recipe-post-process service service-manager spec-decode-adapter stream-exporter \
            timing-strategy transport ui url-selection-strategy zmq-proxy";
        for name in ALL.split_whitespace() {
            let is_here = CATEGORIES.iter().any(|category| category.name == name);
            let is_empty = registry::ONLY_OF_THE_REFERENCE.contains(&name);
            assert!(is_here != is_empty, "{name}");
        }
    }
}
