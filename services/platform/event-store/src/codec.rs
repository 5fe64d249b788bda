//! The frame: one commit group as bytes in the journal.
//!
//! ```text
//! frame  = magic u64 | body bytes u32 | crc32c u32 | first position u64 | events u32 | extras bytes u32 | records | extras
//! record = event bytes u32 | crc32c u32 | position u64 | version u64 | id 16 | stream bytes u16 | stream | event
//! extras = consumed | outcomes | progress            all numbers little-endian
//! ```
//! The frame's CRC covers everything but the magic and itself; a record has one of its own, so that one event can be
//! read without its frame. The magic holds bytes that no UTF-8 text can, so that an event never looks like a frame.

use crate::{
    limits::{EVENT_BYTES_MAX, FRAME_BYTES_MAX, FRAME_EVENTS_MAX},
    types::{Outcome, Progress},
};
use bytes::{BufMut, Bytes};
use narhet_kernel::{Context, Mark, Vector};
use std::ops::Range;
use uuid::Uuid;

pub const MAGIC: [u8; 8] = [0xff, b'N', 0xfe, b'H', 0xfd, b'F', 0xfc, 0x01];
pub const HEADER_BYTES: usize = 32;
pub const RECORD_HEADER_BYTES: usize = 42;

/// The fixed part in front of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub body_bytes: usize,
    pub crc: u32,
    pub first: u64,
    pub events: u32,
    pub extras_bytes: usize,
}

impl Header {
    /// Reads a header that could be one; says what is wrong otherwise.
    pub fn read(bytes: &[u8]) -> Result<Header, &'static str> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or("the file ends inside a frame header")?;
        if bytes[..8] != MAGIC {
            return Err("no frame begins here");
        }
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let header = Header {
            body_bytes: number(8) as usize,
            crc: number(12),
            first: u64::from(number(16)) | u64::from(number(20)) << 32,
            events: number(24),
            extras_bytes: number(28) as usize,
        };
        let plausible = header.body_bytes <= FRAME_BYTES_MAX
            && header.extras_bytes <= header.body_bytes
            && (1..=FRAME_EVENTS_MAX).contains(&(header.events as usize))
            && header.first >= 1;
        if plausible { Ok(header) } else { Err("the frame header makes no sense") }
    }

    pub fn frame_bytes(&self) -> usize {
        HEADER_BYTES + self.body_bytes
    }

    pub fn last(&self) -> u64 {
        self.first + u64::from(self.events) - 1
    }
}

/// What a frame carries beside its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    pub consumed: Vector,
    /// With the time they were recorded at, in microseconds.
    pub outcomes: Vec<(i64, Outcome)>,
    pub progress: Vec<Progress>,
}

/// Builds one frame in a buffer that is used again.
#[derive(Debug, Default)]
pub struct FrameWriter {
    pub buffer: Vec<u8>,
    first: u64,
    events: u32,
}

impl FrameWriter {
    pub fn begin(&mut self, first: u64) {
        self.buffer.clear();
        self.buffer.resize(HEADER_BYTES, 0);
        self.first = first;
        self.events = 0;
    }

