//! Who may read and write which columns.

use botlib::{Caller, Role, Subject};
use botstate::dialog::{Fault, FaultKind};

use super::model::{Column, Table};

/// The roles of whoever a turn runs for.
#[derive(Debug, Clone)]
pub(crate) struct Roles {
    /// The server and the bot itself may do everything.
    all: bool,
    names: Vec<String>,
}

impl Roles {
    /// The roles of `caller`, by what the caller may do.
    pub(crate) fn of(caller: &Caller) -> Self {
        let may_as_much = |role: &Role| {
            let needed = role
                .permissions()
                .iter()
                .filter(|permission| !permission.is_server_wide());
            *role != Role::ServerAdmin && needed.copied().all(|permission| caller.may(permission))
        };
        let by_permission = Role::ALL.into_iter().filter(may_as_much);
        let mut names: Vec<String> = by_permission.map(|role| role.name().to_owned()).collect();
        // Roles that an organisation made, by the name that it gave them.
        let made = caller.roles.iter().filter(|name| Role::named(name).is_none());
        names.extend(made.map(|name| name.to_lowercase()));
        Self {
            all: matches!(caller.subject, Subject::System | Subject::Bot(_)),
            names,
        }
    }

    /// The server, which may do everything.
    pub(crate) fn server() -> Self {
        Self {
            all: true,
            names: Vec::new(),
        }
    }

    fn hold(&self, wanted: &[String]) -> bool {
        self.all
            || wanted.is_empty()
            || wanted.iter().any(|role| {
                let role = role.trim().to_lowercase();
                let role = match role.as_str() {
                    "administrator" => "admin",
                    "everyone" | "all" | "*" => return true,
                    role => role,
                };
                self.names.iter().any(|name| name == role)
            })
    }

    /// Refuses readers of a table that it is not open to.
    pub(super) fn read(&self, table: &Table) -> Result<(), Fault> {
        if self.hold(&table.read_roles) {
            return Ok(());
        }
        Err(refused("read", &table.name, &table.read_roles))
    }

    /// Refuses writers of a table that it is not open to.
    pub(super) fn write(&self, table: &Table) -> Result<(), Fault> {
        if self.hold(&table.write_roles) {
            return Ok(());
        }
        Err(refused("write", &table.name, &table.write_roles))
    }

    /// Whether the column may be read.
    pub(super) fn reads(&self, column: &Column) -> bool {
        self.hold(&column.read_roles)
    }

    /// Refuses writers of a column that it is not open to.
    pub(super) fn writes(&self, table: &Table, column: &Column) -> Result<(), Fault> {
        if self.hold(&column.write_roles) {
            return Ok(());
        }
        Err(refused(
            "write",
            &format!("{}.{}", table.name, column.name),
            &column.write_roles,
        ))
    }
}

fn refused(what: &str, name: &str, roles: &[String]) -> Fault {
    let message = format!("whoever this runs for may not {what} {name}");
    Fault::new(FaultKind::Permission, message).hint(format!("it takes one of the roles {}", roles.join(", ")))
}
