DROP TABLE usage_budgets;
DROP TABLE usage_reservations;
DROP TABLE usage_counters;
DROP TABLE usage_calls;
