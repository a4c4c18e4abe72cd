//! Images: where they come from, and whether a name means the same bytes tomorrow.
//!
//! These controls read what is declared: the image of every container (init, sidecar and ephemeral ones included) and
//! of every `image` volume. What needs evidence from the cluster or from the image itself has its place in this
//! family too, one file each, once the facts hold that evidence: vulnerable beyond the tier's deadline (scanner
//! reports), unsigned and without provenance (attestations), too old (the image's creation time), on a foreign base
//! image, and drifted (the running digest is not the declared one).

pub mod latest_tag;
pub mod mutable_tag;
pub mod pull_policy;
pub mod unparsable_reference;
pub mod untrusted_registry;

mod declared;
