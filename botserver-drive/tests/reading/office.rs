//! Word, presentations and spreadsheets.

use super::shown_fixture;

#[test]
fn a_word_document_keeps_headings_lists_tables_and_its_title() {
    insta::assert_snapshot!(shown_fixture("handbook.docx"));
}

#[test]
fn slides_keep_their_numbers_titles_lists_tables_and_notes() {
    insta::assert_snapshot!(shown_fixture("plan.pptx"));
}

#[test]
fn a_workbook_is_its_visible_sheets_with_titles_apart_from_tables() {
    insta::assert_snapshot!(shown_fixture("stock.xlsx"));
}

#[test]
fn an_open_spreadsheet_is_read_like_a_workbook() {
    insta::assert_snapshot!(shown_fixture("members.ods"));
}
