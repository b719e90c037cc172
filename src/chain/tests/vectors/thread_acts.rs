//! Triage, links, calls, policies and the close, accepted and refused.

use relais_chain::control::{Control, Outcome};
use relais_chain::entry::{Kind, Priority};
use relais_chain::party::Policy;
use relais_chain::unit::Standing;
use relais_chain::{ChainError, Signed, sign};
use relais_wire::ids::{Bytes32, FileId, KeyringId, MsgId};

use super::Case;
use super::threads::{Stage, colleagues, late, no, ok, people, two_teams, with_team};
use super::world::thread::{lay, org, owner};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = triage();
    all.extend(acts());
    all.extend(closings());
    all
}

fn triage() -> Vec<Case> {
    use ChainError as E;
    let take = |team: KeyringId| Control::Take { team };
    vec![
        ok("take", two_teams, move |st| {
            let [_, ben, ..] = people(st);
            let (ours, team) = (st.ours(), st.s.team);
            st.control(&ben, ours, &take(team))
        }),
        ok("assign", two_teams, |st| {
            let [_, ben, cyd, ..] = people(st);
            let (ours, team) = (st.ours(), st.s.team);
            st.control(&ben, ours, &Control::Assign { team, user: cyd.user })
        }),
        ok("forward", two_teams, |st| {
            let [_, ben, ..] = people(st);
            let (ours, from, to) = (st.ours(), st.s.team, st.s.other);
            st.control(&ben, ours, &Control::Forward { from, to })
        }),
        ok("return-by-responsible", two_teams, move |st| {
            let [_, ben, ..] = people(st);
            let (ours, team) = (st.ours(), st.s.team);
            st.put(&ben, ours, &take(team));
            st.control(&ben, ours, &Control::Return { team })
        }),
        no("take-of-another-team", E::Forbidden, two_teams, move |st| {
            let [.., dan, _] = people(st);
            let (theirs, team) = (st.s.world.capacity(st.s.other), st.s.team);
            st.control(&dan, theirs, &take(team))
        }),
        no("take-taken", E::TriageState, two_teams, move |st| {
            let [_, ben, cyd, ..] = people(st);
            let (ours, team) = (st.ours(), st.s.team);
            st.put(&ben, ours, &take(team));
            st.control(&cyd, ours, &take(team))
        }),
        no("return-waiting", E::TriageState, two_teams, |st| {
            let [_, ben, ..] = people(st);
            let (ours, team) = (st.ours(), st.s.team);
            st.control(&ben, ours, &Control::Return { team })
        }),
        no("assign-stranger", E::NotAssignable, two_teams, |st| {
            let [_, ben, .., eve] = people(st);
            let (ours, team) = (st.ours(), st.s.team);
            st.control(&ben, ours, &Control::Assign { team, user: eve.user })
        }),
        no("forward-to-absent", E::UnknownParty, with_team, |st| {
            let [_, ben, ..] = people(st);
            let (ours, from, to) = (st.ours(), st.s.team, st.s.other);
            st.control(&ben, ours, &Control::Forward { from, to })
        }),
        no("withdraw-another-team", E::Forbidden, two_teams, |st| {
            let [.., dan, _] = people(st);
            let (theirs, team) = (st.s.world.capacity(st.s.other), st.s.team);
            st.control(&dan, theirs, &Control::WithdrawTeam { team })
        }),
    ]
}

