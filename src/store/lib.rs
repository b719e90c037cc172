//! relais-store.
