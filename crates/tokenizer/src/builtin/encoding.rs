//! One named encoding: its tokens, its way of cutting text, its special tokens.

use memchr::memmem;

use super::merge::Merger;
use super::pieces::PiecePattern;
use super::rank_table::{self, RankTable};

/// An encoding that is part of the program.
#[derive(Debug)]
pub(crate) struct BuiltinEncoding {
    pub(crate) name: &'static str,
    tokens: &'static RankTable,
    /// Ordinary ranks end here; r50k is a shortened p50k.
    rank_end: u32,
    pattern: PiecePattern,
    /// Names between `<|` and `|>`.
    specials: &'static [(&'static str, u32)],
    /// Ranks that stand for special tokens `<|reserved_N|>` of the same number.
    reserved: std::ops::Range<u32>,
    pub(crate) end_of_text: u32,
    /// One more than the largest token number.
    pub(crate) vocabulary_size: usize,
}

const END_OF_TEXT: &str = "endoftext";

static ENCODINGS: [BuiltinEncoding; 6] = [
    BuiltinEncoding {
        name: "o200k_base",
        tokens: &rank_table::O200K,
        rank_end: 199_998,
        pattern: PiecePattern::O200k,
        specials: &[(END_OF_TEXT, 199_999), ("endofprompt", 200_018)],
        reserved: 0..0,
        end_of_text: 199_999,
        vocabulary_size: 200_019,
    },
    BuiltinEncoding {
        name: "o200k_harmony",
        tokens: &rank_table::O200K,
        rank_end: 199_998,
        pattern: PiecePattern::O200k,
        specials: &[
            ("startoftext", 199_998),
            (END_OF_TEXT, 199_999),
            ("reserved_200000", 200_000),
            ("reserved_200001", 200_001),
            ("return", 200_002),
            ("constrain", 200_003),
            ("reserved_200004", 200_004),
            ("channel", 200_005),
            ("start", 200_006),
            ("end", 200_007),
            ("message", 200_008),
            ("reserved_200009", 200_009),
            ("reserved_200010", 200_010),
            ("reserved_200011", 200_011),
            ("call", 200_012),
            ("endofprompt", 200_018),
        ],
        reserved: 200_013..201_088,
        end_of_text: 199_999,
        vocabulary_size: 201_088,
    },
    BuiltinEncoding {
        name: "cl100k_base",
        tokens: &rank_table::CL100K,
        rank_end: 100_256,
        pattern: PiecePattern::Cl100k,
        specials: &[
            (END_OF_TEXT, 100_257),
            ("fim_prefix", 100_258),
            ("fim_middle", 100_259),
            ("fim_suffix", 100_260),
            ("endofprompt", 100_276),
        ],
        reserved: 0..0,
        end_of_text: 100_257,
        vocabulary_size: 100_277,
    },
    BuiltinEncoding {
        name: "p50k_base",
        tokens: &rank_table::P50K,
        rank_end: 50_281,
        pattern: PiecePattern::R50k,
        specials: &[(END_OF_TEXT, 50_256)],
        reserved: 0..0,
        end_of_text: 50_256,
        vocabulary_size: 50_281,
    },
    BuiltinEncoding {
        name: "p50k_edit",
        tokens: &rank_table::P50K,
        rank_end: 50_281,
        pattern: PiecePattern::R50k,
        specials: &[
            (END_OF_TEXT, 50_256),
            ("fim_prefix", 50_281),
            ("fim_middle", 50_282),
            ("fim_suffix", 50_283),
        ],
        reserved: 0..0,
        end_of_text: 50_256,
        vocabulary_size: 50_284,
    },
    BuiltinEncoding {
        name: "r50k_base",
        tokens: &rank_table::P50K,
        rank_end: 50_256,
        pattern: PiecePattern::R50k,
        specials: &[(END_OF_TEXT, 50_256)],
        reserved: 0..0,
        end_of_text: 50_256,
        vocabulary_size: 50_257,
    },
];

