//! relais-proof.
