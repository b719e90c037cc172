//! Finding people.

use relais_care::audit::{Actor, AuditEntry, Event as Audited};
use relais_server::services::Caller;
use relais_store::facts::directory::Person as Row;
use relais_store::reads::AuditPage;
use relais_store::{AuditLine, DirectoryWrite, Domain, Store as _};
use relais_wire::directory::Search;
use relais_wire::ids::UserId;

use crate::kit::*;
use crate::organization::ward;

async fn lines(server: &Server, log: Option<relais_wire::OrgId>, event: Audited) -> usize {
    let page = server.app.store.read(AuditPage { log, from: 0, max: 1_000 }).await.unwrap();
    page.iter().filter(|row| row.line.entry.event() == event).count()
}

#[tokio::test]
async fn a_colleague_is_found_among_any_number_of_strangers() {
    // NET-03, AUD-03
    let w = ward().await;
    let entry = AuditEntry::new(None, Actor::Server, Audited::AccountCreate);
    let mut domain = Domain::new(NOW, AuditLine { log: None, entry });
    for n in 0..600_u128 {
        domain = domain.write(DirectoryWrite::PutPerson(Row {
            user: UserId::from_bytes((n + 1).to_be_bytes()),
            org: None,
            name: "Aa cyd".into(),
            keywords: "aa cyd".into(),
            profile: Vec::new().into(),
            version: 0,
        }));
    }
    w.server.app.store.commit(domain).await.unwrap();
    let me = Caller::Session(w.ada.who);
    for query in ["cy", "cyd", "cyd@"] {
        let found = w.server.call(me, Search { query: query.into(), org: Some(w.org) }).await.unwrap();
        let people: Vec<_> = found.people.iter().map(|card| card.user).collect();
        assert_eq!(people, [w.cyd.user], "{query}");
    }
    assert_eq!(lines(&w.server, Some(w.org), Audited::GroupMembersList).await, 1, "one line while she types");
}
