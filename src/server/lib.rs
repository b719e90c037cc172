//! relais-server.
