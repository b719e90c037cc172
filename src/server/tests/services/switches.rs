//! Every check of the server that has a switch is what some test needs: with the switch off it fails, by what the
//! check refuses.

use std::process::Command;

/// Name of a check in `RELAIS_MUTATION`, a test that fails without it, and what that shows: mostly what was given
/// where a refusal was awaited.
const NEEDED: &[(&str, &str, &str)] = &[
    (
        "password",
        "accounts::wrong_passwords_are_told_like_unknown_logins_and_both_end_after_ten",
        "a refusal: LoginId",
    ),
    (
        "code",
        "accounts::a_wrong_code_counts_and_the_right_one_comes_too_late_after_five",
        "a refusal: SessionGrant",
    ),
    (
        "code-tries",
        "accounts::a_wrong_code_counts_and_the_right_one_comes_too_late_after_five",
        "a refusal: SessionGrant",
    ),
    (
        "login-limits",
        "accounts::wrong_passwords_are_told_like_unknown_logins_and_both_end_after_ten",
        "on an `Ok` value: LoginId",
    ),
    (
        "session-proof",
        "accounts::a_session_resumes_by_its_key_and_ends_when_it_is_revoked",
        "on an `Ok` value: HelloAccepted",
    ),
    ("revocation", "accounts::a_session_resumes_by_its_key_and_ends_when_it_is_revoked", "a refusal: Vault"),
    (
        "suspension",
        "live::a_suspended_account_loses_its_sockets_and_gets_in_again_only_when_it_is_readmitted",
        "left: Closed(Unavailable",
    ),
    ("author", "threads::an_entry_is_sent_by_its_own_author_from_its_own_device", "a refusal: Appended"),
    ("reading", "organization::a_removed_manager_loses_boxes_and_threads_at_once", "a refusal: Entries"),
    (
        "listing",
        "lists::a_list_names_the_threads_of_a_team_to_its_managers_and_not_to_its_members",
        "threads of a team to its members",
    ),
    (
        "box-reader",
        "threads::an_epoch_needs_its_boxes_and_serves_them_to_their_recipients_alone",
        "a refusal: Boxes",
    ),
    (
        "blob-reader",
        "files::a_file_is_read_by_readers_of_a_thread_that_names_it_and_nobody_else",
        "on a `None` value",
    ),
    (
        "roles",
        "organization::only_who_runs_the_server_founds_an_organization_and_only_members_see_it",
        "a refusal: Done",
    ),
    ("calling", "calls::who_left_the_thread_does_not_call_in_it", "a refusal: CallStarted"),
    (
        "append-guards",
        "races::nothing_is_written_in_a_session_that_ended_a_moment_ago",
        "a refusal: Appended",
    ),
];

/// Runs one test of this program in a process of its own; whether it passed, and what it said.
fn run(test: &str, off: &str) -> (bool, String) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--exact", test]).env("RELAIS_MUTATION", off).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("running 1 test"), "no test is called {test}");
    (output.status.success(), told)
}

#[test]
fn each_check_is_what_a_test_needs() {
    let known: Vec<&str> = NEEDED.iter().map(|(check, ..)| *check).collect();
    assert_eq!(known, relais_server::services::switches().collect::<Vec<_>>());
    for (check, test, shows) in NEEDED {
        let (passed, told) = run(test, "");
        assert!(passed, "{test} passes with every check on: {told}");
        let (passed, told) = run(test, check);
        assert!(!passed && told.contains(shows), "{test} fails without {check}, showing {shows}: {told}");
    }
}
