//! Tags of a site, and which of them are protected: k3, sealed, and never many at a time.

use narhet_kernel::id::slug;

pub const SAFETY_POINT: &str = "trygghetspunkt";
pub const PROTECTED_OBJECT: &str = "skyddsobjekt";
pub const VITAL_ACTIVITY: &str = "samhallsviktig-verksamhet";

/// A tag as people write it, as it is stored: `Samhällsviktig verksamhet` is `samhallsviktig-verksamhet`.
pub fn tag(text: &str) -> String {
    match slug(text).as_str() {
        "safety-point" => SAFETY_POINT.to_owned(),
        "protected-object" => PROTECTED_OBJECT.to_owned(),
        "vital-activity" | "samhallsviktig" => VITAL_ACTIVITY.to_owned(),
        other => other.to_owned(),
    }
}

/// Skyddsobjekt, samhällsviktig verksamhet and a Styr-el class (`styrel-1` to `styrel-8`).
pub fn is_protected(tag: &str) -> bool {
    tag == PROTECTED_OBJECT
        || tag == VITAL_ACTIVITY
        || tag.strip_prefix("styrel-").is_some_and(|class| matches!(class.as_bytes(), [b'1'..=b'8']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_tags_are_known_however_they_are_written() {
        for written in ["Skyddsobjekt", "samhällsviktig verksamhet", "Samhällsviktig", "styrel-1", "Styrel 8"] {
            assert!(is_protected(&tag(written)), "{written}");
        }
        for written in ["trygghetspunkt", "styrel-9", "kyrka"] {
            assert!(!is_protected(&tag(written)), "{written}");
        }
    }
}
