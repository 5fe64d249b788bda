use super::*;
use proptest::prelude::*;

const DAY: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn interval(from: i64, to: i64) -> Interval {
    Interval { from: at(from), to: at(to) }
}

fn named(id: &str) -> Named {
    Named::new(id, id)
}

/// A day of two areas, perhaps a time before the first division, one border between divisions, office hours, a night board and some functions with entries of any length.
fn worlds() -> impl Strategy<Value = World> {
    let channel = prop::sample::select(vec![Channel::Webhook, Channel::Sms, Channel::Exercise]);
    let staffed = (0..DAY, 1..DAY / 2, prop::collection::vec(channel, 0..3))
        .prop_map(|(from, length, channels)| Staffed { during: interval(from, from + length), channels });
    let board = prop::sample::select(vec!["jarva", "bromma", "vasterort", "socialnamnden"]);
    let function =
        (board, any::<bool>(), prop::collection::vec(staffed, 0..4)).prop_map(|(board, has_roster, staffed)| {
            let staffed = if has_roster { staffed } else { Vec::new() };
            FunctionCover { board: board.to_owned(), has_roster, staffed }
        });
    let failed = prop::sample::subsequence(vec![Channel::Webhook, Channel::Sms], 0..=2);
    (prop::collection::vec(function, 0..5), failed, -DAY..DAY / 4, DAY / 4..DAY, 0..DAY, 1..DAY).prop_map(
        |(functions, failed, first, border, opens, length)| World {
            during: interval(0, DAY),
            areas: vec![named("east"), named("west")],
            spans: vec![
                AreaSpan { area: named("west"), board: named("vasterort"), during: interval(first, border) },
                AreaSpan { area: named("west"), board: named("jarva"), during: interval(border, 2 * DAY) },
                AreaSpan { area: named("east"), board: named("bromma"), during: interval(border, 2 * DAY) },
            ],
            office_open: Intervals::of([interval(opens, opens + length)]),
            night: vec![NightSpan { board: named("socialnamnden"), during: interval(0, DAY) }],
            functions,
            failed,
        },
    )
}

/// Who holds an area at an instant, and whether anybody of theirs is reached: asked directly, without intervals.
fn naive(world: &World, area: &str, t: Timestamp) -> (Vec<String>, bool) {
    let open = world.office_open.contains(t);
    let spans = world.spans.iter().filter(|span| span.area.id == area && span.during.contains(t));
    let holders: Vec<String> = spans
        .flat_map(|span| {
            let night = world.night.iter().filter(|night| !open && night.during.contains(t));
            night.map(|night| night.board.id.clone()).chain(open.then(|| span.board.id.clone())).collect::<Vec<_>>()
        })
        .collect();
    let reached = |board: &String| {
        let functions = world.functions.iter().filter(|function| function.board == *board);
        functions.flat_map(|function| &function.staffed).any(|staffed| {
            let ways = staffed.channels.iter().filter(|channel| **channel != Channel::Exercise);
            staffed.during.contains(t) && ways.clone().any(|channel| !world.failed.contains(channel))
        })
    };
    let any = holders.iter().any(reached);
    (holders, any)
}

/// Every second around each border of anything.
fn seconds(world: &World) -> Vec<i64> {
    let of = |one: &Interval| [one.from.as_second(), one.to.as_second()];
    let mut borders: Vec<i64> = of(&world.during).to_vec();
    borders.extend(world.spans.iter().flat_map(|span| of(&span.during)));
    borders.extend(world.office_open.iter().flat_map(of));
    borders.extend(world.functions.iter().flat_map(|function| &function.staffed).flat_map(|one| of(&one.during)));
    let mut around: Vec<i64> = borders.iter().flat_map(|border| border - 2..=border + 2).collect();
    around.retain(|second| (0..DAY).contains(second));
    around.sort_unstable();
    around.dedup();
    around
}

proptest! {
    #[test]
    fn the_proof_of_cover_equals_brute_force_by_the_second_around_every_border(world in worlds()) {
        let holes = holes(&world);
        for area in &world.areas {
            for second in seconds(&world) {
                let t = at(second);
                let of_instant: Vec<&Hole> =
                    holes.iter().filter(|hole| hole.area.id == area.id && hole.from <= t && t < hole.to).collect();
                let (holders, reached) = naive(&world, &area.id, t);
                prop_assert!(holders.len() <= 1, "never two holders");
                prop_assert!(of_instant.len() <= 1, "{of_instant:?}");
                // An area is owed cover while it is on the map, and every one while there is no map.
                let on_the_map = |of: &dyn Fn(&AreaSpan) -> bool| {
                    world.spans.iter().any(|span| of(span) && span.during.contains(t))
                };
                let owed = on_the_map(&|span| span.area.id == area.id) || !on_the_map(&|_| true);
                prop_assert_eq!(of_instant.is_empty(), reached || !owed, "{} at {}: {:?}", area.id, second, of_instant);
                if let Some(hole) = of_instant.first() {
                    prop_assert_eq!(holders.is_empty(), hole.reason == "no-division");
                    prop_assert_eq!(holders.first().map_or("", String::as_str), hole.board.id.as_str());
                }
            }
        }
        prop_assert!(opened(&holes, &holes).is_empty());
    }
}
