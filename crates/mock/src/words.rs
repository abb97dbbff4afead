//! The words that answers are made of.
//!
//! Every word is common enough, with the blank before it, to be exactly one token of `o200k_base`,
//! and that encoding never joins two words. So a client that counts an answer with that tokenizer
//! finds the very number of tokens that the server reports.

/// One token each.
const WORDS: [&str; 256] = [
    " the",
    " of",
    " and",
    " to",
    " in",
    " is",
    " that",
    " for",
    " it",
    " as",
    " was",
    " with",
    " be",
    " by",
    " on",
    " not",
    " he",
    " his",
    " but",
    " at",
    " are",
    " this",
    " have",
    " from",
    " or",
    " had",
    " an",
    " they",
    " which",
    " one",
    " you",
    " were",
    " her",
    " all",
    " she",
    " there",
    " would",
    " their",
    " we",
    " him",
    " been",
    " has",
    " when",
    " who",
    " will",
    " more",
    " no",
    " if",
    " out",
    " so",
    " said",
    " what",
    " up",
    " its",
    " about",
    " into",
    " than",
    " them",
    " can",
    " only",
    " other",
    " new",
    " some",
    " could",
    " time",
    " these",
    " two",
    " may",
    " then",
    " do",
    " first",
    " any",
    " my",
    " now",
    " such",
    " like",
    " our",
    " over",
    " man",
    " me",
    " even",
    " most",
    " made",
    " after",
    " also",
    " did",
    " many",
    " before",
    " must",
    " through",
    " back",
    " years",
    " where",
    " much",
    " your",
    " way",
    " well",
    " down",
    " should",
    " because",
    " each",
    " just",
    " those",
    " people",
    " how",
    " too",
    " little",
    " state",
    " good",
    " very",
    " make",
    " world",
    " still",
    " own",
    " see",
    " men",
    " work",
    " long",
    " get",
    " here",
    " between",
    " both",
    " life",
    " being",
    " under",
    " never",
    " day",
    " same",
    " another",
    " know",
    " while",
    " last",
    " might",
    " us",
    " great",
    " old",
    " year",
    " off",
    " come",
    " since",
    " against",
    " go",
    " came",
    " right",
    " used",
    " take",
    " three",
    " states",
    " himself",
    " few",
    " house",
    " use",
    " during",
    " without",
    " again",
    " place",
    " around",
    " however",
    " home",
    " small",
    " found",
    " thought",
    " went",
    " say",
    " part",
    " once",
    " general",
    " high",
    " upon",
    " school",
    " every",
    " does",
    " got",
    " united",
    " left",
    " number",
    " course",
    " war",
    " until",
    " always",
    " away",
    " something",
    " fact",
    " water",
    " less",
    " public",
    " put",
    " thing",
    " almost",
    " hand",
    " enough",
    " far",
    " took",
    " head",
    " yet",
    " government",
    " system",
    " better",
    " set",
    " told",
    " nothing",
    " night",
    " end",
    " why",
    " called",
    " find",
    " going",
    " look",
    " asked",
    " later",
    " knew",
    " point",
    " next",
    " program",
    " city",
    " business",
    " give",
    " group",
    " toward",
    " young",
    " days",
    " let",
    " room",
    " within",
    " side",
    " present",
    " given",
    " order",
    " early",
    " light",
    " often",
    " means",
    " large",
    " things",
    " done",
    " white",
    " kind",
    " open",
    " four",
    " line",
    " power",
    " free",
    " field",
    " need",
    " money",
    " country",
    " five",
    " true",
    " best",
    " whole",
    " clear",
    " form",
    " change",
    " level",
    " case",
    " river",
];

/// The only word of an answer whose size in bytes was asked for.
pub(crate) const FILLER: &str = " the";

/// Words with letters of two, three and four bytes.
const UNICODE_WORDS: [&str; 8] = [
    " été", " größe", " señor", " мир", " 世界", " 東京", " 🙂", " naïve",
];

/// Which words an answer consists of. Equal for equal request numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text {
    /// Words of the list in turn, from a place that the request number decides.
    Varied { start: u64 },
    /// Words with letters beyond ASCII in turn.
    Unicode { start: u64 },
    /// [`FILLER`] throughout.
    Filler,
}

impl Text {
    /// The answer of the request with this number.
    pub(crate) fn of_request(number: u64) -> Self {
        // An odd stride, so that neighbouring requests do not begin with neighbouring words.
        Self::Varied {
            start: number.wrapping_mul(37),
        }
    }

    /// The same in words beyond ASCII.
    pub(crate) fn in_unicode(self) -> Self {
        match self {
            Self::Varied { start } | Self::Unicode { start } => Self::Unicode { start },
            Self::Filler => Self::Filler,
        }
    }

    /// The text of another choice of the same answer; that of choice 0 is the answer's own.
    pub(crate) fn of_choice(self, choice: u64) -> Self {
        let shift = choice.wrapping_mul(101);
        match self {
            Self::Varied { start } => Self::Varied {
                start: start.wrapping_add(shift),
            },
            Self::Unicode { start } => Self::Unicode {
                start: start.wrapping_add(shift),
            },
            Self::Filler => Self::Filler,
        }
    }

    /// Appends the tokens `first..first + count`.
    pub(crate) fn append(self, out: &mut Vec<u8>, first: u64, count: u64) {
        match self {
            Self::Varied { start } => {
                for index in first..first + count {
                    out.extend_from_slice(word(start.wrapping_add(index)).as_bytes());
                }
            }
            Self::Unicode { start } => {
                for index in first..first + count {
                    let place = start.wrapping_add(index) % UNICODE_WORDS.len() as u64;
                    out.extend_from_slice(UNICODE_WORDS[place as usize].as_bytes());
                }
            }
            Self::Filler => {
                for _ in 0..count {
                    out.extend_from_slice(FILLER.as_bytes());
                }
            }
        }
    }
}

fn word(index: u64) -> &'static str {
    WORDS[(index % WORDS.len() as u64) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_one_blank_and_lower_case_letters_so_it_needs_no_json_escape() {
        for word in WORDS {
            let letters = word.strip_prefix(' ').unwrap();
            assert!(
                letters.bytes().all(|byte| byte.is_ascii_lowercase()),
                "{word:?}"
            );
        }
    }

    #[test]
    fn every_word_is_one_token_and_so_is_each_word_of_a_text() {
        let encoding = tiktoken_rs::o200k_base().unwrap();
        for word in WORDS {
            assert_eq!(encoding.encode_ordinary(word).len(), 1, "{word:?}");
        }
        let mut text = Vec::new();
        Text::of_request(1).append(&mut text, 0, 1_000);
        let text = String::from_utf8(text).unwrap();
        assert_eq!(encoding.encode_ordinary(&text).len(), 1_000);
    }

    #[test]
    fn the_filler_is_one_of_the_words() {
        assert!(WORDS.contains(&FILLER));
    }

    #[test]
    fn no_word_stands_in_the_list_twice() {
        let distinct: std::collections::BTreeSet<_> = WORDS.iter().collect();
        assert_eq!(distinct.len(), WORDS.len());
    }
}
