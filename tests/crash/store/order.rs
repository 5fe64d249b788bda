//! Seen from outside, system call by system call: the acknowledgement leaves after the sync of its frame.

use crate::{child, kill::folder};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

#[test]
fn an_acknowledgement_leaves_the_process_after_the_fdatasync_of_its_frame() {
    if Command::new("strace").arg("-V").output().is_err() {
        return crate::skipped("strace is not installed; that acks follow the fdatasync was NOT checked");
    }
    let folder = folder("order");
    let trace = folder.join("trace");
    let plain = child::command(&folder.join("log"));
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-s", "70000", "-e", "trace=pwrite64,fdatasync,write", "-o"]).arg(&trace);
    traced.arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        traced.env(name, value.unwrap());
    }
    let mut child = traced.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let heard = lines.map_while(Result::ok).filter(|line| line.starts_with("ack")).take(60).count();
    // strace dies with the pipe's reader or by this; the traced process goes with it.
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(heard, 60);
    let acks = check(&fs::read_to_string(&trace).unwrap());
    assert!(acks >= 30, "{acks} acknowledgements were seen in the trace");
    let _ = fs::remove_dir_all(folder);
}

/// Follows the trace; returns how many acknowledgements were judged.
fn check(trace: &str) -> usize {
    let (mut written, mut durable, mut acks) = (Vec::<String>::new(), Vec::<String>::new(), 0);
    let mut syncing: Vec<(String, usize)> = Vec::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or(("", line));
        let call = call.trim_start();
        let journal = call.contains(".journal>");
        if journal && call.starts_with("pwrite64(") {
            // An ack names its event's id, and so do the frame's bytes.
            written.push(call.to_owned());
        } else if journal && call.starts_with("fdatasync(") && call.ends_with("= 0") {
            durable.append(&mut written);
        } else if journal && call.starts_with("fdatasync(") && call.contains("<unfinished") {
            syncing.push((thread.to_owned(), written.len()));
        } else if call.starts_with("<... fdatasync resumed") && call.ends_with("= 0") {
            if let Some(index) = syncing.iter().position(|(of, _)| of == thread) {
                let (_, frames) = syncing.swap_remove(index);
                durable.extend(written.drain(..frames));
            }
        } else if call.starts_with("write(2") {
            for ack in call.split("ack ").skip(1) {
                let id = ack.split(' ').nth(1).expect("an ack names an id");
                assert!(
                    durable.iter().any(|frame| frame.contains(id)),
                    "{id} was acknowledged before its sync: {line}"
                );
                acks += 1;
            }
        }
    }
    acks
}
