//! Enums whose values are words that people type.

/// An enum whose values are words that people type.
pub trait Choice: Copy + Sized + 'static {
    /// All values, in the order of help, with the words they are written as.
    const ALL: &'static [(Self, &'static str)];
    /// The words alone.
    const NAMES: &'static [&'static str];

    /// The value that a word names; `None` where it names none.
    ///
    /// Case and the separators `-`, `_` and `/` do not matter. So `sticky_user_sessions` is accepted for
    /// `sticky-user-sessions`, and also the reference's machine-made spellings, which put a
    /// separator where the word has none.
    fn named(word: &str) -> Option<Self> {
        let wanted = bare(word);
        Self::ALL
            .iter()
            .find(|(_, name)| bare(name) == wanted)
            .map(|(value, _)| *value)
    }
}

/// A word without what does not matter.
pub(super) fn bare(word: &str) -> String {
    word.chars()
        .filter(|letter| !matches!(letter, '-' | '_' | '/'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Declares an enum with a [`Choice`] implementation, `name()` and `Display`.
macro_rules! choices {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $( $(#[$value_attribute:meta])* $value:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $visibility enum $name {
            $( $(#[$value_attribute])* $value, )+
        }

        impl $name {
            /// The word that stands for the value in flags, YAML and files.
            $visibility const fn name(self) -> &'static str {
                match self {
                    $( Self::$value => $word, )+
                }
            }
        }

        impl $crate::command::Choice for $name {
            const ALL: &'static [(Self, &'static str)] = &[ $( (Self::$value, $word), )+ ];
            const NAMES: &'static [&'static str] = &[ $( $word, )+ ];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.name())
            }
        }
    };
}

pub(crate) use choices;
