//! Phrases of services that this server does not have, so that scripts which use them can be read, checked and run up
//! to the place where the service is missing. A keyword of the registry always wins over its entry here.
//!
//! When such a phrase is reached, whoever runs the script finds no keyword and gives a fault of the kind `NotFound`,
//! which TRY and ON ERROR handle.

mod answers;
mod devices;
mod messages;
mod people;
mod records;

/// A service that is not here: what it is called after "this server has no", and its phrases with their shapes.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) phrases: &'static [(&'static str, &'static [&'static str])],
}

/// Any number of arguments.
const ANY: &[&str] = &["", "values..."];

/// No arguments.
const NONE: &[&str] = &[""];

/// All services.
pub(crate) fn services() -> impl Iterator<Item = &'static Service> {
    [
        answers::SERVICES,
        devices::SERVICES,
        messages::SERVICES,
        people::SERVICES,
        records::SERVICES,
    ]
    .into_iter()
    .flatten()
}
