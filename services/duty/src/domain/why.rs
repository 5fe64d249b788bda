//! What an answer of duty rests on, each reason one Swedish sentence with its source.

use super::{
    holder_rule::SupportRule,
    support::{AffectedBoard, Request},
};
use narhet_calendar::Zone;
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::AffectedBasis,
    events::{Named, Why},
};

/// Whether the office is open at an instant, by which calendar, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeAnswer {
    pub at: Timestamp,
    pub open: bool,
    /// Why it is closed, in words that go on from "Kontoret är stängt:".
    pub closed_because: Option<String>,
    /// The version of the central calendar that was in force; `None` before the first.
    pub calendar: Option<CalendarVersion>,
}

/// A recorded version of the central calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarVersion {
    pub number: u64,
    pub event_id: String,
    pub source: String,
    pub assumption: bool,
}

/// Why a new case is held by whom.
pub fn of_case(
    request: &Request,
    affected: Option<&AffectedBoard>,
    holder: &Named,
    rule: &SupportRule,
    office: &OfficeAnswer,
) -> Vec<Why> {
    let cause = vec![request.event_id.clone()];
    let responsible = affected.map(|affected| &affected.board);
    let mut why = vec![of_rule(rule, responsible, holder, office.open, cause.clone()), of_office(office)];
    if let Some(affected) = affected {
        why.push(of_affected(affected, request));
    } else {
        why.push(assumed(
            "okand-plats/1",
            "Ingen nämnd är känd som berörd, därför larmas stadens TiB för att placera ärendet.",
            cause.clone(),
        ));
    }
    if request.occurred_at.is_none() {
        why.push(assumed("okand-tid/1", "Tiden för händelsen är okänd, därför avgör tiden för rapporten.", cause));
    }
    why.extend(of_validity(rule, request.decisive_instant()));
    why
}

/// What the rule of crisis support says.
pub fn of_rule(
    rule: &SupportRule,
    responsible: Option<&Named>,
    holder: &Named,
    office_open: bool,
    event_ids: Vec<String>,
) -> Why {
    let text = match responsible {
        Some(board) if office_open && board.id == holder.id => {
            format!("Det som inträffar inom kontorstid har {} själv det operativa ansvaret för.", board.name)
        }
        Some(board) if office_open => {
            format!(
                "{} är upplöst, därför har {} som övertagit dess ansvar det operativa ansvaret.",
                board.name, holder.name
            )
        }
        Some(board) if board.id == holder.id => {
            format!("Det som inträffar utanför kontorstid har {} det operativa ansvaret för.", holder.name)
        }
        Some(board) => format!(
            "Det som inträffar utanför kontorstid har {} det operativa ansvaret för, tills {} övertar det.",
            holder.name, board.name
        ),
        None => format!("{} har det operativa ansvaret tills ärendet är placerat hos en nämnd.", holder.name),
    };
    Why { rule: rule.id.clone(), source: rule.source.clone(), text, event_ids, ..Why::default() }
}

/// Whether a board's office was open, by the calendar that steers when it is asked.
pub fn of_office_of(office: &OfficeAnswer, board: &Named) -> Why {
    let why = of_office(office);
    Why { text: format!("{} ({})", why.text, board.name), ..why }
}

/// Whether the office was open, by the central calendar.
pub fn of_office(office: &OfficeAnswer) -> Why {
    let wall = Zone::stockholm().wall(office.at);
    let when = format!("{} kl. {:02}:{:02}", wall.date(), wall.hour(), wall.minute());
    let Some(calendar) = &office.calendar else {
        return Why {
            text: format!("Ingen kontorstid är registrerad för {when}, därför räknas kontoret som stängt."),
            ..assumed("kontorstid/0", "", Vec::new())
        };
    };
    let text = match &office.closed_because {
        None => format!("Kontoret är öppet {when}."),
        Some(because) => format!("Kontoret är stängt {when}: {because}."),
    };
    Why {
        rule: format!("kontorstid/{}", calendar.number),
        source: calendar.source.clone(),
        text,
        event_ids: vec![calendar.event_id.clone()],
        assumption: calendar.assumption,
        calendar_version: Some(calendar.number.to_string()),
        ..Why::default()
    }
}

/// Whether the programme itself is in force; where it is not, its rule is an assumption.
pub fn of_validity(rule: &SupportRule, at: Timestamp) -> Option<Why> {
    let text = "Tidpunkten ligger utanför programmets giltighetstid; dess regel tillämpas tills ett annat programs regel är inlagd.";
    (!rule.is_in_its_time(at))
        .then(|| Why { source: rule.source.clone(), ..assumed(&format!("{}-giltighet", rule.id), text, Vec::new()) })
}

/// Something that the programme does not say and that is assumed here.
pub fn assumed(rule: &str, text: &str, event_ids: Vec<String>) -> Why {
    Why {
        rule: rule.to_owned(),
        source: "Antagande i Närhet: programmet säger inget om detta".to_owned(),
        text: text.to_owned(),
        event_ids,
        assumption: true,
        ..Why::default()
    }
}

fn of_affected(affected: &AffectedBoard, request: &Request) -> Why {
    let name = &affected.board.name;
    let (text, area_version) = match affected.basis {
        AffectedBasis::Place => {
            (format!("{name} berörs, eftersom platsen ligger i dess område."), request.area_version.clone())
        }
        AffectedBasis::Named => (format!("{name} berörs, eftersom den som rapporterade pekade ut nämnden."), None),
    };
    Why {
        rule: narhet_responsibility::why::RULE.to_owned(),
        source: narhet_responsibility::why::SOURCE.to_owned(),
        text,
        event_ids: vec![request.event_id.clone()],
        area_version,
        ..Why::default()
    }
}
