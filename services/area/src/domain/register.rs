//! The register of Stockholm's stadsdelsnämnder since 2007, and the boards and areas that every house starts with.

use crate::domain::names::fold;
use narhet_kernel::{BoardId, id::slug};
use narhet_proto::codes::{BoardKind, Tier};

/// A stadsdelsnämnd and the area it is named after.
#[derive(Clone, Copy, Debug)]
pub struct Registered {
    pub area: &'static str,
    /// The nämnd's own name; some are in the genitive, some are not.
    pub board: &'static str,
    pub source: &'static str,
}

const SINCE_2007: &str = "Stockholms stads 14 stadsdelsnämnder från 2007-01-01";
const SINCE_2020: &str = "Kommunfullmäktige 2020-04-20: 13 stadsdelsnämnder från 2020-07-01";
const SINCE_2023: &str = "Kommunfullmäktige 2023-04-24: 11 stadsdelsnämnder från 2023-07-01";

const fn registered(area: &'static str, board: &'static str, source: &'static str) -> Registered {
    Registered { area, board, source }
}

/// Every stadsdelsnämnd since 2007-01-01.
pub const REGISTER: [Registered; 17] = [
    registered("Bromma", "Bromma stadsdelsnämnd", SINCE_2007),
    registered("Enskede-Årsta-Vantör", "Enskede-Årsta-Vantörs stadsdelsnämnd", SINCE_2007),
    registered("Farsta", "Farsta stadsdelsnämnd", SINCE_2007),
    registered("Hägersten-Liljeholmen", "Hägersten-Liljeholmens stadsdelsnämnd", SINCE_2007),
    registered("Hägersten-Älvsjö", "Hägersten-Älvsjö stadsdelsnämnd", SINCE_2020),
    registered("Hässelby-Vällingby", "Hässelby-Vällingby stadsdelsnämnd", SINCE_2007),
    registered("Järva", "Järva stadsdelsnämnd", SINCE_2023),
    registered("Kungsholmen", "Kungsholmens stadsdelsnämnd", SINCE_2007),
    registered("Norra innerstaden", "Norra innerstadens stadsdelsnämnd", SINCE_2023),
    registered("Norrmalm", "Norrmalms stadsdelsnämnd", SINCE_2007),
    registered("Rinkeby-Kista", "Rinkeby-Kista stadsdelsnämnd", SINCE_2007),
    registered("Skarpnäck", "Skarpnäcks stadsdelsnämnd", SINCE_2007),
    registered("Skärholmen", "Skärholmens stadsdelsnämnd", SINCE_2007),
    registered("Spånga-Tensta", "Spånga-Tensta stadsdelsnämnd", SINCE_2007),
    registered("Södermalm", "Södermalms stadsdelsnämnd", SINCE_2007),
    registered("Älvsjö", "Älvsjö stadsdelsnämnd", SINCE_2007),
    registered("Östermalm", "Östermalms stadsdelsnämnd", SINCE_2007),
];

impl Registered {
    /// The id of the area and of its board.
    pub fn id(&self) -> String {
        slug(self.area)
    }
}

/// The register's entry for an area, however its name is spelt.
pub fn by_area(name: &str) -> Option<&'static Registered> {
    let folded = fold(name);
    REGISTER.iter().find(|entry| fold(entry.area) == folded)
}

/// A board of the city or the state that no import makes.
#[derive(Clone, Copy, Debug)]
pub struct StandingBoard {
    pub id: &'static str,
    pub name: &'static str,
    pub kind: BoardKind,
    pub source: &'static str,
}

const PROGRAMME: &str = "Stockholms stads säkerhetsprogram 2020-2023";

/// The boards that every house starts with.
pub const STANDING_BOARDS: [StandingBoard; 4] = [
    StandingBoard {
        id: BoardId::KOMMUNSTYRELSEN,
        name: "Kommunstyrelsen",
        kind: BoardKind::Executive,
        source: PROGRAMME,
    },
    StandingBoard {
        id: BoardId::LANSSTYRELSEN,
        name: "Länsstyrelsen i Stockholms län",
        kind: BoardKind::State,
        source: "Länets nivå i det geografiska områdesansvaret",
    },
    StandingBoard {
        id: BoardId::SOCIALNAMNDEN, name: "Socialnämnden", kind: BoardKind::Specialist, source: PROGRAMME
    },
    StandingBoard {
        id: BoardId::KRISLEDNINGSNAMNDEN,
        name: "Krisledningsnämnden",
        kind: BoardKind::Crisis,
        source: PROGRAMME,
    },
];

/// A tier above the district, which has no geometry and no end.
#[derive(Clone, Copy, Debug)]
pub struct StandingArea {
    pub id: &'static str,
    pub name: &'static str,
    pub tier: Tier,
    pub board: &'static str,
}

/// The areas that every house starts with.
pub const STANDING_AREAS: [StandingArea; 2] = [
    StandingArea { id: "stockholm", name: "Stockholms stad", tier: Tier::City, board: BoardId::KOMMUNSTYRELSEN },
    StandingArea { id: "stockholms-lan", name: "Stockholms län", tier: Tier::County, board: BoardId::LANSSTYRELSEN },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_since_2007_has_an_id_of_its_own_that_is_a_slug() {
        let mut ids: Vec<String> = REGISTER.iter().map(Registered::id).collect();
        ids.extend(STANDING_BOARDS.iter().map(|board| board.id.to_owned()));
        assert!(ids.iter().all(|id| BoardId::new(id.as_str()).is_some()));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), REGISTER.len() + STANDING_BOARDS.len());
    }

    #[test]
    fn an_area_is_found_however_it_is_spelt() {
        assert_eq!(by_area(" NORRA  INNERSTADEN").unwrap().board, "Norra innerstadens stadsdelsnämnd");
        assert_eq!(by_area("järva").unwrap().id(), "jarva");
        assert!(by_area("Solna").is_none());
    }
}
