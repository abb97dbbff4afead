//! Values that are a function of a text, so that equal texts get equal answers.

use std::hash::{DefaultHasher, Hash, Hasher};

use aiperf_random::RootSeed;
use rand::Rng;

/// A vector of length 1 in a direction that depends on the text.
pub(super) fn embedding(text: &str, dimensions: u64) -> Vec<f32> {
    let mut random = RootSeed::fixed(hash(text)).stream("mock.embedding").at(0);
    let mut vector: Vec<f32> = (0..dimensions)
        .map(|_| random.random::<f32>() - 0.5)
        .collect();
    let length = vector.iter().map(|number| number * number).sum::<f32>();
    let length = length.sqrt().max(f32::MIN_POSITIVE);
    for number in &mut vector {
        *number /= length;
    }
    vector
}

/// A score from 0 to 1 for a passage, given a query.
pub(super) fn score(query: &str, passage: &str) -> f64 {
    // The upper 53 bits, which a double holds exactly.
    (hash(&(query, passage)) >> 11) as f64 / (1u64 << 53) as f64
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_have_length_one_and_depend_on_the_text_alone() {
        let vector = embedding("a", 768);
        assert_eq!(vector.len(), 768);
        let length: f32 = vector.iter().map(|number| number * number).sum();
        assert!((length - 1.0).abs() < 1e-4, "{length}");
        assert_eq!(vector, embedding("a", 768));
        assert_ne!(vector, embedding("b", 768));
    }

    #[test]
    fn scores_lie_between_zero_and_one_and_depend_on_both_texts() {
        assert_eq!(score("q", "p"), score("q", "p"));
        assert_ne!(score("q", "p"), score("q", "r"));
        assert!((0..100).all(|n| (0.0..1.0).contains(&score("q", &n.to_string()))));
    }
}
