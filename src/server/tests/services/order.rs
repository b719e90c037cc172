//! Chains whose surroundings change after a link was signed: what was accepted once is accepted by whoever reads it
//! later, by a server that starts again as well as by a client that comes new.

use relais_chain::control::{Bearer, Control, Invitee};
use relais_chain::keyring::KeyringChain;
use relais_chain::keyring_body::{KeyringBody, Reason, Role};
use relais_chain::link::{Author, Place};
use relais_chain::party::{History, Party, ThreadRole, UserParty};
use relais_chain::unit::{Standing, UnitBody};
use relais_chain::user_body::{Approval, UserBody};
use relais_chain::{ChainError, Directory, Facts as _, Mode};
use relais_server::services::Caller;
use relais_wire::chains::{AppendLinks, BoxScope, ChainKind, ChainLink, GetLinks, PutBoxes};
use relais_wire::ids::{ObjectId, Seq, UnitId};
use relais_wire::scalar::Bin;
use relais_wire::{ErrorCode, Refusal};

use crate::kit::*;
use crate::organization::{Ward, attest, below, ward};

async fn send(server: &Server, who: &Person, links: Vec<ChainLink>) -> Result<(), Refusal> {
    server.call(Caller::Session(who.who), AppendLinks { idem: idem(), links }).await.map(drop)
}

/// Attests somebody in a unit, as its administrator from above.
async fn attest_in(w: &mut Ward, server: &Server, unit: UnitId) -> Result<(), Refusal> {
    let body = attest(&w.world, &w.cyd);
    let above = w.world.capacity(w.admins);
    w.world.put(ChainKind::Unit, *unit.as_bytes(), &w.ada, above, &body);
    let links = w.world.fresh();
    send(server, &w.ada, links).await
}

async fn two_below(w: &mut Ward) -> (UnitId, UnitId, relais_wire::ids::KeyringId) {
    let (ada, root) = (w.ada.personal, w.unit);
    let (first, _, request) = below(w, root, &ada);
    w.server.call(Caller::Session(w.ada.who), request).await.unwrap();
    let (second, admins, request) = below(w, root, &ada);
    w.server.call(Caller::Session(w.ada.who), request).await.unwrap();
    (first, second, admins)
}

#[tokio::test]
async fn units_that_swapped_places_are_understood_by_who_comes_later() {
    // ORG-02
    let mut w = ward().await;
    let root = w.unit;
    let (first, second, _) = two_below(&mut w).await;
    let before = w.world.dir.clone();
    let mut moves: Vec<(UnitId, Vec<u8>)> = Vec::new();
    for (unit, parent) in [(first, second), (first, root), (second, first)] {
        let above = w.world.capacity(w.admins);
        let id = *unit.as_bytes();
        let bytes = w.world.sign(ChainKind::Unit, id, &w.ada, above, &UnitBody::Parent { parent });
        moves.push((unit, bytes.clone()));
        w.world.take(ChainKind::Unit, id, bytes);
        let links = w.world.fresh();
        send(&w.server, &w.ada, links).await.unwrap();
    }
    // A client that knew both units and fetches the second one's news first.
    let mut dir: Directory = before;
    let order = moves.iter().filter(|(unit, _)| *unit == second);
    for (unit, bytes) in order.chain(moves.iter().filter(|(unit, _)| *unit == first)) {
        dir.unit_link(*unit, bytes, Mode::Replay).unwrap();
    }
    let old = std::mem::replace(&mut w.server, Server::open(Wish::default()).await);
    let server = old.restart().await;
    attest_in(&mut w, &server, second).await.unwrap();
}

