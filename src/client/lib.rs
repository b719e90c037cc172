//! relais-client.
