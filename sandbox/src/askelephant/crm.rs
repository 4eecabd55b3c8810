//! Links from AskElephant objects to records of a CRM.

use crate::json::Object;
use crate::options::{NestedKeys, Options};

/// What the link points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrmObject {
    Contact,
    Company,
    Deal,
}

impl CrmObject {
    pub const MEMBERS: &'static [(&'static str, CrmObject)] = &[
        ("contact", CrmObject::Contact),
        ("company", CrmObject::Company),
        ("deal", CrmObject::Deal),
    ];

    fn word(self) -> &'static str {
        match self {
            CrmObject::Contact => "contact",
            CrmObject::Company => "company",
            CrmObject::Deal => "deal",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    pub id: String,
    pub object: CrmObject,
}

impl Association {
    /// The link of the object with this index; ids of different kinds never coincide.
    pub fn of(object: CrmObject, index: u64) -> Self {
        let id = match object {
            CrmObject::Contact => format!("{}", 67_890_000_000 + index),
            CrmObject::Company => format!("{}", 12_345_000_000 + index),
            CrmObject::Deal => format!("deal_{index:x}"),
        };
        Association { id, object }
    }

    pub fn write(&self, out: &mut Vec<u8>, options: &Options) {
        let id_key = match options.nested_keys {
            NestedKeys::A => "id",
            NestedKeys::B => "crm_object_id",
        };
        let mut object = Object::open(out);
        object.text(id_key, &self.id);
        object.text("object_type", self.object.word());
        object.text("source", "hubspot");
        object.close();
    }
}
