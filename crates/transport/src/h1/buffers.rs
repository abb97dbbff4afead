//! Memory that the connections of one thread share.

use std::cell::RefCell;
use std::rc::Rc;

use crate::stream::ReadScratch;

/// Heads of requests are short, and few are on their way at the same time.
const MOST_KEPT: usize = 16;
const LONGEST_KEPT: usize = 16 * 1024;

/// What connections need only while they are polled, or until a request has been written.
#[derive(Clone)]
pub(crate) struct Buffers(Rc<Shared>);

struct Shared {
    read: ReadScratch,
    heads: RefCell<Vec<Vec<u8>>>,
}

impl Buffers {
    /// Reads go into the thread's memory for them.
    pub(crate) fn new(read: ReadScratch) -> Self {
        Self(Rc::new(Shared {
            read,
            heads: RefCell::default(),
        }))
    }

    /// Lends the memory to read into.
    pub(super) fn lend<R>(&self, read: impl FnOnce(&mut [u8]) -> R) -> R {
        self.0.read.lend(read)
    }

    /// Memory for the head of a request.
    pub(super) fn take_head(&self) -> Vec<u8> {
        self.0.heads.borrow_mut().pop().unwrap_or_default()
    }

    /// Gives the memory of a head back that has been written.
    pub(super) fn give_head(&self, mut head: Vec<u8>) {
        let mut heads = self.0.heads.borrow_mut();
        if heads.len() < MOST_KEPT && head.capacity() <= LONGEST_KEPT {
            head.clear();
            heads.push(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_heads_is_used_again_but_not_hoarded() {
        let buffers = Buffers::new(ReadScratch::new());
        let mut head = buffers.take_head();
        head.extend_from_slice(b"GET / HTTP/1.1\r\n");
        let memory = head.as_ptr();
        buffers.give_head(head);
        let again = buffers.take_head();
        assert_eq!((again.as_ptr(), again.len()), (memory, 0));

        buffers.give_head(Vec::with_capacity(LONGEST_KEPT + 1));
        assert_eq!(buffers.take_head().capacity(), 0);
        for _ in 0..2 * MOST_KEPT {
            buffers.give_head(Vec::with_capacity(1));
        }
        let kept = (0..).take_while(|_| buffers.take_head().capacity() > 0);
        assert_eq!(kept.count(), MOST_KEPT);
    }
}
