-- Calls of models, and what they cost in millionths of a millionth of a US dollar; nothing where no price is known.
CREATE TABLE usage_calls (
    id TEXT NOT NULL CONSTRAINT usage_calls_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT usage_calls_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    person_id TEXT,
    visitor_id TEXT,
    conversation_id TEXT,
    kind TEXT NOT NULL,
    provider TEXT,
    model TEXT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    estimated INTEGER NOT NULL,
    cost BIGINT,
    outcome TEXT NOT NULL,
    day TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX usage_calls_day_idx ON usage_calls (org_id, day);
CREATE INDEX usage_calls_person_idx ON usage_calls (org_id, person_id, day) WHERE person_id IS NOT NULL;
CREATE INDEX usage_calls_created_idx ON usage_calls (created_at);

-- What an organisation, a bot or a person has spent in a day or a month, and what calls that run may still spend.
CREATE TABLE usage_counters (
    org_id TEXT NOT NULL CONSTRAINT usage_counters_org_fk REFERENCES organizations (id),
    scope TEXT NOT NULL,
    period TEXT NOT NULL,
    money BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    reserved_money BIGINT NOT NULL,
    reserved_tokens BIGINT NOT NULL,
    CONSTRAINT usage_counters_pk PRIMARY KEY (org_id, scope, period)
);
CREATE INDEX usage_counters_period_idx ON usage_counters (period);

-- What calls that run have reserved, so that it comes back when their node dies.
CREATE TABLE usage_reservations (
    id TEXT NOT NULL CONSTRAINT usage_reservations_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT usage_reservations_org_fk REFERENCES organizations (id),
    scopes TEXT NOT NULL,
    money BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX usage_reservations_org_idx ON usage_reservations (org_id);
CREATE INDEX usage_reservations_created_idx ON usage_reservations (created_at);

-- Budgets of an organisation, of a bot, of a person, or of a person with a bot.
CREATE TABLE usage_budgets (
    id TEXT NOT NULL CONSTRAINT usage_budgets_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT usage_budgets_org_fk REFERENCES organizations (id),
    bot_id TEXT,
    person_id TEXT CONSTRAINT usage_budgets_person_fk REFERENCES people (id) ON DELETE CASCADE,
    period TEXT NOT NULL,
    money BIGINT,
    tokens BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX usage_budgets_org_idx ON usage_budgets (org_id);
CREATE INDEX usage_budgets_person_idx ON usage_budgets (person_id);
