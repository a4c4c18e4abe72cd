//! Network addresses and blocks of them, as values: nothing here opens a connection.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

/// A block of addresses such as `10.0.0.0/8`; a single address is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    length: u8,
}

/// Blocks whose addresses the internet doesn't route: private (RFC 1918, RFC 4193), shared between a provider and its
/// customers (RFC 6598), link-local (RFC 3927, RFC 4291) and of the node itself.
const PRIVATE: [&str; 9] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
];

impl Cidr {
    /// Whether every address of another block is in this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (Some(own), Some(theirs)) = (self.first_bits(self.length), other.first_bits(self.length)) else {
            return false;
        };
        self.address.is_ipv4() == other.address.is_ipv4() && self.length <= other.length && own == theirs
    }

    /// Whether the internet routes none of its addresses.
    #[must_use]
    pub fn is_private(&self) -> bool {
        PRIVATE.iter().filter_map(|block| block.parse().ok()).any(|block: Self| block.covers(self))
    }

    /// The first so many bits of the address; nothing if it has fewer.
    fn first_bits(&self, length: u8) -> Option<u128> {
        let (bits, width) = match self.address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32_u8),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let dropped = width.checked_sub(length)?;
        Some(bits.checked_shr(u32::from(dropped)).unwrap_or(0))
    }
}

/// A text that is no block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address and no block of addresses; write one such as `10.0.0.0/8`")]
pub struct ParseCidrError(String);

impl FromStr for Cidr {
    type Err = ParseCidrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseCidrError(text.to_owned());
        let (address, length) = text.split_once('/').map_or((text, None), |(it, length)| (it, Some(length)));
        let address: IpAddr = address.trim().parse().map_err(|_| refused())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(width), |length| length.trim().parse().map_err(|_| refused()))?;
        if length > width { Err(refused()) } else { Ok(Self { address, length }) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn a_block_covers_what_is_within_it() {
        assert!(cidr("10.0.0.0/8").covers(&cidr("10.1.2.3")));
        assert!(cidr("10.0.0.0/8").covers(&cidr("10.1.0.0/16")));
        assert!(!cidr("10.1.0.0/16").covers(&cidr("10.0.0.0/8")));
        assert!(cidr("0.0.0.0/0").covers(&cidr("203.0.113.7/32")));
        assert!(!cidr("0.0.0.0/0").covers(&cidr("2001:db8::1")));
        assert!(cidr("2001:db8::/32").covers(&cidr("2001:db8:1::/48")));
        assert!(!cidr("10.0.0.0/8").covers(&cidr("11.0.0.0/8")));
    }

    #[test]
    fn private_is_what_the_internet_does_not_route() {
        for private in ["10.0.0.0/8", "172.31.0.0/16", "192.168.1.1", "100.64.0.0/10", "fd00::/8", "::1"] {
            assert!(cidr(private).is_private(), "{private}");
        }
        for public in ["0.0.0.0/0", "172.32.0.0/16", "8.8.8.8", "10.0.0.0/7", "::/0", "2001:db8::/32"] {
            assert!(!cidr(public).is_private(), "{public}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused_in_words() {
        for text in ["", "10.0.0.0/33", "10.0.0", "shop.example.com", "::/129"] {
            let error = text.parse::<Cidr>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no address")), "{error}");
        }
    }
}
