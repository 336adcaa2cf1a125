//! What editors ask: the language server, the debugger and the manual, over their own protocols.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

mod dap;
mod lsp;
mod manual;
mod support;
