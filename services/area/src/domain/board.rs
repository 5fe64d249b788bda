//! Boards that no import makes: facknämnder, company boards, kommunalförbund; and new names for any board.

use narhet_kernel::{BoardId, Timestamp};
use narhet_proto::{
    codes::BoardKind,
    events::{
        Named,
        area::{BoardDissolved, BoardEstablished},
        takeover::BoardRenamed,
    },
};
use narhet_responsibility::Responsibility;

/// Why it is refused, as facts.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("no board is called {0:?}; GET /v1/boards lists them")]
    Unknown(String),
    #[error("{id:?} is taken by {name}")]
    Taken { id: String, name: String },
    #[error("a stadsdelsnämnd comes and goes with its area: import a division")]
    ComesWithItsArea,
    #[error("every house has {0:?}; it cannot be dissolved")]
    Standing(String),
    #[error("it would end at {valid_to}, before it begins at {valid_from}")]
    EndsBeforeItBegins { valid_to: Timestamp, valid_from: Timestamp },
    #[error("a board cannot succeed itself")]
    OwnSuccessor,
    #[error("it ends already, at {0}")]
    EndsAlready(Timestamp),
}

/// A board to establish.
#[derive(Clone, Debug, PartialEq)]
pub struct Establish {
    pub id: BoardId,
    pub name: String,
    pub kind: BoardKind,
    pub valid_from: Option<Timestamp>,
    pub source: String,
}

/// `None` when the very same board is there already.
pub fn establish(command: Establish, house: &Responsibility) -> Result<Option<BoardEstablished>, Rejection> {
    if command.kind == BoardKind::District {
        return Err(Rejection::ComesWithItsArea);
    }
    let id = command.id.as_str().to_owned();
    if house.is_established(&id) {
        let held = house.board(&id);
        let same = held.as_ref().is_some_and(|held| {
            held.name == command.name && held.kind == command.kind && held.valid_from == command.valid_from
        });
        let name = held.map_or_else(|| id.clone(), |held| held.name);
        return if same { Ok(None) } else { Err(Rejection::Taken { id, name }) };
    }
    Ok(Some(BoardEstablished {
        id,
        name: command.name,
        kind: command.kind,
        valid_from: command.valid_from,
        source: command.source,
        division_id: None,
    }))
}

/// `None` when it is called so from that instant on already.
pub fn rename(renamed: BoardRenamed, house: &Responsibility) -> Result<Option<BoardRenamed>, Rejection> {
    if !house.is_established(&renamed.id) {
        return Err(Rejection::Unknown(renamed.id));
    }
    let then = house.boards(renamed.valid_from, house.head().0);
    let called_so = then.iter().any(|board| board.id == renamed.id && board.name == renamed.name);
    Ok((!called_so).then_some(renamed))
}

pub fn dissolve(
    id: &str,
    valid_to: Timestamp,
    successor: &str,
    house: &Responsibility,
) -> Result<BoardDissolved, Rejection> {
    const STANDING: [&str; 4] =
        [BoardId::KOMMUNSTYRELSEN, BoardId::LANSSTYRELSEN, BoardId::SOCIALNAMNDEN, BoardId::KRISLEDNINGSNAMNDEN];
    if STANDING.contains(&id) {
        return Err(Rejection::Standing(id.to_owned()));
    }
    if id == successor {
        return Err(Rejection::OwnSuccessor);
    }
    let unknown = |id: &str| Rejection::Unknown(id.to_owned());
    let board = house.board(id).ok_or_else(|| unknown(id))?;
    let heir = house.board(successor).ok_or_else(|| unknown(successor))?;
    if board.kind == BoardKind::District {
        return Err(Rejection::ComesWithItsArea);
    }
    if let Some(end) = board.valid_to {
        return Err(Rejection::EndsAlready(end));
    }
    if let Some(valid_from) = board.valid_from.filter(|from| valid_to <= *from) {
        return Err(Rejection::EndsBeforeItBegins { valid_to, valid_from });
    }
    Ok(BoardDissolved { id: board.id, valid_to, successor: Named::new(heir.id, heir.name), division_id: None })
}
