//! What large keyrings and many threads cost, counted.

use relais_care::audit::{Actor, AuditEntry, Event as Audited};
use relais_chain::facts::{KeyringKind, Owner};
use relais_chain::keyring_body::KeyringBody;
use relais_chain::{Facts as _, Signed};
use relais_server::services::Caller;
use relais_store::facts::audit::AuditLine;
use relais_store::facts::chain::ChainId;
use relais_store::facts::stream::StreamId;
use relais_store::reads::{StreamHeads, ThreadById};
use relais_store::{AppendLink, Domain, Store as _};
use relais_wire::chains::{AppendLinks, BoxScope, ChainKind, PutBoxes};
use relais_wire::directory::CreateTeam;
use relais_wire::ids::{KeyringId, TeamId, UserId};

use crate::kit::*;
use crate::organization::{Ward, ward};
use crate::talk::*;

/// Threads that a team takes part in when its keyring rotates.
const THREADS: usize = 10_000;

/// Threads opened at the same time: of the server's bound for work under way.
const TOGETHER: usize = 50;

/// People who exist by their chains alone: nobody of them signs in.
async fn crowd(w: &mut Ward, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for _ in 0..count {
        let person = stranger();
        let mut domain = Domain::new(
            NOW,
            AuditLine { log: None, entry: AuditEntry::new(None, Actor::Server, Audited::KeyCreate) },
        );
        let mut world = World { dir: core::mem::take(&mut w.world.dir), links: Vec::new() };
        first_links(&mut world, &person);
        let mut prev = std::collections::HashMap::new();
        for link in world.fresh() {
            let chain = match link.chain {
                ChainKind::User => ChainId::User(link.id.into()),
                ChainKind::Keyring => ChainId::Keyring(link.id.into()),
                ChainKind::Unit => ChainId::Unit(link.id.into()),
            };
            let hash = Signed::parse(link.link.as_slice()).unwrap().link_hash();
            let prev = prev.insert(chain, hash);
            domain = domain.write(AppendLink { chain, prev, hash, object: link.link.0.into() });
        }
        w.world.dir = world.dir;
        w.server.app.store.commit(domain).await.unwrap();
        people.push(person);
    }
    people
}

async fn rows(w: &Ward, users: &[UserId]) -> u64 {
    let streams = users
        .iter()
        .flat_map(|user| [StreamId::new(*user, Some(w.org)), StreamId::new(*user, None)])
        .collect();
    w.server.app.store.read(StreamHeads(streams)).await.unwrap().iter().map(|head| head.get()).sum()
}

/// A team of these managers.
async fn team_of(w: &mut Ward, managers: &[&Person]) -> KeyringId {
    let (tm, ta) = (KeyringId::from_bytes(random()), KeyringId::from_bytes(random()));
    let ada = Caller::Session(w.ada.who);
    let mut boxes = Vec::new();
    for (id, kind, paired) in [(tm, KeyringKind::TM, None), (ta, KeyringKind::TA, Some(tm))] {
        let people = if kind == KeyringKind::TM { managers } else { &managers[..1] };
        let to: Vec<_> = people.iter().map(|p| w.world.recipient(*id.as_bytes(), 1, p.personal)).collect();
        boxes.extend(to.iter().map(|to| wire_box(BoxScope::Keyring, *id.as_bytes(), 1, to)));
        let body =
            KeyringBody::Create { kind, owner: Owner::Unit(w.unit), paired, first: generation(id, 1, to) };
        let capacity = w.world.capacity(w.admins);
        w.world.put(ChainKind::Keyring, *id.as_bytes(), &w.ada, capacity, &body);
    }
    for part in boxes.chunks(40) {
        w.server.call(ada, PutBoxes { boxes: part.to_vec() }).await.unwrap();
    }
    let request = CreateTeam {
        idem: idem(),
        team: TeamId::from_bytes(*tm.as_bytes()),
        unit: w.unit,
        name: "Grande équipe".into(),
        links: w.world.fresh(),
        boxes: Vec::new(),
    };
    w.server.call(ada, request).await.unwrap();
    tm
}

