//! The command line. The comments here are its manual.

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use narhet_kernel::{Context, Role, Timestamp};
use std::path::PathBuf;

/// Närhet: for every place and every moment, which board answers, who holds crisis support, and what has happened.
///
/// Settings come from flags, then NARHET_* variables, then narhet.toml. Exit code 0: done; 1: an error that the last line
/// on standard error explains; 2: the command line is wrong.
#[derive(Debug, Parser)]
#[command(name = "narhet", version, max_term_width = 110)]
pub struct Arguments {
    /// Settings file; absent is fine.
    #[arg(long, global = true, env = "NARHET_CONFIG", default_value = "narhet.toml")]
    pub config: PathBuf,
    /// Log JSON lines instead of text. NARHET_LOG sets the level (info,narhet_runtime=debug).
    #[arg(long, global = true, env = "NARHET_LOG_JSON")]
    pub log_json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a whole house: nats-server and every role in one process.
    ///
    /// Prints one JSON line {"ready":true,"http":…,"nats":…} on standard output when everything answers; logs go to
    /// standard error. Killing it at any instant and starting it again on the same folder just works.
    Up(Up),
    /// Start one role against a NATS server that is already there.
    Run(Run),
    /// Print a bearer token of a local house in demo mode.
    Token(Token),
    /// Work with boundaries.
    #[command(subcommand)]
    Area(Area),
    /// The registry of local actors.
    #[command(subcommand)]
    Actors(Actors),
    /// Follow what happens.
    #[command(subcommand)]
    Events(Events),
    /// Re-read every log and say where it breaks: frames, hash chain, positions, versions.
    ///
    /// Works on a stopped house and on a running one. Exit code 1 when anything is not as it was written.
    Verify(Verify),
    /// Copy a running house: the largest cut in which every cause lies inside the cut.
    Backup(Backup),
    /// Make a house from a backup, in an empty folder only.
    Restore(Restore),
    /// Settle a log and a stream that say different things. Every role must be stopped.
    ///
    /// Without --keep it only prints where they part. With it, the side given up is moved aside, never deleted, the log
    /// gets a new store id, and every consumer folds it anew.
    Fork(Fork),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Demo {
    /// A local token issuer and demo data: boards, office hours, a coarse outline of the eleven areas.
    Data,
    /// The issuer, no data.
    Empty,
}

#[derive(Clone, Debug, Args)]
pub struct Up {
    /// Where the house keeps everything [default: ./.narhet].
    #[arg(long, env = "NARHET_DATA")]
    pub data: Option<PathBuf>,
    /// Address of the HTTP interface; port 0 takes a free one [default: 127.0.0.1:8420].
    #[arg(long, env = "NARHET_HTTP", value_name = "ADDR")]
    pub http: Option<String>,
    /// Use this NATS server instead of starting one.
    #[arg(long, env = "NARHET_NATS", value_name = "URL")]
    pub nats: Option<String>,
    /// Credentials for --nats: a .creds file, TOML with user and password, or a folder with one of them for each role.
    #[arg(long, env = "NARHET_NATS_CREDS", value_name = "FILE")]
    pub nats_creds: Option<PathBuf>,
    /// Demo mode: a local token issuer, and unless `empty` demo data. Never for a real house.
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "data", require_equals = true)]
    pub demo: Option<Demo>,
    /// Run the house at another time, and with xRATE at another speed: 2026-12-24T13:00:00+01:00x60. Needs --demo.
    #[arg(long, value_name = "INSTANT[xRATE]", requires = "demo")]
    pub clock: Option<String>,
}

/// A role that can run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunRole {
    Area,
    Duty,
    Situation,
    Actors,
    Gateway,
}

impl RunRole {
    /// The context whose log it owns; the gateway owns none.
    pub fn context(self) -> Option<Context> {
        match self {
            RunRole::Area => Some(Context::Area),
            RunRole::Duty => Some(Context::Duty),
            RunRole::Situation => Some(Context::Situation),
            RunRole::Actors => Some(Context::Actors),
            RunRole::Gateway => None,
        }
    }
}

