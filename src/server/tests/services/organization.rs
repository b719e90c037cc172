//! Organizations, units, teams, invitations, and threads in their context.

use relais_chain::control::{Control, Invitee};
use relais_chain::facts::{KeyringKind, KeyringRef, Owner};
use relais_chain::keyring_body::{KeyringBody, Reason, Recipient, Role};
use relais_chain::party::History;
use relais_chain::unit::{Attestation, Standing, UnitBody};
use relais_chain::{Facts as _, hash};
use relais_server::services::{self, Caller, StreamRead};
use relais_wire::account::{Locale, RegisterFinish};
use relais_wire::calls::{CallJoin, CallStart, GetCalls};
use relais_wire::chains::{
    AppendLinks, BoxScope, ChainKind, ChainLink, GetBoxes, GetLinks, PutBoxes, SealedBox,
};
use relais_wire::directory::{
    AcceptInvite, CreateInvite, CreateTeam, CreateUnit, GetPending, GetPerson, GetUnit, Search, SetSuspended,
    WithdrawInvite,
};
use relais_wire::events::ThreadGone;
use relais_wire::ids::{CallId, FileId, KeyringId, MsgId, OrgId, Seq, TeamId, UnitId};
use relais_wire::scalar::Bin;
use relais_wire::streams::{Focus, GetSnapshot};
use relais_wire::threads::{GetEntries, GetThread, PartyState};
use relais_wire::{ErrorCode, Event};

use crate::kit::*;
use crate::talk::*;

/// A hospital: Ada founded it, Ben manages a team, Cyd takes part in it; Eve is outside.
pub struct Ward {
    pub server: Server,
    pub world: World,
    pub ada: Person,
    pub ben: Person,
    pub cyd: Person,
    pub eve: Person,
    pub org: OrgId,
    pub unit: UnitId,
    pub admins: KeyringId,
    pub managers: KeyringId,
    pub all: KeyringId,
}

fn create(world: &World, id: KeyringId, kind: KeyringKind, unit: UnitId, to: &[KeyringId]) -> KeyringBody {
    let recipients = to.iter().map(|to| world.recipient(*id.as_bytes(), 1, *to)).collect();
    KeyringBody::Create { kind, owner: Owner::Unit(unit), paired: None, first: generation(id, 1, recipients) }
}

fn boxes(id: KeyringId, body: &KeyringBody) -> Vec<SealedBox> {
    let (n, to): (u64, Vec<Recipient>) = match body {
        KeyringBody::Create { first, .. } => (first.generation, first.recipients.clone()),
        KeyringBody::Rotate(body) => (body.generation, body.recipients.clone()),
        _ => (0, Vec::new()),
    };
    to.iter().map(|to| wire_box(BoxScope::Keyring, *id.as_bytes(), n, to)).collect()
}

pub fn attest(world: &World, person: &Person) -> UnitBody {
    UnitBody::Attest(Attestation {
        user: person.user,
        root: world.dir.user(person.user).unwrap().root,
        standing: Standing::Professional,
        name: hash::commitment("name", &[1; 16], "x"),
        email: hash::commitment("email", &[2; 16], "x"),
    })
}

/// Founds an organization; answers its root unit, `OA` and the request.
fn found(world: &mut World, founder: &Person) -> (UnitId, KeyringId, CreateUnit) {
    let unit = UnitId::from_bytes(random());
    let (admins, data) = (KeyringId::from_bytes(random()), KeyringId::from_bytes(random()));
    let oa = create(world, admins, KeyringKind::OA, unit, &[founder.personal]);
    world.put(ChainKind::Keyring, *admins.as_bytes(), founder, None, &oa);
    let genesis = UnitBody::Genesis {
        parent: None,
        admins: KeyringRef { id: admins, first: world.dir.keyring(admins).unwrap().first },
        founder: world.dir.user(founder.user).unwrap().root,
    };
    world.put(ChainKind::Unit, *unit.as_bytes(), founder, None, &genesis);
    let od = create(world, data, KeyringKind::OD, unit, &[admins]);
    world.put(ChainKind::Keyring, *data.as_bytes(), founder, world.capacity(admins), &od);
    let named = KeyringRef { id: data, first: world.dir.keyring(data).unwrap().first };
    world.put(
        ChainKind::Unit,
        *unit.as_bytes(),
        founder,
        world.capacity(admins),
        &UnitBody::Data { data: named },
    );
    let body = attest(world, founder);
    world.put(ChainKind::Unit, *unit.as_bytes(), founder, world.capacity(admins), &body);
    let boxes = [boxes(admins, &oa), boxes(data, &od)].concat();
    let request =
        CreateUnit { idem: idem(), unit, parent: None, name: "Hôpital".into(), links: world.fresh(), boxes };
    (unit, admins, request)
}

