//! Free ports on loopback.
//!
//! A port is found by binding port 0 and letting it go again, so another process can take it before the server it
//! is meant for does; whoever starts a server therefore tries again when [`crate::process::Died::address_in_use`].

use std::net::TcpListener;

use anyhow::{Context, Result};

/// Finds `count` different ports nobody on 127.0.0.1 listens on.
///
/// # Errors
/// When the system has no port left.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    // All are held together: the system may hand out the same port twice otherwise.
    let held: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind(("127.0.0.1", 0)))
        .collect::<std::io::Result<_>>()
        .context("no free port on 127.0.0.1; close some programs and try again")?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// Finds one port nobody on 127.0.0.1 listens on.
///
/// # Errors
/// When the system has no port left.
pub fn free_port() -> Result<u16> {
    free_ports(1)?.pop().context("no free port on 127.0.0.1; close some programs and try again")
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