fn acts() -> Vec<Case> {
    use ChainError as E;
    let link = Control::LinkPatient { org: org(), file: Some(FileId::from_bytes([3; 16])) };
    let policy = |add| Control::Policy(Policy { add, ..Policy::default() });
    let call = Control::CallJoin { call: [1; 16], key: Box::new([2; 1216]) };
    let (link_again, link_lay, call_no) = (link.clone(), link.clone(), call.clone());
    vec![
        ok("link-patient", with_team, move |st| {
            let ada = st.s.ada.clone();
            st.control(&ada, None, &link)
        }),
        late("link-patient-stub", None, with_team, move |st| {
            let ada = st.s.ada.clone();
            let bytes = st.control(&ada, None, &link_again);
            Signed::parse(&bytes).unwrap().to_stub().to_bytes().unwrap()
        }),
        no(
            "link-by-patient",
            E::Forbidden,
            |s| vec![owner(&s.ada), lay(&s.eve, Standing::Patient)],
            move |st| {
                let eve = st.s.eve.clone();
                st.control(&eve, None, &link_lay)
            },
        ),
        ok("call-join", with_team, move |st| {
            let ada = st.s.ada.clone();
            st.control(&ada, None, &call)
        }),
        no("calls-forbidden", E::KindNotAllowed, with_team, move |st| {
            let ada = st.s.ada.clone();
            st.put(&ada, None, &Control::Policy(Policy { allowed: 6, ..Policy::default() }));
            st.control(&ada, None, &call_no)
        }),
        ok("ack", with_team, |st| {
            let ada = st.s.ada.clone();
            st.control(&ada, None, &Control::Ack { n: 1, msg_id: MsgId::from_bytes([1; 16]) })
        }),
        no("ack-of-the-future", E::OutOfRange, with_team, |st| {
            let ada = st.s.ada.clone();
            st.control(&ada, None, &Control::Ack { n: 2, msg_id: MsgId::from_bytes([1; 16]) })
        }),
        ok("rebox-request", with_team, |st| {
            let ada = st.s.ada.clone();
            st.control(&ada, None, &Control::ReboxRequest { keyring: ada.inbox, epoch: 0 })
        }),
        no("rebox-of-another", E::Forbidden, with_team, |st| {
            let [ada, .., dan, _] = people(st);
            st.control(&ada, None, &Control::ReboxRequest { keyring: dan.inbox, epoch: 0 })
        }),
        no("policy-by-member", E::Forbidden, colleagues, move |st| {
            let dan = st.s.dan.clone();
            st.control(&dan, None, &policy(1))
        }),
        no(
            "policy-loosened",
            E::PolicyLoosened,
            |s| vec![owner(&s.ada), owner(&s.ben)],
            move |st| {
                let ada = st.s.ada.clone();
                st.put(&ada, None, &policy(1));
                st.control(&ada, None, &policy(0))
            },
        ),
        no("policy-out-of-range", E::OutOfRange, with_team, move |st| {
            let ada = st.s.ada.clone();
            st.control(&ada, None, &policy(3))
        }),
        no("unknown-kind", E::UnknownKind, with_team, |st| unknown(st, true)),
        late("unknown-control", None, with_team, |st| unknown(st, true)),
        late("unknown-other", None, with_team, |st| unknown(st, false)),
        no("control-without-ctrl-head", E::CtrlHeadMisplaced, with_team, |st| {
            let ada = st.s.ada.clone();
            let mut core = st.talk.draft(&st.s.world, &ada, None, Kind::Leave);
            core.ctrl_head = None;
            sign::message(&ada.key, &core, vec![0x90]).unwrap().to_bytes().unwrap()
        }),
        no("control-payload-trailing", E::TrailingBytes, with_team, |st| {
            let ada = st.s.ada.clone();
            let core = st.talk.draft(&st.s.world, &ada, None, Kind::Leave);
            sign::message(&ada.key, &core, vec![0x90, 0x90]).unwrap().to_bytes().unwrap()
        }),
    ]
}

fn unknown(st: &mut Stage, is_control: bool) -> Vec<u8> {
    let ada = st.s.ada.clone();
    let mut core = st.talk.draft(&st.s.world, &ada, None, Kind::Unknown(99));
    core.ctrl_head = is_control.then_some(st.talk.state.head().ctrl_head);
    sign::message(&ada.key, &core, vec![0xc0]).unwrap().to_bytes().unwrap()
}

fn close(st: &Stage) -> Control {
    let head = st.talk.state.head();
    Control::Close { final_seq: head.n, final_head: head.head, outcome: Outcome::Done, reason: None }
}

fn closings() -> Vec<Case> {
    use ChainError as E;
    vec![
        ok("close", with_team, |st| {
            let (ada, close) = (st.s.ada.clone(), close(st));
            st.control(&ada, None, &close)
        }),
        no("close-by-member", E::Forbidden, colleagues, |st| {
            let (dan, close) = (st.s.dan.clone(), close(st));
            st.control(&dan, None, &close)
        }),
        no("close-not-at-head", E::StaleAnchor, with_team, |st| {
            let (ada, close) = (st.s.ada.clone(), close(st));
            let early = st.control(&ada, None, &close);
            let [_, ben, ..] = people(st);
            let ours = st.ours();
            st.say(&ben, ours);
            early
        }),
        no("close-final-head", E::FinalMismatch, with_team, |st| {
            let (ada, mut close) = (st.s.ada.clone(), close(st));
            if let Control::Close { final_head, .. } = &mut close {
                *final_head = Bytes32::from_bytes([1; 32]);
            }
            st.control(&ada, None, &close)
        }),
        no("after-close", E::Closed, with_team, |st| {
            let (ada, close) = (st.s.ada.clone(), close(st));
            st.put(&ada, None, &close);
            st.message(&ada, None)
        }),
        no("control-after-close", E::Closed, with_team, |st| {
            let (ada, close) = (st.s.ada.clone(), close(st));
            st.put(&ada, None, &close);
            st.control(&ada, None, &Control::Priority(Priority::High))
        }),
    ]
}
