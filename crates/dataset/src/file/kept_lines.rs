//! Lines that are kept as they were written.

/// Lines one after the other, without anything between them.
#[derive(Debug, Default)]
pub(super) struct KeptLines {
    text: Vec<u8>,
    /// Where each line ends.
    ends: Vec<u64>,
}

impl KeptLines {
    /// With room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes),
            ends: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.ends.push(self.text.len() as u64);
    }

    /// Appends all lines of another.
    pub(super) fn append(&mut self, mut later: Self) {
        let before = self.text.len() as u64;
        self.ends.extend(later.ends.iter().map(|end| end + before));
        self.text.append(&mut later.text);
    }

    /// Line `index`, from 0, which is below [`KeptLines::len`].
    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[index] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_were() {
        let mut lines = KeptLines::default();
        lines.push(b"one");
        let mut later = KeptLines::default();
        later.push(b"two");
        later.push(b"3");
        lines.append(later);
        let found: Vec<_> = (0..lines.len()).map(|index| lines.get(index)).collect();
        assert_eq!(found, [&b"one"[..], b"two", b"3"]);
    }
}
