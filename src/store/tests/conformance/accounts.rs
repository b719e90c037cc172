//! Accounts, sign-in, sessions, invitations, files, directory.

use relais_store::{
    AccountWrite, BlobWrite, Chore, Commit, DirectoryWrite, Guard, Kind, Personal, Refusal, SessionWrite,
    Store,
    facts::{
        account::UserObject,
        directory::{Group, Invite, InviteKind, Membership, Person},
        file::BlobState,
        session::{Login, LoginStage, Session, SessionKind},
    },
    reads::{
        AccountByEmail, BlobById, BlobInThread, InviteByToken, LoginById, MembersOf, MembershipsOf, ObjectOf,
        OrphanBlobs, PeopleSearch, RevokedOf, RevokedSince, SessionsOf,
    },
};
use relais_wire::ids::{BlobId, DeviceId, InviteId, LoginId, Seq, SessionId, UnitId, UserId};

use super::{
    Subject,
    kit::{NOW, ORG, bytes16, create_account, domain, hash32, refusal, thread, user},
};

fn chore(at_ms: u64, chore: Chore) -> Commit {
    Commit::Housekeeping { at_ms, chores: vec![chore] }
}

fn sign_in(n: u8, user: Option<UserId>) -> Login {
    Login {
        login: LoginId::from_bytes([n; 16]),
        user,
        email: None,
        stage: LoginStage::SecondFactor,
        state: vec![1].into(),
        code: None,
        tries: 2,
        expires_ms: NOW + 1000,
    }
}

// ACC-02
pub(crate) fn an_address_belongs_to_one_account<S: Subject>(subject: &S) {
    let store = subject.store();
    create_account(store, user(1));
    create_account(store, user(2));
    let add = |n| {
        let email = Personal::from("a@b.example");
        store.commit_blocking(domain().write(AccountWrite::AddEmail { user: user(n), email }))
    };
    assert_eq!(refusal(add(3)), Refusal::Missing(Kind::Account));
    add(1).unwrap();
    assert_eq!(refusal(add(2)), Refusal::Exists(Kind::Email));
    let found = store.read_blocking(AccountByEmail("a@b.example".into())).unwrap().unwrap();
    assert_eq!(found.user, user(1));
}

pub(crate) fn a_vault_is_replaced_only_at_the_version_that_was_seen<S: Subject>(subject: &S) {
    let store = subject.store();
    create_account(store, user(1));
    let put = |expect| {
        let bytes = vec![1; 10].into();
        let put = AccountWrite::PutObject { user: user(1), object: UserObject::Vault, expect, bytes };
        store.commit_blocking(domain().write(put))
    };
    put(0).unwrap();
    put(1).unwrap();
    assert_eq!(refusal(put(1)), Refusal::Version { kind: Kind::UserObject, actual: 2 });
    assert_eq!(store.read_blocking(ObjectOf(user(1), UserObject::Vault)).unwrap().unwrap().version, 2);
    assert_eq!(store.read_blocking(ObjectOf(user(1), UserObject::Pins)).unwrap(), None);
}

// SEC-04
pub(crate) fn a_code_has_so_many_tries_and_a_sign_in_one_end<S: Subject>(subject: &S) {
    let store = subject.store();
    let id = LoginId::from_bytes([1; 16]);
    let login = Login {
        login: id,
        user: Some(user(1)),
        email: None,
        stage: LoginStage::Password,
        state: vec![1].into(),
        code: None,
        tries: 2,
        expires_ms: NOW + 1000,
    };
    store.commit_blocking(chore(NOW, Chore::PutLogin(Box::new(login.clone())))).unwrap();
    let advance = || {
        let to = Box::new(Login { stage: LoginStage::SecondFactor, code: Some(hash32(1)), ..login.clone() });
        let seen = login.state.clone();
        let from = LoginStage::Password;
        store.commit_blocking(chore(NOW, Chore::AdvanceLogin { login: id, from, seen, to }))
    };
    advance().unwrap();
    assert_eq!(refusal(advance()), Refusal::LoginOver, "a stage is left once");
    let spend = |at| store.commit_blocking(chore(at, Chore::SpendTry(id)));
    let again = |seen: Vec<u8>, state: Vec<u8>| {
        let from = LoginStage::SecondFactor;
        let to = Box::new(Login { stage: from, state: state.into(), ..login.clone() });
        let seen = seen.into();
        store.commit_blocking(chore(NOW, Chore::AdvanceLogin { login: id, from, seen, to }))
    };
    spend(NOW).unwrap();
    again(vec![1], vec![2]).unwrap();
    assert_eq!(refusal(again(vec![1], vec![3])), Refusal::LoginOver, "of two at once, one");
    assert_eq!(store.read_blocking(LoginById(id)).unwrap().unwrap().tries, 1, "a try stays spent");
    store.commit_blocking(chore(NOW, Chore::PutLogin(Box::new(login)))).unwrap();
    assert_eq!(refusal(spend(NOW + 1000)), Refusal::LoginOver, "its time is over");
    spend(NOW).unwrap();
    spend(NOW).unwrap();
    assert_eq!(refusal(spend(NOW)), Refusal::LoginOver);
    assert_eq!(store.read_blocking(LoginById(id)).unwrap().unwrap().tries, 0);
    let close = || store.commit_blocking(domain().write(SessionWrite::CloseLogin(id)));
    close().unwrap();
    assert_eq!(refusal(close()), Refusal::LoginOver);
}

