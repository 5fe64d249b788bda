//! Seen from outside, system call by system call: an answer leaves after the fdatasync of the segment that holds it.

use crate::trace::{self, Left};
use narhet_tests::{Folder, house, until, wait::PATIENCE};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
};

/// Incidents reported one after the other.
const REPORTS: usize = 5;
/// Longer than any frame or answer here, so that an id in it is never cut off.
const STRING_BYTES: &str = "65536";
const CALLS: &str = "trace=fdatasync,fsync,pwrite64,pwritev,write,writev,sendto,sendmsg,openat";

/// `narhet up` under strace; the whole group is killed when dropped.
struct Traced {
    child: Child,
    url: String,
}

impl Drop for Traced {
    fn drop(&mut self) {
        house::kill_group(&mut self.child);
    }
}

impl Traced {
    fn up(data: &Path, trace: &Path) -> Traced {
        let mut command = Command::new("strace");
        command.args(["-f", "-yy", "-s", STRING_BYTES, "-e", CALLS, "-o"]).arg(trace).arg(house::binary());
        command.args(["up", "--http", "127.0.0.1:0", "--demo"]);
        let log = std::fs::File::create(house::log_path(data)).expect("the log can be written");
        let mut child = command
            .env("NARHET_DATA", data)
            .current_dir(narhet_tests::root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("strace can be run");
        let mut lines = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
        let mut traced = Traced { child, url: String::new() };
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(lines.next()));
        let line = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            panic!("not ready under strace: {}", std::fs::read_to_string(house::log_path(data)).unwrap_or_default())
        });
        let line = line.and_then(Result::ok).expect("narhet says that it is ready");
        let ready: Value = serde_json::from_str(&line).expect("one JSON line");
        traced.url = ready["http"].as_str().expect("it names its address").to_owned();
        traced
    }
}

/// Whether strace is here and may trace.
fn can_trace() -> Result<(), String> {
    let output = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    match output {
        Err(error) => Err(format!("strace cannot be run ({error})")),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("strace may not trace ({})", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_acknowledged_after_the_fdatasync_of_the_frame_that_holds_it() {
    if let Err(why) = can_trace() {
        eprintln!("\n*** SKIPPED: {why}; that the 201 follows the fdatasync was NOT checked ***\n");
        return;
    }
    let folder = Folder::new("crash-order");
    let (data, trace) = (folder.path().join("data"), folder.path().join("trace"));
    let house = Traced::up(&data, &trace);
    let (good, token, err) = house::run(&data, &["token", "--role", "coordinator", "--board", "norra-innerstaden"]);
    assert!(good, "{err}");
    let client = reqwest::Client::new();
    let mut ids = Vec::new();
    for number in 0..REPORTS {
        let place = json!({ "type": "Point", "coordinates": [18.0649, 59.3326] });
        let body = json!({ "title": format!("Spår {number}"), "place": place, "needsSupport": true });
        let answer = client.post(format!("{}/v1/incidents", house.url)).bearer_auth(token.trim()).json(&body).send();
        let (status, reply) = {
            let answer = answer.await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        assert_eq!(status, 201, "{reply}");
        let id = reply["id"].as_str().unwrap().to_owned();
        // The answer is here, but strace may still be writing the line that says so.
        let left = until("the trace shows the answer", || async {
            let text = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
            let left = trace::check(&text, &id);
            match left {
                Ok(Left { answers: 0, .. }) => None,
                left => Some(left),
            }
        })
        .await;
        let left = left.unwrap_or_else(|early| panic!("{early}"));
        assert!(left.messages > 0, "the reply over the bus is in the trace as well: {left:?}");
        ids.push(id);
    }
    drop(house);
    // Once more over the whole: the relay's and the feed's copies, which come later, are no exception.
    let text = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
    let judged: Vec<Left> = ids.iter().map(|id| trace::check(&text, id).unwrap()).collect();
    println!("{} answers and what else named them left after the sync: {judged:?}", ids.len());
}
