//! How many requests were under way, and how many sessions waited between two of theirs.

use super::sessions::Sessions;

/// A value from each instant on.
pub(super) type Steps = Vec<(f64, u64)>;

pub(super) struct Curves {
    pub(super) active: Steps,
    pub(super) idle: Steps,
    pub(super) peak_active: u64,
    /// Of both together.
    pub(super) peak_total: u64,
}

impl Curves {
    pub(super) fn new(sessions: &Sessions) -> Self {
        let requests = sessions.turns().map(|turn| (turn.start, turn.end, 1, 0));
        let alive = sessions.0.iter().map(|session| {
            let (start, end) = session.span();
            (start, end, 0, 1)
        });
        let mut events: Vec<(f64, i64, i64)> = requests
            .chain(alive)
            .flat_map(|(start, end, request, session)| {
                [(start, request, session), (end, -request, -session)]
            })
            .collect();
        events.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (mut active, mut idle) = (Steps::new(), Steps::new());
        let (mut requests, mut alive, mut peak_total) = (0_i64, 0_i64, 0);
        let mut events = events.into_iter().peekable();
        while let Some((at, request, session)) = events.next() {
            requests += request;
            alive += session;
            // What happens at one instant is one step.
            if events.peek().is_some_and(|next| next.0 == at) {
                continue;
            }
            let waiting = (alive - requests).max(0);
            append(&mut active, at, requests.max(0) as u64);
            append(&mut idle, at, waiting as u64);
            peak_total = peak_total.max((requests.max(0) + waiting) as u64);
        }
        Self {
            peak_active: active.iter().map(|step| step.1).max().unwrap_or(0),
            peak_total,
            active,
            idle,
        }
    }
}

fn append(steps: &mut Steps, at: f64, value: u64) {
    if steps.last().is_none_or(|last| last.1 != value) {
        steps.push((at, value));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sessions::{Session, Turn};
    use super::*;

    #[test]
    fn requests_and_waiting_sessions_are_counted_at_every_instant() {
        let session = |spans: &[(f64, f64)]| Session {
            turns: spans
                .iter()
                .map(|(start, end)| Turn {
                    start: *start,
                    end: *end,
                    ..Turn::default()
                })
                .collect(),
            ..Session::default()
        };
        let sessions = Sessions(vec![
            session(&[(0.0, 1.0), (3.0, 4.0)]),
            session(&[(1.0, 2.0)]),
        ]);
        let curves = Curves::new(&sessions);
        assert_eq!(curves.active, [(0.0, 1), (2.0, 0), (3.0, 1), (4.0, 0)]);
        assert_eq!(curves.idle, [(0.0, 0), (1.0, 1), (3.0, 0)]);
        assert_eq!((curves.peak_active, curves.peak_total), (1, 2));
    }
}
