//! What settings must not say together: one list of named rules.
//!
//! A rule that flags and configuration files can both break is written once, over [`View`], which
//! either of them fills in; its message calls each setting what the user called it. Rules about what
//! only flags can say are in `profile/resolve/rules`, those about what only files can say in
//! `document/rules`. [`all`] is the whole list.

mod dataset;
mod endpoint;
mod load;
mod page;
mod runs;
mod said;
mod view;

pub use page::reference_markdown;
pub(crate) use said::{Said, Told, Words};
pub(crate) use view::{PhaseView, RunsView, Source, Timing, View};

/// A rule about several settings that flags and files have in common.
pub(crate) struct Rule {
    /// Says what the rule demands.
    pub(crate) name: &'static str,
    /// Tells where it is broken, why, and what to do.
    pub(crate) check: fn(&View, &mut Told),
}

/// An example of a rule: what breaks it and it alone, what is said then, and what is as near to that
/// as allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    pub(crate) rule: &'static str,
    pub(crate) breaks: &'static str,
    /// A part of the message.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare it"))]
    pub(crate) said: &'static str,
    pub(crate) keeps: &'static str,
}

/// An example in one line of a table.
pub(crate) const fn example(
    rule: &'static str,
    breaks: &'static str,
    said: &'static str,
    keeps: &'static str,
) -> Example {
    Example {
        rule,
        breaks,
        said,
        keeps,
    }
}

/// Who can break a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Flags and files.
    Everywhere,
    /// Flags only: no key means the same.
    Flags,
    /// Files only: no flag means the same.
    Files,
}

/// The rules that flags and files have in common, in the order in which breaches are told.
pub(crate) fn shared() -> impl Iterator<Item = &'static Rule> {
    let groups = [endpoint::RULES, dataset::RULES, load::RULES, runs::RULES];
    groups.into_iter().flatten()
}

/// Tells of every shared rule that is broken.
pub(crate) fn check(view: &View) -> Told {
    let mut told = Told::default();
    for rule in shared() {
        (rule.check)(view, &mut told);
    }
    told
}

/// The names of all rules, and who can break them.
pub(crate) fn all() -> Vec<(&'static str, Scope)> {
    let shared = shared().map(|rule| (rule.name, Scope::Everywhere));
    let flags = crate::profile::rule_names().map(|name| (name, Scope::Flags));
    let files = crate::document::rule_names().map(|name| (name, Scope::Files));
    shared.chain(flags).chain(files).collect()
}

#[cfg(test)]
mod tests;
