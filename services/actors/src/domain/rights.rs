//! Who may read and who may change an actor.

use narhet_kernel::{BoardId, Principal, Role};
use narhet_proto::{access, wire::Problem};

/// Roles that read every actor (issue 4).
pub const CENTRAL: &[Role] =
    &[Role::Ckl, Role::CrisisChair, Role::CrisisBoard, Role::CitySecurity, Role::Registrar, Role::Auditor];
/// Who may list more than a handful of protected sites.
const PROTECTED_LISTERS: &[Role] = &[Role::CitySecurity, Role::Registrar];

pub const READERS_OWN: &str = "own";
pub const READERS_ALL: &str = "all-boards";
pub const READERS_CENTRAL: &str = "central";

pub fn is_central(principal: &Principal) -> bool {
    principal.acting_as(CENTRAL).is_some()
}

/// The readers rule: central roles, the owner, the boards named, or every board.
pub fn may_read(principal: &Principal, owner: &str, readers: &[String]) -> bool {
    if is_central(principal) {
        return true;
    }
    let Some(board) = access::reading_board(principal).map(BoardId::as_str) else { return false };
    board == owner || readers.iter().any(|reader| reader == READERS_ALL || reader == board)
}

/// A coordinator changes what the own board owns.
pub fn may_edit(principal: &Principal, owner: &str) -> Result<Role, Problem> {
    let right = format!("edit actors owned by {owner}");
    if principal.is_demo_admin() {
        return Ok(Role::Admin);
    }
    let role = principal.acting_as(&[Role::Coordinator]).ok_or_else(|| Problem::forbidden(&right))?;
    match &principal.board {
        Some(board) if board.as_str() == owner => Ok(role),
        _ => Err(Problem {
            detail: format!(
                "the right \"{right}\" is missing: only a coordinator of that board may; propose the change instead"
            ),
            ..Problem::forbidden(&right)
        }),
    }
}

/// Protected tags are seen by the owner's board and by central roles.
pub fn sees_protection(principal: &Principal, owner: &str) -> bool {
    access::may_open_text(principal)
        && (is_central(principal) || access::reading_board(principal).is_some_and(|board| board.as_str() == owner))
}

/// The role by which somebody may list or export any number of protected sites.
pub fn lists_protected(principal: &Principal) -> Option<Role> {
    principal.acting_as(PROTECTED_LISTERS)
}

/// The `readers` member of an actor's events.
pub fn event_readers(owner: &str, readers: &[String]) -> String {
    if readers.iter().any(|reader| reader == READERS_ALL) {
        return "*".to_owned();
    }
    let boards = readers.iter().map(String::as_str).filter(|reader| ![READERS_OWN, READERS_CENTRAL].contains(reader));
    let mut all: Vec<&str> = boards.chain([owner]).collect();
    all.sort_unstable();
    all.dedup();
    all.extend(CENTRAL.iter().map(|role| role.name()));
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(role: Role, board: Option<&str>) -> Principal {
        Principal { roles: vec![role], board: board.and_then(BoardId::new), ..Principal::house() }
    }

    #[test]
    fn who_reads_an_actor_as_a_table() {
        let own: &[String] = &["own".to_owned()];
        let named: &[String] = &["farsta".to_owned()];
        let all: &[String] = &["all-boards".to_owned()];
        for (role, board, readers, expected) in [
            (Role::Coordinator, Some("jarva"), own, true),
            (Role::Coordinator, Some("farsta"), own, false),
            (Role::Coordinator, Some("farsta"), named, true),
            (Role::DutyOfficer, Some("farsta"), all, true),
            (Role::Ckl, None, own, true),
            (Role::Auditor, None, own, true),
            (Role::Liaison, Some("farsta"), all, false),
            (Role::Liaison, None, all, false),
            (Role::Admin, None, own, false),
        ] {
            assert_eq!(may_read(&principal(role, board), "jarva", readers), expected, "{role} {board:?} {readers:?}");
        }
    }

    #[test]
    fn only_a_coordinator_of_the_owning_board_edits_and_a_refusal_names_the_right() {
        assert_eq!(may_edit(&principal(Role::Coordinator, Some("jarva")), "jarva").unwrap(), Role::Coordinator);
        for stranger in [principal(Role::Coordinator, Some("farsta")), principal(Role::Ckl, None)] {
            let refused = may_edit(&stranger, "jarva").unwrap_err();
            assert_eq!(refused.rule.as_deref(), Some("edit actors owned by jarva"));
        }
    }
}
