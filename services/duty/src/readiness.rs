//! Readiness as folded from duty's own log: functions, rosters, centres and alarm paths, each as last recorded.

pub mod calendar_feeds;
pub mod commands;
pub mod cover;
pub mod intake;
pub mod queries;
pub mod staffing;
pub mod swaps;
pub mod views;

use crate::{
    case_log::read,
    domain::{intervals::Interval, roster::TakenSwap},
};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    Event, Message,
    codes::{Channel, FunctionKind, SwapOutcome},
    events::{
        Named,
        alarm::{ChannelResult, PathProven},
        readiness::{
            AlarmPath, AlarmPathRecorded, Centre, CentreRecorded, DutyFunction, FeedIssued, FeedRevoked,
            FunctionRecorded, PathRead, PathStep, RecordRemoved, Roster, RosterRecorded, SwapOffered, SwapSettled,
        },
    },
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

/// Kommunstyrelsen's tjänsteman i beredskap: the last resort, there in every house whether recorded or not.
pub const CITY_TIB: &str = "city-tib";
/// Seconds that the last resort has before it is alarmed again.
const LAST_RESORT_S: u32 = 600;
/// Seconds for each function where a board has recorded no path.
const UNRECORDED_STEP_S: u32 = 300;

/// A recorded version with its place in the log.
#[derive(Clone, Debug)]
pub struct Record<T> {
    pub value: T,
    /// The event it came in: what is sealed in it opens under this id.
    pub event: Uuid,
    /// The version of its stream that it came with, for ETag.
    pub version: u64,
    /// The version of its stream now: proofs, swaps and read-receipts do not change the record.
    pub stream: u64,
}

/// Everything recorded of one kind, by id. A removed one leaves its version behind, so that it can be recorded again.
#[derive(Clone, Debug)]
pub struct Records<T> {
    pub(crate) live: BTreeMap<String, Record<T>>,
    pub(crate) gone: BTreeMap<String, u64>,
}

/// What machines and people have shown about a path.
#[derive(Clone, Debug, Default)]
pub struct PathProof {
    /// When a machine has come through, and which version of the path that was.
    pub proven_at: Option<(Timestamp, u64)>,
    pub results: Vec<ChannelResult>,
    /// Who has read which version: (board, reader) → version.
    pub readers: BTreeMap<(String, String), u32>,
}

#[derive(Clone, Debug)]
pub struct Swap {
    pub offered: SwapOffered,
    pub settled: Option<SwapOutcome>,
    /// The version of the roster's stream that settled it: swaps move in the order in which they were taken.
    pub order: u64,
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    pub functions: Records<DutyFunction>,
    pub rosters: Records<Roster>,
    pub centres: Records<Centre>,
    pub paths: Records<AlarmPath>,
    pub swaps: BTreeMap<String, Swap>,
    pub feeds: BTreeMap<String, FeedIssued>,
    pub proofs: BTreeMap<String, PathProof>,
    /// The last result of each channel, over all paths.
    pub channels: BTreeMap<Channel, ChannelResult>,
    /// Counts what cover rests on.
    pub revision: u64,
    cache: RefCell<staffing::Cache>,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self { live: BTreeMap::new(), gone: BTreeMap::new() }
    }
}

impl<T> Records<T> {
    pub fn get(&self, id: &str) -> Option<&Record<T>> {
        self.live.get(id)
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.live.values().map(|record| &record.value)
    }

    /// The version of the stream, of something that is there or was; 0 when it never was.
    pub fn version(&self, id: &str) -> u64 {
        self.live.get(id).map(|record| record.stream).or_else(|| self.gone.get(id).copied()).unwrap_or(0)
    }

    pub(crate) fn put(&mut self, id: &str, value: T, event: &Event) {
        self.gone.remove(id);
        self.live
            .insert(id.to_owned(), Record { value, event: event.id, version: event.version, stream: event.version });
    }

    pub(crate) fn remove(&mut self, id: &str, version: u64) {
        self.live.remove(id);
        self.gone.insert(id.to_owned(), version);
    }

    /// The stream went on without changing the record, or before there was one.
    fn touch(&mut self, id: &str, version: u64) {
        match self.live.get_mut(id) {
            Some(record) => record.stream = version,
            None => drop(self.gone.insert(id.to_owned(), version)),
        }
    }
}

