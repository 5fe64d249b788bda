//! Pure rules: values in, values out.
pub mod card;
pub mod collation;
pub mod links;
pub mod merge_patch;
pub mod org_number;
pub mod own_words;
pub mod protection;
pub mod relevance;
pub mod retention;
pub mod rights;
pub mod verification;
