//! Hosts as Ingresses and Gateways write them.

/// Whether a host stands for many: it begins with `*`.
pub(super) fn is_wildcard(host: &str) -> bool {
    host.starts_with('*')
}

/// Whether a certificate's host is good for another one: the same, or a wildcard one label above it.
pub(super) fn certifies(certificate: &str, host: &str) -> bool {
    if certificate.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(domain), Some((label, above))) = (certificate.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    !label.is_empty() && above.eq_ignore_ascii_case(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_certificate_is_good_for_one_label() {
        assert!(certifies("shop.example.com", "Shop.example.com"));
        assert!(certifies("*.example.com", "shop.example.com"));
        assert!(certifies("*.example.com", "*.example.com"));
        assert!(!certifies("*.example.com", "a.shop.example.com"));
        assert!(!certifies("*.example.com", "example.com"));
        assert!(!certifies("shop.example.com", "example.com"));
    }
}
