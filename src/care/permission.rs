//! Who may do what where. A permission is one action on one target (ROL-01); a role is a set of permissions
//! (ROL-02); a role is granted for a unit (ROL-03) and holds in everything below it (ORG-03). What nothing
//! grants is denied.
//!
//! [`Authority`] is the one evaluator: an immutable picture of one user's rights. Effective right = signed
//! membership AND role AND not suspended. Rights that come with being *in* something (a thread, a care channel,
//! a team) are not roles; the few that meet a role here say so.
//!
//! Not known here: where the picture comes from, and what the thing acted on contains.

mod authority;
mod list;
mod role;
mod units;

pub use authority::{Authority, Denied, Grant, Reach, TeamPlace, TeamStatus};
pub use list::{Action, Permission, Target};
pub use role::{BasicRole, InvalidRole, PermissionSet, ROLE_LINES_MAX, Role};
pub use units::{InvalidUnit, UNIT_DEPTH_MAX, UnitTree};