pub async fn ward() -> Ward {
    let mut server = Server::open(Wish { closed: true, ..Wish::default() }).await;
    let mut world = World::default();
    let token = server.setup_token();
    let ada = register_with(&mut server, &mut world, "ada@example.org", Some(token)).await;
    let (unit, admins, request) = found(&mut world, &ada);
    server.call(Caller::Session(ada.who), request).await.unwrap();
    let org = OrgId::from_bytes(*unit.as_bytes());
    let mut others = Vec::new();
    for (name, inside) in [("ben", true), ("cyd", true), ("eve", false)] {
        let invite = CreateInvite {
            idem: idem(),
            unit: inside.then_some(unit),
            email: None,
            locale: Locale::Fr,
            key: None,
        };
        let token = server.call(Caller::Session(ada.who), invite).await.unwrap().token;
        let email = format!("{name}@example.org");
        let person = register_with(&mut server, &mut world, &email, Some(token)).await;
        if inside {
            let body = attest(&world, &person);
            world.put(ChainKind::Unit, *unit.as_bytes(), &ada, world.capacity(admins), &body);
            let links = world.fresh();
            server.call(Caller::Session(ada.who), AppendLinks { idem: idem(), links }).await.unwrap();
        }
        others.push(person);
    }
    let [ben, cyd, eve] = <[Person; 3]>::try_from(others).ok().unwrap();
    let (managers, all) = (KeyringId::from_bytes(random()), KeyringId::from_bytes(random()));
    let tm = create(&world, managers, KeyringKind::TM, unit, &[ben.personal]);
    world.put(ChainKind::Keyring, *managers.as_bytes(), &ada, world.capacity(admins), &tm);
    let mut ta = create(&world, all, KeyringKind::TA, unit, &[ada.personal, ben.personal, cyd.personal]);
    if let KeyringBody::Create { paired, .. } = &mut ta {
        *paired = Some(managers);
    }
    world.put(ChainKind::Keyring, *all.as_bytes(), &ada, world.capacity(admins), &ta);
    let request = CreateTeam {
        idem: idem(),
        team: TeamId::from_bytes(*managers.as_bytes()),
        unit,
        name: "Cardiologie".into(),
        links: world.fresh(),
        boxes: [boxes(managers, &tm), boxes(all, &ta)].concat(),
    };
    server.call(Caller::Session(ada.who), request).await.unwrap();
    Ward { server, world, ada, ben, cyd, eve, org, unit, admins, managers, all }
}

impl Ward {
    /// A thread of Ada's with the team.
    pub async fn talk(&self) -> Talk {
        let mut talk = Talk::new();
        let parties = vec![owner(&self.ada, Some(self.org)), team(self.managers, None, self.org)];
        let create = talk.create(&self.world, Some(self.org), parties);
        talk.act(&self.server, &self.world, &self.ada, None, &create).await.unwrap();
        talk
    }

    /// Ben makes a new generation of the managers' keyring for those who are in it; its boxes are there.
    pub async fn rotation(&mut self) -> Vec<ChainLink> {
        let chain = self.world.dir.keyring_chain(self.managers).unwrap();
        let id = *self.managers.as_bytes();
        let to: Vec<_> = chain.members().map(|(to, _)| self.world.recipient(id, 2, to)).collect();
        let rotate = KeyringBody::Rotate(generation(self.managers, 2, to));
        let boxes = boxes(self.managers, &rotate);
        self.server.call(Caller::Session(self.ben.who), PutBoxes { boxes }).await.unwrap();
        self.world.put(ChainKind::Keyring, id, &self.ben, None, &rotate);
        self.world.fresh()
    }

    /// Ada asks Eve into a thread and rotates it.
    async fn invite(&self, talk: &mut Talk, history: History) -> MsgId {
        let invitee = Invitee::Known { party: member(&self.eve, None), boxes: Vec::new() };
        let invite = Control::Invite { invitee, history, expires_ms: None };
        let signed = talk.control(&self.world, &self.ada, None, &invite);
        let asked = relais_chain::entry::EntryCore::parse(signed.core()).unwrap().msg_id;
        talk.send(&self.server, &self.ada, &[&signed]).await.unwrap();
        talk.take(&self.world, &signed);
        talk.rotate(&self.server, &self.world, &self.ada, None).await;
        asked
    }

    async fn told(&self, person: &Person, org: Option<OrgId>) -> Vec<Event> {
        let page = services::read_stream(&self.server.app, person.user, org, Seq::ZERO, 200).await.unwrap();
        let StreamRead::Entries { entries, .. } = page else { panic!("no resync") };
        entries.iter().map(|entry| Event::decode(entry.kind, &entry.body).unwrap()).collect()
    }
}

fn all(talk: &Talk) -> GetEntries {
    GetEntries { thread: talk.id(), from: Seq::new(1).unwrap(), max: 200, backward: false }
}

#[tokio::test]
async fn only_who_runs_the_server_founds_an_organization_and_only_members_see_it() {
    // PRM-15, ORG-02, USR-02
    let mut w = ward().await;
    let (.., request) = found(&mut w.world, &w.ben);
    assert_eq!(refused(w.server.call(Caller::Session(w.ben.who), request).await), ErrorCode::Forbidden);
    let get = GetUnit { unit: w.unit };
    let card = w.server.call(Caller::Session(w.cyd.who), get.clone()).await.unwrap();
    assert_eq!((card.name.as_str(), card.members.len(), card.teams.len()), ("Hôpital", 3, 1));
    assert_eq!(card.org, w.org);
    assert_eq!(refused(w.server.call(Caller::Session(w.eve.who), get).await), ErrorCode::NotFound);
    let root = w.server.anonymous(relais_wire::directory::GetServer {}).await.unwrap().root;
    assert_eq!(root, Some(w.unit));
}

