use botlib::{OrgId, PersonId};

use super::*;

const FILE: &str = "
version: 1
default_access: all
folders:
  hr/: { access: role_based, roles: [admin, hr] }
  hr/handbook: { access: all }
  hr/pay: { access: group_based, groups: [Payroll], inherit_parent: true }
  board: { access: user_based, users: [Ceo@example.org] }
  staff/**: { access: authenticated }
  drafts: { access: none }
  secret: { access: authenticated, index_visibility: none }
";

fn reader(person: bool, groups: &[&str], roles: &[&str]) -> Reader {
    Reader {
        org: OrgId::new(),
        person: person.then(PersonId::new),
        groups: groups.iter().map(|name| (*name).to_owned()).collect(),
        roles: roles.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn may(rules: &Rules, path: &str, reader: &Reader, email: Option<&str>) -> bool {
    let (collection, rest) = path.split_once('/').unwrap();
    admits(&key_of(&rules.access(collection, rest)), &Eye { reader, email })
}

#[test]
fn the_innermost_folder_with_a_rule_decides() {
    let rules = Rules::parse(FILE).unwrap();
    let visitor = reader(false, &[], &[]);
    let member = reader(true, &[], &["member"]);
    let hr = reader(true, &[], &["hr"]);
    let payroll = reader(true, &["payroll"], &["member"]);
    let both = reader(true, &["payroll"], &["HR"]);
    let ceo = Some("ceo@EXAMPLE.org");

    for (path, visitor_may, member_may, hr_may, payroll_may, both_may) in [
        ("faq/a.md", true, true, true, true, true),
        ("hr/a.md", false, false, true, false, true),
        ("HR/deep/er/a.md", false, false, true, false, true),
        ("hr/handbook/a.md", true, true, true, true, true),
        ("hr/pay/a.md", false, false, false, false, true),
        ("staff/x/a.md", false, true, true, true, true),
        ("drafts/a.md", false, false, false, false, false),
        ("secret/a.md", false, false, false, false, false),
        ("board/a.md", false, false, false, false, false),
    ] {
        let found = [&visitor, &member, &hr, &payroll, &both].map(|reader| may(&rules, path, reader, None));
        assert_eq!(
            found,
            [visitor_may, member_may, hr_may, payroll_may, both_may],
            "{path}"
        );
    }
    assert!(may(&rules, "board/a.md", &member, ceo));
    assert!(
        !may(&rules, "board/a.md", &visitor, ceo),
        "an address without an account proves nothing"
    );
}

#[test]
fn without_inheritance_a_rule_holds_for_the_files_of_its_folder_only() {
    let rules = Rules::parse("inheritance: false\ndefault_access: none\nfolders: { open: { access: all } }").unwrap();
    let visitor = reader(false, &[], &[]);

    assert!(may(&rules, "open/a.md", &visitor, None));
    assert!(!may(&rules, "open/deeper/a.md", &visitor, None));
}

#[test]
fn what_cannot_be_understood_is_said_and_closes_everything() {
    for (text, part) in [
        ("default_access: role_based", "needs roles"),
        ("folders: { hr: { access: everybody } }", "unknown variant"),
        ("folders: { hr: { acces: all } }", "unknown field"),
        ("folders: { '/': { access: all } }", "names no folder"),
        ("folders: { hr: {} }", "needs access"),
        ("folders: [", "folders"),
    ] {
        let error = Rules::parse(text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(!may(&Rules::closed(), "faq/a.md", &reader(true, &[], &["admin"]), None));
    assert!(may(
        &Rules::parse(" \n").unwrap(),
        "faq/a.md",
        &reader(false, &[], &[]),
        None
    ));
}
