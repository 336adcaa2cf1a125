//! Tables of the migrations, as Diesel sees them. Ids and JSON are text, times microseconds (see [`super::types`]).

use diesel::table;

table! {
    /// Keys that the server made for itself.
    server_keys (name) { name -> Text, value -> Text, }
}

table! {
    /// Tenants.
    organizations (id) {
        id -> Text,
        name -> Text,
        created_at -> BigInt,
        slug -> Text,
        plan -> Text,
        settings -> Text,
        access_version -> BigInt,
    }
}

table! {
    /// Those who have an account.
    people (id) {
        id -> Text,
        org_id -> Text,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

table! {
    /// Who belongs to which organisation, and as what.
    members (org_id, person_id) {
        org_id -> Text,
        person_id -> Text,
        role -> Text,
        created_at -> BigInt,
        suspended_at -> Nullable<BigInt>,
    }
}

table! {
    /// Groups of people, one inside another.
    person_groups (id) {
        id -> Text,
        org_id -> Text,
        name -> Text,
        description -> Text,
        parent_id -> Nullable<Text>,
        created_at -> BigInt,
    }
}

table! {
    /// Who belongs to which group.
    group_members (group_id, person_id) {
        group_id -> Text,
        person_id -> Text,
        org_id -> Text,
        created_at -> BigInt,
    }
}

table! {
    /// Roles that an organisation made of permissions.
    custom_roles (org_id, name) {
        org_id -> Text,
        name -> Text,
        description -> Text,
        permissions -> Text,
        created_at -> BigInt,
    }
}

table! {
    /// Roles granted to people, groups and bots.
    role_grants (id) {
        id -> Text,
        org_id -> Text,
        role -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        granted_by -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

table! {
    /// Invitations into an organisation, each with a token that is kept as its hash.
    invitations (id) {
        id -> Text,
        org_id -> Text,
        email -> Text,
        role -> Text,
        token_hash -> Text,
        invited_by -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

table! {
    /// Whom a bot talks to, where that is narrower than its package says.
    bot_access (bot_id) {
        bot_id -> Text,
        org_id -> Text,
        visibility -> Text,
        updated_at -> BigInt,
    }
}

table! {
    /// Groups and people that a restricted bot is for.
    bot_readers (bot_id, subject_kind, subject_id) {
        bot_id -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        org_id -> Text,
    }
}

table! {
    /// Signings-in of people, each with a token that is kept as its hash.
    person_sessions (id) {
        id -> Text,
        org_id -> Text,
        person_id -> Text,
        token_hash -> Text,
        device -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

table! {
    /// Keys with which programs act for a person.
    api_keys (id) {
        id -> Text,
        org_id -> Text,
        person_id -> Text,
        name -> Text,
        token_hash -> Text,
        permissions -> Text,
        bots -> Nullable<Text>,
        created_at -> BigInt,
        seen_at -> Nullable<BigInt>,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

table! {
    /// Links that work once, such as the first administrator's.
    one_time_links (token_hash) {
        token_hash -> Text,
        org_id -> Text,
        person_id -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

table! {
    /// Conversations with what they keep between turns.
    conversations (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Text,
        owner_kind -> Text,
        owner_id -> Text,
        last_seq -> BigInt,
        session -> Text,
        activities -> Text,
        open_turn -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    /// What happened in conversations: the log that everything visible comes from.
    conversation_events (conversation_id, seq) {
        conversation_id -> Text,
        seq -> BigInt,
        kind -> Text,
        payload -> Text,
        turn_id -> Text,
        idempotency_key -> Nullable<Text>,
        created_at -> BigInt,
    }
}

table! {
    /// Files that people sent.
    conversation_files (id) {
        id -> Text,
        org_id -> Text,
        conversation_id -> Text,
        name -> Text,
        mime -> Text,
        size_bytes -> BigInt,
        content -> Binary,
        created_at -> BigInt,
    }
}

table! {
    /// What SET BOT MEMORY keeps.
    bot_memories (bot_id, name) {
        bot_id -> Text,
        name -> Text,
        org_id -> Text,
        value -> Text,
        updated_at -> BigInt,
    }
}

table! {
    /// Compiled scripts that dialogs were started with.
    dialog_programs (bot_id, hash) {
        bot_id -> Text,
        hash -> Text,
        org_id -> Text,
        script -> Text,
        program -> Text,
        created_at -> BigInt,
    }
}

table! {
    /// Work that outlives a turn.
    jobs (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Nullable<Text>,
        kind -> Text,
        payload -> Text,
        unique_key -> Nullable<Text>,
        state -> Text,
        due_at -> BigInt,
        attempts -> Integer,
        lease_by -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

table! {
    /// Times at which scripts run.
    schedules (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Text,
        unique_key -> Text,
        origin -> Text,
        script -> Text,
        rule -> Text,
        zone -> Text,
        args -> Text,
        conversation_id -> Nullable<Text>,
        next_at -> Nullable<BigInt>,
        last_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

table! {
    /// Dialogs that wait for an event.
    event_waits (token) {
        token -> Text,
        org_id -> Text,
        bot_id -> Text,
        event -> Text,
        conversation_id -> Text,
        expires_at -> BigInt,
        created_at -> BigInt,
    }
}

table! {
    /// What SET USER MEMORY, SET USER FACT and REMEMBER keep.
    user_memories (org_id, owner, scope, name) {
        owner -> Text,
        scope -> Text,
        name -> Text,
        org_id -> Text,
        value -> Text,
        expires_at -> Nullable<BigInt>,
        updated_at -> BigInt,
    }
}

table! {
    /// Who may read what a bot knows.
    kb_bots (bot_id) {
        bot_id -> Text,
        org_id -> Text,
        permissions -> Nullable<Text>,
        permissions_error -> Nullable<Text>,
        version -> BigInt,
    }
}

table! {
    /// Folders of documents that are searched together.
    kb_collections (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Text,
        name -> Text,
        origin -> Text,
        embedder -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
    }
}

table! {
    /// Documents of collections.
    kb_documents (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Text,
        collection_id -> Text,
        path -> Text,
        origin -> Text,
        title -> Text,
        media_type -> Nullable<Text>,
        language -> Nullable<Text>,
        hash -> Text,
        indexed_hash -> Nullable<Text>,
        size_bytes -> BigInt,
        access -> Text,
        state -> Text,
        error -> Nullable<Text>,
        warnings -> Text,
        chunks -> Integer,
        tokens -> BigInt,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        indexed_at -> Nullable<BigInt>,
    }
}

table! {
    /// Bytes of documents that are in no package.
    kb_contents (document_id) {
        document_id -> Text,
        org_id -> Text,
        content -> Binary,
    }
}

table! {
    /// Passages of documents.
    kb_chunks (id) {
        id -> Text,
        org_id -> Text,
        document_id -> Text,
        collection_id -> Text,
        position -> Integer,
        page -> Nullable<Integer>,
        headings -> Text,
        body -> Text,
        repeated -> Integer,
        tokens -> Integer,
        hash -> Text,
    }
}

table! {
    /// Vectors of passages.
    kb_vectors (chunk_id, embedder) {
        chunk_id -> Text,
        embedder -> Text,
        org_id -> Text,
        vector -> Binary,
    }
}

table! {
    /// Websites that a bot reads.
    kb_sites (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Text,
        url -> Text,
        collection -> Text,
        every_seconds -> Nullable<BigInt>,
        next_at -> Nullable<BigInt>,
        crawled_at -> Nullable<BigInt>,
        error -> Nullable<Text>,
    }
}

table! {
    /// Pages of a website as they were last seen.
    kb_site_pages (site_id, url) {
        site_id -> Text,
        org_id -> Text,
        url -> Text,
        etag -> Nullable<Text>,
        modified -> Nullable<Text>,
        hash -> Text,
        links -> Text,
    }
}

table! {
    /// The prompts of packages through time.
    prompt_versions (org_id, bot_id, name, seq) {
        org_id -> Text,
        bot_id -> Text,
        name -> Text,
        seq -> BigInt,
        version -> Text,
        author -> Nullable<Text>,
        package -> Text,
        variants -> Text,
        source -> Text,
        created_at -> BigInt,
    }
}

table! {
    /// Answers that models gave with prompts, and what people made of them.
    prompt_uses (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Text,
        conversation_id -> Nullable<Text>,
        turn_id -> Text,
        name -> Text,
        version -> Text,
        variant -> Text,
        outcome -> Text,
        verdict -> Nullable<Text>,
        created_at -> BigInt,
    }
}

table! {
    /// What happened and is not yet sealed into the audit log.
    audit_acts (id) {
        id -> Text,
        org_id -> Text,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        object -> Text,
        outcome -> Text,
        request -> Text,
        detail -> Text,
    }
}

table! {
    /// Where the audit log of an organisation begins and ends.
    audit_chains (org_id) {
        org_id -> Text,
        first_seq -> BigInt,
        first_previous -> Text,
        last_seq -> BigInt,
        last_hash -> Text,
    }
}

table! {
    /// The audit log.
    audit_entries (org_id, seq) {
        org_id -> Text,
        seq -> BigInt,
        id -> Text,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        object -> Text,
        outcome -> Text,
        request -> Text,
        detail -> Nullable<Text>,
        salt -> Nullable<Text>,
        detail_hash -> Text,
        hash -> Text,
    }
}

table! {
    /// Calls of models, and what they cost.
    usage_calls (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Text,
        person_id -> Nullable<Text>,
        visitor_id -> Nullable<Text>,
        conversation_id -> Nullable<Text>,
        kind -> Text,
        provider -> Nullable<Text>,
        model -> Text,
        input_tokens -> BigInt,
        cached_tokens -> BigInt,
        output_tokens -> BigInt,
        reasoning_tokens -> BigInt,
        estimated -> Integer,
        cost -> Nullable<BigInt>,
        outcome -> Text,
        day -> Text,
        created_at -> BigInt,
    }
}

table! {
    /// What was spent in a day or a month, and what calls that run may still spend.
    usage_counters (org_id, scope, period) {
        org_id -> Text,
        scope -> Text,
        period -> Text,
        money -> BigInt,
        tokens -> BigInt,
        reserved_money -> BigInt,
        reserved_tokens -> BigInt,
    }
}

table! {
    /// What calls that run have reserved, so that it comes back when their node dies.
    usage_reservations (id) {
        id -> Text,
        org_id -> Text,
        scopes -> Text,
        money -> BigInt,
        tokens -> BigInt,
        created_at -> BigInt,
    }
}

table! {
    /// Budgets that were set by the API.
    usage_budgets (id) {
        id -> Text,
        org_id -> Text,
        bot_id -> Nullable<Text>,
        person_id -> Nullable<Text>,
        period -> Text,
        money -> Nullable<BigInt>,
        tokens -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(kb_collections, kb_documents, kb_chunks, kb_vectors);
diesel::allow_tables_to_appear_in_same_query!(people, members, organizations);