#[tokio::test]
async fn an_invitation_works_once_until_it_is_withdrawn_or_over() {
    // USR-02, USR-07, ACC-06
    let mut w = ward().await;
    let invite = |key: Option<Bin>| CreateInvite {
        idem: idem(),
        unit: Some(w.unit),
        email: None,
        locale: Locale::En,
        key,
    };
    let ada = Caller::Session(w.ada.who);
    let eve = Caller::Session(w.eve.who);
    assert_eq!(refused(w.server.call(eve, invite(None)).await), ErrorCode::NotFound);
    assert_eq!(refused(w.server.call(Caller::Session(w.ben.who), invite(None)).await), ErrorCode::Forbidden);
    let request = invite(None);
    let first = w.server.call(ada, request.clone()).await.unwrap();
    assert_eq!(w.server.call(ada, request).await.unwrap(), first, "a repeated request gets the same token");
    let accept = |token: &Bin| AcceptInvite { idem: idem(), token: token.clone(), proof: None };
    w.server.call(ada, WithdrawInvite { idem: idem(), invite: first.invite }).await.unwrap();
    assert_eq!(refused(w.server.call(eve, accept(&first.token)).await), ErrorCode::InviteInvalid);
    let second = w.server.call(ada, invite(None)).await.unwrap();
    w.server.call(eve, accept(&second.token)).await.unwrap();
    assert_eq!(refused(w.server.call(eve, accept(&second.token)).await), ErrorCode::InviteInvalid);
    let waiting = w.server.call(ada, GetPending { unit: w.unit }).await.unwrap().members;
    assert_eq!(waiting.iter().map(|member| member.user).collect::<Vec<_>>(), [w.eve.user]);
    let told = w.told(&w.ada, Some(w.org)).await;
    assert!(told.iter().any(|event| matches!(event, Event::MemberWaits(waits) if waits.user == w.eve.user)));
    let ben = Caller::Session(w.ben.who);
    assert_eq!(refused(w.server.call(ben, GetPending { unit: w.unit }).await), ErrorCode::Forbidden);
    // Accepting made nobody a member; the signature does.
    let focus = Focus { org: Some(w.org), cursor: None };
    assert_eq!(refused(w.server.call(eve, focus.clone()).await), ErrorCode::NotFound);
    let body = attest(&w.world, &w.eve);
    w.world.put(ChainKind::Unit, *w.unit.as_bytes(), &w.ada, w.world.capacity(w.admins), &body);
    let links = w.world.fresh();
    w.server.call(ada, AppendLinks { idem: idem(), links }).await.unwrap();
    w.server.call(eve, focus).await.unwrap();
    assert!(w.server.call(ada, GetPending { unit: w.unit }).await.unwrap().members.is_empty());
    let third = w.server.call(ada, invite(None)).await.unwrap();
    w.server.pass(15 * 24 * 3_600_000);
    let hash = relais_wire::Bytes32::from_bytes([1; 32]);
    let request = relais_wire::Request::AcceptInvite(accept(&third.token));
    let outcome = services::handle(
        &w.server.app,
        Caller::Session(services::Authenticated { expires_ms: u64::MAX, ..w.cyd.who }),
        services::Incoming { request, hash },
    )
    .await;
    assert_eq!(outcome.unwrap_err().code, ErrorCode::InviteInvalid);
}

