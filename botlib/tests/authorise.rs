//! The decision about every caller and every resource there can be, against a model that says the rules another way.

#![expect(clippy::indexing_slicing, reason = "helpers of tests may fail loudly")]

use std::collections::BTreeSet;

use botlib::{
    BotId, Caller, Decision, OrgId, Permission, PersonId, RequestId, Resource, Subject, VisitorId, authorise,
};

/// Permissions that matter here: two of tenants, and the one that shows all organisations.
const SOME: [Permission; 3] = [Permission::UsersRead, Permission::UsersWrite, Permission::OrgManage];

#[derive(Debug, Clone, Copy)]
struct Case {
    subject: Subject,
    permissions: u8,
    action: Permission,
    /// Nothing, the caller's organisation or another one.
    org: Option<bool>,
    is_organization: bool,
    /// Nothing, the caller or somebody else.
    owner: Option<bool>,
    /// Nothing; open; closed; outside the credential.
    bot: u8,
    holds: Option<u8>,
    is_absent: bool,
}

fn set(bits: u8) -> BTreeSet<Permission> {
    let chosen = SOME.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    chosen.map(|(_, permission)| *permission).collect()
}

struct Ids {
    own: OrgId,
    other: OrgId,
    person: PersonId,
    stranger: PersonId,
    bots: [BotId; 3],
}

fn decide(ids: &Ids, case: Case) -> Decision {
    let mut caller = Caller::nobody(ids.own, RequestId::new());
    caller.subject = case.subject;
    caller.permissions = set(case.permissions);
    caller.closed = [ids.bots[1]].into();
    caller.bots = Some([ids.bots[0], ids.bots[1]].into());
    let held = case.holds.map(set);
    let mut resource = match (case.is_absent, case.org) {
        (true, _) => Resource::absent(),
        (false, None) => Resource::route(),
        (false, Some(own)) => {
            let org = if own { ids.own } else { ids.other };
            if case.is_organization {
                Resource::organization(org)
            } else {
                Resource::of(org)
            }
        }
    };
    if let Some(own) = case.owner {
        resource = resource.owned_by(if own { ids.person } else { ids.stranger });
    }
    if let Some(bot) = usize::from(case.bot).checked_sub(1) {
        resource = resource.of_bot(ids.bots[bot]);
    }
    if let Some(held) = &held {
        resource = resource.holding(held);
    }
    authorise(&caller, case.action, &resource)
}

/// The rules as a list of what is refused.
fn model(ids: &Ids, case: Case) -> &'static str {
    let has = |permission| set(case.permissions).contains(&permission);
    if case.subject == Subject::Nobody {
        return "401";
    }
    if !has(case.action) {
        return "403";
    }
    let foreign = case.org == Some(false) && !(case.is_organization && has(Permission::OrgManage));
    let is_me = case.subject == Subject::Person(ids.person) && case.owner == Some(true);
    let somebody_s = case.owner.is_some() && !is_me && case.subject != Subject::System;
    // What is absent has no organisation.
    if case.is_absent || foreign || somebody_s || case.bot >= 2 {
        return "404";
    }
    if case.holds.is_some_and(|held| held & !case.permissions != 0) {
        return "403";
    }
    "200"
}

fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "200",
        Decision::Unproved => "401",
        Decision::Forbidden(_) => "403",
        Decision::Invisible => "404",
    }
}

#[test]
fn every_decision_is_the_one_of_the_model() {
    let ids = Ids {
        own: OrgId::new(),
        other: OrgId::new(),
        person: PersonId::new(),
        stranger: PersonId::new(),
        bots: [BotId::new(), BotId::new(), BotId::new()],
    };
    let subjects = [
        Subject::Nobody,
        Subject::Visitor(VisitorId::new()),
        Subject::Person(ids.person),
        Subject::Bot(ids.bots[0]),
        Subject::System,
    ];
    let mut tried = 0;
    let mut seen = BTreeSet::new();
    for subject in subjects {
        for permissions in 0..8 {
            for action in SOME {
                for (org, is_organization) in [
                    (None, false),
                    (Some(true), false),
                    (Some(false), false),
                    (Some(true), true),
                    (Some(false), true),
                ] {
                    for owner in [None, Some(true), Some(false)] {
                        for bot in 0..4 {
                            for holds in [None, Some(0), Some(1), Some(2), Some(3), Some(7)] {
                                for is_absent in [false, true] {
                                    let case = Case {
                                        subject,
                                        permissions,
                                        action,
                                        org: org.filter(|_| !is_absent),
                                        is_organization,
                                        owner,
                                        bot,
                                        holds,
                                        is_absent,
                                    };
                                    let decided = name(decide(&ids, case));
                                    assert_eq!(decided, model(&ids, case), "{case:?}");
                                    seen.insert(decided);
                                    tried += 1;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!((tried, seen.len()), (86_400, 4));
}

#[test]
fn refusal_never_depends_on_an_object_that_the_caller_may_not_see() {
    let mut caller = Caller::nobody(OrgId::new(), RequestId::new());
    caller.subject = Subject::Person(PersonId::new());
    let everything = Permission::ALL.into();
    for permissions in 0..8 {
        caller.permissions = set(permissions);
        for action in SOME {
            let absent = authorise(&caller, action, &Resource::absent());
            let foreign = Resource::of(OrgId::new()).holding(&everything);
            assert_eq!(authorise(&caller, action, &foreign), absent);
        }
    }
}
