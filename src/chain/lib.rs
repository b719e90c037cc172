//! relais-chain.
