//! Why a case is offered, has moved or is placed, each reason one Swedish sentence with its source.

use super::{
    holder_rule::SupportRule,
    why::{OfficeAnswer, assumed, of_office_of},
};
use narhet_kernel::Timestamp;
use narhet_proto::events::{Named, Why};

/// By itself: the office of the responsible board is open, or the time has come that it asked for.
pub fn of_offer_by_itself(rule: &SupportRule, to: &Named, office: &OfficeAnswer, own_calendar: bool) -> Vec<Why> {
    let text = match office.open {
        true => format!("{} har öppet, därför erbjuds nämnden att överta ärendet.", to.name),
        false => format!("{} bad att få frågan igen nu, därför erbjuds nämnden att överta ärendet.", to.name),
    };
    let mut why = vec![by_rule(rule, text), of_office_of(office, to)];
    if !own_calendar {
        let text = format!("{} har ingen egen kalender, därför gäller stadens kontorstid.", to.name);
        why.push(assumed("namndens-kalender/1", &text, Vec::new()));
    }
    why
}

/// By the holder.
pub fn of_offer_by_hand(rule: &SupportRule, from: &Named, to: &Named) -> Vec<Why> {
    let text =
        format!("{} erbjuder {} att överta ärendet; den som har det behåller det till dess.", from.name, to.name);
    vec![by_rule(rule, text)]
}

/// The board offered to said yes.
pub fn of_acceptance(rule: &SupportRule, holder: &Named, offer_event: &str) -> Vec<Why> {
    let text = format!("{} har tagit emot ärendet och har nu det operativa ansvaret.", holder.name);
    vec![Why { event_ids: vec![offer_event.to_owned()], ..by_rule(rule, text) }]
}

/// The responsible board took it.
pub fn of_take_over(rule: &SupportRule, holder: &Named) -> Vec<Why> {
    vec![by_rule(rule, format!("{} har på eget initiativ övertagit det operativa ansvaret.", holder.name))]
}

/// A board is no more.
pub fn of_inheritance(from: &Named, to: &Named, division: Option<String>) -> Vec<Why> {
    vec![Why {
        rule: narhet_responsibility::why::RULE.to_owned(),
        source: narhet_responsibility::why::SOURCE.to_owned(),
        text: format!("{} är upplöst, därför övertar {} dess öppna ärenden.", from.name, to.name),
        area_version: division,
        ..Why::default()
    }]
}

/// The place was corrected.
pub fn of_relocation(area_version: Option<String>, at: Timestamp) -> Vec<Why> {
    vec![Why {
        rule: narhet_responsibility::why::RULE.to_owned(),
        source: narhet_responsibility::why::SOURCE.to_owned(),
        text: format!("Platsen är rättad; kartan är tillfrågad på nytt för {at}."),
        area_version,
        ..Why::default()
    }]
}

/// Somebody opened a case for a board that the place does not name.
pub fn of_opening_by_hand(board: &Named) -> Why {
    Why {
        rule: narhet_responsibility::why::RULE.to_owned(),
        source: narhet_responsibility::why::SOURCE.to_owned(),
        text: format!("{} berörs, eftersom ärendet öppnades för hand för nämnden.", board.name),
        ..Why::default()
    }
}

fn by_rule(rule: &SupportRule, text: String) -> Why {
    Why { rule: rule.id.clone(), source: rule.source.clone(), text, ..Why::default() }
}
