//! The forms in which orchestrators pass nested settings, and the way back to the configuration's own.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

/// Airbyte's form has the API's name and its own keys in an object `api`. This moves them to the
/// top level.
pub fn flatten_api(members: &mut Map<String, Value>) {
    if let Some(Value::Object(api)) = members.get_mut("api") {
        let mut api = std::mem::take(api);
        let name = api.remove("name").unwrap_or_default();
        members.extend(api);
        members.insert("api".to_owned(), name);
    }
}

/// A form cannot have keys of its user's choice, so Airbyte's has a list of objects with a `name`
/// under `streams`. This makes it the object of the configuration.
pub fn name_streams(streams: &mut Value) -> Result<()> {
    if let Value::Array(list) = streams {
        let mut named = Map::new();
        for mut settings in std::mem::take(list) {
            let name = settings.as_object_mut().and_then(|one| one.remove("name"));
            let Some(Value::String(name)) = name else {
                bail!("streams: an item of the list lacks its name; write the stream's name");
            };
            if named.insert(name.clone(), settings).is_some() {
                bail!("streams: lists {name} twice; write all its settings into one item");
            }
        }
        *streams = Value::Object(named);
    }
    let settings = streams.as_object_mut().into_iter().flatten();
    for settings in settings.filter_map(|(_, settings)| settings.as_object_mut()) {
        settings.retain(|_, value| !value.is_null());
    }
    Ok(())
}

/// An object without the dots by which Meltano joins the keys of objects in objects, as in
/// `{"contact.page_size": 5}`. It joins the keys of all that are not empty.
pub fn nested(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let mut nested = json!({});
    for (path, value) in members {
        if value.is_object() {
            nested[path] = value;
            continue;
        }
        let place = path.split('.').try_fold(&mut nested, |place, key| {
            let members = place.as_object_mut()?;
            Some(members.entry(key).or_insert_with(|| json!({})))
        });
        if let Some(place) = place {
            *place = value;
        }
    }
    nested
}