#[tokio::test]
async fn a_unit_whose_administrators_above_hold_its_keyring_can_move() {
    // ORG-02, ORG-03
    let mut w = ward().await;
    let (upper, lower, admins) = two_below(&mut w).await;
    let id = *admins.as_bytes();
    let recipient = w.world.recipient(id, 1, w.admins);
    let boxes = vec![wire_box(BoxScope::Keyring, id, 1, &recipient)];
    w.server.call(Caller::Session(w.ada.who), PutBoxes { boxes }).await.unwrap();
    let above = w.world.capacity(w.admins);
    let inherit = KeyringBody::Parent { recipient: Some(recipient) };
    w.world.put(ChainKind::Keyring, id, &w.ada, above, &inherit);
    w.world.put(ChainKind::Unit, *lower.as_bytes(), &w.ada, above, &UnitBody::Parent { parent: upper });
    let links = w.world.fresh();
    send(&w.server, &w.ada, links).await.unwrap();
    let old = std::mem::replace(&mut w.server, Server::open(Wish::default()).await);
    let server = old.restart().await;
    attest_in(&mut w, &server, lower).await.unwrap();
    let get = GetLinks {
        chain: ChainKind::Keyring,
        id: ObjectId::from_bytes(id),
        after: Seq::ZERO,
        max: 10,
        login: None,
    };
    let links = server.call(Caller::Session(w.ada.who), get).await.unwrap().links;
    KeyringChain::replay(links.iter().map(Bin::as_slice), &w.world.dir).unwrap();
}

#[tokio::test]
async fn a_tree_is_never_deeper_than_a_walk_upwards() {
    // ORG-02
    let mut w = ward().await;
    let (ada, root) = (w.ada.personal, w.unit);
    let (upper, tall, _) = two_below(&mut w).await;
    let mut parent = tall;
    for _ in 3..relais_chain::limits::ANCESTRY_MAX {
        let (unit, _, request) = below(&mut w, parent, &ada);
        w.server.call(Caller::Session(w.ada.who), request).await.unwrap();
        parent = unit;
    }
    // The lowest stands at the seventh level; below `upper` it stands at the eighth, below what is there at the ninth.
    let (middle, _, request) = below(&mut w, upper, &ada);
    w.server.call(Caller::Session(w.ada.who), request).await.unwrap();
    for (above, fits) in [(middle, false), (upper, true), (root, true)] {
        let capacity = w.world.capacity(w.admins);
        let id = *tall.as_bytes();
        let body = UnitBody::Parent { parent: above };
        let bytes = w.world.sign(ChainKind::Unit, id, &w.ada, capacity, &body);
        let links = vec![object(ChainKind::Unit, id, bytes.clone())];
        let answer = send(&w.server, &w.ada, links).await;
        if fits {
            answer.unwrap();
            w.world.take(ChainKind::Unit, id, bytes);
            drop(w.world.fresh());
        } else {
            assert_eq!(answer.unwrap_err().chain_code, Some(ChainError::ParentImpossible.code()));
        }
    }
}

#[tokio::test]
async fn an_administrator_whose_key_others_reset_goes_on_after_a_restart() {
    // SEC-04
    let mut w = ward().await;
    let oa = *w.admins.as_bytes();
    for who in [w.ben.personal, w.cyd.personal] {
        let recipient = w.world.recipient(oa, 1, who);
        let boxes = vec![wire_box(BoxScope::Keyring, oa, 1, &recipient)];
        w.server.call(Caller::Session(w.ada.who), PutBoxes { boxes }).await.unwrap();
        let body = KeyringBody::Add { recipient, role: Role::Keeper };
        w.world.put(ChainKind::Keyring, oa, &w.ada, None, &body);
        let links = w.world.fresh();
        send(&w.server, &w.ada, links).await.unwrap();
    }
    let ada = *w.ada.user.as_bytes();
    let link = w.world.dir.unit_chain(w.unit).unwrap().member(w.ada.user).unwrap().link;
    let accepted = UserBody::Attestation { unit: w.unit, link: Some(link) };
    w.world.put(ChainKind::User, ada, &w.ada, None, &accepted);
    let links = w.world.fresh();
    send(&w.server, &w.ada, links).await.unwrap();
    let links = vec![object(ChainKind::User, ada, reset(&w))];
    send(&w.server, &w.ada, links).await.unwrap();
    let server = w.server.restart().await;
    let body = KeyringBody::Role { keyring: w.cyd.personal, role: Role::Holder };
    let bytes = w.world.sign(ChainKind::Keyring, oa, &w.ben, None, &body);
    send(&server, &w.ben, vec![object(ChainKind::Keyring, oa, bytes)]).await.unwrap();
}

