//! User-centric load: a steady number of users who talk at a steady pace, in the middle of which
//! the measurement begins.
//!
//! There are `users` seats. Whoever sits in a seat sends one turn every `users / rate` seconds,
//! and the seats are `1 / rate` apart, so together they send `rate` requests per second. A user who
//! has no turn left gives the seat to a new one. At the start of the phase the seats are taken by
//! users who are already part of the way through their conversation, each a different part; only
//! the first seat begins with a new user.
//!
//! When a user begins does not depend on the server. Only later turns do: a user whose answer comes
//! late goes on at once, and from there at the old pace.
//!
//! Inside, time is counted in ticks of `1 / rate`, in which every start is a whole number.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::{Nanos, from_seconds};

/// The users of a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UserCentricPlan {
    rate: f64,
    users: u32,
    /// Turns from the first to the last of a usual conversation, in gaps: at least 1.
    lifetime: u64,
}

/// One user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedUser {
    /// The number that is also its session's correlation id. Number 1 never exists: that user's
    /// conversation ended just before the phase.
    pub id: u64,
    /// Which user of the phase this is in the order in which they sample conversations, from 0.
    pub session: u64,
    /// Which user this is in the order in which they start, from 0.
    pub position: u64,
    /// When it sends its first turn, as an offset from the start of the phase.
    pub start: Nanos,
    /// How many turns it sends, from the first of its conversation: at least 1.
    pub turns: u64,
}

/// A user of whom the conversation's length is not yet known.
#[derive(Debug, Clone, Copy)]
struct Seat {
    id: u64,
    session: u64,
    tick: u64,
    /// At most so many turns.
    turns: u64,
}

impl UserCentricPlan {
    /// `users` users who send `rate` requests per second together, where a conversation has
    /// `average_turns` turns over the whole dataset.
    ///
    /// # Panics
    /// There is no user, or the rate is not a positive finite number; the configuration refuses
    /// both before.
    pub fn new(rate: f64, users: u32, average_turns: f64) -> Self {
        assert!(users > 0, "no users");
        assert!(rate.is_finite() && rate > 0.0, "rate {rate}");
        Self {
            rate,
            users,
            lifetime: (average_turns.round_ties_even() as u64)
                .saturating_sub(1)
                .max(1),
        }
    }

    /// The time between two users' first turns.
    pub fn stagger(&self) -> Nanos {
        self.time(1)
    }

    /// The time between two turns of one user.
    pub fn turn_gap(&self) -> Nanos {
        self.time(u64::from(self.users))
    }

    /// When a user's next turn is due, given when the last one was due and when its answer had
    /// arrived.
    pub fn next_turn(&self, last_due: Nanos, answered: Nanos) -> Nanos {
        answered.max(last_due.saturating_add(self.turn_gap()))
    }

    /// All users in the order in which they start, without end. `turns_of` gives the number of turns
    /// of the conversation that the n-th session of the phase plays; nobody gets more than that.
    pub fn users<F: Fn(u64) -> u64>(&self, turns_of: F) -> Users<F> {
        let mut seats = self.first_seats();
        let seated = seats.len() as u64;
        // The next user is a new one; the seats are taken from the back.
        seats.sort_by_key(|seat| Reverse(seat.tick));
        Users {
            plan: *self,
            turns_of,
            seats,
            free_at: BinaryHeap::new(),
            next_id: u64::from(self.users) + 2,
            next_session: seated,
            position: 0,
        }
    }

    /// The users who are there at the start, in the order of their ids.
    fn first_seats(&self) -> Vec<Seat> {
        let users = u64::from(self.users);
        let stride = self.stride();
        let mut seats: Vec<Seat> = Vec::with_capacity(self.users as usize);
        for index in 0..users {
            // How far through its conversation the user is, in gaps times users.
            let age = (users - index) * self.lifetime;
            let turns = self.lifetime - age / users;
            if turns == 0 {
                continue;
            }
            let slot = match stride {
                Some(stride) => index * stride % users,
                None => age % users,
            };
            seats.push(Seat {
                id: index + 1,
                session: seats.len() as u64,
                tick: users - slot,
                turns,
            });
        }
        seats.push(Seat {
            id: users + 1,
            session: seats.len() as u64,
            tick: 0,
            turns: u64::MAX,
        });
        seats
    }

