//! relais-care.
