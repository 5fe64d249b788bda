//! Which boards an incident affects, and which of them is proposed to bring about coordination.

use narhet_proto::{
    codes::{AffectedBasis, LeadRule},
    events::Named,
};

/// A board in whose area a part of the place lies.
#[derive(Clone, Debug, PartialEq)]
pub struct TouchedArea {
    pub board: Named,
    pub area: Named,
    /// 0-1 of what lies in any area.
    pub share: f64,
}

/// A board that the reporter named by hand, because the place does not say it (the dead lived elsewhere).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedByHand {
    pub board: Named,
    pub district: bool,
    pub reason: String,
}

/// One affected board; the reason is plain here and sealed in what is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct AffectedBoard {
    pub board: Named,
    pub area: Option<Named>,
    pub share: f64,
    pub basis: AffectedBasis,
    pub reason: Option<String>,
}

/// What the map says about the place.
#[derive(Clone, Debug, PartialEq)]
pub enum Whereabouts {
    /// No place was given.
    Unknown,
    OutsideTheCity,
    /// Never empty.
    InTheCity(Vec<TouchedArea>),
}

/// The proposed coordinating board and the rule that proposed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    pub board: Named,
    pub rule: LeadRule,
}

/// The affected boards: those of the place, largest share first and ties by board id, then those named by hand in the order
/// they were named. Each board once: a board of the place that was also named keeps its share and gets the reason.
pub fn affected_boards(whereabouts: &Whereabouts, named: &[NamedByHand]) -> Vec<AffectedBoard> {
    let mut affected: Vec<AffectedBoard> = by_share(whereabouts)
        .into_iter()
        .map(|touched| AffectedBoard {
            board: touched.board.clone(),
            area: Some(touched.area.clone()),
            share: touched.share,
            basis: AffectedBasis::Place,
            reason: None,
        })
        .collect();
    for by_hand in named {
        match affected.iter_mut().find(|known| known.board.id == by_hand.board.id) {
            Some(known) => known.reason = known.reason.take().or_else(|| Some(by_hand.reason.clone())),
            None => affected.push(AffectedBoard {
                board: by_hand.board.clone(),
                area: None,
                share: 0.0,
                basis: AffectedBasis::Named,
                reason: Some(by_hand.reason.clone()),
            }),
        }
    }
    affected
}

/// Who is proposed to bring about coordination.
pub fn propose_lead(whereabouts: &Whereabouts, named: &[NamedByHand], kommunstyrelsen: Named) -> Lead {
    let (board, rule) = match (whereabouts, by_share(whereabouts).first()) {
        (Whereabouts::InTheCity(_), Some(largest)) => (largest.board.clone(), LeadRule::LargestShare),
        (Whereabouts::Unknown, _) => match named.iter().find(|by_hand| by_hand.district) {
            Some(first) => (first.board.clone(), LeadRule::FirstNamedDistrict),
            None => (kommunstyrelsen, LeadRule::Kommunstyrelsen),
        },
        _ => (kommunstyrelsen, LeadRule::Kommunstyrelsen),
    };
    Lead { board, rule }
}

/// The touched areas, one for each board: a board that holds two areas is one affected board with the sum of its shares.
fn by_share(whereabouts: &Whereabouts) -> Vec<TouchedArea> {
    let Whereabouts::InTheCity(touched) = whereabouts else { return Vec::new() };
    let mut boards: Vec<TouchedArea> = Vec::with_capacity(touched.len());
    for area in touched {
        match boards.iter_mut().find(|known| known.board.id == area.board.id) {
            Some(known) => known.share += area.share,
            None => boards.push(area.clone()),
        }
    }
    boards.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.board.id.cmp(&b.board.id)));
    boards
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(board: &str, share: f64) -> TouchedArea {
        TouchedArea { board: Named::new(board, board), area: Named::new(board, board), share }
    }

    fn named(board: &str, district: bool) -> NamedByHand {
        NamedByHand { board: Named::new(board, board), district, reason: "de omkomna bodde där".to_owned() }
    }

    #[test]
    fn who_leads_as_a_table() {
        use LeadRule::{FirstNamedDistrict, Kommunstyrelsen, LargestShare};
        let city = |areas: &[(&str, f64)]| {
            Whereabouts::InTheCity(areas.iter().map(|(board, share)| touched(board, *share)).collect())
        };
        let rows = [
            (city(&[("jarva", 0.3), ("bromma", 0.7)]), vec![], "bromma", LargestShare),
            (city(&[("jarva", 0.5), ("bromma", 0.5)]), vec![], "bromma", LargestShare), // a tie goes by id
            (city(&[("jarva", 1.0)]), vec![named("bromma", true)], "jarva", LargestShare),
            (Whereabouts::Unknown, vec![], "kommunstyrelsen", Kommunstyrelsen),
            (Whereabouts::Unknown, vec![named("stockholm-vatten", false)], "kommunstyrelsen", Kommunstyrelsen),
            (
                Whereabouts::Unknown,
                vec![named("stockholm-vatten", false), named("farsta", true), named("bromma", true)],
                "farsta",
                FirstNamedDistrict,
            ),
            (Whereabouts::OutsideTheCity, vec![], "kommunstyrelsen", Kommunstyrelsen),
            (Whereabouts::OutsideTheCity, vec![named("farsta", true)], "kommunstyrelsen", Kommunstyrelsen),
        ];
        for (whereabouts, by_hand, board, rule) in rows {
            let lead = propose_lead(&whereabouts, &by_hand, Named::new("kommunstyrelsen", "Kommunstyrelsen"));
            assert_eq!((lead.board.id.as_str(), lead.rule), (board, rule), "{whereabouts:?} {by_hand:?}");
        }
    }

    #[test]
    fn a_board_is_affected_once_with_its_place_and_its_reason() {
        let whereabouts = Whereabouts::InTheCity(vec![touched("jarva", 0.2), touched("bromma", 0.8)]);
        let affected = affected_boards(&whereabouts, &[named("jarva", true), named("farsta", true)]);
        let rows: Vec<_> =
            affected.iter().map(|a| (a.board.id.as_str(), a.share, a.basis, a.reason.is_some())).collect();
        assert_eq!(
            rows,
            [
                ("bromma", 0.8, AffectedBasis::Place, false),
                ("jarva", 0.2, AffectedBasis::Place, true),
                ("farsta", 0.0, AffectedBasis::Named, true),
            ]
        );
    }
}
