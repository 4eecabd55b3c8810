//! The record types of the sandbox, by stream.

use super::record_type::RecordType;
use super::{crm, custom, work};
use crate::stream::Stream;

/// The record type of a Reevo stream.
pub fn of(stream: Stream) -> &'static RecordType {
    match stream {
        Stream::Account => &crm::ACCOUNT,
        Stream::Opportunity => &crm::OPPORTUNITY,
        Stream::Task => &work::TASK,
        Stream::Note => &work::NOTE,
        Stream::Meeting => &work::MEETING,
        Stream::ImplementationProject => &custom::IMPLEMENTATION_PROJECT,
        Stream::RenewalPlan => &custom::RENEWAL_PLAN,
        _ => &crm::CONTACT,
    }
}

#[cfg(test)]
mod tests {
    use super::super::attribute::Content;
    use super::super::record_type::Field;
    use super::*;
    use crate::options::Options;
    use crate::stream::Api;

    fn all() -> impl Iterator<Item = &'static RecordType> {
        let streams = Stream::MEMBERS.iter().map(|(_, stream)| *stream);
        streams.filter(|stream| stream.api() == Api::Reevo).map(of)
    }

    #[test]
    fn every_change_of_a_record_changes_its_content() {
        for record_type in all() {
            let mut contents = record_type
                .attributes
                .iter()
                .map(|attribute| attribute.content);
            assert!(
                contents.any(|content| matches!(content, Content::Revised(_))),
                "{}",
                record_type.name()
            );
        }
    }

    #[test]
    fn attribute_names_are_unique_within_a_record_type() {
        for record_type in all() {
            let fields: Vec<Field> = record_type.fields(&Options::default()).collect();
            for field in &fields {
                let same = fields
                    .iter()
                    .filter(|other| other.attribute.name == field.attribute.name);
                assert_eq!(same.count(), 1, "{}", field.attribute.name);
            }
        }
    }

    #[test]
    fn all_24_value_types_appear() {
        let options = Options::default();
        let mut words: Vec<&str> = all()
            .flat_map(|record_type| record_type.fields(&options))
            .map(|field| field.attribute.value_type.word())
            .collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 24);
    }
}