pub(crate) fn a_full_window_says_when_to_come_back<S: Subject>(subject: &S) {
    let store = subject.store();
    let charge =
        |at| store.commit_blocking(chore(at, Chore::Charge { key: hash32(1), limit: 2, window_ms: 100 }));
    charge(NOW).unwrap();
    charge(NOW + 10).unwrap();
    assert_eq!(refusal(charge(NOW + 30)), Refusal::Throttled { retry_after_ms: 70 });
    charge(NOW + 100).unwrap();
    store.commit_blocking(chore(NOW + 100, Chore::Discharge(hash32(1)))).unwrap();
    charge(NOW + 101).unwrap();
    charge(NOW + 101).unwrap();
}

// ACC-10
pub(crate) fn a_revoked_session_is_not_live<S: Subject>(subject: &S) {
    let store = subject.store();
    create_account(store, user(1));
    let id = |n| SessionId::from_bytes(bytes16(n));
    let device = |n: u64| DeviceId::from_bytes(bytes16(n));
    let open = |n| {
        let session = Session {
            session: id(n),
            user: user(1),
            device: device(n),
            kind: SessionKind::Full,
            kid: 1,
            binding: vec![1; 32].into(),
            created_ms: NOW,
            expires_ms: NOW + 1000,
            seen_ms: NOW,
            revoked_ms: None,
        };
        store.commit_blocking(domain().write(SessionWrite::Open(session))).unwrap();
    };
    let live = |n| store.commit_blocking(domain().guard(Guard::SessionLive(id(n))));
    (1..=3).for_each(open);
    live(1).unwrap();
    store.commit_blocking(domain().write(SessionWrite::Revoke(id(1)))).unwrap();
    assert_eq!(refusal(live(1)), Refusal::SessionOver);
    let all = SessionWrite::RevokeAll { user: user(1), except: Some(id(3)) };
    let (begun, other) = (sign_in(1, Some(user(1))), sign_in(2, None));
    for login in [&begun, &other] {
        store.commit_blocking(chore(NOW, Chore::PutLogin(Box::new(login.clone())))).unwrap();
    }
    store.commit_blocking(domain().write(all)).unwrap();
    // SEC-09: what was proved before opens nothing after it.
    assert_eq!(store.read_blocking(LoginById(begun.login)).unwrap(), None);
    assert_eq!(store.read_blocking(LoginById(other.login)).unwrap(), Some(other));
    let gone = store.read_blocking(RevokedOf { user: user(1), since_ms: NOW }).unwrap();
    assert_eq!(gone.len(), 2);
    assert!(store.read_blocking(RevokedOf { user: user(1), since_ms: NOW + 1 }).unwrap().is_empty());
    assert_eq!(refusal(live(2)), Refusal::SessionOver);
    live(3).unwrap();
    let left = store.read_blocking(SessionsOf { user: user(1), now_ms: NOW }).unwrap();
    assert_eq!(left.iter().map(|s| s.session).collect::<Vec<_>>(), [id(3)]);
    assert_eq!(store.read_blocking(RevokedSince(NOW)).unwrap().len(), 2);
    let mut late = domain().guard(Guard::SessionLive(id(3)));
    late.at_ms = NOW + 1000;
    assert_eq!(refusal(store.commit_blocking(late)), Refusal::SessionOver);
    // BEY-18: of one device, and of nobody else's.
    let end = |whose, n| {
        let write = SessionWrite::RevokeDevice { user: user(whose), device: device(n) };
        store.commit_blocking(domain().write(write)).unwrap();
    };
    end(2, 3);
    end(1, 4);
    live(3).unwrap();
    end(1, 3);
    assert_eq!(refusal(live(3)), Refusal::SessionOver);
}