impl Readiness {
    pub fn apply(&mut self, event: &Event) {
        let id = event.subject.id();
        match event.event_type.as_str() {
            FunctionRecorded::TYPE => self.functions.put(id, read::<FunctionRecorded>(event).function, event),
            RosterRecorded::TYPE => self.rosters.put(id, read::<RosterRecorded>(event).roster, event),
            CentreRecorded::TYPE => self.centres.put(id, read::<CentreRecorded>(event).centre, event),
            AlarmPathRecorded::TYPE => self.paths.put(id, read::<AlarmPathRecorded>(event).path, event),
            RecordRemoved::TYPE => self.remove(&read(event), event.version),
            SwapOffered::TYPE => {
                let offered: SwapOffered = read(event);
                self.rosters.touch(id, event.version);
                self.swaps.insert(offered.swap_id.clone(), Swap { offered, settled: None, order: 0 });
            }
            SwapSettled::TYPE => {
                let settled: SwapSettled = read(event);
                self.rosters.touch(id, event.version);
                if let Some(swap) = self.swaps.get_mut(&settled.swap_id) {
                    swap.settled.get_or_insert(settled.outcome);
                    swap.order = event.version;
                }
            }
            PathRead::TYPE => {
                let said: PathRead = read(event);
                self.paths.touch(id, event.version);
                self.proof(&said.path_id).readers.insert((said.board, said.reader), said.path_version);
                return;
            }
            PathProven::TYPE => self.proven(read(event), event),
            FeedIssued::TYPE => {
                self.feeds.insert(id.to_owned(), read(event));
                return;
            }
            FeedRevoked::TYPE => {
                self.feeds.remove(id);
                return;
            }
            _ => return,
        }
        self.revision += 1;
        self.cache.get_mut().forget();
    }

    fn remove(&mut self, removed: &RecordRemoved, version: u64) {
        match removed.kind.as_str() {
            "function" => self.functions.remove(&removed.id, version),
            "roster" => self.rosters.remove(&removed.id, version),
            "centre" => self.centres.remove(&removed.id, version),
            "alarm-path" => self.paths.remove(&removed.id, version),
            _ => {}
        }
    }

    fn proven(&mut self, proven: PathProven, event: &Event) {
        self.paths.touch(&proven.path_id, event.version);
        for result in &proven.results {
            self.channels.insert(result.channel, result.clone());
        }
        let version = self.paths.get(&proven.path_id).map_or(0, |record| record.version);
        let proof = self.proof(&proven.path_id);
        // An alarm that no channel had to carry has proven nothing, nor has one that a channel did not.
        if !proven.results.is_empty() && proven.results.iter().all(|result| result.carried) {
            proof.proven_at = Some((event.time, version));
        }
        proof.results = proven.results;
    }

    pub fn proof(&mut self, path: &str) -> &mut PathProof {
        self.proofs.entry(path.to_owned()).or_default()
    }

    /// Channels whose last proof failed.
    pub fn failed_channels(&self) -> Vec<Channel> {
        self.channels
            .values()
            .filter(|result| !result.carried && !result.untested)
            .map(|result| result.channel)
            .collect()
    }

    /// The function, the last resort also where nobody has recorded it.
    pub fn function(&self, id: &str) -> Option<DutyFunction> {
        let recorded = self.functions.get(id).map(|record| record.value.clone());
        recorded.or_else(|| (id == CITY_TIB).then(last_resort))
    }

    /// Functions of a board in the order in which they are alarmed where no path is recorded.
    pub fn functions_of<'a>(&'a self, board: &'a str) -> Vec<&'a DutyFunction> {
        let mut functions: Vec<&DutyFunction> =
            self.functions.values().filter(|function| function.board.id == board && function.id != CITY_TIB).collect();
        functions.sort_by_key(|function| (function.kind, &function.id));
        functions
    }

