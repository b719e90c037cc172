//! relais-hub.
