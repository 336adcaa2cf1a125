//! What may be allowed: every permission there is, as `resource.action`.

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($variant:ident = $name:literal, $scope:ident, $doc:literal;)*) => {
        /// Something that may be allowed or not, as `resource.action`.
        ///
        /// The whole list is here, whether or not a route of this server asks for the permission yet: roles name
        /// permissions, and a role must not mean less after an upgrade than it did before.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Permission {
            $(#[doc = $doc] #[serde(rename = $name)] $variant,)*
        }

        impl Permission {
            /// Every permission there is. The last two are for those who own the server.
            pub const ALL: [Self; [$(Self::$variant),*].len()] = [$(Self::$variant),*];

            /// The name in configuration, documents and logs.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What it allows, in a sentence.
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)*
                }
            }

            /// Whether it is about the server rather than about one organisation's data. Such a permission counts only
            /// in the organisation that the server belongs to.
            pub const fn is_server_wide(self) -> bool {
                match self {
                    $(Self::$variant => permissions!(@$scope),)*
                }
            }
        }
    };
    (@server) => { true };
    (@tenant) => { false };
}

permissions! {
    ChatTalk = "chat.talk", tenant, "Talk to a bot and read one's own conversations.";
    AccountManage = "account.manage", tenant, "See and end one's own sessions, change one's own password.";
    UsersRead = "users.read", tenant, "See the people of the organisation.";
    UsersWrite = "users.write", tenant, "Create, change and remove people.";
    BotsRead = "bots.read", tenant, "See the bots and the diagnostics of their scripts.";
    BotsDebug = "bots.debug", tenant, "Follow a conversation line by line, with all that its scripts know.";
    TasksManage = "tasks.manage", tenant, "See jobs, schedules and approvals, and start them.";
    KnowledgeRead = "kb.read", tenant, "Search collections of documents, as far as their permissions let the reader.";
    KnowledgeManage = "kb.manage", tenant, "Add and remove collections and documents, and see how their indexing goes.";
    UsageRead = "usage.read", tenant, "See what models were asked and what it cost, and the budgets.";
    UsageManage = "usage.manage", tenant, "Set budgets.";
    MonitoringRead = "monitoring.read", server, "Read the metrics of the server.";
    OrgRead = "org.read", tenant, "See the organisation, its plan and its settings.";
    OrgWrite = "org.write", tenant, "Change the organisation's name and settings.";
    OrgBilling = "org.billing", tenant, "See and change what the organisation pays for.";
    UsersInvite = "users.invite", tenant, "Invite people into the organisation.";
    UsersExport = "users.export", tenant, "Take lists of people out.";
    GroupsRead = "groups.read", tenant, "See groups and who belongs to them.";
    GroupsWrite = "groups.write", tenant, "Create, change and remove groups.";
    GroupsMembers = "groups.members", tenant, "Add people to groups and remove them.";
    RolesRead = "roles.read", tenant, "See roles, their permissions and who was granted them.";
    RolesWrite = "roles.write", tenant, "Create, change and remove roles.";
    RolesGrant = "roles.grant", tenant, "Grant roles to people, groups and bots, and take them back.";
    BotsWrite = "bots.write", tenant, "Create and change bots.";
    BotsDelete = "bots.delete", tenant, "Remove bots.";
    BotsPublish = "bots.publish", tenant, "Put another version of a bot into use.";
    BotsAccess = "bots.access", tenant, "Say who may talk to a bot.";
    DnsRead = "dns.read", server, "See names and their records.";
    DnsWrite = "dns.write", server, "Change names and their records.";
    AuditRead = "audit.read", tenant, "Read the record of what happened.";
    AuditExport = "audit.export", tenant, "Take the record of what happened out.";
    AuditVerify = "audit.verify", tenant, "Verify the record of what happened.";
    ComplianceRead = "compliance.read", tenant, "See compliance reports.";
    ComplianceManage = "compliance.manage", tenant, "Change what compliance asks for.";
    ComplianceExport = "compliance.export", tenant, "Take compliance reports out.";
    DlpRead = "dlp.read", tenant, "See what data-loss rules found.";
    DlpManage = "dlp.manage", tenant, "Change data-loss rules.";
    DlpRelease = "dlp.release", tenant, "Release what a data-loss rule held back.";
    RetentionRead = "retention.read", tenant, "See how long data is kept.";
    RetentionManage = "retention.manage", tenant, "Change how long data is kept.";
    EdiscoverySearch = "ediscovery.search", tenant, "Search everybody's data for a legal case.";
    EdiscoveryHold = "ediscovery.hold", tenant, "Keep data from being erased for a legal case.";
    EdiscoveryExport = "ediscovery.export", tenant, "Take the data of a legal case out.";
    SecurityRead = "security.read", tenant, "See security settings.";
    SecurityManage = "security.manage", tenant, "Change security settings.";
    SecuritySessions = "security.sessions", tenant, "See and end the sessions of others.";
    SecurityKeys = "security.keys", tenant, "See and revoke the keys of others.";
    ThreatsRead = "threats.read", tenant, "See what looked like an attack.";
    ThreatsManage = "threats.manage", tenant, "Answer what looked like an attack.";
    SecretsRead = "secrets.read", tenant, "See which secrets there are.";
    SecretsWrite = "secrets.write", tenant, "Set and rotate secrets.";
    SecretsDelete = "secrets.delete", tenant, "Remove secrets.";
    MailRead = "mail.read", tenant, "Read mail of one's accounts.";
    MailSend = "mail.send", tenant, "Send mail.";
    MailWrite = "mail.write", tenant, "File, label and remove mail.";
    MailAccounts = "mail.accounts", tenant, "Set up mail accounts.";
    MailTemplates = "mail.templates", tenant, "Change mail templates.";
    MailCampaigns = "mail.campaigns", tenant, "Send mail to many.";
    CalendarRead = "calendar.read", tenant, "See calendars.";
    CalendarWrite = "calendar.write", tenant, "Create and change appointments.";
    CalendarDelete = "calendar.delete", tenant, "Remove appointments.";
    CalendarShare = "calendar.share", tenant, "Share calendars.";
    CalendarResources = "calendar.resources", tenant, "Book rooms and things.";
    DriveRead = "drive.read", tenant, "Read files.";
    DriveWrite = "drive.write", tenant, "Add and change files.";
    DriveDelete = "drive.delete", tenant, "Remove files.";
    DriveShare = "drive.share", tenant, "Share files.";
    DriveRestore = "drive.restore", tenant, "Bring back removed files and versions.";
    DriveQuota = "drive.quota", tenant, "Change how much may be kept.";
    DocsRead = "docs.read", tenant, "Read text documents.";
    DocsWrite = "docs.write", tenant, "Write text documents.";
    DocsDelete = "docs.delete", tenant, "Remove text documents.";
    DocsShare = "docs.share", tenant, "Share text documents.";
    DocsComment = "docs.comment", tenant, "Comment text documents.";
    SheetRead = "sheet.read", tenant, "Read spreadsheets.";
    SheetWrite = "sheet.write", tenant, "Write spreadsheets.";
    SheetDelete = "sheet.delete", tenant, "Remove spreadsheets.";
    SheetShare = "sheet.share", tenant, "Share spreadsheets.";
    SheetExport = "sheet.export", tenant, "Take spreadsheets out.";
    SlidesRead = "slides.read", tenant, "Read presentations.";
    SlidesWrite = "slides.write", tenant, "Write presentations.";
    SlidesDelete = "slides.delete", tenant, "Remove presentations.";
    SlidesShare = "slides.share", tenant, "Share presentations.";
    SlidesPresent = "slides.present", tenant, "Present.";
    MeetRead = "meet.read", tenant, "See meetings.";
    MeetJoin = "meet.join", tenant, "Join meetings.";
    MeetCreate = "meet.create", tenant, "Create meetings.";
    MeetRecord = "meet.record", tenant, "Record meetings.";
    MeetTranscribe = "meet.transcribe", tenant, "Transcribe meetings.";
    MeetManage = "meet.manage", tenant, "Change and end meetings of others.";
    ChatRead = "chat.read", tenant, "Read conversations that one takes part in.";
    ChatWrite = "chat.write", tenant, "Write in groups.";
    ChatDelete = "chat.delete", tenant, "Remove messages.";
    ChatModerate = "chat.moderate", tenant, "Look after what others write.";
    TasksRead = "tasks.read", tenant, "See tasks.";
    TasksWrite = "tasks.write", tenant, "Create and change tasks.";
    TasksDelete = "tasks.delete", tenant, "Remove tasks.";
    TasksAssign = "tasks.assign", tenant, "Give tasks to others.";
    TasksApprove = "tasks.approve", tenant, "Decide approvals.";
    AiUse = "ai.use", tenant, "Ask models.";
    AiModels = "ai.models", tenant, "Choose and set up models.";
    AiPrompts = "ai.prompts", tenant, "Change prompts.";
    AiBudgets = "ai.budgets", tenant, "See and change budgets of models.";
    AiTrain = "ai.train", tenant, "Train and tune models.";
    KnowledgeWrite = "kb.write", tenant, "Add and change documents.";
    KnowledgeDelete = "kb.delete", tenant, "Remove documents.";
    KnowledgeShare = "kb.share", tenant, "Change who may read documents.";
    KnowledgeWebsites = "kb.websites", tenant, "Let websites be read.";
    ConversationsRead = "conversations.read", tenant, "Read the conversations of others.";
    ConversationsExport = "conversations.export", tenant, "Take conversations out.";
    ConversationsDelete = "conversations.delete", tenant, "Remove conversations.";
    ConversationsAssign = "conversations.assign", tenant, "Give conversations to others.";
    ConversationsClose = "conversations.close", tenant, "Close conversations.";
    AttendantRead = "attendant.read", tenant, "See the queue of conversations that wait for a person.";
    AttendantAnswer = "attendant.answer", tenant, "Answer in place of a bot.";
    AttendantTransfer = "attendant.transfer", tenant, "Give a conversation to another attendant.";
    AttendantManage = "attendant.manage", tenant, "Look after queues and attendants.";
    AnalyticsRead = "analytics.read", tenant, "See figures.";
    AnalyticsExport = "analytics.export", tenant, "Take figures out.";
    AnalyticsDashboards = "analytics.dashboards", tenant, "Create and change dashboards.";
    ReportsRead = "reports.read", tenant, "Read reports.";
    ReportsWrite = "reports.write", tenant, "Create and change reports.";
    ReportsRun = "reports.run", tenant, "Run reports.";
    ReportsSchedule = "reports.schedule", tenant, "Have reports run by themselves.";
    ReportsExport = "reports.export", tenant, "Take reports out.";
    MonitoringAlerts = "monitoring.alerts", server, "Change alerts.";
    MonitoringManage = "monitoring.manage", server, "Change what is watched.";
    LogsRead = "logs.read", server, "Read the log of the server.";
    LogsExport = "logs.export", server, "Take the log of the server out.";
    ServicesRead = "services.read", server, "See the parts of the server.";
    ServicesRestart = "services.restart", server, "Restart parts of the server.";
    ServicesConfigure = "services.configure", server, "Change how parts of the server are set up.";
    PaperRead = "paper.read", tenant, "Read papers.";
    PaperWrite = "paper.write", tenant, "Write papers.";
    PaperPublish = "paper.publish", tenant, "Publish papers.";
    ResearchRead = "research.read", tenant, "Read research.";
    ResearchRun = "research.run", tenant, "Run research.";
    ResearchExport = "research.export", tenant, "Take research out.";
    SourcesRead = "sources.read", tenant, "See sources of data.";
    SourcesWrite = "sources.write", tenant, "Add and change sources of data.";
    SourcesDelete = "sources.delete", tenant, "Remove sources of data.";
    SourcesSync = "sources.sync", tenant, "Read sources of data again.";
    WebhooksRead = "webhooks.read", tenant, "See webhooks.";
    WebhooksWrite = "webhooks.write", tenant, "Create and change webhooks.";
    WebhooksDelete = "webhooks.delete", tenant, "Remove webhooks.";
    WebhooksReplay = "webhooks.replay", tenant, "Send a webhook again.";
    ApiRead = "api.read", tenant, "See who uses the API.";
    ApiKeys = "api.keys", tenant, "Create keys of services.";
    ApiLimits = "api.limits", tenant, "Change limits of the API.";
    IntegrationsRead = "integrations.read", tenant, "See integrations.";
    IntegrationsWrite = "integrations.write", tenant, "Set up integrations.";
    IntegrationsDelete = "integrations.delete", tenant, "Remove integrations.";
    McpUse = "mcp.use", tenant, "Use tools of other servers.";
    McpManage = "mcp.manage", tenant, "Set up other servers of tools.";
    AutotaskRead = "autotask.read", tenant, "See tasks that run by themselves.";
    AutotaskCreate = "autotask.create", tenant, "Create tasks that run by themselves.";
    AutotaskRun = "autotask.run", tenant, "Run such tasks.";
    AutotaskCancel = "autotask.cancel", tenant, "Cancel such tasks.";
    WorkflowsRead = "workflows.read", tenant, "See workflows.";
    WorkflowsWrite = "workflows.write", tenant, "Create and change workflows.";
    WorkflowsDelete = "workflows.delete", tenant, "Remove workflows.";
    WorkflowsRun = "workflows.run", tenant, "Run workflows.";
    WorkflowsApprove = "workflows.approve", tenant, "Decide in workflows.";
    IntentsRead = "intents.read", tenant, "See intents.";
    IntentsWrite = "intents.write", tenant, "Create and change intents.";
    IntentsRun = "intents.run", tenant, "Run intents.";
    DesignerUse = "designer.use", tenant, "Use the designer of dialogs.";
    DesignerPublish = "designer.publish", tenant, "Publish from the designer.";
    SettingsRead = "settings.read", tenant, "See settings.";
    SettingsWrite = "settings.write", tenant, "Change settings.";
    SettingsBrand = "settings.brand", tenant, "Change how pages look.";
    OrgCreate = "org.create", server, "Create organisations.";
    OrgManage = "org.manage", server, "See and look after every organisation of the server.";
}

impl Permission {
    /// The permission called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_permission_has_a_name_of_its_own_that_reads_back() {
        let names: BTreeSet<_> = Permission::ALL.iter().map(|permission| permission.name()).collect();

        assert_eq!(names.len(), Permission::ALL.len());
        for permission in Permission::ALL {
            assert_eq!(Permission::named(permission.name()), Some(permission));
            assert_eq!(serde_json::json!(permission), permission.name());
            let (resource, action) = permission.name().split_once('.').unwrap();
            let is_plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase());
            assert!(is_plain(resource) && is_plain(action), "{permission:?}");
        }
    }
}
