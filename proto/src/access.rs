//! Who may read an event or a record: the readers rule, one place for feed, pages and services.

use narhet_kernel::{BoardId, Principal, Role};

/// Roles that act for the board in the token and read what that board may read.
const BOARD_ROLES: &[Role] = &[Role::Coordinator, Role::DutyOfficer, Role::CrisisLead, Role::Dashboard];

/// Roles that read every incident (CONTRACT, "Tokens and rights"); the registrar and the auditor read everything.
pub const INCIDENT_ROLES: &[Role] = &[
    Role::Ckl,
    Role::CrisisChair,
    Role::CrisisBoard,
    Role::CitySecurity,
    Role::Communicator,
    Role::Registrar,
    Role::Auditor,
];

/// The `readers` member of an event about an incident: the boards, kommunstyrelsen, and the roles that read every one.
pub fn incident_readers<'a>(boards: impl IntoIterator<Item = &'a str>) -> String {
    let mut readers: Vec<&str> = boards.into_iter().chain([BoardId::KOMMUNSTYRELSEN]).collect();
    readers.sort_unstable();
    readers.dedup();
    readers.extend(INCIDENT_ROLES.iter().map(|role| role.name()));
    readers.join(",")
}

/// The `readers` member of an event that only registrar and auditor read.
pub fn records_readers() -> String {
    [Role::Registrar.name(), Role::Auditor.name()].join(",")
}

/// The board whose information this principal reads as its own, if it acts for one.
pub fn reading_board(principal: &Principal) -> Option<&BoardId> {
    principal.board.as_ref().filter(|_| principal.roles.iter().any(|role| BOARD_ROLES.contains(role)))
}

/// Whether the principal may read something with this owner and these readers.
pub fn may_read(principal: &Principal, owner: &str, readers: &str) -> bool {
    if principal.is_demo_admin() || principal.has(Role::Registrar) || principal.has(Role::Auditor) {
        return true;
    }
    let board = reading_board(principal).map(BoardId::as_str);
    board == Some(owner)
        || readers.split(',').any(|reader| {
            (reader == "*" && reads_public(principal))
                || board == Some(reader)
                || principal.roles.iter().any(|role| role.name() == reader && *role != Role::Liaison)
        })
}

/// Whether the principal may read what is open to every authenticated role but liaison.
fn reads_public(principal: &Principal) -> bool {
    principal.roles.iter().any(|role| *role != Role::Liaison)
}

/// Whether sealed text may be opened for this principal: a dashboard sees its board's facts, never the text, and an admin
/// outside demo mode keeps machines, not cases.
pub fn may_open_text(principal: &Principal) -> bool {
    principal.is_demo_admin()
        || principal.roles.iter().any(|role| !matches!(role, Role::Dashboard | Role::Liaison | Role::Admin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(roles: &[Role], board: Option<&str>) -> Principal {
        Principal { roles: roles.to_vec(), board: board.and_then(BoardId::new), ..Principal::house() }
    }

    #[test]
    fn the_readers_rule_as_a_table() {
        let readers = incident_readers(["jarva", "socialnamnden"]);
        let rows = [
            (&[Role::Coordinator][..], Some("jarva"), true),
            (&[Role::Coordinator], Some("farsta"), false),
            (&[Role::Coordinator], Some("bromma"), true), // the owner
            (&[Role::DutyOfficer], Some("socialnamnden"), true),
            (&[Role::Dashboard], Some("jarva"), true),
            (&[Role::Dashboard], Some("farsta"), false),
            (&[Role::Liaison], Some("jarva"), false),
            (&[Role::Liaison], None, false),
            (&[Role::Ckl], None, true),
            (&[Role::CrisisChair], None, true),
            (&[Role::CrisisBoard], None, true),
            (&[Role::CitySecurity], None, true),
            (&[Role::Communicator], None, true),
            (&[Role::Registrar], None, true),
            (&[Role::Auditor], None, true),
            (&[Role::Admin], None, false),
        ];
        for (roles, board, expected) in rows {
            assert_eq!(may_read(&principal(roles, board), "bromma", &readers), expected, "{roles:?} {board:?}");
            assert_eq!(may_read(&principal(roles, board), "x", "*"), roles != [Role::Liaison], "{roles:?} public");
        }
    }

    #[test]
    fn a_role_name_used_as_a_board_opens_nothing() {
        for role in Role::ALL {
            assert_eq!(BoardId::new(role.name()), None, "{role} is no board");
        }
        assert!(!may_read(&principal(&[Role::Coordinator], Some("ckl")), "bromma", &incident_readers(["jarva"])));
        assert!(!may_open_text(&principal(&[Role::Dashboard, Role::Admin], Some("jarva"))));
    }
}
