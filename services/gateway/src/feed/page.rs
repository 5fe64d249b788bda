//! `GET /v1/events` as a JSON page: the stored bytes verbatim, and a cursor after the last event looked at.

use crate::{
    feed::{Reader, Step},
    limits::{PAGE_BYTES_MAX, PAGE_SCAN_MAX},
};
use narhet_proto::wire::Problem;

/// Reads on until the page is full, the scan is long enough or the head is reached, and writes the page's JSON.
pub async fn page(reader: &mut Reader, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut body = br#"{"events":["#.to_vec();
    let (mut found, mut looked_at, mut reset) = (0, 0, false);
    while found < limit && looked_at < PAGE_SCAN_MAX && body.len() < PAGE_BYTES_MAX {
        let before = reader.cursor().clone();
        match reader.step(limit - found).await? {
            Step::AtHead => break,
            Step::Reset => reset = true,
            Step::Events { events, scanned } => {
                // What the cursor has already passed is no progress: a page that ended there would be the same for ever.
                looked_at += if *reader.cursor() == before { 0 } else { scanned };
                for (_, entry) in events {
                    if found > 0 {
                        body.push(b',');
                    }
                    body.extend_from_slice(&entry.bytes);
                    found += 1;
                }
            }
        }
    }
    // The cursor given was of a log that forked, and the page starts at the beginning.
    let reset = if reset { r#","reset":true"# } else { "" };
    body.extend_from_slice(
        format!(r#"],"next":"{next}","cursor":"{next}"{reset}}}"#, next = reader.cursor()).as_bytes(),
    );
    Ok(body)
}