    /// How far apart successive users sit, where their ages alone would put two in one seat.
    fn stride(&self) -> Option<u64> {
        let users = u64::from(self.users);
        (common_divisor(users, self.lifetime) > 1).then(|| {
            (2..users)
                .find(|&stride| common_divisor(users, stride) == 1)
                .unwrap_or(1)
        })
    }

    fn time(&self, ticks: u64) -> Nanos {
        from_seconds(ticks as f64 / self.rate)
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Iterator over users in the order in which they start, without end.
#[derive(Debug, Clone)]
pub struct Users<F> {
    plan: UserCentricPlan,
    turns_of: F,
    /// Users of the start that are still to come, the next one last.
    seats: Vec<Seat>,
    /// Ticks at which seats become free. No two are equal: seats keep their place within a gap.
    free_at: BinaryHeap<Reverse<u64>>,
    next_id: u64,
    next_session: u64,
    position: u64,
}

impl<F: Fn(u64) -> u64> Iterator for Users<F> {
    type Item = PlannedUser;

    fn next(&mut self) -> Option<PlannedUser> {
        // Seats become free one gap after the start at the earliest, when all of the first users
        // have begun.
        let seat = self.seats.pop().or_else(|| self.newcomer())?;
        let turns = (self.turns_of)(seat.session).clamp(1, seat.turns);
        let free_at = turns
            .saturating_mul(u64::from(self.plan.users))
            .saturating_add(seat.tick);
        self.free_at.push(Reverse(free_at));
        let position = self.position;
        self.position += 1;
        Some(PlannedUser {
            id: seat.id,
            session: seat.session,
            position,
            start: self.plan.time(seat.tick),
            turns,
        })
    }
}

impl<F> Users<F> {
    fn newcomer(&mut self) -> Option<Seat> {
        let Reverse(tick) = self.free_at.pop()?;
        let (id, session) = (self.next_id, self.next_session);
        self.next_id += 1;
        self.next_session += 1;
        Some(Seat {
            id,
            session,
            tick,
            turns: u64::MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const MILLISECOND: Nanos = 1_000_000;

    /// Every turn due before `end` if all answers come in time: (ms, user, turn).
    fn timeline(plan: &UserCentricPlan, turns: u64, end: Nanos) -> Vec<(u64, u64, u64)> {
        let mut sends = Vec::new();
        for user in plan.users(|_| turns).take_while(|user| user.start < end) {
            let mut due = user.start;
            for turn in 0..user.turns {
                if due < end {
                    sends.push((due / MILLISECOND, user.id, turn));
                }
                due = plan.next_turn(due, due + MILLISECOND);
            }
        }
        sends.sort_unstable();
        sends
    }

    #[test]
    fn six_users_of_four_turns_at_ten_per_second() {
        let plan = UserCentricPlan::new(10.0, 6, 4.0);
        assert_eq!(plan.stagger(), 100 * MILLISECOND);
        assert_eq!(plan.turn_gap(), 600 * MILLISECOND);
        assert_eq!(
            timeline(&plan, 4, 1_700 * MILLISECOND),
            [
                (0, 7, 0),
                (100, 2, 0),
                (200, 3, 0),
                (300, 4, 0),
                (400, 5, 0),
                (500, 6, 0),
                (600, 7, 1),
                (700, 8, 0),
                (800, 9, 0),
                (900, 4, 1),
                (1_000, 5, 1),
                (1_100, 6, 1),
                (1_200, 7, 2),
                (1_300, 8, 1),
                (1_400, 9, 1),
                (1_500, 10, 0),
                (1_600, 11, 0),
            ]
        );
    }

    #[test]
    fn the_first_users_have_the_turns_that_their_age_leaves_them() {
        let first: Vec<_> = UserCentricPlan::new(10.0, 6, 4.0)
            .users(|_| 4)
            .take(6)
            .map(|user| (user.id, user.session, user.position, user.turns))
            .collect();
        assert_eq!(
            first,
            [
                (7, 5, 0, 4),
                (2, 0, 1, 1),
                (3, 1, 2, 1),
                (4, 2, 3, 2),
                (5, 3, 4, 2),
                (6, 4, 5, 3)
            ]
        );
    }

    #[test]
    fn ages_place_the_users_where_they_have_no_divisor_in_common() {
        // Fifteen users, twenty turns, one per second: a lifetime of nineteen gaps.
        let first: Vec<_> = UserCentricPlan::new(1.0, 15, 20.0)
            .users(|_| 20)
            .take(15)
            .map(|user| (user.id, user.turns, user.start / 1_000_000_000))
            .collect();
        assert_eq!(
            first,
            [
                (16, 20, 0),
                (5, 6, 1),
                (9, 11, 2),
                (13, 16, 3),
                (2, 2, 4),
                (6, 7, 5),
                (10, 12, 6),
                (14, 17, 7),
                (3, 3, 8),
                (7, 8, 9),
                (11, 13, 10),
                (15, 18, 11),
                (4, 4, 12),
                (8, 9, 13),
                (12, 14, 14)
            ]
        );
    }

    #[test]
    fn nobody_gets_more_turns_than_the_conversation_has() {
        // Sessions play conversations of 9, 1, 1, 9, 1, 1 … turns: four on average.
        let turns_of = |session: u64| if session.is_multiple_of(3) { 9 } else { 1 };
        let plan = UserCentricPlan::new(10.0, 6, 11.0 / 3.0);
        let users: Vec<_> = plan.users(turns_of).take(200).collect();
        assert!(
            users
                .iter()
                .all(|user| user.turns <= turns_of(user.session))
        );
        let find = |id| users.iter().find(|user| user.id == id).unwrap();
        // User 4 is due two turns and has one: its seat is free one gap later, not two.
        assert_eq!((find(4).turns, find(4).start), (1, 300 * MILLISECOND));
        assert!(users.iter().any(|user| user.start == 900 * MILLISECOND));
    }

    #[test]
    fn a_late_answer_moves_the_later_turns_of_its_user_only() {
        let plan = UserCentricPlan::new(10.0, 6, 4.0);
        let gap = plan.turn_gap();
        assert_eq!(plan.next_turn(500, 700), 500 + gap);
        let late = plan.next_turn(500, 500 + 3 * gap);
        assert_eq!(late, 500 + 3 * gap);
        assert_eq!(plan.next_turn(late, late + 1), late + gap);
    }

    #[test]
    fn the_average_number_of_turns_is_rounded_to_even() {
        for (average, same_as) in [(2.5, 2.0), (3.5, 4.0), (4.4, 4.0), (0.0, 1.0), (1.0, 2.0)] {
            assert_eq!(
                UserCentricPlan::new(1.0, 5, average),
                UserCentricPlan::new(1.0, 5, same_as)
            );
        }
    }

    #[test]
    fn one_user_is_replaced_when_it_has_ended() {
        let users: Vec<_> = UserCentricPlan::new(2.0, 1, 3.0)
            .users(|_| 3)
            .take(3)
            .map(|user| (user.id, user.start / MILLISECOND, user.turns))
            .collect();
        assert_eq!(users, [(2, 0, 3), (3, 1_500, 3), (4, 3_000, 3)]);
    }

    proptest! {
        #[test]
        fn with_equal_conversations_one_turn_is_due_on_every_tick(
            users in 1..40u32,
            turns in 1..30u64,
        ) {
            let plan = UserCentricPlan::new(1_000.0, users, turns as f64);
            let ticks = 4 * u64::from(users) * turns;
            let sends = timeline(&plan, turns, ticks * MILLISECOND);
            let due: Vec<u64> = sends.iter().map(|send| send.0).collect();
            prop_assert_eq!(due, (0..ticks).collect::<Vec<_>>());
        }

        #[test]
        fn users_are_numbered_in_order_and_never_share_a_tick(
            users in 1..40u32,
            lengths in prop::collection::vec(1..9u64, 1..9),
        ) {
            let average = lengths.iter().sum::<u64>() as f64 / lengths.len() as f64;
            let plan = UserCentricPlan::new(1_000.0, users, average);
            let planned: Vec<_> = plan
                .users(|session| lengths[session as usize % lengths.len()])
                .take(500)
                .collect();
            prop_assert!(planned.windows(2).all(|pair| pair[0].start < pair[1].start));
            let by_id: BTreeMap<u64, u64> =
                planned.iter().map(|user| (user.id, user.session)).collect();
            prop_assert_eq!(by_id.len(), planned.len());
            // Conversations are sampled in the order of ids, and the first id is 2.
            prop_assert!(by_id.iter().all(|(&id, &session)| id == session + 2));
            prop_assert!((0..).zip(&planned).all(|(position, user)| user.position == position));
        }
    }
}
