//! The list of a party's threads, newest first, page by page.
//!
//! An index leads to the threads of a quarter of an hour ([`limits::QUARTER_MS`]); those of the page's last quarter
//! are read and sorted together. So a page costs its own threads and those of one quarter more, however long the list.
//!
//! Not known here: who else may read a thread, and which of them is worth showing.

use relais_wire::ids::{INT_MAX, OrgId, ThreadId};

use super::thread::{THREAD_COLUMNS, participant, thread};
use super::{Broken, Query, Snapshot, page};
use crate::{
    facts::thread::{Participant, Party, Thread},
    limits,
};

/// The threads of a context that a party takes part in or is invited to, most recently active first; of the same
/// moment the greater id first.
#[derive(Clone, Copy, Debug)]
pub struct ThreadsOf {
    /// Who.
    pub party: Party,
    /// For which organization; `None`: for themselves.
    pub context: Option<OrgId>,
    /// Only threads after this place (server milliseconds of the last entry, thread).
    pub before: Option<(u64, ThreadId)>,
    /// Threads at most.
    pub max: u32,
}

/// The order of the tables and the index are said, so that no statistics lead elsewhere.
fn sql() -> String {
    format!(
        "SELECT {THREAD_COLUMNS}, p.kind, p.party, p.as_org, p.standing, p.role, p.visible_from, p.visible_to,
                p.triage, p.responsible, p.invite_key
         FROM participant p INDEXED BY participant_listed CROSS JOIN thread t ON t.key = p.thread
         WHERE p.kind = ?1 AND p.party = ?2 AND p.as_org IS ?3 AND p.standing IN (1, 2)
           AND p.quarter <= ?4 AND (t.last_ms, t.thread) < (?5, ?6)
         ORDER BY p.quarter DESC, t.last_ms DESC, t.thread DESC LIMIT ?7"
    )
}

impl Query for ThreadsOf {
    type Out = Vec<(Thread, Participant)>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let (before_ms, before_id) =
            self.before.map_or((INT_MAX, [0xff; 16]), |(ms, id)| (ms, *id.as_bytes()));
        snapshot.all(
            &sql(),
            rusqlite::params![
                self.party.kind(),
                self.party.id_bytes(),
                self.context.map(|id| *id.as_bytes()),
                limits::quarter(before_ms),
                before_ms,
                before_id,
                page(self.max),
            ],
            |row| Ok((thread(row)?, participant(row, 12)?)),
        )
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus, params};

    use super::sql;
    use crate::embedded::MIGRATIONS;
    use crate::limits;

    /// A database in which one party has so many threads, one in each quarter of an hour, and others have as many.
    fn filled(threads: u64) -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        for sql in MIGRATIONS {
            conn.execute_batch(sql).unwrap();
        }
        for n in 0..2 * threads {
            let at = n * limits::QUARTER_MS;
            conn.execute(
                "INSERT INTO thread (key, thread, kind, n, head, ctrl_n, ctrl_head, epoch, phase, created_ms, last_ms)
                 VALUES (?1, ?2, 1, 1, x'', 1, x'', 1, 0, ?3, ?3)",
                params![n, n.to_be_bytes(), at],
            )
            .unwrap();
            conn.execute(
                "INSERT INTO participant (thread, kind, party, standing, role, visible_from, quarter)
                 VALUES (?1, 1, ?2, 2, 0, 0, ?3)",
                params![n, [u8::try_from(n % 2).unwrap()], limits::quarter(at)],
            )
            .unwrap();
        }
        conn
    }

    /// Steps of the engine's machine for a page of 50 in the middle of the list.
    fn steps(threads: u64) -> i32 {
        let conn = filled(threads);
        let mut statement = conn.prepare(&sql()).unwrap();
        let at = threads * limits::QUARTER_MS;
        let values = params![1, [0_u8], None::<Vec<u8>>, limits::quarter(at), at, [0_u8], 50];
        let mut rows = statement.query(values).unwrap();
        let mut count = 0;
        while rows.next().unwrap().is_some() {
            count += 1;
        }
        drop(rows);
        assert_eq!(count, 50);
        statement.get_status(StatementStatus::VmStep)
    }

    #[test]
    fn a_page_costs_the_same_in_a_list_ten_times_as_long() {
        let (short, long) = (steps(300), steps(3_000));
        assert!(long <= short + short / 20, "{short} and {long} steps");
    }

    #[test]
    fn a_page_is_found_by_its_index_and_by_nothing_else() {
        let conn = filled(1);
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", sql())).unwrap();
        let values = params![1, [0_u8], None::<Vec<u8>>, 1, 1, [0_u8], 50];
        let plan: Vec<String> =
            statement.query_map(values, |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        let [participants, threads, order] = plan.as_slice() else { panic!("{plan:?}") };
        let index = "SEARCH p USING INDEX participant_listed (kind=? AND party=? AND as_org=? AND quarter<?)";
        assert_eq!(participants, index);
        assert_eq!(threads, "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)");
        assert!(order.starts_with("USE TEMP B-TREE FOR ") && order.ends_with(" OF ORDER BY"), "{order}");
        assert!(
            order.contains("LAST 2 TERMS") || order.contains("RIGHT PART"),
            "the index gives the rest: {order}"
        );
    }
}
