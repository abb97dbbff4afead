//! Turns the published token ranks into tables that need no work at start-up.
//!
//! Every table is a plain byte string that the crate includes: nothing is parsed, allocated or
//! decompressed when a program starts, and only the pages that a text touches are ever read from
//! disk. `src/builtin/layout.rs` describes the layout and is shared by both sides.

#[path = "src/builtin/layout.rs"]
mod layout;

use std::collections::HashMap;
use std::path::Path;
use std::{env, fs};

use regex_syntax::hir::{Class, HirKind};
use tiktoken_rs::CoreBPE;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/builtin/layout.rs");
    let folder = env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let folder = Path::new(&folder);

    let encodings = [
        ("o200k_base", tiktoken_rs::o200k_base(), 200_018),
        ("cl100k_base", tiktoken_rs::cl100k_base(), 100_276),
        ("p50k_base", tiktoken_rs::p50k_base(), 50_281),
    ];
    for (name, encoding, rank_end) in encodings {
        let encoding = encoding.expect("the crate's own rank file is well formed");
        write_rank_table(folder, name, &ranked_tokens(&encoding, rank_end));
    }
    write_character_classes(folder);
}

/// The bytes of every ordinary token, indexed by rank; empty where a rank is not in use.
fn ranked_tokens(encoding: &CoreBPE, rank_end: u32) -> Vec<Vec<u8>> {
    let special: Vec<u32> = encoding
        .special_tokens()
        .iter()
        .flat_map(|text| encoding.encode_with_special_tokens(text))
        .collect();
    let mut tokens: Vec<Vec<u8>> = (0..rank_end)
        .map(|rank| {
            if special.contains(&rank) {
                return Vec::new();
            }
            encoding.decode_bytes(&[rank]).unwrap_or_default()
        })
        .collect();
    while tokens.last().is_some_and(Vec::is_empty) {
        tokens.pop();
    }
    tokens
}

fn write_rank_table(folder: &Path, name: &str, tokens: &[Vec<u8>]) {
    let mut text = Vec::new();
    let mut starts = Vec::new();
    for token in tokens {
        starts.extend_from_slice(&(text.len() as u32).to_le_bytes());
        text.extend_from_slice(token);
    }
    starts.extend_from_slice(&(text.len() as u32).to_le_bytes());

    // A load between 0.38 and 0.77: misses end after a few neighbouring slots.
    let slot_bits = (tokens.len() * 13 / 10)
        .next_power_of_two()
        .trailing_zeros();
    let slot_count = 1usize << slot_bits;
    let mut slots = vec![0u32; slot_count];
    for (rank, token) in tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !token.is_empty())
    {
        let hash = layout::hash(token);
        let mut slot = layout::first_slot(hash, slot_count);
        while slots[slot] != 0 {
            slot = (slot + 1) % slot_count;
        }
        slots[slot] = layout::slot_value(hash, rank as u32);
    }
    let slot_bytes: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();

    write(folder, &format!("{name}.text"), &text);
    write(folder, &format!("{name}.starts"), &starts);
    write(folder, &format!("{name}.slots"), &slot_bytes);
}

/// A two-stage table from code point to character class: the number of each code point's block,
/// then the distinct blocks.
fn write_character_classes(folder: &Path) {
    let mut classes = vec![0u8; 0x11_0000];
    for (pattern, class) in [
        (r"[\p{Lu}\p{Lt}]", layout::UPPER),
        (r"\p{Ll}", layout::LOWER),
        (r"[\p{Lm}\p{Lo}]", layout::CASELESS),
        (r"\p{M}", layout::MARK),
        (r"\p{N}", layout::NUMBER),
        (r"\s", layout::SPACE),
    ] {
        let parsed = regex_syntax::parse(pattern).expect("the pattern is a valid class");
        let HirKind::Class(Class::Unicode(ranges)) = parsed.kind() else {
            panic!("`{pattern}` is not a Unicode class");
        };
        for range in ranges.iter() {
            for code_point in &mut classes[range.start() as usize..=range.end() as usize] {
                *code_point |= class;
            }
        }
    }

    let mut numbers: HashMap<&[u8], u16> = HashMap::new();
    let mut index = Vec::new();
    let mut blocks = Vec::new();
    for block in classes.chunks(layout::CLASS_BLOCK) {
        let next = numbers.len() as u16;
        let number = *numbers.entry(block).or_insert_with(|| {
            blocks.extend_from_slice(block);
            next
        });
        index.extend_from_slice(&number.to_le_bytes());
    }
    write(folder, "character_class.index", &index);
    write(folder, "character_class.blocks", &blocks);
}

fn write(folder: &Path, name: &str, content: &[u8]) {
    fs::write(folder.join(name), content).expect("the build folder is writable");
}
