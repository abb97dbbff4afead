//! Changes of the curves, and how they are put in order.

/// Changes that one request makes at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Event {
    /// Change of the rate of decoding by chunks, in tokens per nanosecond.
    pub(super) rate: f64,
    /// Change of the tokens in flight.
    pub(super) tokens: f64,
    /// Position of the request.
    pub(super) request: u32,
    /// Spans that begin or end.
    pub(super) edges: u8,
}

pub(super) const BEGIN: u8 = 1;
pub(super) const END: u8 = 1 << 1;
pub(super) const PREFILL_BEGIN: u8 = 1 << 2;
pub(super) const PREFILL_END: u8 = 1 << 3;
pub(super) const DECODE_BEGIN: u8 = 1 << 4;
pub(super) const DECODE_END: u8 = 1 << 5;
pub(super) const CHUNKS_BEGIN: u8 = 1 << 6;
pub(super) const CHUNKS_END: u8 = 1 << 7;

/// Instants in the order of their keys: the even ones are nanoseconds, an odd one is the moment
/// before the nanosecond that follows it.
#[inline]
pub(super) fn key(nanoseconds: u64) -> u64 {
    nanoseconds << 1
}

/// The time of a key in nanoseconds.
#[inline]
pub(super) fn time(key: u64) -> f64 {
    if key & 1 == 0 {
        (key >> 1) as f64
    } else {
        ((key >> 1) as f64 + 1.0).next_down()
    }
}

/// Takes the changes that requests make, one request after the other.
pub(super) trait Changes {
    /// Takes a change at the instant `key`, or adds it to the one before if that is of the same
    /// instant and request.
    fn change(&mut self, key: u64, rate: f64, tokens: f64, request: u32, edges: u8);
}

/// All changes of one request.
pub(super) type Ready = Vec<(u64, Event)>;

impl Changes for Ready {
    fn change(&mut self, key: u64, rate: f64, tokens: f64, request: u32, edges: u8) {
        match self.last_mut() {
            Some((last_key, last)) if *last_key == key => last.add(rate, tokens, edges),
            _ => self.push((
                key,
                Event {
                    rate,
                    tokens,
                    request,
                    edges,
                },
            )),
        }
    }
}

pub(super) fn in_order(changes: &mut Ready) {
    // Nearly always they are. Stable, so that a record always gives the same sums.
    if !changes.is_sorted_by_key(|change| change.0) {
        changes.sort_by_key(|change| change.0);
    }
}

impl Event {
    #[inline]
    fn add(&mut self, rate: f64, tokens: f64, edges: u8) {
        self.rate += rate;
        self.tokens += tokens;
        self.edges |= edges;
    }
}

/// The changes of a stretch of time. The instants stand apart, because they are what is sorted.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    /// The key that instants count from.
    pub(super) start: u64,
    instants: Vec<u32>,
    pub(super) events: Vec<Event>,
}

/// The longest stretch, in keys.
pub(super) const LONGEST: u64 = u32::MAX as u64;

impl Stretch {
    /// An empty stretch from `start` on.
    pub(super) fn begin(&mut self, start: u64) {
        self.start = start;
        self.instants.clear();
        self.events.clear();
    }

    /// Appends a change of another instant or request than the one before.
    #[inline]
    pub(super) fn append(&mut self, key: u64, event: Event) {
        self.instants.push(self.instant(key));
        self.events.push(event);
    }

    #[inline]
    fn instant(&self, key: u64) -> u32 {
        key.wrapping_sub(self.start) as u32
    }
}

impl Changes for Stretch {
    #[inline]
    fn change(&mut self, key: u64, rate: f64, tokens: f64, request: u32, edges: u8) {
        let instant = self.instant(key);
        match (self.instants.last(), self.events.last_mut()) {
            (Some(&last_instant), Some(last))
                if last_instant == instant && last.request == request =>
            {
                last.add(rate, tokens, edges);
            }
            _ => self.append(
                key,
                Event {
                    rate,
                    tokens,
                    request,
                    edges,
                },
            ),
        }
    }
}

