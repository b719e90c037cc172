//! Joining and parting, accepted and refused.

use ed25519_dalek::SigningKey;
use relais_chain::control::{Bearer, Control, Invitee};
use relais_chain::party::{History, Party, PartyId, Policy, ThreadRole, UserParty};
use relais_chain::unit::Standing;
use relais_chain::{ChainError, sign};
use relais_wire::ids::{Bytes32, MsgId, OrgId};

use super::Case;
use super::threads::{Stage, colleagues, no, ok, people, with_team};
use super::world::thread::{lay, member, owner, team_party, thread_box, user_party};
use super::world::{NOW, Person, public, unit_id};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = memberships();
    all.extend(invitations());
    all
}

fn add(party: Party, history: History) -> Control {
    Control::Add { party, boxes: vec![], history }
}

fn memberships() -> Vec<Case> {
    use ChainError as E;
    let remove = |who: &Person| Control::Remove { party: PartyId::User(who.user), reason: None };
    vec![
        ok("add-with-box", with_team, |st| {
            let [ada, .., dan, _] = people(st);
            let boxes = vec![thread_box(&st.s.world, st.talk.state.thread(), 0, dan.inbox)];
            st.control(&ada, None, &Control::Add { party: member(&dan), boxes, history: History::Full })
        }),
        ok("add-without-box", with_team, |st| {
            let [ada, .., dan, _] = people(st);
            st.control(&ada, None, &add(member(&dan), History::Full))
        }),
        no("epoch-due", E::EpochDue, with_team, |st| {
            let [ada, .., dan, _] = people(st);
            st.put(&ada, None, &add(member(&dan), History::Full));
            st.message(&ada, None)
        }),
        no("history-wall", E::HistoryWall, with_team, |st| {
            let [ada, .., eve] = people(st);
            st.put(&ada, None, &add(lay(&eve, Standing::Patient), History::FromJoin));
            st.rotate_with(|body| body.prev_box = Some(vec![1; 60]))
        }),
        no("wall-with-box", E::HistoryWall, with_team, |st| {
            let [ada, .., eve] = people(st);
            let boxes = vec![thread_box(&st.s.world, st.talk.state.thread(), 0, eve.inbox)];
            let party = lay(&eve, Standing::Patient);
            st.control(&ada, None, &Control::Add { party, boxes, history: History::FromJoin })
        }),
        no("policy-walls-newcomers", E::HistoryWall, with_team, |st| {
            let [ada, .., eve] = people(st);
            st.put(&ada, None, &Control::Policy(Policy { joiners: 1, ..Policy::default() }));
            st.control(&ada, None, &add(lay(&eve, Standing::Patient), History::Full))
        }),
        no("add-twice", E::AlreadyParticipant, colleagues, |st| {
            let [ada, .., dan, _] = people(st);
            st.control(&ada, None, &add(member(&dan), History::Full))
        }),
        no("add-other-keyring", E::PartyKeyrings, with_team, |st| {
            let [ada, .., dan, eve] = people(st);
            let mut party = user_party(&dan, ThreadRole::Member);
            party.keyring = eve.inbox;
            st.control(&ada, None, &add(Party::User(party), History::Full))
        }),
        no("add-box-of-another", E::EpochRecipients, with_team, |st| {
            let [ada, .., dan, eve] = people(st);
            let boxes = vec![thread_box(&st.s.world, st.talk.state.thread(), 0, eve.inbox)];
            st.control(&ada, None, &Control::Add { party: member(&dan), boxes, history: History::Full })
        }),
        no(
            "add-by-patient",
            E::Forbidden,
            |s| vec![owner(&s.ada), lay(&s.eve, Standing::Patient)],
            |st| {
                let [.., dan, eve] = people(st);
                st.control(&eve, None, &add(member(&dan), History::Full))
            },
        ),
        no("add-owner-by-member", E::Forbidden, colleagues, |st| {
            let [_, _, cyd, dan, _] = people(st);
            st.control(&dan, None, &add(owner(&cyd), History::Full))
        }),
        ok("remove", colleagues, move |st| {
            let [ada, .., dan, _] = people(st);
            st.control(&ada, None, &remove(&dan))
        }),
        no("remove-by-member", E::Forbidden, colleagues, move |st| {
            let [_, ben, _, dan, _] = people(st);
            st.control(&ben, None, &remove(&dan))
        }),
        no("remove-absent", E::UnknownParty, colleagues, move |st| {
            let [ada, .., eve] = people(st);
            st.control(&ada, None, &remove(&eve))
        }),
        ok("leave", colleagues, |st| {
            let [.., dan, _] = people(st);
            st.control(&dan, None, &Control::Leave)
        }),
        no("leave-last-owner", E::LastOwner, colleagues, |st| {
            let [ada, ..] = people(st);
            st.control(&ada, None, &Control::Leave)
        }),
        no("write-after-leaving", E::NotParticipant, colleagues, |st| {
            let [ada, .., dan, _] = people(st);
            st.put(&dan, None, &Control::Leave);
            st.talk.rotate(&st.s.world, &ada, None);
            st.message(&dan, None)
        }),
        no("role-by-member", E::Forbidden, colleagues, |st| {
            let [.., dan, _] = people(st);
            st.control(&dan, None, &Control::Role { user: dan.user, role: ThreadRole::Owner })
        }),
        no("role-last-owner", E::LastOwner, colleagues, |st| {
            let [ada, ..] = people(st);
            st.control(&ada, None, &Control::Role { user: ada.user, role: ThreadRole::Member })
        }),
    ]
}

