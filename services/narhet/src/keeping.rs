//! Keeping a house: verify, backup, restore, fork.

use crate::{
    arguments::{Backup, Fork, Keep, Restore, RunRole, Verify},
    client::Client,
    lock::Lock,
    nats_server::NatsServer,
    node::NodeFile,
    roles::House,
};
use anyhow::{Context as _, bail};
use narhet_bus::Bus;
use narhet_event_store::{
    NewIds, Options, Store, archived_store, fork_cut, restore as restore_log, verify as verify_log,
};
use narhet_kernel::{Clock, Context, Role, StoreId, Uuid};
use narhet_proto::{Event, subject, wire::LogReport};
use narhet_runtime::{keeper::log_report, stamp};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Events read at a time from a stopped log.
const READ_EVENTS: usize = 1_000;
const READ_BYTES: usize = 8 * 1024 * 1024;

pub async fn verify(verify: Verify) -> anyhow::Result<ExitCode> {
    let reports = if verify.node.url.is_some() || NodeFile::read(&verify.node.data).is_some() {
        let client = Client::find(&verify.node, &[Role::Admin])?;
        serde_json::from_value(client.json(client.post("/v1/node/verify")).await?["logs"].take())?
    } else {
        verify_stopped(&verify.node.data)?
    };
    let mut sound = true;
    for report in &reports {
        sound &= report.broken.is_none();
        if verify.json {
            println!("{}", serde_json::to_string(report)?);
        } else {
            print_report(report);
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify_stopped(data: &Path) -> anyhow::Result<Vec<LogReport>> {
    let mut reports = Vec::new();
    for context in Context::ALL {
        let folder = data.join(context.name());
        if folder.join("journal").is_dir() {
            let report = verify_log(&folder).with_context(|| format!("the log of {context}"))?;
            reports.push(log_report(context, &report));
        }
    }
    if reports.is_empty() {
        bail!("{} holds no logs: name the folder of a house with --data", data.display());
    }
    Ok(reports)
}

fn print_report(report: &LogReport) {
    let verdict = report.broken.as_ref().map_or_else(|| "sound".to_owned(), |broken| format!("BROKEN: {broken}"));
    println!(
        "{:10} {:>9} events {:>9} frames {:>7} streams {:>12} bytes  head {}  {verdict}",
        report.context,
        report.events,
        report.frames,
        report.streams,
        report.event_bytes,
        &report.last_hash[..16.min(report.last_hash.len())],
    );
    if report.torn_tail_bytes > 0 {
        println!(
            "           {} bytes of an unacknowledged frame at the end; the next start cuts them",
            report.torn_tail_bytes
        );
    }
}

pub async fn backup(backup: Backup) -> anyhow::Result<ExitCode> {
    let client = Client::find(&backup.node, &[Role::Admin])?;
    private_folder(&backup.to).with_context(|| format!("{} must be a new folder", backup.to.display()))?;
    let folder = backup.to.canonicalize()?;
    let body = serde_json::json!({ "folder": folder });
    let answer = client.json(client.post("/v1/node/backup").json(&body)).await?;
    println!("logs up to {} in {}", answer["cursor"].as_str().unwrap_or("?"), folder.display());
    if let Some(keys) = &backup.keys_to {
        private_folder(keys).with_context(|| format!("{} must be a new folder", keys.display()))?;
        copy_folder(&backup.node.data.join("keys"), keys)?;
        if std::env::var_os("NARHET_KEK_DIR").is_some() {
            println!("the key-encryption keys in NARHET_KEK_DIR are not among them: archive that folder yourself");
        }
        println!(
            "keys in {}: keep them apart from the logs, and not for longer than an erasure may take",
            keys.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub fn restore(restore: &Restore) -> anyhow::Result<ExitCode> {
    let data = &restore.data;
    if data.exists() && fs::read_dir(data)?.next().is_some() {
        bail!("{} is not empty: a backup is restored into an empty folder only", data.display());
    }
    let archives = Context::ALL.map(|context| (context, restore.from.join(format!("{context}.log"))));
    let archives: Vec<_> = archives.into_iter().filter(|(_, archive)| archive.is_file()).collect();
    let mut new_ids = NewIds::new();
    for (context, archive) in &archives {
        let old = archived_store(archive).with_context(|| format!("the archive of {context}"))?;
        new_ids.insert(old, StoreId(Uuid::new_v4()));
    }
    for (context, archive) in &archives {
        let folder = data.join(context.name());
        restore_log(archive, &folder, &new_ids).with_context(|| format!("the log of {context}"))?;
    }
    let restored = archives.len();
    if restored == 0 {
        bail!("{} holds no backup", restore.from.display());
    }
    println!("what was recorded after the backup is not in it; readers of the old house are told to start anew");
    match &restore.keys_from {
        Some(keys) => copy_folder(keys, &data.join("keys"))?,
        None => println!("no keys given: sealed text will be withheld"),
    }
    println!("restored {restored} logs into {}; check them with `narhet verify --data {0}`", data.display());
    Ok(ExitCode::SUCCESS)
}

/// A new folder that only its owner may read.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let (entry, target) = (entry?, to);
        let target = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}

/// Where a log and the stream part.
struct Parting {
    /// The last position at which both have the same event.
    common: u64,
    log_head: u64,
    stream_head: u64,
}

pub async fn fork(fork: &Fork) -> anyhow::Result<ExitCode> {
    let Some(context) = fork.role.context() else { bail!("the gateway has no log") };
    let data = fork.data.canonicalize().with_context(|| format!("{}", fork.data.display()))?;
    let _lock = Lock::take(&data)?;
    let folder = data.join(context.name());
    let server = NatsServer::start(&data)?;
    let house =
        House { data: data.clone(), clock: Clock::system(), nats: server.url.clone(), channels: Default::default() };
    let bus = house.connect(RunRole::Gateway, &server.credentials("gateway")).await?;
    let log = read_log(&folder)?;
    let parting = find_parting(&bus, context, &log).await?;
    println!(
        "{context}: log and stream are the same up to position {}; the log goes on to {}, the stream to {}",
        parting.common, parting.log_head, parting.stream_head
    );
    let Some(keep) = fork.keep else {
        println!("nothing was changed; choose with --keep log or --keep stream");
        return Ok(ExitCode::SUCCESS);
    };
    let aside = data.join(format!("given-up-{}", Uuid::now_v7()));
    fs::create_dir_all(&aside)?;
    let given_up = match keep {
        Keep::Log => {
            let given_up = stream_ids(&bus, context, parting.common).await?;
            fork_cut(&folder, parting.log_head, &aside.join("log"))?;
            given_up
        }
        Keep::Stream => {
            let frames = stream_frames(&bus, context, parting.common).await?;
            fork_cut(&folder, parting.common, &aside.join("log"))?;
            let store = Store::open(Options::new(folder.clone(), Clock::system()))?;
            for frame in frames {
                store.adopt(frame)?;
            }
            store.stop();
            log.iter().skip(usize::try_from(parting.common)?).copied().collect()
        }
    };
    bus.close().await;
    drop(server);
    // The stream carries the old store id: the relays publish it anew from the logs, and consumers notice.
    let stream = data.join("nats/jetstream");
    if stream.exists() {
        fs::rename(&stream, aside.join("jetstream"))?;
    }
    println!("{} events were given up; they are in {}", given_up.len(), aside.display());
    for (other, orphan) in orphans(&data, &given_up)? {
        println!("  {other}: event {orphan} was caused by one of them");
    }
    Ok(ExitCode::SUCCESS)
}

/// The ids of a stopped log, by position.
fn read_log(folder: &Path) -> anyhow::Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    each_event(folder, |event| ids.push(event.id))?;
    Ok(ids)
}

fn each_event(folder: &Path, mut seen: impl FnMut(Event)) -> anyhow::Result<()> {
    let store = Store::open(Options::new(PathBuf::from(folder), Clock::system()))?;
    let mut from = 1;
    loop {
        let stored = store.read_all(from, READ_EVENTS, READ_BYTES)?;
        let Some(last) = stored.last() else { break };
        from = last.position + 1;
        for stored in &stored {
            seen(Event::decode(&stored.bytes)?);
        }
    }
    store.stop();
    Ok(())
}

async fn find_parting(bus: &Bus, context: Context, log: &[Uuid]) -> anyhow::Result<Parting> {
    let (mut common, mut stream_head, mut sequence, mut parted) = (0, 0, 1, false);
    let partition = subject::partition(context);
    while let Some(message) = bus.next_from(&partition, sequence).await? {
        let stamp = stamp::Stamp::of(&message)?;
        let same = usize::try_from(stamp.position).is_ok_and(|position| log.get(position - 1) == Some(&stamp.id));
        parted |= !same;
        if !parted {
            common = stamp.position;
        }
        stream_head = stamp.position;
        sequence = message.sequence + 1;
    }
    Ok(Parting { common, log_head: log.len() as u64, stream_head })
}

async fn stream_ids(bus: &Bus, context: Context, above: u64) -> anyhow::Result<BTreeSet<Uuid>> {
    let (mut ids, mut sequence) = (BTreeSet::new(), 1);
    while let Some(message) = bus.next_from(&subject::partition(context), sequence).await? {
        let stamp = stamp::Stamp::of(&message)?;
        if stamp.position > above {
            ids.insert(stamp.id);
        }
        sequence = message.sequence + 1;
    }
    Ok(ids)
}

/// The stream's frames above a position.
async fn stream_frames(bus: &Bus, context: Context, above: u64) -> anyhow::Result<Vec<narhet_event_store::Frame>> {
    let (mut frames, mut messages, mut sequence) = (Vec::new(), Vec::new(), 1);
    while let Some(message) = bus.next_from(&subject::partition(context), sequence).await? {
        sequence = message.sequence + 1;
        let stamp = stamp::Stamp::of(&message)?;
        if stamp.position <= above {
            continue;
        }
        messages.push(message);
        if messages.len() as u64 == stamp.count {
            frames.push(stamp::frame_of(&std::mem::take(&mut messages))?);
        }
    }
    Ok(frames)
}

/// Events of any context whose cause was given up.
fn orphans(data: &Path, given_up: &BTreeSet<Uuid>) -> anyhow::Result<Vec<(Context, Uuid)>> {
    let mut orphans = Vec::new();
    for context in Context::ALL {
        let folder = data.join(context.name());
        if folder.join("journal").is_dir() {
            each_event(&folder, |event| {
                if event.causationid.is_some_and(|cause| given_up.contains(&cause)) {
                    orphans.push((context, event.id));
                }
            })?;
        }
    }
    Ok(orphans)
}
