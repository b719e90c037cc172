//! What every engine must do, written against the interface alone. An engine's test file gives a [`Subject`] and
//! calls [`suite!`], which makes one test per claim.

pub(crate) mod accounts;
pub(crate) mod calls;
pub(crate) mod chains;
pub(crate) mod cursors;
pub(crate) mod kit;
pub(crate) mod lists;
pub(crate) mod order;
pub(crate) mod refusals;

/// A fresh, empty store of the engine under test, and what keeps it alive.
pub(crate) trait Subject {
    /// The engine's handle.
    type Store: relais_store::Store;
    /// Opens a new one.
    fn fresh() -> Self;
    /// The handle.
    fn store(&self) -> &Self::Store;
}

/// One test per claim, for one engine.
#[macro_export]
macro_rules! suite {
    ($subject:ty) => {
        $crate::suite! { @area $subject, order:
            numbers_of_a_stream_have_no_hole_under_64_writers,
            entries_of_a_thread_are_numbered_and_chained_in_order,
            an_event_reaches_each_stream_once_and_its_body_is_shared,
            a_page_is_bounded_by_rows_and_by_bytes,
            a_dropped_payload_leaves_the_chain_intact,
            audit_indexes_have_no_hole_and_the_rows_chain,
        }
        $crate::suite! { @area $subject, refusals:
            a_failed_guard_undoes_its_own_commit_only,
            a_refusal_in_the_last_write_leaves_no_trace_of_the_first,
            the_same_request_gets_the_same_receipt_and_writes_nothing,
            another_request_under_the_same_key_is_refused,
            a_refused_request_is_not_remembered,
            an_idempotency_key_is_forgotten_after_seven_days,
            a_message_under_an_old_epoch_is_told_where_the_thread_stands,
            the_chain_decides_where_an_entry_may_stand,
            an_older_kept_state_does_not_replace_a_newer_one,
            an_authors_count_may_not_skip_or_repeat,
            a_message_id_is_used_once_in_a_thread,
            nothing_is_appended_to_a_closed_thread,
            control_entries_race_on_the_last_control_entry_only,
            a_number_beyond_the_range_is_refused,
            oversized_parts_are_refused_before_they_are_queued,
        }
        $crate::suite! { @area $subject, cursors:
            a_cursor_moves_forward_only_and_never_beyond_the_head,
            a_cursor_ahead_of_the_stream_is_told_to_resynchronise,
            a_cursor_older_than_what_is_kept_is_told_to_resynchronise,
            a_stream_keeps_so_many_entries_and_no_more,
            read_cursors_follow_the_thread,
            what_was_delivered_is_kept_beside_what_was_read,
        }
        $crate::suite! { @area $subject, lists:
            a_list_goes_page_by_page_from_the_newest_to_the_oldest,
            a_list_names_those_invited_or_active_in_its_context_and_nobody_else,
            a_clock_that_goes_back_moves_no_thread_back,
            threads_that_move_while_pages_are_turned_are_met_once_or_moved_to_the_front,
        }
        $crate::suite! { @area $subject, chains:
            a_link_is_accepted_only_on_the_head_its_signer_saw,
            two_links_on_one_head_are_one_link,
            staged_boxes_are_taken_whole_or_not_at_all,
            a_staged_box_of_another_session_is_not_taken,
            staging_is_bounded_and_over_after_ten_minutes,
            a_keyring_row_is_what_was_put_last,
        }
        $crate::suite! { @area $subject, accounts:
            an_address_belongs_to_one_account,
            a_vault_is_replaced_only_at_the_version_that_was_seen,
            a_code_has_so_many_tries_and_a_sign_in_one_end,
            a_full_window_says_when_to_come_back,
            a_revoked_session_is_not_live,
            an_invitation_is_used_once,
            a_file_is_referenced_only_when_complete,
            a_directory_row_counts_its_versions,
        }
        $crate::suite! { @area $subject, calls:
            the_id_of_a_call_is_used_once,
            a_call_that_is_over_does_not_change_any_more,
            calls_that_are_not_over_are_found_page_by_page,
            a_call_whose_state_is_too_long_is_refused,
        }
    };
    (@area $subject:ty, $area:ident: $($claim:ident,)*) => {
        mod $area {
            $(#[test] fn $claim() {
                let subject = <$subject as $crate::conformance::Subject>::fresh();
                $crate::conformance::$area::$claim(&subject);
            })*
        }
    };
}
