//! Free ports on loopback.
//!
//! A port is found by binding it and letting it go again, so another process can take it before the server it is meant
//! for does; whoever starts a server therefore tries again when [`crate::process::Died::address_in_use`]. They come from
//! below the range out of which systems serve port 0 and outgoing connections: a port of that range is taken by the next
//! client that happens to draw it, and one that keeps trying to reach a server which is being started again can even
//! meet itself there.

use std::hash::{BuildHasher as _, RandomState};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};

/// The first port that is tried, and how many follow.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// The place from which the next port is looked for: no port is handed out twice in a process before all were, and other
/// processes begin elsewhere.
static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(COUNT) / 2));

/// Finds `count` different ports nobody on 127.0.0.1 listens on.
///
/// # Errors
/// When there are not so many.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    let next = || NEXT.fetch_add(1, Ordering::Relaxed) % u64::from(COUNT);
    let tried = (0..COUNT).filter_map(|_| FIRST.checked_add(u16::try_from(next()).ok()?));
    let ports: Vec<u16> = tried.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).take(count).collect();
    ensure!(ports.len() == count, "no free port on 127.0.0.1; close some programs and try again");
    Ok(ports)
}

/// Finds one port nobody on 127.0.0.1 listens on.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    free_ports(1)?.pop().context("no port was looked for")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_ports_differ_and_can_be_bound() {
        let ports = free_ports(20).unwrap();
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 20);
        for port in ports {
            TcpListener::bind(("127.0.0.1", port)).unwrap();
        }
    }
}