// USR-07
pub(crate) fn an_invitation_is_used_once<S: Subject>(subject: &S) {
    let store = subject.store();
    let id = |n| InviteId::from_bytes(bytes16(n));
    let put = |n: u64| {
        let invite = Invite {
            invite: id(n),
            token_hash: hash32(n % 10),
            kind: InviteKind::Organization,
            org: Some(ORG),
            thread: None,
            by: Some(user(1)),
            details: vec![1].into(),
            expires_ms: NOW + 10,
            used: None,
            withdrawn_ms: None,
        };
        store.commit_blocking(domain().write(DirectoryWrite::PutInvite(invite)))
    };
    let accept = |n, at| {
        let mut commit = domain().write(DirectoryWrite::UseInvite(id(n), user(2)));
        commit.at_ms = at;
        store.commit_blocking(commit)
    };
    put(1).unwrap();
    assert_eq!(refusal(put(11)), Refusal::Exists(Kind::Invite), "a token is unique");
    assert_eq!(refusal(accept(1, NOW + 10)), Refusal::InviteOver, "its time is over");
    accept(1, NOW).unwrap();
    assert_eq!(refusal(accept(1, NOW)), Refusal::InviteOver);
    assert_eq!(store.read_blocking(InviteByToken(hash32(1))).unwrap().unwrap().used, Some((NOW, user(2))));
    put(2).unwrap();
    store.commit_blocking(domain().write(DirectoryWrite::WithdrawInvite(id(2)))).unwrap();
    assert_eq!(refusal(accept(2, NOW)), Refusal::InviteOver);
}

pub(crate) fn a_file_is_referenced_only_when_complete<S: Subject>(subject: &S) {
    let store = subject.store();
    let blob = BlobId::from_bytes([1; 16]);
    let write = |write: BlobWrite| store.commit_blocking(domain().write(write));
    let refer = || write(BlobWrite::Reference { blob, thread: thread(1), n: Seq::ZERO.next() });
    assert_eq!(refusal(refer()), Refusal::Missing(Kind::Blob));
    write(BlobWrite::Begin { blob, owner: user(1) }).unwrap();
    assert_eq!(refusal(refer()), Refusal::BlobIncomplete);
    let complete = || write(BlobWrite::Complete { blob, size: 5, hash: hash32(5) });
    complete().unwrap();
    assert_eq!(refusal(complete()), Refusal::Missing(Kind::Blob), "complete once");
    let orphans = || store.read_blocking(OrphanBlobs { before_ms: NOW + 1, max: 10 }).unwrap().len();
    assert_eq!(orphans(), 1);
    refer().unwrap();
    assert_eq!(orphans(), 0);
    assert_eq!(refusal(write(BlobWrite::Drop(blob))), Refusal::BlobReferenced);
    assert!(store.read_blocking(BlobInThread(blob, thread(1))).unwrap());
    let state = store.read_blocking(BlobById(blob)).unwrap().unwrap().state;
    assert_eq!(state, BlobState::Complete { size: 5, hash: hash32(5), at_ms: NOW });
}

pub(crate) fn a_directory_row_counts_its_versions<S: Subject>(subject: &S) {
    let store = subject.store();
    let person = |n: u64, keywords: &str| Person {
        user: user(n),
        org: Some(ORG),
        name: Personal(format!("P{n}")),
        keywords: keywords.into(),
        profile: vec![1].into(),
        version: 0,
    };
    let unit = Group::Unit(UnitId::from_bytes([3; 16]));
    let membership = Membership {
        group: unit,
        org: ORG,
        user: user(1),
        manager: true,
        roles: vec!["admin".to_owned(), "clerk".to_owned()],
        since_ms: NOW,
    };
    let commit = domain()
        .write(DirectoryWrite::PutPerson(person(1, "anna cardio")))
        .write(DirectoryWrite::PutPerson(person(2, "ben cardio")))
        .write(DirectoryWrite::PutPerson(person(1, "anna cardio")))
        .write(DirectoryWrite::PutMembership(membership.clone()));
    store.commit_blocking(commit).unwrap();
    let search = |text: &str, skip| {
        let search = PeopleSearch { org: Some(ORG), text: text.into(), skip, max: 10 };
        let found = store.read_blocking(search).unwrap();
        found.into_iter().map(|p| (p.user, p.version)).collect::<Vec<_>>()
    };
    assert_eq!(search("cardio", 0), [(user(1), 2), (user(2), 1)]);
    assert_eq!(search("ben", 0), [(user(2), 1)]);
    assert_eq!(search("", 1), [(user(2), 1)]);
    assert_eq!(store.read_blocking(MembershipsOf(user(1))).unwrap(), std::slice::from_ref(&membership));
    let members = MembersOf { group: unit, after: None, max: 10 };
    assert_eq!(store.read_blocking(members).unwrap(), [membership]);
}
