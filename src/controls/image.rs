//! Images: where they come from, and whether a name means the same bytes tomorrow.
//!
//! Most of these controls read what is declared: the image of every container (init, sidecar and ephemeral ones
//! included) and of every `image` volume; one reads which digests run. What needs evidence from the image itself has its
//! place in this family too, one file each, once the facts hold that evidence: vulnerable beyond the tier's deadline
//! (scanner reports), unsigned and without provenance (attestations), too old (the image's creation time).

pub mod foreign_base;
pub mod inconsistent_digest;
pub mod latest_tag;
pub mod mutable_tag;
pub mod pull_policy;
pub mod unparsable_reference;
pub mod untrusted_registry;

mod declared;
