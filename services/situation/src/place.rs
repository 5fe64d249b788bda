//! Where: the place of a report and the boards named by hand, resolved on the map before anything is decided.

use crate::{
    domain::affected::{NamedByHand, TouchedArea, Whereabouts},
    intake::{Fields, ID_CHARS_MAX, json_kind, text},
    limits::{AFFECTED_BOARDS_MAX, PLACE_BYTES_MAX, REASON_CHARS_MAX},
};
use narhet_geo::{GeometryError, Shape};
use narhet_kernel::Timestamp;
use narhet_proto::{codes::BoardKind, events::Named};
use narhet_responsibility::Responsibility;
use serde_json::{Map, Value};

/// A valid place within its limit.
#[derive(Clone, Debug)]
pub struct Place {
    shape: Shape,
    /// Written anew from the shape, so that members nobody has read (names in `properties`, say) do not reach the log.
    pub geojson: Value,
}

/// A place with what the map says about it.
#[derive(Debug)]
pub struct Located {
    pub place: Option<Place>,
    pub whereabouts: Whereabouts,
    /// The division that was asked.
    pub area_version: Option<String>,
}

/// Asks the map, as it is known now.
pub fn locate(place: Option<Place>, at: Timestamp, map: &Responsibility) -> Located {
    let Some(place) = place else {
        return Located { place: None, whereabouts: Whereabouts::Unknown, area_version: None };
    };
    let overlay = map.overlay(&place.shape, at, map.head().0);
    let touched: Vec<TouchedArea> = overlay
        .affected
        .into_iter()
        .map(|area| TouchedArea { board: area.board.named(), area: area.area, share: area.share })
        .collect();
    let whereabouts = if touched.is_empty() { Whereabouts::OutsideTheCity } else { Whereabouts::InTheCity(touched) };
    Located { place: Some(place), whereabouts, area_version: overlay.division_id }
}

/// A board's name on the map; its id while the map does not know it.
pub fn board_name(map: &Responsibility, id: &str) -> Named {
    Named::new(id, map.board(id).map_or_else(|| id.to_owned(), |board| board.name))
}

impl Fields {
    pub(crate) fn place(&mut self) -> Option<Place> {
        let value = self.take("place")?;
        match read_place(&value) {
            Ok(place) => Some(place),
            Err((pointer, detail)) => {
                self.wrong(&format!("/place{pointer}"), detail);
                None
            }
        }
    }

    /// Boards named by hand must exist, when it occurred or now.
    pub(crate) fn named_boards(&mut self, map: &Responsibility, at: Timestamp, now: Timestamp) -> Vec<NamedByHand> {
        let items = match self.take("affectedBoards") {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.wrong("/affectedBoards", format!("not an array but {}", json_kind(&other)));
                return Vec::new();
            }
        };
        if items.len() > AFFECTED_BOARDS_MAX {
            let detail = format!("{} boards, at most {AFFECTED_BOARDS_MAX} are taken", items.len());
            self.wrong("/affectedBoards", detail);
            return Vec::new();
        }
        let known = map.head().0;
        let mut boards = map.boards(at, known);
        boards.extend(map.boards(now, known));
        let mut named: Vec<NamedByHand> = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let pointer = format!("/affectedBoards/{index}");
            let Some((id, reason)) = self.id_and_reason(&pointer, item) else { continue };
            match boards.iter().find(|board| board.id == id) {
                None => self.wrong(&format!("{pointer}/id"), format!("no board is called {id:?}")),
                Some(board) if board.kind == BoardKind::State => {
                    self.wrong(&format!("{pointer}/id"), format!("{id:?} is not a board of the city"));
                }
                Some(_) if named.iter().any(|other| other.board.id == id) => {
                    self.wrong(&format!("{pointer}/id"), format!("{id:?} is named twice"));
                }
                Some(board) => named.push(NamedByHand {
                    board: Named::new(id, board.name.as_str()),
                    district: board.kind == BoardKind::District,
                    reason,
                }),
            }
        }
        named
    }

    fn id_and_reason(&mut self, pointer: &str, item: Value) -> Option<(String, String)> {
        let Value::Object(mut members) = item else {
            self.wrong(pointer, format!("not {{ id, reason }} but {}", json_kind(&item)));
            return None;
        };
        let id = self.member(pointer, &mut members, "id", ID_CHARS_MAX);
        let reason = self.member(pointer, &mut members, "reason", REASON_CHARS_MAX);
        for unknown in members.keys().take(1) {
            let name: String = unknown.chars().take(ID_CHARS_MAX).collect();
            self.wrong(pointer, format!("no such member: {name:?}; known are id, reason"));
        }
        id.zip(reason)
    }

    fn member(
        &mut self,
        pointer: &str,
        members: &mut Map<String, Value>,
        name: &str,
        chars_max: usize,
    ) -> Option<String> {
        let pointer = format!("{pointer}/{name}");
        match members.remove(name) {
            Some(value) => self.read(&pointer, value, |value| text(value, chars_max)),
            None => {
                self.wrong(&pointer, format!("\"{name}\" is missing"));
                None
            }
        }
    }
}

/// The place, or the pointer below `/place` and what is wrong there.
fn read_place(value: &Value) -> Result<Place, (String, String)> {
    let shape = Shape::from_geojson(value).map_err(|error| (pointer_of(&error), error.to_string()))?;
    let geojson = shape.to_geojson();
    let bytes = geojson.to_string().len();
    if bytes > PLACE_BYTES_MAX {
        return Err((
            String::new(),
            format!("{bytes} bytes, at most {PLACE_BYTES_MAX} are taken; simplify the geometry"),
        ));
    }
    Ok(Place { shape, geojson })
}

/// Where in the geometry document the error is; errors about a place on the map concern all coordinates.
fn pointer_of(error: &GeometryError) -> String {
    use GeometryError as E;
    match error {
        E::NotFinite { at }
        | E::OutOfRange { at, .. }
        | E::SwappedAxes { at, .. }
        | E::RingNotClosed { at, .. }
        | E::TooFewPoints { at, .. }
        | E::EmptyGeometry { at }
        | E::TooDeep { at }
            if at.starts_with('/') =>
        {
            at.clone()
        }
        E::SelfIntersection { .. }
        | E::HoleOutside { .. }
        | E::PartsOverlap { .. }
        | E::TooManyVertices { .. }
        | E::TooTangled => "/coordinates".to_owned(),
        E::UnsupportedType { .. } => "/type".to_owned(),
        _ => String::new(),
    }
}