    /// Adds one event and says where in the frame its record lies.
    pub fn record(&mut self, id: Uuid, stream: &str, version: u64, event: &[u8]) -> Range<usize> {
        let start = self.buffer.len();
        let buffer = &mut self.buffer;
        buffer.put_u32_le(event.len() as u32);
        buffer.put_u32_le(0);
        buffer.put_u64_le(self.first + u64::from(self.events));
        buffer.put_u64_le(version);
        buffer.put_slice(id.as_bytes());
        buffer.put_u16_le(stream.len() as u16);
        buffer.put_slice(stream.as_bytes());
        buffer.put_slice(event);
        let crc = crc32c::crc32c_append(event.len() as u32, &buffer[start + 8..]);
        buffer[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
        self.events += 1;
        start..buffer.len()
    }

    /// Closes the frame; the buffer then holds its bytes.
    pub fn finish(&mut self, extras: &Extras) -> &[u8] {
        let start = self.buffer.len();
        write_extras(&mut self.buffer, extras);
        let extras_bytes = (self.buffer.len() - start) as u32;
        let body_bytes = (self.buffer.len() - HEADER_BYTES) as u32;
        self.buffer[..8].copy_from_slice(&MAGIC);
        self.buffer[8..12].copy_from_slice(&body_bytes.to_le_bytes());
        self.buffer[16..24].copy_from_slice(&self.first.to_le_bytes());
        self.buffer[24..28].copy_from_slice(&self.events.to_le_bytes());
        self.buffer[28..32].copy_from_slice(&extras_bytes.to_le_bytes());
        let crc = frame_crc(&self.buffer);
        self.buffer[12..16].copy_from_slice(&crc.to_le_bytes());
        &self.buffer
    }
}

fn frame_crc(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[8..12]), &frame[16..])
}

/// A whole frame as it lies in the journal.
#[derive(Clone, Debug)]
pub struct RawFrame {
    pub header: Header,
    /// Header and body.
    pub bytes: Bytes,
}

/// One event's record inside a frame.
#[derive(Clone, Debug)]
pub struct Record {
    pub position: u64,
    pub version: u64,
    pub id: Uuid,
    pub stream: Range<usize>,
    pub event: Range<usize>,
    /// The whole record.
    pub span: Range<usize>,
}

impl Record {
    /// Reads the record at `at`; its CRC is the caller's business.
    fn read(bytes: &[u8], at: usize) -> Option<Record> {
        let fixed: &[u8; RECORD_HEADER_BYTES] = bytes.get(at..)?.first_chunk()?;
        let long = |from: usize| fixed[from..from + 8].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let event_bytes = u32::from_le_bytes([fixed[0], fixed[1], fixed[2], fixed[3]]) as usize;
        let stream_bytes = usize::from(u16::from_le_bytes([fixed[40], fixed[41]]));
        let stream = at + RECORD_HEADER_BYTES..at + RECORD_HEADER_BYTES + stream_bytes;
        let event = stream.end..stream.end + event_bytes;
        let id = Uuid::from_slice(&fixed[24..40]).ok()?;
        (event_bytes <= EVENT_BYTES_MAX).then_some(Record {
            position: long(8),
            version: long(16),
            id,
            span: at..event.end,
            stream,
            event,
        })
    }

    /// Reads a record that stands alone at the start of `bytes`, checking its CRC.
    pub fn read_alone(bytes: &[u8]) -> Option<Record> {
        let record = Record::read(bytes, 0)?;
        let whole = bytes.get(record.span.clone())?;
        let crc = u32::from_le_bytes([whole[4], whole[5], whole[6], whole[7]]);
        (crc32c::crc32c_append(record.event.len() as u32, &whole[8..]) == crc).then_some(record)
    }
}

impl RawFrame {
    /// Whether the bytes are what was written.
    pub fn check(&self) -> Result<(), &'static str> {
        if frame_crc(&self.bytes) == self.header.crc { Ok(()) } else { Err("the frame's CRC does not fit its bytes") }
    }

    /// The records in order. Call [`RawFrame::check`] first; of a frame that passed it only a foreign one is `None`.
    pub fn records(&self) -> Option<Vec<Record>> {
        let mut records = Vec::with_capacity(self.header.events as usize);
        self.each_record(|record| records.push(record)).then_some(records)
    }

    /// Hands out the records without collecting them; false when the frame is not made of records.
    pub fn each_record(&self, mut take: impl FnMut(Record)) -> bool {
        let end = self.header.frame_bytes() - self.header.extras_bytes;
        let mut at = HEADER_BYTES;
        for ordinal in 0..u64::from(self.header.events) {
            let Some(record) = Record::read(&self.bytes, at) else { return false };
            if record.span.end > end || record.position != self.header.first + ordinal {
                return false;
            }
            at = record.span.end;
            take(record);
        }
        at == end
    }

    pub fn stream(&self, record: &Record) -> Option<&str> {
        std::str::from_utf8(&self.bytes[record.stream.clone()]).ok()
    }

    pub fn event(&self, record: &Record) -> Bytes {
        self.bytes.slice(record.event.clone())
    }

    pub fn extras(&self) -> Option<Extras> {
        let start = self.header.frame_bytes() - self.header.extras_bytes;
        let mut reader = Reader(&self.bytes[start..]);
        let extras = read_extras(&mut reader)?;
        reader.0.is_empty().then_some(extras)
    }
}