/// The encoding of this name; `builtin` means o200k_base.
pub(crate) fn find(name: &str) -> Option<&'static BuiltinEncoding> {
    let name = if name == "builtin" {
        "o200k_base"
    } else {
        name
    };
    ENCODINGS.iter().find(|encoding| encoding.name == name)
}

impl BuiltinEncoding {
    /// Calls `emit` with each token of the text. A special token's text is that one token.
    pub(crate) fn encode_each(&self, text: &str, mut emit: impl FnMut(u32)) {
        let mut merger = Merger::default();
        let mut rest = text;
        while let Some((start, end, special)) = self.next_special(rest) {
            self.encode_ordinary(&rest[..start], &mut merger, &mut emit);
            emit(special);
            rest = &rest[end..];
        }
        self.encode_ordinary(rest, &mut merger, &mut emit);
    }

    /// Appends the token's bytes; a number that no token has becomes the replacement character.
    pub(crate) fn decode_into(&self, token: u32, bytes: &mut Vec<u8>) {
        if let Some(ordinary) = self.ordinary_token(token) {
            bytes.extend_from_slice(ordinary);
        } else if let Some((name, _)) = self.specials.iter().find(|(_, number)| *number == token) {
            bytes.extend_from_slice(format!("<|{name}|>").as_bytes());
        } else if self.reserved.contains(&token) {
            bytes.extend_from_slice(format!("<|reserved_{token}|>").as_bytes());
        } else {
            bytes.extend_from_slice("\u{fffd}".as_bytes());
        }
    }

    /// The numbers of tokens that are no special ones, in ascending order.
    pub(crate) fn ordinary_tokens(&self) -> impl Iterator<Item = u32> {
        (0..self.rank_end).filter(|&rank| self.tokens.token(rank).is_some())
    }

    /// The numbers of all tokens, in ascending order.
    pub(crate) fn all_tokens(&self) -> Vec<u32> {
        let specials = self.specials.iter().map(|(_, number)| *number);
        let mut all: Vec<u32> = self
            .ordinary_tokens()
            .chain(specials)
            .chain(self.reserved.clone())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn encode_ordinary(&self, text: &str, merger: &mut Merger, emit: &mut impl FnMut(u32)) {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(self.pattern.first_piece(rest));
            rest = tail;
            let piece = piece.as_bytes();
            if let Some(rank) = self.rank(piece) {
                emit(rank);
                continue;
            }
            merger.merge(
                piece,
                |bytes| self.rank(bytes),
                |token| {
                    emit(
                        self.rank(token)
                            .expect("merging yields tokens, and every byte is one"),
                    );
                },
            );
        }
    }

    fn rank(&self, bytes: &[u8]) -> Option<u32> {
        self.tokens.rank(bytes).filter(|&rank| rank < self.rank_end)
    }