/// Ada's new key, approved by Ben and Cyd.
fn reset(w: &Ward) -> Vec<u8> {
    let tail = w.world.dir.user_chain(w.ada.user).unwrap().tail().clone();
    let place = Place { chain_id: *w.ada.user.as_bytes(), seq: tail.seq() + 1, prev: tail.head() };
    let new = ed25519_dalek::SigningKey::from_bytes(&random());
    let capacity = w.world.capacity(w.admins).unwrap();
    let approve = |person: &Person| Approval {
        admin: person.user,
        chain_seq: w.world.dir.user_chain(person.user).unwrap().tail().seq(),
        capacity,
        sig: relais_chain::sign::reset_approval(&person.key, &place, &public(&new)),
    };
    let mut approvals = vec![approve(&w.ben), approve(&w.cyd)];
    approvals.sort_by_key(|approval| approval.admin);
    let proof = relais_chain::sign::key_proof(&new, &place);
    let body = UserBody::RecoveryReset { generation: 2, key: public(&new), proof, unit: w.unit, approvals };
    let author = Author { user: w.ada.user, chain_seq: tail.seq(), capacity: None };
    relais_chain::sign::link(&new, place, author, NOW, &body).unwrap().to_bytes().unwrap()
}

#[tokio::test]
async fn a_link_that_would_rest_on_its_own_chain_is_refused() {
    let w = ward().await;
    let all = *w.all.as_bytes();
    let body = KeyringBody::Remove { keyring: w.cyd.personal, reason: Reason::Left };
    let bytes = w.world.sign(ChainKind::Keyring, all, &w.cyd, w.world.capacity(w.all), &body);
    let refusal = send(&w.server, &w.cyd, vec![object(ChainKind::Keyring, all, bytes.clone())]).await;
    let refusal = refusal.unwrap_err();
    assert_eq!(
        (refusal.code, refusal.chain_code),
        (ErrorCode::ChainRefused, Some(ChainError::NotAuthorized.code()))
    );
    let mut dir = w.world.dir.clone();
    assert_eq!(dir.keyring_link(w.all, &bytes, Mode::Replay), Err(ChainError::NotAuthorized));
}

#[tokio::test]
async fn whoever_holds_an_invitation_code_belongs_to_no_organization_by_it() {
    // THR-03
    let w = ward().await;
    let mut talk = w.talk().await;
    let secret = ed25519_dalek::SigningKey::from_bytes(&random());
    let invitee = Invitee::Bearer { key: public(&secret), standing: Standing::Professional };
    let invite = Control::Invite { invitee, history: History::FromJoin, expires_ms: None };
    let signed = talk.control(&w.world, &w.ada, None, &invite);
    let asked = relais_chain::entry::EntryCore::parse(signed.core()).unwrap().msg_id;
    talk.send(&w.server, &w.ada, &[&signed]).await.unwrap();
    talk.take(&w.world, &signed);
    let root = w.world.dir.user(w.eve.user).unwrap().root;
    let proof = relais_chain::sign::accept_proof(&secret, talk.id(), asked, w.eve.user, &root);
    for (as_org, accepted) in [(Some(w.org), false), (None, true)] {
        let party = Party::User(UserParty {
            user: w.eve.user,
            keyring: w.eve.inbox,
            as_org,
            role: ThreadRole::Member,
            standing: Standing::Professional,
            team: None,
        });
        let accept = Control::Accept { invite: asked, bearer: Some(Box::new(Bearer { party, root, proof })) };
        let answer = talk.act(&w.server, &w.world, &w.eve, None, &accept).await;
        assert_eq!(answer.is_ok(), accepted, "{answer:?}");
    }
}
