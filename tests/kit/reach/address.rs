//! Ranges of addresses.

use std::net::IpAddr;

/// Whether an address lies in a range; one of the other family never does.
pub fn within(cidr: &str, address: IpAddr) -> bool {
    let (base, length) = cidr.split_once('/').unwrap_or_else(|| panic!("{cidr} has no length"));
    let base: IpAddr = base.parse().unwrap_or_else(|e| panic!("{cidr}: {e}"));
    let length: u32 = length.parse().unwrap_or_else(|e| panic!("{cidr}: {e}"));
    let (base, address, width) = match (base, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    assert!(length <= width, "{cidr} is longer than an address");
    let free = width - length;
    free == 128 || base >> free == address >> free
}