    /// The path of crisis support of a board: as recorded, else its functions in turn. The last resort comes after either.
    pub fn path_of(&self, board: &Named) -> (Option<String>, Vec<PathStep>, u32) {
        let recorded = self.paths.get(&board.id).map(|record| &record.value);
        let mut steps = match recorded {
            Some(path) => path.steps.clone(),
            None => {
                self.functions_of(&board.id).into_iter().map(|function| step(&function.id, UNRECORDED_STEP_S)).collect()
            }
        };
        steps.push(last_step());
        (recorded.map(|path| path.id.clone()), steps, recorded.map_or(1, |path| path.rounds))
    }

    /// Whether there is any path in use.
    pub fn has_paths(&self) -> bool {
        !self.paths.live.is_empty() || self.functions.values().any(|function| function.id != CITY_TIB)
    }

    /// Every path that alarms go down, with its version: the recorded ones, and 0 for that of a board that has functions
    /// and has recorded none.
    pub fn paths_in_use(&self) -> Vec<(AlarmPath, u64)> {
        let recorded = self.paths.live.values().map(|record| (record.value.clone(), record.version));
        let boards = self.functions.values().filter(|function| function.id != CITY_TIB).map(|function| &function.board);
        let without: BTreeMap<&str, &Named> = boards
            .filter(|board| self.paths.get(&board.id).is_none())
            .map(|board| (board.id.as_str(), board))
            .collect();
        recorded.chain(without.into_values().map(|board| (self.unrecorded_path(board), 0))).collect()
    }

    fn unrecorded_path(&self, board: &Named) -> AlarmPath {
        let (_, mut steps, rounds) = self.path_of(board);
        steps.pop();
        AlarmPath {
            id: board.id.clone(),
            board: board.clone(),
            name: "Nämndens funktioner i tur och ordning".to_owned(),
            steps,
            rounds,
            source: "Antagande i Närhet: nämnden har inte registrerat någon larmväg".to_owned(),
        }
    }

    /// The functions that a board's alarms come to before the last resort.
    pub fn alarmed_functions(&self, board: &Named) -> BTreeSet<String> {
        let (_, steps, _) = self.path_of(board);
        steps.into_iter().flat_map(|step| step.functions).filter(|function| function != CITY_TIB).collect()
    }

    /// The swaps of a roster that were taken, in the order in which they were.
    pub fn taken(&self, roster: &str) -> Vec<TakenSwap> {
        let taken = |swap: &&Swap| swap.offered.roster_id == roster && swap.settled == Some(SwapOutcome::Taken);
        let mut swaps: Vec<&Swap> = self.swaps.values().filter(taken).collect();
        swaps.sort_by_key(|swap| swap.order);
        swaps
            .into_iter()
            .map(|swap| TakenSwap {
                during: Interval { from: swap.offered.from, to: swap.offered.to },
                giver: swap.offered.giver.clone(),
                taker: swap.offered.taker.clone(),
            })
            .collect()
    }
}

pub fn last_step() -> PathStep {
    step(CITY_TIB, LAST_RESORT_S)
}

fn step(function: &str, acknowledge_within_s: u32) -> PathStep {
    PathStep { functions: vec![function.to_owned()], acknowledge_within_s, next_way_after_s: None }
}

/// The last resort as it is before anybody has recorded how it is reached: it cannot be, and every view says so.
fn last_resort() -> DutyFunction {
    DutyFunction {
        id: CITY_TIB.to_owned(),
        board: Named::new("kommunstyrelsen", "Kommunstyrelsen"),
        kind: FunctionKind::OfficerOnDuty,
        name: "Stadens tjänsteman i beredskap".to_owned(),
        capabilities: Vec::new(),
        contact_ways: Vec::new(),
        source: "Antagande i Närhet: sista utväg tills kommunstyrelsen har registrerat funktionens kontaktvägar"
            .to_owned(),
    }
}

/// What a command's first event wrote: an alarm, a swap, a feed or a record, with the version it came with.
pub fn note_written(duty: &mut crate::service::Duty, event: &Event) {
    const KINDS: [&str; 7] = ["calendar", "function", "roster", "centre", "alarm-path", "calendar-feed", "alarm"];
    if !KINDS.contains(&event.subject.kind()) {
        return;
    }
    let id = match event.event_type.as_str() {
        SwapOffered::TYPE => event.id.to_string(),
        _ => event.subject.id().to_owned(),
    };
    duty.written.insert(event.id, (id, event.version));
}