fn write_extras(buffer: &mut Vec<u8>, extras: &Extras) {
    buffer.put_u8(extras.consumed.iter().count() as u8);
    for (context, mark) in extras.consumed.iter() {
        write_text(buffer, context.name());
        buffer.put_u64_le(mark.position);
        buffer.put_u32_le(mark.store);
    }
    buffer.put_u32_le(extras.outcomes.len() as u32);
    for (time, outcome) in &extras.outcomes {
        buffer.put_i64_le(*time);
        write_outcome(buffer, outcome);
    }
    buffer.put_u32_le(extras.progress.len() as u32);
    for progress in &extras.progress {
        write_progress(buffer, progress);
    }
}

fn read_extras(reader: &mut Reader<'_>) -> Option<Extras> {
    let mut extras = Extras::default();
    for _ in 0..reader.take(1)?[0] {
        // A context this version does not know is somebody else's mark: it is kept out, not refused.
        let context: Option<Context> = reader.text()?.parse().ok();
        let mark = Mark { position: reader.long()?, store: reader.number()? };
        if let Some(context) = context {
            extras.consumed.set(context, mark);
        }
    }
    for _ in 0..reader.number()? {
        extras.outcomes.push((reader.long()? as i64, read_outcome(reader)?));
    }
    for _ in 0..reader.number()? {
        extras.progress.push(read_progress(reader)?);
    }
    Some(extras)
}

pub fn write_outcome(buffer: &mut Vec<u8>, outcome: &Outcome) {
    write_text(buffer, &outcome.principal);
    write_text(buffer, &outcome.route);
    write_text(buffer, &outcome.key);
    buffer.put_slice(&outcome.body_hash);
    buffer.put_u32_le(outcome.event_ids.len() as u32);
    for id in &outcome.event_ids {
        buffer.put_slice(id.as_bytes());
    }
}

pub fn read_outcome(reader: &mut Reader<'_>) -> Option<Outcome> {
    let (principal, route, key) = (reader.text()?, reader.text()?, reader.text()?);
    let body_hash = reader.take(32)?.try_into().ok()?;
    let mut event_ids = Vec::new();
    for _ in 0..reader.number()? {
        event_ids.push(reader.id()?);
    }
    Some(Outcome { principal, route, key, body_hash, event_ids })
}

pub fn write_progress(buffer: &mut Vec<u8>, progress: &Progress) {
    write_text(buffer, &progress.process);
    buffer.put_slice(progress.cause.as_bytes());
    buffer.put_u32_le(progress.next);
}

pub fn read_progress(reader: &mut Reader<'_>) -> Option<Progress> {
    Some(Progress { process: reader.text()?, cause: reader.id()?, next: reader.number()? })
}

fn write_text(buffer: &mut Vec<u8>, text: &str) {
    buffer.put_u16_le(text.len() as u16);
    buffer.put_slice(text.as_bytes());
}

/// Takes values off the front of a slice; `None` as soon as it is too short.
#[derive(Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub fn long(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<String> {
        let bytes = u16::from_le_bytes(self.take(2)?.try_into().ok()?);
        String::from_utf8(self.take(usize::from(bytes))?.to_vec()).ok()
    }

    fn id(&mut self) -> Option<Uuid> {
        Uuid::from_slice(self.take(16)?).ok()
    }
}
