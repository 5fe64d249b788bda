//! Where in the stream a position is: sequences are hints, so it is looked for, never remembered.

use crate::stamp::Stamp;
use narhet_bus::{Bus, BusError};

/// The sequence from which on a partition holds everything above `position`, at most `last`, the sequence of its last
/// message. By bisection, since positions rise with the sequence; a message that no relay stamped is passed over.
pub(crate) async fn first_above(bus: &Bus, partition: &str, position: u64, last: u64) -> Result<u64, BusError> {
    let (mut low, mut high) = (1, last);
    while low < high {
        let middle = low + (high - low) / 2;
        match bus.next_from(partition, middle).await? {
            Some(message) if Stamp::of(&message).map_or(0, |stamp| stamp.position) <= position => {
                low = message.sequence + 1
            }
            _ => high = middle,
        }
    }
    Ok(low)
}