fn invite(invitee: Invitee, expires_ms: Option<u64>) -> Control {
    Control::Invite { invitee, history: History::FromJoin, expires_ms }
}

/// Who comes by a code that was handed over is nobody's colleague.
pub(crate) fn bearers_alone() -> Vec<Case> {
    let key = SigningKey::from_bytes(&[0x77; 32]);
    let come = |st: &mut Stage, change: &dyn Fn(&mut UserParty, &Stage)| {
        let [ada, .., eve] = people(st);
        let bearer = Invitee::Bearer { key: public(&key), standing: Standing::Patient };
        let id = st.put(&ada, None, &invite(bearer, None));
        let root = st.s.world.dir.user_chain(eve.user).unwrap().fact().root;
        let proof = sign::accept_proof(&key, st.talk.state.thread(), id, eve.user, &root);
        let mut party = lay(&eve, Standing::Patient);
        if let Party::User(party) = &mut party {
            change(party, st);
        }
        let bearer = Bearer { party, root, proof };
        st.control(&eve, None, &Control::Accept { invite: id, bearer: Some(Box::new(bearer)) })
    };
    vec![
        no("bearer-as-an-organization", ChainError::Forbidden, with_team, |st| {
            come(st, &|party, _| party.as_org = Some(OrgId::from_bytes(*unit_id(1).as_bytes())))
        }),
        no("bearer-through-a-team", ChainError::Forbidden, with_team, |st| {
            come(st, &|party, st| party.team = Some(st.s.team))
        }),
    ]
}

