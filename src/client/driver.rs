//! The tokio shell: sockets, HTTP, local files, clocks and randomness.
