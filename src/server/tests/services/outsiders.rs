//! What somebody who does not take part, or no longer, gets to know and to do.

use ed25519_dalek::{Signer as _, SigningKey};
use relais_care::audit::{Actor, AuditEntry, Event as Audited};
use relais_chain::Facts as _;
use relais_chain::control::{Bearer, Control, Create, Form, Invitee, accept_statement};
use relais_chain::entry::{Anchor, EntryCore, Kind};
use relais_chain::party::{History, Party, PartyId, ThreadRole, UserParty};
use relais_chain::unit::{Standing, UnitBody};
use relais_chain::{hash, sign};
use relais_server::directory::ToShard;
use relais_server::services::{self, Caller};
use relais_store::{AccountWrite, AuditLine, Domain, Store as _};
use relais_wire::chains::{AppendLinks, ChainKind};
use relais_wire::ids::{MsgId, OrgId, Seq};
use relais_wire::threads::{GetEntries, GetThread};
use relais_wire::{CloseCode, ErrorCode, Refusal};

use crate::accounts::hello;
use crate::kit::*;
use crate::organization::{Ward, ward};
use crate::talk::*;

/// Something wrong with an entry that the validator finds before it looks at the author.
async fn probe(server: &Server, world: &World, talk: &Talk, person: &Person) -> Refusal {
    let core = EntryCore {
        epoch: 9_999,
        anchor: Anchor { seq: 0, head: hash::head_zero(talk.id()) },
        ..talk.draft(world, person, None, Kind::Message)
    };
    let signed = sign::message(&person.key, &core, vec![1; 64]).unwrap();
    talk.send(server, person, &[&signed]).await.unwrap_err()
}

#[tokio::test]
async fn whoever_is_not_in_a_thread_learns_nothing_from_what_is_wrong_with_an_entry() {
    // THR-05, SEC-08
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let eve = register(&mut server, &mut world, "eve@example.org").await;
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    let told = probe(&server, &world, &talk, &ben).await;
    assert_eq!(told.stale.map(|stale| stale.n.get()), Some(1), "a participant is told what is current");
    assert_eq!(probe(&server, &world, &talk, &eve).await, Refusal::new(ErrorCode::NotFound));
    let again = talk.control(&world, &eve, None, &talk.create(&world, None, vec![owner(&eve, None)]));
    assert_eq!(
        refused(talk.send(&server, &eve, &[&again]).await),
        ErrorCode::NotFound,
        "the id is not told taken"
    );
    let remove = Control::Remove { party: PartyId::User(ben.user), reason: None };
    talk.act(&server, &world, &ada, None, &remove).await.unwrap();
    assert_eq!(probe(&server, &world, &talk, &ben).await, Refusal::new(ErrorCode::NotFound));
}

/// An invitation for whoever holds a key.
async fn bearer_invited(server: &Server, world: &World, talk: &mut Talk, by: &Person) -> (SigningKey, MsgId) {
    let key = SigningKey::from_bytes(&random());
    let invitee = Invitee::Bearer { key: public(&key), standing: Standing::Professional };
    let invite = Control::Invite { invitee, history: History::FromJoin, expires_ms: None };
    let signed = talk.control(world, by, None, &invite);
    let id = EntryCore::parse(signed.core()).unwrap().msg_id;
    talk.send(server, by, &[&signed]).await.unwrap();
    talk.take(world, &signed);
    (key, id)
}

fn accept(
    world: &World,
    talk: &Talk,
    person: &Person,
    (key, invite): (&SigningKey, MsgId),
    as_org: Option<OrgId>,
) -> Control {
    let root = world.dir.user(person.user).unwrap().root;
    let mut message = hash::LABEL_ACCEPT.as_bytes().to_vec();
    message.push(0);
    message.extend(accept_statement(talk.id(), invite, person.user, &root));
    let party = Party::User(UserParty {
        user: person.user,
        keyring: person.inbox,
        as_org,
        role: ThreadRole::Member,
        standing: Standing::Professional,
        team: None,
    });
    let bearer = Bearer { party, root, proof: key.sign(&message).to_bytes() };
    Control::Accept { invite, bearer: Some(Box::new(bearer)) }
}

#[tokio::test]
async fn a_bearer_accepts_for_themselves_and_for_no_organization_they_are_not_in() {
    // THR-04, ACC-10
    let mut w = ward().await;
    let mut talk = Talk::new();
    let create = talk.create(&w.world, None, vec![owner(&w.ada, None), member(&w.ben, None)]);
    talk.act(&w.server, &w.world, &w.ada, None, &create).await.unwrap();
    let (key, invite) = bearer_invited(&w.server, &w.world, &mut talk, &w.ada).await;
    let before = talk.clone();
    talk.say(&w.server, &w.world, &w.ada, None).await.unwrap();
    let policy = Control::Priority(relais_chain::entry::Priority::Urgent);
    talk.act(&w.server, &w.world, &w.ada, None, &policy).await.unwrap();
    // Who holds the invitation is told what to build on; who does not hold it is not.
    let late =
        before.control(&w.world, &w.eve, None, &accept(&w.world, &before, &w.eve, (&key, invite), None));
    assert_eq!(refused(before.send(&w.server, &w.eve, &[&late]).await), ErrorCode::Stale);
    let other = SigningKey::from_bytes(&random());
    let forged = accept(&w.world, &before, &w.eve, (&other, invite), None);
    let forged = before.control(&w.world, &w.eve, None, &forged);
    assert_eq!(refused(before.send(&w.server, &w.eve, &[&forged]).await), ErrorCode::NotFound);
    for org in [w.org, OrgId::from_bytes([0xEE; 16])] {
        let claimed = accept(&w.world, &talk, &w.eve, (&key, invite), Some(org));
        let claimed = talk.control(&w.world, &w.eve, None, &claimed);
        let answer = talk.send(&w.server, &w.eve, &[&claimed]).await.unwrap_err();
        assert!(matches!(answer.code, ErrorCode::Forbidden | ErrorCode::ChainRefused), "{answer:?}");
    }
    let mine = accept(&w.world, &talk, &w.eve, (&key, invite), None);
    talk.act(&w.server, &w.world, &w.eve, None, &mine).await.unwrap();
    w.server.mails();
}