    fn ordinary_token(&self, rank: u32) -> Option<&'static [u8]> {
        if rank < self.rank_end {
            self.tokens.token(rank)
        } else {
            None
        }
    }

    /// Where the first special token of the text starts and ends, and its number.
    fn next_special(&self, text: &str) -> Option<(usize, usize, u32)> {
        for start in memmem::find_iter(text.as_bytes(), b"<|") {
            let inner = &text[start + 2..];
            let name_end = inner
                .bytes()
                .position(|byte| !matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
                .unwrap_or(inner.len());
            if inner[name_end..].starts_with("|>")
                && let Some(number) = self.special_number(&inner[..name_end])
            {
                return Some((start, start + 2 + name_end + 2, number));
            }
        }
        None
    }

    fn special_number(&self, name: &str) -> Option<u32> {
        if let Some((_, number)) = self.specials.iter().find(|(special, _)| *special == name) {
            return Some(*number);
        }
        let digits = name.strip_prefix("reserved_")?;
        let number: u32 = digits.parse().ok()?;
        // `parse` also reads leading zeros, which the token's own text does not have.
        (self.reserved.contains(&number) && digits.len() == 6).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tiktoken_rs::CoreBPE;

    fn encode(name: &str, text: &str) -> Vec<u32> {
        let mut tokens = Vec::new();
        find(name)
            .unwrap()
            .encode_each(text, |token| tokens.push(token));
        tokens
    }

    fn decode(name: &str, tokens: &[u32]) -> String {
        let mut bytes = Vec::new();
        for &token in tokens {
            find(name).unwrap().decode_into(token, &mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The independent implementation that every encoding is held against.
    fn oracles() -> [(&'static str, &'static CoreBPE); 6] {
        [
            ("o200k_base", tiktoken_rs::o200k_base_singleton()),
            ("o200k_harmony", tiktoken_rs::o200k_harmony_singleton()),
            ("cl100k_base", tiktoken_rs::cl100k_base_singleton()),
            ("p50k_base", tiktoken_rs::p50k_base_singleton()),
            ("p50k_edit", tiktoken_rs::p50k_edit_singleton()),
            ("r50k_base", tiktoken_rs::r50k_base_singleton()),
        ]
    }

    fn check(text: &str) {
        for (name, oracle) in oracles() {
            if name == "o200k_harmony" && text.contains("<|endofprompt|>") {
                // OpenAI's own library knows it there, this oracle does not.
                continue;
            }
            let tokens = encode(name, text);
            assert_eq!(
                tokens,
                oracle.encode_with_special_tokens(text),
                "{name} on {text:?}"
            );
            assert_eq!(decode(name, &tokens), text, "{name}");
        }
    }

    #[test]
    fn the_published_example_gives_the_published_tokens() {
        assert_eq!(encode("builtin", "hello world"), [24912, 2375]);
        assert_eq!(encode("o200k_base", "<|endoftext|>"), [199_999]);
    }

    #[test]
    fn all_encodings_agree_with_an_independent_implementation() {
        for text in [
            "",
            "Hello, world! 'Tis the season: 12345 things & more…",
            "fn main() {\n    println!(\"{}\", 1 + 2);\n}\n",
            "Ünïcödé 中文字符 한국어 日本語 العربية עברית हिन्दी 👩‍👩‍👧‍👦",
            "<|endoftext|>a<|endofprompt|> <|fim_prefix|>b<|fim_suffix|><|fim_middle|>",
            "<|<|endoftext|>|> <|endoftext| > <|ENDOFTEXT|> <| <||>",
            "<|start|>user<|message|>x<|end|><|reserved_200013|><|reserved_201087|><|reserved_201088|>",
            "<|reserved_0200013|><|reserved_200019|>",
            "   \n\n\t  trailing   ",
        ] {
            check(text);
        }
        check(&"a".repeat(3000));
        check(&"=".repeat(777));
        check(&"supercalifragilisticexpialidocious".repeat(20));
        check(&"日本語のとても長い文章".repeat(40));
    }

    #[test]
    fn special_tokens_have_the_numbers_of_an_independent_implementation() {
        for (name, oracle) in oracles() {
            for text in oracle.special_tokens() {
                assert_eq!(
                    encode(name, text),
                    oracle.encode_with_special_tokens(text),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn the_vocabulary_is_listed_with_and_without_special_tokens() {
        let encoding = find("o200k_base").unwrap();
        assert_eq!(encoding.ordinary_tokens().count(), 199_998);
        let all = encoding.all_tokens();
        assert_eq!(all.len(), 200_000);
        assert_eq!(all[199_998..], [199_999, 200_018]);
    }

    #[test]
    fn decoding_survives_numbers_without_token_and_broken_characters() {
        assert_eq!(
            decode("o200k_base", &[24912, 4_000_000, 2375]),
            "hello\u{fffd} world"
        );
        // The first byte of a three-byte character alone.
        let half = find("o200k_base").unwrap().tokens.rank(&[0xE4]).unwrap();
        assert_eq!(decode("o200k_base", &[half]), "\u{fffd}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn any_text_agrees_with_an_independent_implementation(text in "\\PC{0,80}") {
            check(&text);
        }

        #[test]
        fn prose_and_white_space_agree_with_an_independent_implementation(
            text in "([A-Za-z']{1,12}[ .,\n]{1,3}|[0-9]{1,6} |<\\|endoftext\\|>){0,20}",
        ) {
            check(&text);
        }
    }
}
