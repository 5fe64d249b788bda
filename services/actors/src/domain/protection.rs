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

/// Skyddsobjekt, samhällsviktig verksamhet and a Styr-el class, however people write them in a tag: `styr-el-klass-2`,
/// `samhallsviktiga-verksamheter`. A tag too many is sealed rather than one too few.
pub fn is_protected(tag: &str) -> bool {
    let tag = tag.replace("styrelse", "");
    ["skyddsobjekt", "samhallsviktig", "styrel", "styr-el"].iter().any(|word| tag.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_tags_are_known_however_they_are_written() {
        for written in [
            "Skyddsobjekt",
            "samhällsviktig verksamhet",
            "Samhällsviktig",
            "Samhällsviktiga verksamheter",
            "styrel-1",
            "Styrel 8",
            "Styrel klass 2",
            "Styr-el 2",
            "styrel-9",
        ] {
            assert!(is_protected(&tag(written)), "{written}");
        }
        for written in ["trygghetspunkt", "styrelse", "kyrka"] {
            assert!(!is_protected(&tag(written)), "{written}");
        }
    }
}