/// A rotation of a team's keyring by Ada: boxes in frames of 40, then the one link that names them.
async fn rotate(w: &mut Ward, tm: KeyringId) -> usize {
    let chain = w.world.dir.keyring_chain(tm).unwrap();
    let next = chain.generation() + 1;
    let to: Vec<_> = chain.members().map(|(to, _)| w.world.recipient(*tm.as_bytes(), next, to)).collect();
    let boxes: Vec<_> = to.iter().map(|to| wire_box(BoxScope::Keyring, *tm.as_bytes(), next, to)).collect();
    for part in boxes.chunks(40) {
        w.server.call(Caller::Session(w.ada.who), PutBoxes { boxes: part.to_vec() }).await.unwrap();
    }
    let body = KeyringBody::Rotate(generation(tm, next, to));
    w.world.put(ChainKind::Keyring, *tm.as_bytes(), &w.ada, None, &body);
    let links = w.world.fresh();
    let bytes = links[0].link.len();
    w.server.call(Caller::Session(w.ada.who), AppendLinks { idem: idem(), links }).await.unwrap();
    bytes
}

#[tokio::test]
async fn a_keyring_of_a_thousand_recipients_rotates_in_one_link() {
    let mut w = ward().await;
    let crowd = crowd(&mut w, 999).await;
    let managers: Vec<&Person> = crowd.iter().collect();
    let ada = Person {
        grant: w.ada.grant.clone(),
        key: w.ada.key.clone(),
        recovery: w.ada.recovery.clone(),
        ..w.ada
    };
    let managers = [vec![&ada], managers].concat();
    let tm = team_of(&mut w, &managers).await;
    let users: Vec<UserId> = managers.iter().map(|person| person.user).collect();
    let before = rows(&w, &users).await;
    let bytes = rotate(&mut w, tm).await;
    assert!(bytes <= relais_wire::limits::LINK_BYTES_MAX, "{bytes}");
    assert_eq!(rows(&w, &users).await - before, 1_000, "one row for each member, nobody else");
    assert_eq!(w.world.dir.keyring(tm).unwrap().generation, 2);
}

#[tokio::test]
async fn a_rotation_of_a_teams_keyring_touches_none_of_its_threads() {
    // What it costs does not depend on the number of threads: one link, a row for each member, no epoch.
    let mut w = ward().await;
    let crowd = crowd(&mut w, 38).await;
    let ada = Person {
        grant: w.ada.grant.clone(),
        key: w.ada.key.clone(),
        recovery: w.ada.recovery.clone(),
        ..w.ada
    };
    let managers = [vec![&ada], crowd.iter().collect()].concat();
    let tm = team_of(&mut w, &managers).await;
    let users: Vec<UserId> = managers.iter().map(|person| person.user).collect();
    let mut talks = Vec::new();
    while talks.len() < THREADS {
        // Many at a time, so that they share syncs of the disk as those of a busy hospital would.
        let made = (0..TOGETHER).map(async |_| {
            let mut talk = Talk::new();
            let parties = vec![owner(&w.ben, Some(w.org)), team(tm, None, w.org)];
            let create = talk.create(&w.world, Some(w.org), parties);
            talk.act(&w.server, &w.world, &w.ben, None, &create).await.unwrap();
            talk
        });
        talks.extend(futures_util::future::join_all(made).await);
    }
    let everybody = [users.clone(), vec![w.ben.user, w.cyd.user, w.eve.user]].concat();
    let before = rows(&w, &everybody).await;
    rotate(&mut w, tm).await;
    let cost = rows(&w, &everybody).await - before;
    assert!(cost <= 40, "{cost} stream rows");
    for talk in &talks {
        let thread = w.server.app.store.read(ThreadById(talk.id())).await.unwrap().unwrap();
        assert_eq!((thread.n.get(), thread.epoch), (1, 0), "no epoch until somebody writes");
    }
    // Whoever writes brings the epoch with the message, in one request.
    let mut talk = talks.remove(0);
    let control = talk.next_epoch(&w.world);
    let boxes = talk.boxes(&control);
    w.server.call(Caller::Session(w.ben.who), PutBoxes { boxes }).await.unwrap();
    let epoch = talk.control(&w.world, &w.ben, None, &control);
    let unrotated = talk.clone();
    talk.take(&w.world, &epoch);
    let message = talk.message(&w.world, &w.ben, None);
    let appended = unrotated.send(&w.server, &w.ben, &[&epoch, &message]).await.unwrap();
    assert_eq!(appended.receipts.len(), 2);
}
