//! Recognizes addresses of this machine.

/// Whether the host of a URL is this machine. An IPv6 address may be in brackets.
pub fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
