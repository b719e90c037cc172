//! `cargo x seed N`: one run again.

use relais_sim::{chaos, guard};

#[test]
#[ignore = "plays the run that RELAIS_SIM_SEED names"]
fn the_seed_of_the_environment_holds() {
    guard::install();
    let named = std::env::var("RELAIS_SIM_SEED").unwrap_or_else(|_| "1".to_owned());
    let seed: u64 = named.parse().expect("RELAIS_SIM_SEED is a number");
    println!("seed {seed}\n{}", chaos::run(seed));
}

#[test]
fn a_seed_is_one_run_and_always_the_same() {
    guard::install();
    assert_eq!(chaos::run(7).to_string(), chaos::run(7).to_string());
    assert_ne!(chaos::run(7).to_string(), chaos::run(8).to_string());
}
