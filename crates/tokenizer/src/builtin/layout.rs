//! The layout of the generated tables; `build.rs` writes by it, the crate reads by it.

/// Code points in one block of the character-class table.
pub(crate) const CLASS_BLOCK: usize = 128;

/// Upper-case and title-case letters (`Lu`, `Lt`).
pub(crate) const UPPER: u8 = 1;
/// Lower-case letters (`Ll`).
pub(crate) const LOWER: u8 = 2;
/// Letters without case (`Lm`, `Lo`).
pub(crate) const CASELESS: u8 = 4;
/// Combining marks (`M`).
pub(crate) const MARK: u8 = 8;
/// Numbers of every kind (`N`).
pub(crate) const NUMBER: u8 = 16;
/// White space (`\s`).
pub(crate) const SPACE: u8 = 32;

/// Low bits of a slot that hold the rank plus one; the others hold a piece of the hash.
pub(crate) const RANK_BITS: u32 = 18;

/// Hash of a token's bytes: eight bytes at a time, then a finaliser.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = (bytes.len() as u64).wrapping_mul(FACTOR);
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        state = (state ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
        state ^= state >> 29;
        rest = tail;
    }
    if !rest.is_empty() {
        let mut word = 0u64;
        for &byte in rest {
            word = word << 8 | u64::from(byte);
        }
        state = (state ^ word).wrapping_mul(FACTOR);
    }
    state ^= state >> 32;
    state = state.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    state ^ state >> 32
}

/// Where the search for a hash starts; `slot_count` is a power of two.
pub(crate) fn first_slot(hash: u64, slot_count: usize) -> usize {
    (hash >> 20) as usize & (slot_count - 1)
}

/// What a slot holds for a token: never zero, which marks a free slot.
pub(crate) fn slot_value(hash: u64, rank: u32) -> u32 {
    (hash as u32) << RANK_BITS | (rank + 1)
}
