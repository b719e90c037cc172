//! The crash test in its quick form: six kills, and three power cuts where the machine lets us make them.

use std::process::Command;

fn harness() -> Command {
    Command::new(env!("CARGO_BIN_EXE_relais-store-crash"))
}

// Acknowledged means durable.
#[test]
fn no_acknowledged_commit_is_lost_or_torn_and_the_control_fails() {
    let output = harness().args(["run", "--quick"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}");
    let cuts_possible = harness().arg("can-cut").status().unwrap().success();
    assert_eq!(said.contains("failed as it must"), cuts_possible, "the control ran wherever it can");
    assert!(said.contains("lost 0, torn 0"), "{said}");
    let acknowledged =
        said.split("acknowledged ").nth(1).and_then(|rest| rest.split([',', ' ', '\n']).next());
    let acknowledged: u64 = acknowledged.unwrap().parse().unwrap();
    assert!(acknowledged > 0, "there was something to lose: {said}");
}
