//! `aiperf config init`: a configuration to begin with.

use std::path::PathBuf;

use aiperf_config::command::{Example, nearest_word};
use aiperf_config::document::{TEMPLATE_CATEGORIES, TEMPLATES, TemplateFile};
use aiperf_config::{Command, CommandSummary, Flag, Group, Kind, Parsed};
use anyhow::{Context, Result, bail};

use crate::commands;
use crate::exit::Exit;

#[derive(Default)]
struct InitArgs {
    template: Option<String>,
    list: bool,
    search: Option<String>,
    category: Option<String>,
    verbose: bool,
    model: Option<String>,
    url: Option<String>,
    output: Option<PathBuf>,
}

static INIT: Command<InitArgs> = Command {
    name: "config init",
    about: "Prints or writes a configuration to begin with, or lists those that there are.",
    groups: &[&Group {
        title: "Parameters",
        flags: &[
            TEMPLATE, LIST, SEARCH, CATEGORY, VERBOSE, MODEL, URL, OUTPUT,
        ],
    }],
    positional: None,
    reference_names: &[],
    examples: &[
        Example {
            purpose: "What there is",
            line: "aiperf config init --list",
        },
        Example {
            purpose: "A file to begin with",
            line: "aiperf config init --template latency_test --model my-model --output bench.yaml",
        },
    ],
};

/// A flag that takes a text.
const fn text(
    names: &'static [&'static str],
    short: &'static str,
    value: &'static str,
    help: &'static str,
    set: fn(&mut InitArgs, String) -> Result<(), String>,
) -> Flag<InitArgs> {
    Flag {
        names,
        short: Some(short),
        kind: Kind::Text(set),
        value,
        default: "",
        path: "",
        help,
    }
}

/// A switch.
const fn switch(
    names: &'static [&'static str],
    short: &'static str,
    help: &'static str,
    set: fn(&mut InitArgs, bool),
) -> Flag<InitArgs> {
    Flag {
        names,
        short: Some(short),
        kind: Kind::Switch(set),
        value: "",
        default: "",
        path: "",
        help,
    }
}

const TEMPLATE: Flag<InitArgs> = text(
    &["template"],
    "t",
    "NAME",
    "The configuration to print or write.",
    |args, name| {
        args.template = Some(name);
        Ok(())
    },
);
const LIST: Flag<InitArgs> = switch(&["list"], "l", "List all names.", |args, on| args.list = on);
const SEARCH: Flag<InitArgs> = text(
    &["search"],
    "s",
    "TEXT",
    "List those that mention a text.",
    |args, word| {
        args.search = Some(word);
        Ok(())
    },
);
const CATEGORY: Flag<InitArgs> = text(
    &["category"],
    "c",
    "HEADING",
    "List those below one heading.",
    |args, word| {
        args.category = Some(word);
        Ok(())
    },
);
const VERBOSE: Flag<InitArgs> = switch(
    &["verbose"],
    "v",
    "List tags and difficulty as well.",
    |args, on| {
        args.verbose = on;
    },
);
const MODEL: Flag<InitArgs> = text(
    &["model"],
    "m",
    "NAME",
    "Put this model into it.",
    |args, name| {
        args.model = Some(name);
        Ok(())
    },
);
const URL: Flag<InitArgs> = text(
    &["url"],
    "u",
    "URL",
    "Put this server into it.",
    |args, url| {
        args.url = Some(url);
        Ok(())
    },
);
const OUTPUT: Flag<InitArgs> = Flag {
    names: &["output"],
    short: Some("o"),
    kind: Kind::Path(|args, path| {
        args.output = Some(path);
        Ok(())
    }),
    value: "FILE",
    default: "",
    path: "",
    help: "Write it here, with the directories that are missing.",
};

pub(super) fn summary() -> CommandSummary {
    INIT.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match INIT.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return commands::print_help(&INIT.summary()),
        Parsed::Version => return commands::print_version(),
    };
    if args.list || args.search.is_some() {
        commands::print(&list(&args))?;
        return Ok(Exit::Success);
    }
    let Some(name) = &args.template else {
        commands::print_error(
            "name a template: `--template NAME`\n  hint: `aiperf config init --list` shows what there is\n",
        )?;
        return Ok(Exit::NothingToDo);
    };
    let Some(template) = TEMPLATES.iter().find(|template| template.name == name) else {
        let names = || TEMPLATES.iter().map(|template| template.name);
        let hint = match nearest_word(name, names()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("there are `{}`", names().collect::<Vec<_>>().join("`, `")),
        };
        bail!("no template is called `{name}`\n  hint: {hint}");
    };
    let content = template.with(args.model.as_deref(), args.url.as_deref());
    let Some(path) = &args.output else {
        commands::print(&content)?;
        return Ok(Exit::Success);
    };
    let shown = path.display();
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the directory of `{shown}`"))?;
    }
    std::fs::write(path, content).with_context(|| format!("cannot write `{shown}`"))?;
    commands::print(&format!("Wrote {name} template to {shown}\n"))?;
    Ok(Exit::Success)
}

fn list(args: &InitArgs) -> String {
    let is_listed = |template: &&TemplateFile| {
        args.search
            .as_deref()
            .is_none_or(|word| template.mentions(word))
            && args
                .category
                .as_deref()
                .is_none_or(|heading| template.about("category").eq_ignore_ascii_case(heading))
    };
    let mut text = String::new();
    for category in TEMPLATE_CATEGORIES {
        let below: Vec<&TemplateFile> = TEMPLATES
            .iter()
            .filter(is_listed)
            .filter(|template| template.about("category") == *category)
            .collect();
        if below.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{category}:\n"));
        for template in below {
            text.push_str(&format!(
                "  {:<27} {}\n",
                template.name,
                template.about("description")
            ));
            if args.verbose {
                let (tags, level) = (template.about("tags"), template.about("difficulty"));
                text.push_str(&format!("  {:<27} {level}; {tags}\n", ""));
            }
        }
    }
    if text.is_empty() {
        text.push_str("No template fits.\n");
    }
    text
}
