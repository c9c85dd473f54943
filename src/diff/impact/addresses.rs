//! Sets of IP addresses, so that ranges are compared by what they hold and not by how they are cut.

use std::net::IpAddr;

use crate::validate::grammar;

/// First and last address of a range, IPv4 before IPv6.
type Range = (Address, Address);
/// Whether it is IPv6, and its bits.
type Address = (bool, u128);

/// A set of addresses: ranges that neither overlap nor touch, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Addresses(Vec<Range>);

impl Addresses {
    /// Returns the addresses of a CIDR; none where it is not one.
    pub(super) fn of(cidr: &str) -> Self {
        let Some((address, length)) = grammar::prefix(cidr) else { return Self::default() };
        let (is_v6, bits, width) = match address {
            IpAddr::V4(v4) => (false, u128::from(u32::from(v4)), 32_u32),
            IpAddr::V6(v6) => (true, u128::from(v6), 128),
        };
        let rest = width.saturating_sub(length);
        // All bits behind the prefix; shifting by the whole width is no shift in Rust.
        let mask = 1_u128.checked_shl(rest).map_or(u128::MAX, |end| end - 1);
        Self(vec![((is_v6, bits & !mask), (is_v6, bits | mask))])
    }

    /// Adds the addresses of another set.
    pub(super) fn add(&mut self, other: &Self) {
        self.0.extend(&other.0);
        self.0.sort_unstable();
        let mut whole: Vec<Range> = Vec::new();
        for (first, last) in self.0.drain(..) {
            match whole.last_mut() {
                Some((_, end)) if first <= *end || Some(first) == after(*end) => {
                    *end = last.max(*end);
                }
                _ => whole.push((first, last)),
            }
        }
        self.0 = whole;
    }

    /// Returns the addresses that another set does not hold.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (mut first, last) in self.0.iter().copied() {
            let mut is_covered = false;
            for (start, end) in other.0.iter().copied() {
                if end < first || start > last {
                    continue;
                }
                if let Some(until) = before(start).filter(|until| first <= *until) {
                    left.push((first, until));
                }
                match after(end).filter(|next| *next <= last) {
                    Some(next) => first = next,
                    None => {
                        is_covered = true;
                        break;
                    }
                }
            }
            if !is_covered {
                left.push((first, last));
            }
        }
        Self(left)
    }

    /// Whether it holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn after((is_v6, bits): Address) -> Option<Address> {
    bits.checked_add(1).map(|bits| (is_v6, bits))
}

fn before((is_v6, bits): Address) -> Option<Address> {
    bits.checked_sub(1).map(|bits| (is_v6, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(cidrs: &[&str]) -> Addresses {
        let mut all = Addresses::default();
        cidrs.iter().for_each(|cidr| all.add(&Addresses::of(cidr)));
        all
    }

    #[test]
    fn halves_are_the_whole() {
        assert_eq!(set(&["10.128.0.0/9", "10.0.0.0/9"]), set(&["10.0.0.0/8"]));
        assert_eq!(set(&["0.0.0.0/0", "10.0.0.0/8"]), set(&["0.0.0.0/0"]));
        assert_eq!(set(&["::/1", "8000::/1"]), set(&["::/0"]));
        assert_ne!(set(&["0.0.0.0/0"]), set(&["::/0"]));
        assert_eq!(set(&["10.0.0.7/8"]), set(&["10.0.0.0/8"]), "host bits do not count");
        assert!(set(&["nonsense", "10.0.0.0"]).is_empty());
    }

    #[test]
    fn what_is_taken_out_is_out() {
        let all = set(&["0.0.0.0/0"]);
        let without = all.without(&set(&["169.254.0.0/16"]));
        assert_eq!(all.without(&without), set(&["169.254.0.0/16"]));
        assert!(without.without(&all).is_empty());
        assert!(all.without(&all).is_empty() && set(&["::/0"]).without(&set(&["::/0"])).is_empty());
        assert_eq!(set(&["10.0.0.0/8"]).without(&set(&["::/0"])), set(&["10.0.0.0/8"]));
        let holes = set(&["10.0.0.0/29"]).without(&set(&["10.0.0.1/32", "10.0.0.4/31"]));
        assert_eq!(holes, set(&["10.0.0.0/32", "10.0.0.2/31", "10.0.0.6/31"]));
        assert_eq!(set(&["10.0.0.0/30", "10.1.0.0/30"]).without(&set(&["10.0.0.0/8"])), set(&[]));
    }
}
