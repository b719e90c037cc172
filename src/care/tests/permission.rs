//! Who may do what, as a story of one hospital: root 1 with the wards 2 and 3, ward 2 with the unit 4, and
//! another organization 9.

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use relais_care::permission::{
    Authority, BasicRole, Denied, Grant, Permission, Reach, Role, TeamPlace, TeamStatus, UnitTree,
};
use relais_wire::ids::{KeyringId, OrgId, UnitId, UserId};

fn unit(n: u8) -> UnitId {
    UnitId::from_bytes([n; 16])
}

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

const TEAM: KeyringId = KeyringId::from_bytes([0x70; 16]);
const OTHER_TEAM: KeyringId = KeyringId::from_bytes([0x71; 16]);

fn hospital() -> UnitTree {
    let mut tree = UnitTree::new();
    for (n, parent) in [(1, None), (2, Some(1)), (3, Some(1)), (4, Some(2)), (9, None)] {
        tree.insert(unit(n), parent.map(unit)).expect("parents come first");
    }
    tree
}

fn member() -> Authority {
    Authority { member_of: vec![OrgId::from_bytes([1; 16])], ..Authority::none(user(1)) }
}

fn with(role: BasicRole, at: u8) -> Authority {
    Authority { grants: vec![Grant { unit: unit(at), permissions: role.role().permissions() }], ..member() }
}

fn in_team(role: BasicRole, status: TeamStatus) -> Authority {
    Authority { teams: vec![TeamPlace { team: TEAM, unit: unit(2), status }], ..with(role, 2) }
}

// ROL-03, ORG-03: granted in a unit, it holds there and in everything below, not beside and not above.
#[test]
fn a_grant_holds_in_its_unit_and_below() {
    let tree = hospital();
    let admin = with(BasicRole::Admin, 2);
    let ask = |n| admin.may(&tree, Permission::EditGroupDetails, unit(n));
    assert_eq!([ask(2), ask(4)], [Ok(()), Ok(())]);
    assert_eq!([ask(1), ask(3)], [Err(Denied::NoRole), Err(Denied::NoRole)]);
    assert_eq!(ask(9), Err(Denied::NotAMember));
    assert_eq!(ask(8), Err(Denied::UnknownUnit));
}

#[test]
fn nothing_is_allowed_that_nothing_grants() {
    let tree = hospital();
    for permission in Permission::ALL.iter().filter(|permission| !permission.is_operators()) {
        assert_eq!(member().may(&tree, *permission, unit(1)), Err(Denied::NoRole), "{permission:?}");
    }
}

// A role without the signed membership is no right, and neither is one under suspension.
#[test]
fn membership_and_good_standing_come_before_the_role() {
    let tree = hospital();
    let stranger = Authority { member_of: Vec::new(), ..with(BasicRole::Admin, 1) };
    assert_eq!(stranger.may(&tree, Permission::ManageRole, unit(1)), Err(Denied::NotAMember));
    let suspended = Authority { suspended: true, operator: true, ..with(BasicRole::Admin, 1) };
    assert_eq!(suspended.may(&tree, Permission::ManageRole, unit(1)), Err(Denied::Suspended));
    assert_eq!(suspended.may_create_organization(), Err(Denied::Suspended));
    assert_eq!(
        suspended.may_schedule(&tree, Permission::ViewSchedule, user(1), unit(1)),
        Err(Denied::Suspended)
    );
}

// PRM-15, Q1: no role makes organizations, whoever runs the server does.
#[test]
fn making_an_organization_is_the_operators() {
    let tree = hospital();
    let admin = with(BasicRole::Admin, 1);
    assert_eq!(admin.may(&tree, Permission::CreateOrganization, unit(1)), Err(Denied::OperatorOnly));
    assert_eq!(admin.may_create_organization(), Err(Denied::OperatorOnly));
    assert_eq!(Authority { operator: true, ..Authority::none(user(1)) }.may_create_organization(), Ok(()));
}

// PRM-38, PRM-39, Q6: View lists the boxes of the unit where it was granted, ViewAll those below too.
#[test]
fn view_lists_one_unit_and_view_all_everything_below() {
    let tree = hospital();
    let only = |line: &str| Authority {
        grants: vec![Grant {
            unit: unit(2),
            permissions: Role::parse([line]).expect("a role").permissions(),
        }],
        ..member()
    };
    let view = only("View inbox");
    assert_eq!(view.may_list_boxes(&tree, unit(2)), Ok(()));
    assert_eq!(view.may_list_boxes(&tree, unit(4)), Err(Denied::NoRole));
    let all = only("ViewAll inbox");
    assert_eq!([all.may_list_boxes(&tree, unit(2)), all.may_list_boxes(&tree, unit(4))], [Ok(()), Ok(())]);
    assert_eq!(all.may_list_boxes(&tree, unit(1)), Err(Denied::NoRole));
}

// PRM-41 … PRM-44, Q7: one's own schedule needs nothing, another's needs the pair.
#[test]
fn my_schedule_is_mine_and_yours_needs_a_permission() {
    let tree = hospital();
    let ask =
        |who: &Authority, owner| who.may_schedule(&tree, Permission::UpdateSchedule, user(owner), unit(2));
    assert_eq!(ask(&member(), 1), Ok(()));
    assert_eq!(ask(&with(BasicRole::Admin, 1), 2), Err(Denied::NoRole));
    let scheduler = Role::parse(["* schedule"]).expect("a role").permissions();
    let scheduler = Authority { grants: vec![Grant { unit: unit(1), permissions: scheduler }], ..member() };
    assert_eq!(ask(&scheduler, 2), Ok(()));
}

