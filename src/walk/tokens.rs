//! The page tokens that a walk has followed.

use crate::api::page::PageToken;
use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Hashes of tokens, since a long walk follows many.
#[derive(Clone, Debug, Default)]
pub struct Tokens(HashSet<u64>);

impl Tokens {
    /// Whether a token has not been followed before.
    pub fn insert(&mut self, token: &PageToken) -> bool {
        self.0
            .insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(token))
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
