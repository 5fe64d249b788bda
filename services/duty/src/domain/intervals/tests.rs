use super::*;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn some() -> impl Strategy<Value = Vec<Interval>> {
    prop::collection::vec((0..40_i64, 0..40_i64), 0..8)
        .prop_map(|pairs| pairs.into_iter().map(|(from, to)| Interval { from: at(from), to: at(to) }).collect())
}

proptest! {
    #[test]
    fn sets_of_intervals_are_sets_of_instants(left in some(), right in some()) {
        let naive = |list: &[Interval], t: Timestamp| list.iter().any(|one| one.contains(t));
        let (a, b) = (Intervals::of(left.clone()), Intervals::of(right.clone()));
        let (union, both, rest) = (a.union(&b), a.intersect(&b), a.subtract(&b));
        for second in -1..42 {
            let t = at(second);
            let (x, y) = (naive(&left, t), naive(&right, t));
            prop_assert_eq!(a.contains(t), x);
            prop_assert_eq!((union.contains(t), both.contains(t), rest.contains(t)), (x || y, x && y, x && !y));
        }
        for set in [a, union, both, rest] {
            prop_assert!(set.0.windows(2).all(|pair| pair[0].to < pair[1].from || pair[0].to <= pair[1].from));
            prop_assert!(set.iter().all(|one| one.from < one.to));
        }
    }
}