/// Where the change at an instant stands in its stretch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Place {
    /// Keys since the start of the stretch.
    pub(super) instant: u32,
    pub(super) index: u32,
}

/// Sorts stretches by time: by two digits, the lower one first, and where that does not do, the few
/// that are alike in both.
#[derive(Debug, Default)]
pub(super) struct Order {
    by_low: Vec<Place>,
    places: Vec<Place>,
}

/// So many counters fit into a core's innermost cache.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

impl Order {
    /// The places of all changes of a stretch of `width` keys, in order of time.
    pub(super) fn of(&mut self, stretch: &Stretch, width: u64) -> &[Place] {
        let bits = u64::BITS - width.leading_zeros();
        let shift = bits.saturating_sub(2 * DIGIT_BITS);
        let low_digit = |instant: u32| (instant >> shift) as usize % DIGITS;
        let high_digit = |instant: u32| (instant >> shift >> DIGIT_BITS) as usize % DIGITS;
        let (mut low_places, mut high_places) = ([0_u32; DIGITS], [0_u32; DIGITS]);
        for &instant in &stretch.instants {
            low_places[low_digit(instant)] += 1;
            high_places[high_digit(instant)] += 1;
        }
        for places in [&mut low_places, &mut high_places] {
            let mut before = 0;
            for place in places {
                before += std::mem::replace(place, before);
            }
        }
        // What was there before is overwritten: a change for every place.
        self.by_low.resize(stretch.instants.len(), Place::default());
        for (&instant, index) in stretch.instants.iter().zip(0..) {
            let place = &mut low_places[low_digit(instant)];
            self.by_low[*place as usize] = Place { instant, index };
            *place += 1;
        }
        self.places.resize(stretch.instants.len(), Place::default());
        for change in &self.by_low {
            let place = &mut high_places[high_digit(change.instant)];
            self.places[*place as usize] = *change;
            *place += 1;
        }
        if shift > 0 {
            self.sort_alike(|instant| instant >> shift);
        }
        &self.places
    }

    /// Sorts those that have the same digits.
    fn sort_alike(&mut self, digits_of: impl Fn(u32) -> u32) {
        for index in 1..self.places.len() {
            let instant = self.places[index].instant;
            if self.places[index - 1].instant <= instant {
                continue;
            }
            let is_alike = |place: &&Place| digits_of(place.instant) == digits_of(instant);
            let (before, after) = self.places.split_at(index);
            let start = index - before.iter().rev().take_while(is_alike).count();
            let end = index + after.iter().take_while(is_alike).count();
            self.places[start..end].sort_unstable_by_key(|place| place.instant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stretch_is_in_order_of_time_however_its_changes_are_spread(
            start in 0..1_000_000_u64,
            width in prop_oneof![2..5_000_000_u64, 2..=LONGEST, Just(LONGEST)],
            places in proptest::collection::vec(
                prop_oneof![0.0..1.0_f64, 0.5..0.501_f64, 0.5..0.500_000_1_f64], 0..400),
        ) {
            let event = Event { rate: 0.0, tokens: 0.0, request: 0, edges: 0 };
            let mut stretch = Stretch::default();
            stretch.begin(start);
            let mut expected = Vec::new();
            for place in places {
                let instant = (place * width as f64) as u64;
                expected.push(instant as u32);
                stretch.append(start + instant, event);
            }
            let mut order = Order::default();
            let found = order.of(&stretch, width).to_vec();
            let mut seen: Vec<u32> = found.iter().map(|place| place.index).collect();
            let instants: Vec<u32> = found.iter().map(|place| place.instant).collect();
            let own: Vec<u32> = seen.iter().map(|&index| expected[index as usize]).collect();
            prop_assert_eq!(&own, &instants);
            seen.sort_unstable();
            prop_assert!(seen.iter().copied().eq(0..expected.len() as u32));
            expected.sort_unstable();
            prop_assert_eq!(instants, expected);
        }
    }
}
