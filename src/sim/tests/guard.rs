//! The guard's positive control: in a process of its own, because what it found it never forgets.

use relais_sim::guard;

#[test]
fn an_id_in_a_log_is_found_whatever_thread_wrote_it() {
    guard::install();
    tracing::info!(conn = 7, "an ordinary line");
    guard::assert_clean();
    std::thread::spawn(|| tracing::trace!(user = "00112233445566778899aabbccddeeff", "joined"))
        .join()
        .unwrap();
    let caught = std::panic::catch_unwind(guard::assert_clean).unwrap_err();
    let said = caught.downcast_ref::<String>().unwrap();
    assert!(said.contains("an id in hexadecimal") && !said.contains("00112233"), "{said}");
}
