//! Which help a command line asks for.

/// What to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpRequest {
    /// `--help` or `-h`.
    Short,
    /// `--help GROUP`: what the user called the group or flag.
    On(String),
    /// `--help-all`.
    Everything,
}

impl HelpRequest {
    /// What the words after a command's name ask for; `None` where they ask for no help. Words
    /// after `--` do not count.
    ///
    /// All words after `--help` up to the next flag are the topic, so that a title of several words
    /// needs no quotes. A flag is the topic where nothing else follows.
    pub fn of<S: AsRef<str>>(words: &[S]) -> Option<Self> {
        let words: Vec<&str> = words
            .iter()
            .map(AsRef::as_ref)
            .take_while(|word| *word != "--")
            .collect();
        if words.contains(&"--help-all") {
            return Some(Self::Everything);
        }
        let place = words
            .iter()
            .position(|word| matches!(*word, "--help" | "-h") || word.starts_with("--help="))?;
        let attached = words[place].strip_prefix("--help=");
        let following = words[place + 1..]
            .iter()
            .copied()
            .take_while(|word| !word.starts_with('-'));
        let topic: Vec<&str> = match (attached, &words[place + 1..]) {
            (Some(topic), _) => vec![topic],
            // Nothing but a flag follows: it is what the question is about.
            (None, [flag]) if flag.starts_with("--") && *flag != "--version" => vec![*flag],
            (None, _) => following.collect(),
        };
        let topic = topic.join(" ");
        Some(if topic.trim().is_empty() {
            Self::Short
        } else {
            Self::On(topic)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_ask_for_help_is_understood() {
        let on = |topic: &str| Some(HelpRequest::On(topic.to_owned()));
        for (line, expected) in [
            ("", None),
            ("--model m", None),
            ("-- --help", None),
            ("--helpless", None),
            ("--help", Some(HelpRequest::Short)),
            ("--help=", Some(HelpRequest::Short)),
            ("--model m -h", Some(HelpRequest::Short)),
            ("--help --model m", Some(HelpRequest::Short)),
            ("--help --model", on("--model")),
            ("--streaming --help --model", on("--model")),
            ("--model m --help --version", Some(HelpRequest::Short)),
            ("--help load generator", on("load generator")),
            ("-h load --streaming", on("load")),
            ("--help=load", on("load")),
            ("--help-all", Some(HelpRequest::Everything)),
            ("--help load --help-all", Some(HelpRequest::Everything)),
        ] {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(HelpRequest::of(&words), expected, "{line}");
        }
    }
}
