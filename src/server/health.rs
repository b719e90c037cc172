//! Asks a server whether it may take traffic: a container's health check that needs no other program.
//!
//! Not known here: TLS; the check runs beside the server, over plain HTTP or against the proxy's inner side.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// Time for the connection, and for each read and write.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Bytes read of an answer; the status stands in the first dozen.
const ANSWER_MAX: u64 = 4_096;

/// Why a server is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Not an address of the form `http://host:port`.
    #[error("must be http://host:port")]
    Address,
    /// It cannot be reached.
    #[error("cannot be reached")]
    Unreachable(#[from] io::Error),
    /// It answers that it takes no traffic, or something else than this server.
    #[error("takes no traffic")]
    NotReady,
}

/// Asks `/readyz` once.
///
/// # Errors
/// [`Unhealthy`].
pub fn check(url: &str) -> Result<(), Unhealthy> {
    let host = url.strip_prefix("http://").ok_or(Unhealthy::Address)?.trim_end_matches('/');
    if host.is_empty() || host.contains('/') {
        return Err(Unhealthy::Address);
    }
    let mut addresses = host.to_socket_addrs().map_err(|_| Unhealthy::Address)?;
    let address = addresses.next().ok_or(Unhealthy::Address)?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream
        .write_all(format!("GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer)?;
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(Unhealthy::NotReady) }
}

#[cfg(test)]
mod tests {
    use super::{Unhealthy, check};

    #[test]
    fn only_plain_http_addresses_are_asked() {
        for url in
            ["https://127.0.0.1:1", "127.0.0.1:1", "http://", "http://127.0.0.1:1/path", "http://nowhere"]
        {
            assert!(matches!(check(url), Err(Unhealthy::Address)), "{url}");
        }
    }

    #[test]
    fn a_closed_port_is_unhealthy() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(matches!(check(&format!("http://127.0.0.1:{port}")), Err(Unhealthy::Unreachable(_))));
    }
}
