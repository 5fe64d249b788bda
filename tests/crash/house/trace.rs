//! Reads what strace wrote: whether anything that names an id left the process before the sync of the frame that holds it.

use std::collections::{HashMap, HashSet};

/// The journal that the answer rests on.
const JOURNAL: &str = "/situation/journal/";
const WRITES: [&str; 4] = ["pwrite64(", "write(", "writev(", "pwritev("];
const SENDS: [&str; 4] = ["write(", "writev(", "sendto(", "sendmsg("];

/// What left, each after the sync.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// HTTP answers 201.
    pub answers: usize,
    /// Messages to the bus: the reply to the gateway, the relayed event.
    pub messages: usize,
}

/// Follows the trace of all threads, in the order in which the kernel saw them.
///
/// A line is written when a call ends, unless another thread's call begins or ends in between: then its first half is
/// marked `<unfinished ...>` and its second begins `<... NAME resumed>`. So the first half of a line is the beginning of
/// a call, and what counts is: the write ended before the sync began, and the sync ended before the sending began.
pub fn check(trace: &str, id: &str) -> Result<Left, String> {
    let mut left = Left::default();
    let (mut written, mut durable) = (false, false);
    let mut writing: HashSet<&str> = HashSet::new();
    // Threads within a sync, and whether the frame was written when it began.
    let mut syncing: HashMap<&str, bool> = HashMap::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or(("", line));
        let call = call.trim_start();
        let unfinished = call.ends_with("<unfinished ...>");
        let names = call.contains(id);
        let is = |calls: &[&str]| calls.iter().any(|name| call.starts_with(name));
        if let Some(resumed) = call.strip_prefix("<... ") {
            if resumed.starts_with("fdatasync") {
                durable |= syncing.remove(thread).unwrap_or(false) && call.ends_with("= 0");
            } else if writing.remove(thread) {
                written = true;
            }
        } else if on_journal(call) && is(&WRITES) && names {
            if unfinished {
                writing.insert(thread);
            } else {
                written = true;
            }
        } else if on_journal(call) && is(&["fdatasync("]) {
            if unfinished {
                syncing.insert(thread, written);
            } else {
                durable |= written && call.ends_with("= 0");
            }
        } else if names && is(&SENDS) && on_socket(call) {
            if !durable {
                return Err(format!("{id} left before the sync of its frame: {}", &call[..call.len().min(200)]));
            }
            if call.contains("HTTP/1.1 201") {
                left.answers += 1;
            } else {
                left.messages += 1;
            }
        }
    }
    Ok(left)
}

/// Whether the call's first argument, which `-y` shows as `12</path>`, is a segment of the journal.
fn on_journal(call: &str) -> bool {
    descriptor(call).is_some_and(|path| path.contains(JOURNAL) && path.ends_with(".journal"))
}

fn on_socket(call: &str) -> bool {
    descriptor(call).is_some_and(|of| ["TCP", "TCPv6", "socket:"].iter().any(|kind| of.starts_with(kind)))
}

fn descriptor(call: &str) -> Option<&str> {
    let arguments = call.split_once('(')?.1;
    let digits = arguments.trim_start_matches(|digit: char| digit.is_ascii_digit());
    // A connection is shown as `<TCP:[here->there]>`.
    digits.strip_prefix('<')?.split_once(['\n', ',', ')', ' '].as_slice())?.0.strip_suffix('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: &str = r#"7 pwrite64(9</d/situation/journal/00000001.journal>, "..id-1..", 8, 512) = 8"#;
    const SYNC: &str = "7 fdatasync(9</d/situation/journal/00000001.journal>) = 0";
    const REPLY: &str = r#"8 sendto(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, "PUB _INBOX {id-1}", 17, 0) = 17"#;
    const ANSWER: &str = r#"9 writev(6<TCP:[127.0.0.1:3->127.0.0.1:4]>, [{"HTTP/1.1 201 Created {id-1}"}], 1) = 27"#;

    fn judged(lines: &[&str]) -> Result<Left, String> {
        check(&lines.join("\n"), "id-1")
    }

    #[test]
    fn an_answer_after_the_sync_is_good() {
        assert_eq!(judged(&[WRITE, SYNC, REPLY, ANSWER]), Ok(Left { answers: 1, messages: 1 }));
    }

    #[test]
    fn an_answer_or_a_reply_before_the_sync_is_found() {
        for early in [REPLY, ANSWER] {
            assert!(judged(&[WRITE, early, SYNC, ANSWER]).is_err());
            assert!(judged(&[early, WRITE, SYNC]).is_err());
        }
        assert!(judged(&[WRITE, REPLY, ANSWER]).is_err(), "never synced");
    }

    #[test]
    fn a_sync_that_began_before_the_write_had_ended_does_not_count() {
        let begun = "7 fdatasync(9</d/situation/journal/00000001.journal> <unfinished ...>";
        let ended = "7 <... fdatasync resumed>) = 0";
        assert!(judged(&[begun, WRITE, ended, ANSWER]).is_err());
        assert!(judged(&[WRITE, begun, ended, ANSWER]).is_ok());
        assert!(judged(&[WRITE, begun, ANSWER, ended]).is_err(), "still at it");
        let half = r#"6 pwrite64(9</d/situation/journal/00000001.journal>, "..id-1..", 8, 512 <unfinished ...>"#;
        assert!(judged(&[half, begun, "6 <... pwrite64 resumed>) = 8", ended, ANSWER]).is_err());
        assert!(judged(&[half, "6 <... pwrite64 resumed>) = 8", begun, ended, ANSWER]).is_ok());
    }

    #[test]
    fn a_sync_that_failed_or_of_another_file_does_not_count() {
        let failed = "7 fdatasync(9</d/situation/journal/00000001.journal>) = -1 EIO (Input/output error)";
        assert!(judged(&[WRITE, failed, ANSWER]).is_err());
        let other = "7 fdatasync(9</d/duty/journal/00000001.journal>) = 0";
        assert!(judged(&[WRITE, other, ANSWER]).is_err());
    }

    #[test]
    fn a_log_file_is_no_socket() {
        let logged = r#"9 write(2</d/data.log>, "reported id-1", 13) = 13"#;
        assert_eq!(judged(&[WRITE, logged, SYNC, ANSWER]), Ok(Left { answers: 1, messages: 0 }));
    }
}