#[tokio::test]
async fn nobody_is_put_into_a_direct_thread_for_an_organization() {
    // THR-01: direct messages are friends' own.
    let mut w = ward().await;
    for org in [Some(w.org), Some(OrgId::from_bytes([0xEE; 16])), None] {
        let mut talk = Talk::new();
        let parties = vec![owner(&w.eve, None), member(&w.cyd, org)];
        let Control::Create(create) = talk.create(&w.world, None, parties) else { panic!("a create") };
        let mut create: Create = *create;
        create.form = Form::Direct;
        for party in &mut create.parties {
            if let Party::User(user) = party {
                user.keyring = if user.user == w.eve.user { w.eve.personal } else { w.cyd.personal };
            }
        }
        create.epoch = talk.epoch(&w.world, 0, &[w.eve.personal, w.cyd.personal]);
        let made = talk.act(&w.server, &w.world, &w.eve, None, &Control::Create(Box::new(create))).await;
        match org {
            Some(_) => assert_eq!(refused(made), ErrorCode::Forbidden),
            None => drop(made.unwrap()),
        }
    }
    w.server.mails();
}

/// Ada takes Cyd's membership of the hospital away.
pub async fn expel_cyd(w: &mut Ward) {
    let revoke = UnitBody::Revoke { user: w.cyd.user };
    w.world.put(ChainKind::Unit, *w.unit.as_bytes(), &w.ada, w.world.capacity(w.admins), &revoke);
    let links = w.world.fresh();
    w.server.call(Caller::Session(w.ada.who), AppendLinks { idem: idem(), links }).await.unwrap();
}

#[tokio::test]
async fn whoever_lost_an_organization_neither_reads_nor_writes_for_it() {
    // ACC-10, ACC-11: the right is membership and role, whatever the thread's own record still says.
    let mut w = ward().await;
    let mut talk = Talk::new();
    let parties = vec![owner(&w.ada, Some(w.org)), member(&w.cyd, Some(w.org))];
    let create = talk.create(&w.world, Some(w.org), parties);
    talk.act(&w.server, &w.world, &w.ada, None, &create).await.unwrap();
    talk.say(&w.server, &w.world, &w.cyd, None).await.unwrap();
    services::read_stream(&w.server.app, w.cyd.user, Some(w.org), Seq::ZERO, 200).await.unwrap();
    w.server.app.directory.join(w.cyd.user, 0);
    w.server.delivered();
    expel_cyd(&mut w).await;
    let me = Caller::Session(w.cyd.who);
    let thread = talk.id();
    let all = GetEntries { thread, from: Seq::new(1).unwrap(), max: 200, backward: false };
    assert_eq!(refused(w.server.call(me, GetThread { thread }).await), ErrorCode::NotFound);
    assert_eq!(refused(w.server.call(me, all).await), ErrorCode::NotFound);
    let signed = talk.message(&w.world, &w.cyd, None);
    assert_eq!(refused(talk.send(&w.server, &w.cyd, &[&signed]).await), ErrorCode::NotFound);
    let stream = services::read_stream(&w.server.app, w.cyd.user, Some(w.org), Seq::ZERO, 200).await;
    assert_eq!(refused(stream), ErrorCode::NotFound);
    services::read_stream(&w.server.app, w.cyd.user, None, Seq::ZERO, 200).await.unwrap();
    let mut ends = Vec::new();
    while let Ok(message) = w.server.shard.try_recv() {
        if let ToShard::End(end) = message {
            ends.push((end.user, end.session, end.code));
        }
    }
    assert_eq!(ends, [(w.cyd.user, None, CloseCode::Unavailable)], "sockets come back without it");
}

#[tokio::test]
async fn a_suspended_account_connects_no_more_and_its_streams_are_closed() {
    // BEY-18
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let nonce = [5; 32];
    let hello = hello(&ada.grant, &nonce, true);
    services::check_hello(&server.app, NOBODY, &nonce, &hello).await.unwrap();
    let entry = AuditEntry::new(None, Actor::Server, Audited::AccountUpdate);
    let line = AuditLine { log: None, entry };
    let suspend = AccountWrite::SetSuspended { user: ada.user, suspended: true };
    server.app.store.commit(Domain::new(NOW, line).write(suspend)).await.unwrap();
    let server = server.restart().await;
    let refusal = services::check_hello(&server.app, NOBODY, &nonce, &hello).await.unwrap_err();
    assert_eq!(refusal, CloseCode::Revoked);
    let stream = services::read_stream(&server.app, ada.user, None, Seq::ZERO, 200).await;
    assert_eq!(refused(stream), ErrorCode::Revoked);
}
