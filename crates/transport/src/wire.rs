//! What is known of the bytes on one connection.

use std::cell::Cell;

use aiperf_clock::Nanos;

/// Who stamps received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampSource {
    /// The kernel where the socket delivers stamps, this program otherwise.
    #[default]
    Auto,
    /// The kernel; the run says so where a socket delivers none.
    Kernel,
    /// This program, when the read system call has returned.
    User,
}

/// Instants and counts of the exchange that a connection is carrying.
///
/// Shared between the stream, which writes them, and the exchange, which reads them; both live on
/// one thread. All instants are monotonic nanoseconds; 0 means "not yet".
#[derive(Debug, Default)]
pub struct WireStamps {
    /// Before the first write of the exchange.
    pub first_write: Cell<Nanos>,
    /// After the last write that the kernel accepted; never after an answer that came while that
    /// write was still returning.
    pub last_write: Cell<Nanos>,
    /// Before that write.
    last_write_began: Cell<Nanos>,
    /// Number of writes.
    pub writes: Cell<u32>,
    /// Bytes that the kernel accepted, head and body.
    pub bytes_written: Cell<u64>,
    /// The first read of the exchange.
    pub first_read: Cell<Nanos>,
    /// The latest read: the kernel's stamp where there is one.
    pub last_read: Cell<Nanos>,
    /// Number of reads that returned bytes.
    pub reads: Cell<u32>,
    /// Of those, how many carried a kernel stamp.
    pub kernel_stamped_reads: Cell<u32>,
    /// Bytes received, head and framing included.
    pub bytes_read: Cell<u64>,
    /// Largest receive delay: user instant minus kernel instant of one read.
    pub receive_delay_max: Cell<Nanos>,
    /// Sum of the receive delays of the kernel-stamped reads.
    pub receive_delay_sum: Cell<Nanos>,
    /// The HTTP layer has taken the whole body of the request.
    pub(crate) body_taken: Cell<bool>,
    /// The kernel did not accept everything that was to be written.
    pub(crate) write_blocked: Cell<bool>,
    /// Reads go to the socket even where the event loop has announced nothing to read: for finding
    /// out what has become of an idle connection.
    pub(crate) reads_unannounced: Cell<bool>,
}

impl WireStamps {
    /// Forgets the previous exchange.
    pub fn begin_exchange(&self) {
        let Self {
            first_write,
            last_write,
            last_write_began,
            writes,
            bytes_written,
            first_read,
            last_read,
            reads,
            kernel_stamped_reads,
            bytes_read,
            receive_delay_max,
            receive_delay_sum,
            body_taken,
            write_blocked,
            reads_unannounced: _,
        } = self;
        body_taken.set(false);
        write_blocked.set(false);
        for instant in [
            first_write,
            last_write,
            last_write_began,
            first_read,
            last_read,
        ] {
            instant.set(0);
        }
        for count in [writes, reads, kernel_stamped_reads] {
            count.set(0);
        }
        for amount in [
            bytes_written,
            bytes_read,
            receive_delay_max,
            receive_delay_sum,
        ] {
            amount.set(0);
        }
    }

    /// Whether the kernel has accepted the whole request. To be asked when the HTTP layer has
    /// nothing more to do: what it has taken and not been refused, it has written.
    pub(crate) fn is_sent(&self) -> bool {
        self.body_taken.get() && !self.write_blocked.get() && self.writes.get() > 0
    }

    pub(crate) fn wrote(&self, before: Nanos, after: Nanos, bytes: usize) {
        if self.first_write.get() == 0 {
            self.first_write.set(before);
        }
        self.last_write.set(after);
        self.last_write_began.set(before);
        self.writes.set(self.writes.get() + 1);
        self.bytes_written
            .set(self.bytes_written.get() + bytes as u64);
    }

    /// Notes a read that returned at `user` with `bytes`. `delay` is how long the last of those
    /// bytes had already waited in the kernel, where the kernel says so.
    pub(crate) fn read(&self, user: Nanos, delay: Option<Nanos>, bytes: usize) {
        let mut instant = user;
        if let Some(delay) = delay {
            // Stamps of one connection never run backwards, whatever the wall clock did.
            instant = user.saturating_sub(delay).max(self.last_read.get());
            let delay = user - instant.min(user);
            self.kernel_stamped_reads
                .set(self.kernel_stamped_reads.get() + 1);
            self.receive_delay_sum
                .set(self.receive_delay_sum.get() + delay);
            self.receive_delay_max
                .set(self.receive_delay_max.get().max(delay));
        }
        if self.first_read.get() == 0 {
            self.first_read.set(instant);
            // The kernel had sent the request, and the answer was there, before the system call
            // came back: this thread was kept from its core.
            if (self.last_write_began.get()..self.last_write.get()).contains(&instant) {
                self.last_write.set(instant);
            }
        }
        self.last_read.set(instant);
        self.reads.set(self.reads.get() + 1);
        self.bytes_read.set(self.bytes_read.get() + bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_stamp_moves_the_instant_back_and_is_kept_as_receive_delay() {
        let wire = WireStamps::default();
        wire.read(1_000, Some(300), 10);
        assert_eq!((wire.first_read.get(), wire.last_read.get()), (700, 700));
        assert_eq!(wire.receive_delay_max.get(), 300);
        wire.read(1_500, None, 5);
        assert_eq!((wire.first_read.get(), wire.last_read.get()), (700, 1_500));
        assert_eq!((wire.reads.get(), wire.kernel_stamped_reads.get()), (2, 1));
        assert_eq!(wire.bytes_read.get(), 15);
    }

    #[test]
    fn a_write_that_returns_late_does_not_end_after_its_answer() {
        for (stamp, last_write) in [(150, 200), (160, 160), (199, 199), (250, 200)] {
            let wire = WireStamps::default();
            wire.wrote(160, 200, 10);
            wire.read(300, Some(300 - stamp), 5);
            assert_eq!(wire.first_read.get(), stamp);
            assert_eq!(wire.last_write.get(), last_write, "{stamp}");
        }
    }

    #[test]
    fn stamps_of_one_connection_never_run_backwards() {
        let wire = WireStamps::default();
        wire.read(1_000, Some(0), 1);
        wire.read(1_100, Some(500), 1);
        assert_eq!(wire.last_read.get(), 1_000);
    }
}