#[tokio::test]
async fn search_finds_people_and_teams_without_accents() {
    // NET-03, NET-12
    let w = ward().await;
    let me = Caller::Session(w.cyd.who);
    let search = |query: &str, org| Search { query: query.into(), org };
    let found = w.server.call(me, search("DR BEN", Some(w.org))).await.unwrap();
    assert_eq!(found.people.iter().map(|card| card.user).collect::<Vec<_>>(), [w.ben.user]);
    assert_eq!(found.people[0].orgs, [w.org]);
    let found = w.server.call(me, search("cárdio", None)).await.unwrap();
    assert_eq!(found.teams.len(), 1);
    assert_eq!(found.teams[0].managers, w.managers);
    assert_eq!(refused(w.server.call(me, search("b", None)).await), ErrorCode::Malformed);
    let eve = Caller::Session(w.eve.who);
    assert_eq!(refused(w.server.call(eve, search("ben", Some(w.org))).await), ErrorCode::NotFound);
    let card = w.server.call(eve, GetPerson { user: w.ben.user }).await.unwrap();
    assert!(card.orgs.is_empty() && card.inbox == w.ben.inbox);
    let nobody = GetPerson { user: relais_wire::UserId::from_bytes([1; 16]) };
    assert_eq!(refused(w.server.call(eve, nobody).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_teams_managers_get_its_threads_and_take_them_from_triage() {
    // TEA-05, TEA-06, TRI-02, TRI-04
    let w = ward().await;
    let mut talk = w.talk().await;
    let page = GetSnapshot { org: Some(w.org), page: None };
    let snapshot = w.server.call(Caller::Session(w.ben.who), page.clone()).await.unwrap();
    assert_eq!(snapshot.threads.len(), 1);
    assert_eq!(snapshot.teams[0].triage, Some(1));
    assert_eq!(snapshot.org.unwrap().name.as_str(), "Hôpital");
    let participant = w.server.call(Caller::Session(w.cyd.who), page.clone()).await.unwrap();
    assert!(participant.threads.is_empty() && participant.teams[0].triage.is_none());
    assert_eq!(refused(w.server.call(Caller::Session(w.cyd.who), all(&talk)).await), ErrorCode::NotFound);
    let take = Control::Take { team: w.managers };
    let as_team = w.world.capacity(w.managers);
    talk.act(&w.server, &w.world, &w.ben, as_team, &take).await.unwrap();
    talk.say(&w.server, &w.world, &w.ben, as_team).await.unwrap();
    let snapshot = w.server.call(Caller::Session(w.ben.who), page).await.unwrap();
    assert_eq!(snapshot.teams[0].triage, Some(0));
    let told = w.told(&w.ada, Some(w.org)).await;
    assert_eq!(told.iter().filter(|e| matches!(e, Event::EntriesAppended(_))).count(), 3);
    let outsider =
        talk.control(&w.world, &w.cyd, w.world.capacity(w.managers), &Control::Return { team: w.managers });
    let refusal = talk.send(&w.server, &w.cyd, &[&outsider]).await.unwrap_err();
    assert!(matches!(refusal.code, ErrorCode::NotFound | ErrorCode::ChainRefused));
}

#[tokio::test]
async fn people_from_outside_are_asked_and_never_just_added() {
    // THR-04
    let w = ward().await;
    let mut talk = w.talk().await;
    let eve = member(&w.eve, None);
    let add = Control::Add { party: eve, boxes: Vec::new(), history: History::FromJoin };
    assert_eq!(refused(talk.act(&w.server, &w.world, &w.ada, None, &add).await), ErrorCode::Forbidden);
    // Nor may somebody be said to stand for an organization that is not theirs.
    let add = Control::Add { party: member(&w.eve, Some(w.org)), boxes: Vec::new(), history: History::Full };
    assert_eq!(refused(talk.act(&w.server, &w.world, &w.ada, None, &add).await), ErrorCode::Forbidden);
    let add = Control::Add { party: member(&w.cyd, Some(w.org)), boxes: Vec::new(), history: History::Full };
    talk.act(&w.server, &w.world, &w.ada, None, &add).await.unwrap();
    let elsewhere = Some(OrgId::from_bytes([1; 16]));
    let other = Talk::new();
    let create = other.create(&w.world, elsewhere, vec![owner(&w.ada, Some(w.org))]);
    assert_eq!(
        refused(other.clone().act(&w.server, &w.world, &w.ada, None, &create).await),
        ErrorCode::Forbidden
    );
}

#[tokio::test]
async fn whoever_declines_sees_the_thread_vanish() {
    // THR-04, THR-05, THR-06
    let w = ward().await;
    let mut talk = w.talk().await;
    let asked = w.invite(&mut talk, History::FromJoin).await;
    let eve = Caller::Session(w.eve.who);
    let told = w.told(&w.eve, None).await;
    assert!(matches!(told.last(), Some(Event::Invited(invited)) if invited.thread == talk.id()));
    let card = w.server.call(eve, GetThread { thread: talk.id() }).await.unwrap();
    assert_eq!((card.state, card.parties.len()), (PartyState::Invited, 0));
    assert_eq!(refused(w.server.call(eve, all(&talk)).await), ErrorCode::NotFound);
    let boxed =
        GetBoxes { scope: BoxScope::Thread, id: talk.id().into(), from: 0, to: 9, recipient: w.eve.inbox };
    assert_eq!(refused(w.server.call(eve, boxed.clone()).await), ErrorCode::NotFound);

    let mut declined = talk.clone();
    let decline = Control::Decline { invite: asked, reason: None };
    declined.act(&w.server, &w.world, &w.eve, None, &decline).await.unwrap();
    assert_eq!(refused(w.server.call(eve, GetThread { thread: talk.id() }).await), ErrorCode::NotFound);
    assert_eq!(refused(w.server.call(eve, boxed).await), ErrorCode::NotFound);
    let told = w.told(&w.eve, None).await;
    assert_eq!(told.last(), Some(&Event::from(ThreadGone { thread: talk.id() })));
    let senders = w.told(&w.ada, Some(w.org)).await;
    assert!(matches!(senders.last(), Some(Event::EntriesAppended(_))), "the sender sees the refusal");
    let snapshot = w.server.call(eve, GetSnapshot { org: None, page: None }).await.unwrap();
    assert!(snapshot.threads.is_empty());
}

#[tokio::test]
async fn whoever_accepts_takes_part_from_there_on() {
    // THR-06, Q31
    let w = ward().await;
    let mut talk = w.talk().await;
    talk.say(&w.server, &w.world, &w.ada, None).await.unwrap();
    let asked = w.invite(&mut talk, History::FromJoin).await;
    let accept = Control::Accept { invite: asked, bearer: None };
    talk.act(&w.server, &w.world, &w.eve, None, &accept).await.unwrap();
    talk.say(&w.server, &w.world, &w.eve, None).await.unwrap();
    let eve = Caller::Session(w.eve.who);
    let seen = w.server.call(eve, all(&talk)).await.unwrap().entries;
    let withheld: Vec<_> = seen.iter().filter(|e| e.payload.is_none()).map(|e| e.n.get()).collect();
    assert_eq!(withheld, [2]);
    let boxed =
        GetBoxes { scope: BoxScope::Thread, id: talk.id().into(), from: 0, to: 9, recipient: w.eve.inbox };
    assert_eq!(w.server.call(eve, boxed).await.unwrap().boxes.len(), 1);
}

#[tokio::test]
async fn a_patients_file_is_named_to_its_custodians_readers_only() {
    let w = ward().await;
    let mut talk = Talk::new();
    let parties = vec![owner(&w.ada, Some(w.org)), team(w.managers, Some(w.all), w.org)];
    let create = talk.create(&w.world, Some(w.org), parties);
    talk.act(&w.server, &w.world, &w.ada, None, &create).await.unwrap();
    let asked = w.invite(&mut talk, History::Full).await;
    let accept = Control::Accept { invite: asked, bearer: None };
    talk.act(&w.server, &w.world, &w.eve, None, &accept).await.unwrap();
    let link = Control::LinkPatient { org: w.org, file: Some(FileId::from_bytes([4; 16])) };
    talk.act(&w.server, &w.world, &w.ada, None, &link).await.unwrap();
    let last = |page: relais_wire::threads::Entries| page.entries.last().unwrap().payload.is_some();
    assert!(last(w.server.call(Caller::Session(w.ben.who), all(&talk)).await.unwrap()));
    assert!(
        last(w.server.call(Caller::Session(w.cyd.who), all(&talk)).await.unwrap()),
        "the whole team reads"
    );
    assert!(!last(w.server.call(Caller::Session(w.eve.who), all(&talk)).await.unwrap()));
    let told = w.told(&w.cyd, Some(w.org)).await;
    assert_eq!(told.iter().filter(|event| matches!(event, Event::EntriesAppended(_))).count(), 5);
    let page = GetSnapshot { org: Some(w.org), page: None };
    assert_eq!(w.server.call(Caller::Session(w.cyd.who), page).await.unwrap().threads.len(), 1);
}

#[tokio::test]
async fn a_removed_manager_loses_boxes_and_threads_at_once() {
    // TEA-05: "removed users while a rotation is due"
    let mut w = ward().await;
    let add = |world: &World, person: &Person, n: u64| KeyringBody::Add {
        recipient: world.recipient(*w.managers.as_bytes(), n, person.personal),
        role: Role::Keeper,
    };
    let body = add(&w.world, &w.cyd, 1);
    let KeyringBody::Add { recipient, .. } = &body else { panic!("an addition") };
    let boxes = vec![wire_box(BoxScope::Keyring, *w.managers.as_bytes(), 1, recipient)];
    w.server.call(Caller::Session(w.ben.who), PutBoxes { boxes }).await.unwrap();
    w.world.put(ChainKind::Keyring, *w.managers.as_bytes(), &w.ben, None, &body);
    let links = w.world.fresh();
    w.server.call(Caller::Session(w.ben.who), AppendLinks { idem: idem(), links }).await.unwrap();
    let mut talk = w.talk().await;
    let cyd = Caller::Session(w.cyd.who);
    let team_boxes = GetBoxes {
        scope: BoxScope::Keyring,
        id: w.managers.into(),
        from: 1,
        to: 9,
        recipient: w.cyd.personal,
    };
    let thread_boxes =
        GetBoxes { scope: BoxScope::Thread, id: talk.id().into(), from: 0, to: 9, recipient: w.managers };
    assert_eq!(w.server.call(cyd, team_boxes.clone()).await.unwrap().boxes.len(), 1);
    assert_eq!(w.server.call(cyd, thread_boxes.clone()).await.unwrap().boxes.len(), 1);
    w.server.call(cyd, all(&talk)).await.unwrap();
    // Cyd answers for the team.
    let call = CallId::from_bytes(random());
    let start = CallStart { call, thread: talk.id(), callees: None, camera: false, confirmed: false };
    w.server.call(Caller::Session(w.ada.who), start).await.unwrap();
    w.server.call(cyd, CallJoin { call, camera: false }).await.unwrap();

    let remove = KeyringBody::Remove { keyring: w.cyd.personal, reason: Reason::Removed };
    w.world.put(ChainKind::Keyring, *w.managers.as_bytes(), &w.ben, None, &remove);
    let links = w.world.fresh();
    w.server.call(Caller::Session(w.ben.who), AppendLinks { idem: idem(), links }).await.unwrap();
    assert_eq!(refused(w.server.call(cyd, team_boxes).await), ErrorCode::NotFound);
    assert_eq!(refused(w.server.call(cyd, thread_boxes).await), ErrorCode::NotFound);
    assert_eq!(refused(w.server.call(cyd, all(&talk)).await), ErrorCode::NotFound);
    let calls = w.server.call(Caller::Session(w.ada.who), GetCalls {}).await.unwrap();
    assert!(calls.card.is_none(), "nobody of the team is in the call any more");
    // Writing goes on until the rotation, then the thread needs a new epoch first.
    talk.say(&w.server, &w.world, &w.ada, None).await.unwrap();
    let links = w.rotation().await;
    w.server.call(Caller::Session(w.ben.who), AppendLinks { idem: idem(), links }).await.unwrap();
    let late = talk.message(&w.world, &w.ada, None);
    let refusal = talk.send(&w.server, &w.ada, &[&late]).await.unwrap_err();
    let stale = refusal.stale.unwrap();
    assert_eq!((refusal.code, stale.keyring, stale.generation), (ErrorCode::Stale, Some(w.managers), 2));
    talk.rotate(&w.server, &w.world, &w.ada, None).await;
    talk.say(&w.server, &w.world, &w.ada, None).await.unwrap();
}

#[tokio::test]
async fn links_are_added_by_their_signer_and_read_by_whoever_is_signed_in() {
    let mut w = ward().await;
    let body = UnitBody::Policy(relais_chain::unit::UnitPolicy { escrow: true, ..Default::default() });
    let unit = *w.unit.as_bytes();
    let before = w.world.clone();
    w.world.put(ChainKind::Unit, unit, &w.ada, w.world.capacity(w.admins), &body);
    let links = w.world.fresh();
    let append = AppendLinks { idem: idem(), links };
    assert_eq!(
        refused(w.server.call(Caller::Session(w.ben.who), append.clone()).await),
        ErrorCode::Forbidden
    );
    let heads = w.server.call(Caller::Session(w.ada.who), append.clone()).await.unwrap().heads;
    assert_eq!(w.server.call(Caller::Session(w.ada.who), append.clone()).await.unwrap().heads, heads);
    // Somebody who had not seen it signs at the same place: compare-and-set.
    let fork = before.sign(
        ChainKind::Unit,
        unit,
        &w.ada,
        before.capacity(w.admins),
        &UnitBody::Policy(Default::default()),
    );
    let fork = AppendLinks { idem: idem(), links: vec![object(ChainKind::Unit, unit, fork)] };
    let refusal = w.server.call(Caller::Session(w.ada.who), fork).await.unwrap_err();
    assert_eq!((refusal.code, refusal.chain_code), (ErrorCode::ChainRefused, Some(303)));
    let get = GetLinks { chain: ChainKind::Unit, id: w.unit.into(), after: Seq::ZERO, max: 200, login: None };
    let links = w.server.call(Caller::Session(w.eve.who), get).await.unwrap();
    assert_eq!((links.n, links.links.len() as u64), (heads[0].n, heads[0].n.get()));
    let none = GetLinks {
        chain: ChainKind::Unit,
        id: relais_wire::ObjectId::from_bytes([1; 16]),
        after: Seq::ZERO,
        max: 1,
        login: None,
    };
    assert_eq!(refused(w.server.call(Caller::Session(w.eve.who), none).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn everything_is_known_again_after_a_restart() {
    let w = ward().await;
    let mut talk = w.talk().await;
    let server = w.server.restart().await;
    talk.say(&server, &w.world, &w.ben, w.world.capacity(w.managers)).await.unwrap();
    let page = GetSnapshot { org: Some(w.org), page: None };
    assert_eq!(server.call(Caller::Session(w.ben.who), page).await.unwrap().threads.len(), 1);
    assert_ne!(w.all, w.managers);
}

/// The request that makes a unit below another one, signed by Ada as an administrator above.
pub fn below(w: &mut Ward, parent: UnitId, admin: &KeyringId) -> (UnitId, KeyringId, CreateUnit) {
    let unit = UnitId::from_bytes(random());
    let (admins, data) = (KeyringId::from_bytes(random()), KeyringId::from_bytes(random()));
    let above = w.world.capacity(w.admins);
    let oa = create(&w.world, admins, KeyringKind::OA, unit, &[*admin]);
    w.world.put(ChainKind::Keyring, *admins.as_bytes(), &w.ada, None, &oa);
    let genesis = UnitBody::Genesis {
        parent: Some(parent),
        admins: KeyringRef { id: admins, first: w.world.dir.keyring(admins).unwrap().first },
        founder: w.world.dir.user(w.ada.user).unwrap().root,
    };
    w.world.put(ChainKind::Unit, *unit.as_bytes(), &w.ada, above, &genesis);
    let od = create(&w.world, data, KeyringKind::OD, unit, &[admins]);
    w.world.put(ChainKind::Keyring, *data.as_bytes(), &w.ada, above, &od);
    let named = KeyringRef { id: data, first: w.world.dir.keyring(data).unwrap().first };
    w.world.put(ChainKind::Unit, *unit.as_bytes(), &w.ada, above, &UnitBody::Data { data: named });
    let request = CreateUnit {
        idem: idem(),
        unit,
        parent: Some(parent),
        name: "Cardiologie".into(),
        links: w.world.fresh(),
        boxes: [boxes(admins, &oa), boxes(data, &od)].concat(),
    };
    (unit, admins, request)
}

#[tokio::test]
async fn a_unit_that_moves_is_administered_from_its_new_place() {
    // ORG-02, ORG-03
    let mut w = ward().await;
    let (ben, ada, root) = (w.ben.personal, w.ada.personal, w.unit);
    let (upper, upper_admins, request) = below(&mut w, root, &ben);
    w.server.call(Caller::Session(w.ada.who), request).await.unwrap();
    let (lower, _, request) = below(&mut w, root, &ada);
    w.server.call(Caller::Session(w.ada.who), request).await.unwrap();
    let invite =
        |unit| CreateInvite { idem: idem(), unit: Some(unit), email: None, locale: Locale::Fr, key: None };
    assert_eq!(refused(w.server.call(Caller::Session(w.ben.who), invite(lower)).await), ErrorCode::Forbidden);
    let above = w.world.capacity(w.admins);
    w.world.put(ChainKind::Unit, *lower.as_bytes(), &w.ada, above, &UnitBody::Parent { parent: upper });
    let links = w.world.fresh();
    w.server.call(Caller::Session(w.ada.who), AppendLinks { idem: idem(), links }).await.unwrap();
    let card = w.server.call(Caller::Session(w.ada.who), GetUnit { unit: lower }).await.unwrap();
    assert_eq!(card.parent, Some(upper));
    w.server.call(Caller::Session(w.ben.who), invite(lower)).await.unwrap();
    let server = w.server.restart().await;
    let body = attest(&w.world, &w.cyd);
    w.world.put(ChainKind::Unit, *lower.as_bytes(), &w.ben, w.world.capacity(upper_admins), &body);
    let links = w.world.fresh();
    server.call(Caller::Session(w.ben.who), AppendLinks { idem: idem(), links }).await.unwrap();
}

#[tokio::test]
async fn an_administrator_above_administers_below_before_and_after_a_restart() {
    // ORG-02, ORG-03
    let mut w = ward().await;
    let (ben, root) = (w.ben.personal, w.unit);
    let (unit, admins, request) = below(&mut w, root, &ben);
    let above = w.world.capacity(w.admins);
    let by_ben = CreateUnit { idem: idem(), ..request.clone() };
    assert_eq!(refused(w.server.call(Caller::Session(w.ben.who), by_ben).await), ErrorCode::Forbidden);
    w.server.call(Caller::Session(w.ada.who), request).await.unwrap();
    // Ada, who is above, removes nobody but may ask; Ben, who is the administrator, attests.
    let body = attest(&w.world, &w.cyd);
    w.world.put(ChainKind::Unit, *unit.as_bytes(), &w.ben, w.world.capacity(admins), &body);
    let links = w.world.fresh();
    w.server.call(Caller::Session(w.ben.who), AppendLinks { idem: idem(), links }).await.unwrap();
    let request = KeyringBody::AddRequest { keyring: w.cyd.personal, role: Role::Keeper };
    w.world.put(ChainKind::Keyring, *admins.as_bytes(), &w.ada, above, &request);
    let links = w.world.fresh();
    w.server.call(Caller::Session(w.ada.who), AppendLinks { idem: idem(), links }).await.unwrap();

    let server = w.server.restart().await;
    let body = attest(&w.world, &w.eve);
    w.world.put(ChainKind::Unit, *unit.as_bytes(), &w.ada, above, &body);
    let links = w.world.fresh();
    server.call(Caller::Session(w.ada.who), AppendLinks { idem: idem(), links }).await.unwrap();
    let card = server.call(Caller::Session(w.ben.who), GetUnit { unit }).await.unwrap();
    assert_eq!((card.parent, card.members.len()), (Some(w.unit), 3));
    let root = server.call(Caller::Session(w.ben.who), GetUnit { unit: w.unit }).await.unwrap();
    assert_eq!(root.members.len(), 3, "members of a unit below are not members above");
}

#[tokio::test]
async fn an_invitation_with_a_key_asks_for_its_proof() {
    // USR-02
    let w = ward().await;
    let key = ed25519_dalek::SigningKey::from_bytes(&random());
    let invite = CreateInvite {
        idem: idem(),
        unit: Some(w.unit),
        email: None,
        locale: Locale::En,
        key: Some(Bin(public(&key).to_bytes().to_vec())),
    };
    let token = w.server.call(Caller::Session(w.ada.who), invite).await.unwrap().token;
    let eve = Caller::Session(w.eve.who);
    let root = w.world.dir.user(w.eve.user).unwrap().root;
    let sign = |key: &ed25519_dalek::SigningKey| {
        Bin(relais_chain::sign::sign(key, hash::LABEL_ACCEPT, root.as_bytes()).to_vec())
    };
    let accept = |proof| AcceptInvite { idem: idem(), token: token.clone(), proof };
    assert_eq!(refused(w.server.call(eve, accept(None)).await), ErrorCode::InviteInvalid);
    assert_eq!(refused(w.server.call(eve, accept(Some(sign(&w.eve.key)))).await), ErrorCode::InviteInvalid);
    w.server.call(eve, accept(Some(sign(&key)))).await.unwrap();
    let waiting =
        w.server.call(Caller::Session(w.ada.who), GetPending { unit: w.unit }).await.unwrap().members;
    assert_eq!(waiting[0].proof, Some(sign(&key)));
}

#[tokio::test]
async fn a_registration_by_invitation_proves_the_key_too() {
    // USR-02, ACC-05: "after seeing the invite key's proof"
    let mut w = ward().await;
    let key = ed25519_dalek::SigningKey::from_bytes(&random());
    let invite = CreateInvite {
        idem: idem(),
        unit: Some(w.unit),
        email: None,
        locale: Locale::En,
        key: Some(Bin(public(&key).to_bytes().to_vec())),
    };
    let token = w.server.call(Caller::Session(w.ada.who), invite).await.unwrap().token;
    let mut half = half_registered(&w.server, &w.world, "fay@example.org", Some(token)).await.unwrap();
    half.finish.code = w.server.code();
    let root = half.after.dir.user(half.person.user).unwrap().root;
    let sign = |key: &ed25519_dalek::SigningKey| {
        Some(Bin(relais_chain::sign::sign(key, hash::LABEL_ACCEPT, root.as_bytes()).to_vec()))
    };
    for proof in [None, sign(&half.person.key)] {
        let finish = RegisterFinish { proof, idem: idem(), ..half.finish.clone() };
        assert_eq!(refused(w.server.anonymous(finish).await), ErrorCode::InviteInvalid);
    }
    let right = RegisterFinish { proof: sign(&key), ..half.finish };
    w.server.anonymous(right).await.unwrap();
    let waiting =
        w.server.call(Caller::Session(w.ada.who), GetPending { unit: w.unit }).await.unwrap().members;
    assert_eq!(waiting[0].proof, sign(&key));
}

#[tokio::test]
async fn an_account_is_suspended_by_who_runs_the_server_or_manages_all_its_organizations() {
    // In a demonstration anybody may found an organization; only Ada runs the server.
    let mut server = Server::open(Wish { demo: true, ..Wish::default() }).await;
    let mut world = World::default();
    let token = server.setup_token();
    let ada = register_with(&mut server, &mut world, "ada@example.org", Some(token)).await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let eve = register(&mut server, &mut world, "eve@example.org").await;
    let (unit, admins, request) = found(&mut world, &ben);
    server.call(Caller::Session(ben.who), request).await.unwrap();
    let invite = CreateInvite { idem: idem(), unit: Some(unit), email: None, locale: Locale::Fr, key: None };
    let token = server.call(Caller::Session(ben.who), invite).await.unwrap().token;
    let cyd = register_with(&mut server, &mut world, "cyd@example.org", Some(token)).await;
    let body = attest(&world, &cyd);
    world.put(ChainKind::Unit, *unit.as_bytes(), &ben, world.capacity(admins), &body);
    let links = world.fresh();
    server.call(Caller::Session(ben.who), AppendLinks { idem: idem(), links }).await.unwrap();
    let set = async |by: &Person, user, suspended| {
        let request = SetSuspended { idem: idem(), user, suspended };
        server.call(Caller::Session(by.who), request).await
    };
    let stranger = relais_wire::UserId::from_bytes([0x5a; 16]);
    for (by, user, code) in [
        (&cyd, ben.user, ErrorCode::Forbidden),
        (&ben, eve.user, ErrorCode::Forbidden),
        (&ben, ada.user, ErrorCode::Forbidden),
        (&ben, ben.user, ErrorCode::Forbidden),
        (&ada, ada.user, ErrorCode::Forbidden),
        (&ada, stranger, ErrorCode::NotFound),
    ] {
        assert_eq!(refused(set(by, user, true).await), code);
    }
    set(&ben, cyd.user, true).await.unwrap();
    let asks = server.call(Caller::Session(cyd.who), GetUnit { unit }).await;
    assert_eq!(refused(asks), ErrorCode::Revoked);
    let proved = password(&server, "cyd@example.org", PASSWORD).await;
    assert_eq!(refused(proved), ErrorCode::Revoked, "told only to who knows the password");
    let guessed = password(&server, "cyd@example.org", b"wrong").await;
    assert_eq!(refused(guessed), ErrorCode::WrongCredentials);
    set(&ada, ben.user, true).await.unwrap();
    assert_eq!(refused(set(&ben, cyd.user, false).await), ErrorCode::Revoked, "no right while suspended");
    set(&ada, ben.user, false).await.unwrap();
    set(&ben, cyd.user, false).await.unwrap();
    assert!(server.call(Caller::Session(cyd.who), GetUnit { unit }).await.is_ok());
    assert!(sign_in(&mut server, "cyd@example.org").await.is_ok());
}
