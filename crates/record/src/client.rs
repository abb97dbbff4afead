//! What the records say about this program itself: how late it sent, how late it read.

use aiperf_endpoint::Answer;
use aiperf_engine::Exchange;

/// Facts about the client over the records of the measured phases. All times in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct ClientFacts {
    /// Open loop: per request, actual minus intended start.
    pub send_lateness: Vec<u64>,
    /// Closed loop: per session, how long its slot had stood empty before it was written.
    pub slot_empty: Vec<u64>,
    /// Per request with kernel stamps, the longest that received bytes waited for a read.
    pub receive_delay_max: Vec<u64>,
    /// Sum of all those waits.
    pub receive_delay_sum: u64,
    /// Reads of answers.
    pub reads: u64,
    /// Of those, how many the kernel stamped.
    pub kernel_stamped_reads: u64,
    /// Content parts of answers.
    pub parts: u64,
    /// Of those, how many came in the same read as the part before, and so share its instant.
    pub parts_sharing_a_read: u64,
    /// Requests that had to make a connection.
    pub new_connections: u64,
}

impl ClientFacts {
    pub(crate) fn add(&mut self, exchange: &Exchange, answer: &Answer) {
        let http = &exchange.http;
        if let Some(intended) = exchange.intended {
            self.send_lateness.push(http.start.saturating_sub(intended));
        }
        self.slot_empty.extend(exchange.slot_empty);
        if http.kernel_stamped_reads > 0 {
            self.receive_delay_max.push(http.receive_delay_max);
            self.receive_delay_sum += http.receive_delay_sum;
        }
        self.reads += u64::from(http.read_count);
        self.kernel_stamped_reads += u64::from(http.kernel_stamped_reads);
        self.parts += answer.parts.len() as u64;
        self.parts_sharing_a_read += answer
            .parts
            .windows(2)
            .filter(|pair| pair[0].at == pair[1].at)
            .count() as u64;
        self.new_connections += u64::from(!http.connection.is_reused);
    }

    /// Adds the facts of another recorder thread.
    pub fn merge(&mut self, mut other: Self) {
        self.send_lateness.append(&mut other.send_lateness);
        self.slot_empty.append(&mut other.slot_empty);
        self.receive_delay_max.append(&mut other.receive_delay_max);
        self.receive_delay_sum += other.receive_delay_sum;
        self.reads += other.reads;
        self.kernel_stamped_reads += other.kernel_stamped_reads;
        self.parts += other.parts;
        self.parts_sharing_a_read += other.parts_sharing_a_read;
        self.new_connections += other.new_connections;
    }
}
