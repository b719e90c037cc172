//! Every committed input again, in the ordinary test run: what once reached something new still holds.

use relais_fuzz::{corpus, targets};

#[test]
fn committed_inputs_hold() {
    for (name, target) in targets::TARGETS {
        let inputs = corpus::load(name).expect("the committed file is hexadecimal");
        assert!(inputs.len() > 20, "{name}: {} inputs are committed", inputs.len());
        for input in inputs {
            target(&input);
        }
    }
}

#[test]
fn seeds_hold_and_are_there() {
    for (name, target) in targets::TARGETS {
        let seeds = targets::seeds(name);
        assert!(seeds.len() > 100, "{name}: {}", seeds.len());
        for seed in seeds {
            target(&seed);
        }
    }
}

#[test]
fn inputs_are_kept_as_they_were() {
    let (name, _) = targets::TARGETS.first().copied().expect("a target");
    let inputs = corpus::load(name).expect("hexadecimal");
    assert!(inputs.is_sorted_by_key(Vec::len), "short ones first, as the driver writes them");
}
