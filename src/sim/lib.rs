//! relais-sim.
