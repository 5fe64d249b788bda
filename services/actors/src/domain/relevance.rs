//! Which actors matter to an incident, and why: where they are, what they are, what they have.

use narhet_proto::codes::{ActorKind, IncidentKind};

/// Capabilities that are asked for by kind of incident. ASSUMPTION until the city says: an aid to find, never a rule to decide.
pub const RULE: &str = "relevans/1";

/// Metres from the place within which an actor matters although it has no link to the areas.
pub const NEAR_M: f64 = 2_000.0;

const WANTED: &[(IncidentKind, &[&str], &[ActorKind])] = &[
    (IncidentKind::Power, &["generator", "shelter-places", "varme"], &[ActorKind::Infrastructure, ActorKind::Care]),
    (IncidentKind::Fire, &["shelter-places", "vehicle", "volunteers-on-call"], &[ActorKind::Housing]),
    (IncidentKind::Water, &["vehicle", "vatten", "tank"], &[ActorKind::Infrastructure, ActorKind::Care]),
    (IncidentKind::Weather, &["vehicle", "shelter-places", "generator"], &[ActorKind::Voluntary]),
    (
        IncidentKind::Violence,
        &["volunteers-on-call", "interpreter"],
        &[ActorKind::School, ActorKind::Voluntary, ActorKind::Faith],
    ),
    (IncidentKind::Transport, &["vehicle"], &[ActorKind::Region, ActorKind::Infrastructure]),
    (IncidentKind::Health, &["volunteers-on-call", "interpreter"], &[ActorKind::Care, ActorKind::Region]),
];

/// What is known of an actor in relation to an incident.
#[derive(Clone, Copy, Debug)]
pub struct Relation<'a> {
    pub kind: ActorKind,
    pub capabilities: &'a [String],
    pub linked: bool,
    pub distance_m: Option<f64>,
    pub safety_point: bool,
    pub around_the_clock: bool,
}

/// A score and its reasons in Swedish; nothing when the actor has nothing to do with the place.
pub fn rank(relation: Relation<'_>, incident: Option<IncidentKind>) -> Option<(u32, Vec<String>)> {
    let (mut score, mut why) = (0, Vec::new());
    let mut add = |points: u32, reason: String| {
        score += points;
        why.push(reason);
    };
    match relation.distance_m {
        Some(metres) if metres <= 500.0 => add(50, format!("{metres:.0} m från platsen")),
        Some(metres) if metres <= NEAR_M => add(25, format!("{metres:.0} m från platsen")),
        _ => {}
    }
    if relation.linked {
        add(20, "finns eller verkar i det berörda området".to_owned());
    }
    if is_elsewhere(&relation) {
        return None;
    }
    let wanted = WANTED.iter().find(|(kind, ..)| Some(*kind) == incident);
    if let Some((_, capabilities, kinds)) = wanted {
        for has in relation.capabilities.iter().filter(|has| capabilities.contains(&has.as_str())) {
            add(30, format!("har {has}"));
        }
        if kinds.contains(&relation.kind) {
            add(10, format!("är {}", relation.kind.label()));
        }
    }
    if relation.safety_point {
        add(15, "är trygghetspunkt".to_owned());
    }
    if relation.around_the_clock {
        add(5, "nås dygnet runt".to_owned());
    }
    Some((score, why))
}

fn is_elsewhere(relation: &Relation<'_>) -> bool {
    !relation.linked && relation.distance_m.is_none_or(|metres| metres > NEAR_M)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_able_comes_before_far_and_every_point_has_a_reason() {
        let generator = ["generator".to_owned()];
        let near = Relation {
            kind: ActorKind::Company,
            capabilities: &generator,
            linked: true,
            distance_m: Some(100.0),
            safety_point: false,
            around_the_clock: true,
        };
        let far = Relation { distance_m: None, capabilities: &[], ..near };
        let (near_score, why) = rank(near, Some(IncidentKind::Power)).unwrap();
        assert!(near_score > rank(far, Some(IncidentKind::Power)).unwrap().0);
        assert_eq!(why.len(), 4);
        assert!(rank(Relation { linked: false, ..far }, None).is_none());
    }
}
