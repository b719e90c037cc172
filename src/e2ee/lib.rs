//! relais-e2ee.
