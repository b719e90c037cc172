//! Every check of the server that has a switch is what some test needs: with the switch off it fails.

use std::process::Command;

/// Name of a check in `RELAIS_MUTATION`, and a test that fails without it.
const NEEDED: &[(&str, &str)] = &[
    ("password", "accounts::wrong_passwords_are_told_like_unknown_logins_and_both_end_after_ten"),
    ("code", "accounts::a_wrong_code_counts_and_the_right_one_comes_too_late_after_five"),
    ("code-tries", "accounts::a_wrong_code_counts_and_the_right_one_comes_too_late_after_five"),
    ("login-limits", "accounts::wrong_passwords_are_told_like_unknown_logins_and_both_end_after_ten"),
    ("session-proof", "accounts::a_session_resumes_by_its_key_and_ends_when_it_is_revoked"),
    ("revocation", "accounts::a_session_resumes_by_its_key_and_ends_when_it_is_revoked"),
    (
        "suspension",
        "live::a_suspended_account_loses_its_sockets_and_gets_in_again_only_when_it_is_readmitted",
    ),
    ("author", "threads::an_entry_is_sent_by_its_own_author_from_its_own_device"),
    ("reading", "organization::a_removed_manager_loses_boxes_and_threads_at_once"),
    ("box-reader", "threads::an_epoch_needs_its_boxes_and_serves_them_to_their_recipients_alone"),
    ("blob-reader", "files::a_file_is_read_by_readers_of_a_thread_that_names_it_and_nobody_else"),
    ("roles", "organization::only_who_runs_the_server_founds_an_organization_and_only_members_see_it"),
    ("append-guards", "races::nothing_is_written_in_a_session_that_ended_a_moment_ago"),
];

/// Runs one test of this program in a process of its own; whether it passed.
fn passes(test: &str, off: &str) -> bool {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--exact", test]).env("RELAIS_MUTATION", off).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("running 1 test"), "no test is called {test}");
    output.status.success()
}

#[test]
fn each_check_is_what_a_test_needs() {
    let known: Vec<&str> = NEEDED.iter().map(|(check, _)| *check).collect();
    assert_eq!(known, relais_server::services::switches().collect::<Vec<_>>());
    for (check, test) in NEEDED {
        assert!(passes(test, ""), "{test} passes with every check on");
        assert!(!passes(test, check), "{test} fails without {check}");
    }
}