// TEA-05, TEA-06, ORG-05, PRM-29, Q9, Q16: the role opens the feature, the place in the team sets the reach.
#[test]
fn reach_needs_both_the_role_and_the_place() {
    let tree = hospital();
    let manager = in_team(BasicRole::TeamManager, TeamStatus::Manager);
    assert_eq!(manager.reach(&tree, TEAM), Reach::WholeTeam);
    assert_eq!(manager.reach(&tree, OTHER_TEAM), Reach::Nothing);
    let participant = in_team(BasicRole::TeamParticipant, TeamStatus::Participant);
    assert_eq!(participant.reach(&tree, TEAM), Reach::OwnThreads);
    assert_eq!(with(BasicRole::TeamManager, 2).reach(&tree, TEAM), Reach::Nothing);
    assert_eq!(in_team(BasicRole::Member, TeamStatus::Manager).reach(&tree, TEAM), Reach::Nothing);
    assert_eq!(in_team(BasicRole::Admin, TeamStatus::Manager).reach(&tree, TEAM), Reach::Nothing);
}

// TRI-04, Q14: the own team's box comes with being its manager; an administrator does not see into it.
#[test]
fn the_triage_box_is_its_managers() {
    let tree = hospital();
    let manager = in_team(BasicRole::Member, TeamStatus::Manager);
    assert_eq!(manager.may_see_triage(&tree, TEAM), Ok(()));
    assert_eq!(manager.may_see_triage(&tree, OTHER_TEAM), Err(Denied::NotInTeam));
    let participant = in_team(BasicRole::TeamParticipant, TeamStatus::Participant);
    assert_eq!(participant.may_see_triage(&tree, TEAM), Err(Denied::NotInTeam));
    assert_eq!(with(BasicRole::Admin, 1).may_see_triage(&tree, TEAM), Err(Denied::NotInTeam));
}

// PRM-30, PRM-31, PRM-32, PRM-35, Q3, Q4, Q5, Q15.
#[test]
fn a_participant_may_be_assigned_and_may_return_but_not_assign_or_forward() {
    let tree = hospital();
    let participant = in_team(BasicRole::TeamParticipant, TeamStatus::Participant);
    let manager = in_team(BasicRole::TeamManager, TeamStatus::Manager);
    assert_eq!(participant.may_be_assigned(&tree, TEAM), Ok(()));
    for (permission, of_participant) in [
        (Permission::UnassignSelfInboxDiscussion, Ok(TeamStatus::Participant)),
        (Permission::AssignInboxDiscussion, Err(Denied::NoRole)),
        (Permission::SendInboxDiscussion, Err(Denied::NoRole)),
    ] {
        assert_eq!(participant.may_in_team(&tree, permission, TEAM), of_participant, "{permission:?}");
        assert_eq!(manager.may_in_team(&tree, permission, TEAM), Ok(TeamStatus::Manager), "{permission:?}");
    }
    assert_eq!(with(BasicRole::TeamManager, 2).may_be_assigned(&tree, TEAM), Err(Denied::NotInTeam));
}

// USR-05, ROL in prose: Admin administers and does not take part in threads; nor does it open patient files.
#[test]
fn an_administrator_reads_no_thread_and_no_patient_file() {
    let tree = hospital();
    let admin = with(BasicRole::Admin, 1);
    for permission in [
        Permission::ViewInboxDiscussion,
        Permission::ViewPatientProfile,
        Permission::ViewPatientAttachment,
        Permission::SearchPatientProfile,
    ] {
        assert_eq!(admin.may(&tree, permission, unit(1)), Err(Denied::NoRole), "{permission:?}");
    }
}

fn arbitrary_grants() -> impl Strategy<Value = Vec<Grant>> {
    let one = (0_usize..5, 1_u8..5).prop_map(|(role, at)| {
        let role = BasicRole::ALL.get(role).copied().expect("five roles");
        Grant { unit: unit(at), permissions: role.role().permissions() }
    });
    proptest::collection::vec(one, 0..6)
}

proptest! {
    // ORG-03 as a law: what is allowed in a unit is allowed in the units below it, but for the one pair that is
    // not inherited; and a further grant never takes anything away.
    #[test]
    fn rights_grow_downwards_and_with_grants(grants in arbitrary_grants(), extra in arbitrary_grants(), p in 0_usize..58) {
        let tree = hospital();
        let permission = Permission::ALL.get(p).copied().expect("58 pairs");
        let few = Authority { grants: grants.clone(), ..member() };
        let many = Authority { grants: grants.into_iter().chain(extra).collect(), ..member() };
        for (below, above) in [(2, 1), (3, 1), (4, 2), (4, 1)] {
            if permission.is_inherited() && few.may(&tree, permission, unit(above)).is_ok() {
                prop_assert_eq!(few.may(&tree, permission, unit(below)), Ok(()));
            }
            if few.may(&tree, permission, unit(below)).is_ok() {
                prop_assert_eq!(many.may(&tree, permission, unit(below)), Ok(()));
            }
        }
    }

    // Another organization's units are out of reach whatever is granted there by mistake.
    #[test]
    fn a_grant_elsewhere_is_nothing_without_membership(p in 0_usize..58, operator in any::<bool>()) {
        let tree = hospital();
        let permission = Permission::ALL.get(p).copied().expect("58 pairs");
        let somebody = Authority { operator, ..with(BasicRole::Admin, 9) };
        prop_assert!(somebody.may(&tree, permission, unit(9)).is_err());
    }
}
