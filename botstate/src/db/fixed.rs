//! Statements whose text never changes.

use std::marker::PhantomData;

use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, QueryFragment, QueryId},
};

/// A statement that always has the same text, so that its prepared form is found by the type `Name`.
///
/// Diesel does so by itself for inserts and selects. The text of an update it makes anew each time, to look its
/// prepared form up by that. Each place that makes such a statement has a `Name` of its own.
#[derive(Debug)]
pub struct Fixed<Statement, Name> {
    statement: Statement,
    name: PhantomData<Name>,
}

impl<Statement, Name> Fixed<Statement, Name> {
    /// Names a statement. Two statements with different texts must not have the same name.
    pub fn new(statement: Statement, _: Name) -> Self {
        Self {
            statement,
            name: PhantomData,
        }
    }
}

impl<Statement, Name: 'static> QueryId for Fixed<Statement, Name> {
    type QueryId = Fixed<(), Name>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<DB: diesel::backend::Backend, Statement: QueryFragment<DB>, Name> QueryFragment<DB> for Fixed<Statement, Name> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.statement.walk_ast(pass)
    }
}

impl<Statement, Name, Conn> RunQueryDsl<Conn> for Fixed<Statement, Name> {}