fn invitations() -> Vec<Case> {
    use ChainError as E;
    let known = |party: Party| Invitee::Known { party, boxes: vec![] };
    let key = || SigningKey::from_bytes(&[0x77; 32]);
    let bearer = move || Invitee::Bearer { key: public(&key()), standing: Standing::Patient };
    let shown = move |st: &Stage, id: MsgId, key: &SigningKey, standing: Standing| {
        let eve = &st.s.eve;
        let root = st.s.world.dir.user_chain(eve.user).unwrap().fact().root;
        let proof = sign::accept_proof(key, st.talk.state.thread(), id, eve.user, &root);
        let bearer = Bearer { party: lay(eve, standing), root, proof };
        Control::Accept { invite: id, bearer: Some(Box::new(bearer)) }
    };
    let answer = |invite| Control::Accept { invite, bearer: None };
    vec![
        ok("accept", with_team, move |st| {
            let [ada, .., dan, _] = people(st);
            let id = st.put(&ada, None, &invite(known(member(&dan)), Some(NOW)));
            st.control(&dan, None, &answer(id))
        }),
        ok("decline-by-team", colleagues, move |st| {
            let [ada, _, cyd, ..] = people(st);
            let id = st.put(&ada, None, &invite(known(team_party(st.s.team)), None));
            let ours = st.ours();
            st.control(&cyd, ours, &Control::Decline { invite: id, reason: Some(vec![1, 2, 3]) })
        }),
        ok("accept-by-bearer", with_team, move |st| {
            let [ada, .., eve] = people(st);
            let id = st.put(&ada, None, &invite(bearer(), None));
            let accept = shown(st, id, &key(), Standing::Patient);
            st.control(&eve, None, &accept)
        }),
        no("accept-for-another", E::Forbidden, colleagues, move |st| {
            let [ada, _, _, dan, eve] = people(st);
            let id = st.put(&ada, None, &invite(known(member(&eve)), None));
            st.control(&dan, None, &answer(id))
        }),
        no("accept-twice", E::NoInvitation, with_team, move |st| {
            let [ada, .., dan, _] = people(st);
            let id = st.put(&ada, None, &invite(known(member(&dan)), None));
            st.put(&dan, None, &answer(id));
            st.control(&dan, None, &answer(id))
        }),
        no("accept-expired", E::InvitationExpired, with_team, move |st| {
            let [ada, .., dan, _] = people(st);
            let id = st.put(&ada, None, &invite(known(member(&dan)), Some(NOW - 1)));
            st.control(&dan, None, &answer(id))
        }),
        no("accept-withdrawn", E::NoInvitation, with_team, move |st| {
            let [ada, .., dan, _] = people(st);
            let id = st.put(&ada, None, &invite(known(member(&dan)), None));
            st.put(&ada, None, &Control::WithdrawInvite { invite: id });
            st.control(&dan, None, &answer(id))
        }),
        no("write-before-accepting", E::NotParticipant, with_team, move |st| {
            let [ada, .., dan, _] = people(st);
            st.put(&ada, None, &invite(known(member(&dan)), None));
            st.talk.rotate(&st.s.world, &ada, None);
            st.message(&dan, None)
        }),
        no("bearer-other-key", E::BadInvitationProof, with_team, move |st| {
            let [ada, .., eve] = people(st);
            let id = st.put(&ada, None, &invite(bearer(), None));
            let accept = shown(st, id, &SigningKey::from_bytes(&[0x78; 32]), Standing::Patient);
            st.control(&eve, None, &accept)
        }),
        no("bearer-other-standing", E::Forbidden, with_team, move |st| {
            let [ada, .., eve] = people(st);
            let id = st.put(&ada, None, &invite(bearer(), None));
            let accept = shown(st, id, &key(), Standing::Professional);
            st.control(&eve, None, &accept)
        }),
        no("bearer-other-root", E::HashMismatch, with_team, move |st| {
            let [ada, .., eve] = people(st);
            let id = st.put(&ada, None, &invite(bearer(), None));
            let mut accept = shown(st, id, &key(), Standing::Patient);
            if let Control::Accept { bearer: Some(bearer), .. } = &mut accept {
                bearer.root = Bytes32::from_bytes([4; 32]);
            }
            st.control(&eve, None, &accept)
        }),
        no("invites-forbidden", E::KindNotAllowed, with_team, move |st| {
            let [ada, ..] = people(st);
            st.put(&ada, None, &Control::Policy(Policy { allowed: 0, ..Policy::default() }));
            st.control(&ada, None, &invite(bearer(), None))
        }),
    ]
}