#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Which role.
    #[arg(long, value_enum)]
    pub role: RunRole,
    #[command(flatten)]
    pub house: Up,
}

/// How a client command finds a house.
#[derive(Clone, Debug, Args)]
pub struct Node {
    /// Address of a running house, with --token.
    #[arg(long, env = "NARHET_URL", requires = "token")]
    pub url: Option<String>,
    /// Bearer token for --url.
    #[arg(long, env = "NARHET_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Folder of a local house; in demo mode the token is minted from it.
    #[arg(long, env = "NARHET_DATA", default_value = "./.narhet")]
    pub data: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub struct Token {
    /// Role of the holder; may be given more than once: coordinator, duty-officer, crisis-lead, ckl, crisis-chair,
    /// crisis-board, city-security, communicator, registrar, liaison, dashboard, auditor or admin.
    #[arg(long = "role", required = true, value_parser = clap::value_parser!(Role))]
    pub roles: Vec<Role>,
    /// Board the holder acts for: jarva, norra-innerstaden, socialnamnden, …
    #[arg(long)]
    pub board: Option<String>,
    /// Partner organisation of a liaison.
    #[arg(long)]
    pub partner: Option<String>,
    /// Name of the function that holds it.
    #[arg(long, default_value = "demo")]
    pub subject: String,
    /// Hours until it ends.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=720))]
    pub hours: u64,
    /// Folder of the house.
    #[arg(long, env = "NARHET_DATA", default_value = "./.narhet")]
    pub data: PathBuf,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Area {
    /// Import boundaries: a whole division of the city, or several.
    Import(AreaImport),
    /// Examine boundaries without a house: every hole and overlap as a table or JSON, and as a picture.
    ///
    /// Exit code 0 when an import would take them, 1 when something would be refused.
    Check(AreaCheck),
    /// Who answers for a place: every tier, since when, and why.
    Resolve(AreaResolve),
    /// Everything that was ever recorded about a board.
    History(AreaHistory),
}

#[derive(Clone, Debug, Args)]
pub struct AreaResolve {
    /// Degrees east.
    #[arg(allow_negative_numbers = true)]
    pub lon: f64,
    /// Degrees north.
    #[arg(allow_negative_numbers = true)]
    pub lat: f64,
    /// The instant asked about, such as 2023-08-01T00:00:00+02:00 [default: the house's present].
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<Timestamp>,
    /// As it was known then [default: as known now].
    #[arg(long, value_name = "INSTANT")]
    pub known_at: Option<Timestamp>,
    /// Print the JSON of the HTTP interface.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Clone, Debug, Args)]
pub struct AreaHistory {
    /// The board's id: jarva, norra-innerstaden, …
    pub board: String,
    /// Print the JSON of the HTTP interface.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Actors {
    /// Import a spreadsheet: CSV, XLSX or GeoJSON. Rows that are there are updated, never doubled; exit code 1 when rows are
    /// refused.
    Import(ActorsImport),
}

#[derive(Clone, Debug, Args)]
pub struct ActorsImport {
    pub file: PathBuf,
    /// Say what each row would become, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// What a column is, where the guess is wrong; COLUMN= leaves it out.
    #[arg(long = "column", value_name = "COLUMN=FIELD")]
    pub columns: Vec<String>,
    /// In demo mode: the board whose coordinator imports.
    #[arg(long)]
    pub board: Option<String>,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Clone, Debug, Args)]
pub struct AreaImport {
    /// GeoJSON, zipped Shapefile or GeoPackage in degrees, EPSG:3006 or EPSG:3011: stadsdelar with --mapping, else the areas
    /// themselves by property `name`.
    pub file: PathBuf,
    /// Which layer of FILE, when it has several.
    #[arg(long)]
    pub layer: Option<String>,
    /// CSV: which area each stadsdel belongs to, a column a division, its header ending in _YYYY-MM-DD.
    #[arg(long, value_name = "CSV")]
    pub mapping: Option<PathBuf>,
    /// GeoJSON of parts that belong to another area than their stadsdel: polygons with a name of their own, which the mapping
    /// has a row for, and the stadsdel's name in the property `undantag`.
    #[arg(long, value_name = "FILE")]
    pub exceptions: Option<PathBuf>,
    /// Take only this division of the mapping; may be given more than once.
    #[arg(long = "division", value_name = "DATE")]
    pub divisions: Vec<Date>,
    /// First day of a division that comes without a mapping.
    #[arg(long, value_name = "DATE")]
    pub valid_from: Option<Date>,
    /// When it was decided; shown with answers, never changes what was known when.
    #[arg(long, value_name = "DATE")]
    pub decided_at: Option<Date>,
    /// Accept a hole or overlap above the limit, by its id; may be given more than once.
    #[arg(long = "accept", value_name = "ID")]
    pub accepted: Vec<String>,
    /// Give the full report and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Table,
    Json,
}

#[derive(Clone, Debug, Args)]
pub struct AreaCheck {
    /// GeoJSON, zipped Shapefile or GeoPackage in degrees, EPSG:3006 or EPSG:3011.
    pub file: PathBuf,
    /// Which layer of FILE, when it has several.
    #[arg(long)]
    pub layer: Option<String>,
    /// CSV: which area each stadsdel belongs to; with it the divisions are put together and judged too.
    #[arg(long, value_name = "CSV")]
    pub mapping: Option<PathBuf>,
    /// GeoJSON of parts that belong to another area than their stadsdel: polygons with a name of their own, which the mapping
    /// has a row for, and the stadsdel's name in the property `undantag`.
    #[arg(long, value_name = "FILE")]
    pub exceptions: Option<PathBuf>,
    /// Accept a hole or overlap above the limit, by its id; may be given more than once.
    #[arg(long = "accept", value_name = "ID")]
    pub accepted: Vec<String>,
    /// How to print the report; `json` is what a dry run answers.
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub format: ReportFormat,
    /// Where to write the picture [default: FILE's name with .svg, in the working folder].
    #[arg(long, value_name = "PATH")]
    pub svg: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Events {
    /// Print events as they come, one JSON line each; the stored bytes.
    Tail(EventsTail),
}

#[derive(Clone, Debug, Args)]
pub struct EventsTail {
    /// Start behind this cursor; `-` is the beginning. Without it: from now on.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
    /// Only this type: incident-reported, or the full name.
    #[arg(long = "type", value_name = "TYPE")]
    pub event_type: Option<String>,
    /// Only events of this board.
    #[arg(long)]
    pub board: Option<String>,
    /// Stop after so many.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Clone, Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub node: Node,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Backup {
    /// New folder for the logs.
    pub to: PathBuf,
    /// New folder for the keys: an archive of its own, with its own, shorter retention. Without it no keys are copied.
    #[arg(long, value_name = "DIR")]
    pub keys_to: Option<PathBuf>,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Clone, Debug, Args)]
pub struct Restore {
    /// Folder that `backup` wrote.
    pub from: PathBuf,
    /// Folder of keys that `backup` wrote; without it sealed text stays withheld.
    #[arg(long, value_name = "DIR")]
    pub keys_from: Option<PathBuf>,
    /// The new house's folder; must be empty or absent.
    #[arg(long, env = "NARHET_DATA")]
    pub data: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    Log,
    Stream,
}

#[derive(Clone, Debug, Args)]
pub struct Fork {
    /// The role whose log and stream part.
    #[arg(long, value_enum)]
    pub role: RunRole,
    /// Which side goes on.
    #[arg(long, value_enum)]
    pub keep: Option<Keep>,
    /// Folder of the stopped house.
    #[arg(long, env = "NARHET_DATA", default_value = "./.narhet")]
    pub data: PathBuf,
}
