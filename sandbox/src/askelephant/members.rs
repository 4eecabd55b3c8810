//! Writes the members of an AskElephant object by the rules that all of them share.

use super::crm::Association;
use crate::json::{self, Object, array};
use crate::noise::mix;
use crate::options::{NestedKeys, OptionalMembers, Options};
use crate::timestamp;
use crate::world::store::Entry;

pub struct Members<'a> {
    pub object: Object<'a>,
    pub options: &'a Options,
    rank: u64,
}

impl<'a> Members<'a> {
    /// Opens an object with its type and id.
    pub fn open(
        out: &'a mut Vec<u8>,
        options: &'a Options,
        entry: &Entry,
        object_type: &str,
        id: &str,
    ) -> Self {
        let mut object = Object::open(out);
        object.text("object", object_type);
        object.text("id", id);
        Members {
            object,
            options,
            rank: entry.rank,
        }
    }

    /// A text that people wrote; `null` if it has no value.
    pub fn nullable_prose(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.prose(name, value),
            None => self.object.raw(name, "null"),
        }
    }

    /// A member that is left out when it has no value.
    pub fn optional(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.object.text(name, value),
            None => self.missing(name),
        }
    }

    /// The same for texts that people wrote.
    pub fn optional_prose(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.prose(name, value),
            None => self.missing(name),
        }
    }

    pub fn optional_number(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => self.object.raw(name, &value.to_string()),
            None => self.missing(name),
        }
    }

    pub fn optional_timestamp(&mut self, name: &str, value: Option<i64>) {
        match value {
            Some(value) => self.timestamp(name, value),
            None => self.missing(name),
        }
    }

    pub fn association(&mut self, association: Option<&Association>) {
        match association {
            Some(association) => {
                association.write(self.object.key("crm_association"), self.options);
            }
            None => self.missing("crm_association"),
        }
    }

    pub fn missing(&mut self, name: &str) {
        if self.options.optional_members == OptionalMembers::Null {
            self.object.raw(name, "null");
        }
    }

    pub fn prose(&mut self, name: &str, value: &str) {
        if self.options.hostile_text {
            let hash = mix(self.rank ^ name.len() as u64);
            json::hostile_text(self.object.key(name), value, hash);
        } else {
            self.object.text(name, value);
        }
    }

    /// All timestamps of one object have the same form.
    pub fn timestamp(&mut self, name: &str, micros: i64) {
        let form = self.options.timestamps.form(self.rank);
        let out = self.object.key(name);
        out.push(b'"');
        timestamp::write(out, micros, form);
        out.push(b'"');
    }

    pub fn mails(&mut self, mails: &[String]) {
        self.primary_first("emails", "email", mails);
    }

    /// A list whose first item is the primary one.
    pub fn primary_first(&mut self, name: &str, key: &str, values: &[String]) {
        write_primary_first(self.object.key(name), key, "is_primary", values);
    }

    /// `domains` in either spelling.
    pub fn domains(&mut self, domains: &[String]) {
        let (key, flag) = match self.options.nested_keys {
            NestedKeys::A => ("domain", "is_primary"),
            NestedKeys::B => ("name", "primary"),
        };
        write_primary_first(self.object.key("domains"), key, flag, domains);
    }

    /// Writes the timestamps, and undocumented members if the options say so, and closes the
    /// object.
    pub fn close(mut self, entry: &Entry) {
        self.timestamp("created_at", entry.created_at);
        self.timestamp("updated_at", entry.updated_at);
        if self.options.extra_members && self.rank.is_multiple_of(3) {
            self.object.raw("health_score", "0.7500");
            self.object.raw(
                "future",
                "{\"nested\":[1,null,\"ž\"],\"big\":18446744073709551616}",
            );
        }
        self.object.close();
    }
}

pub fn write_primary_first(out: &mut Vec<u8>, key: &str, flag: &str, values: &[String]) {
    array(out, values.iter().enumerate(), |out, (position, value)| {
        let mut item = Object::open(out);
        item.text(key, value);
        item.flag(flag, position == 0);
        item.close();
    });
}
